/**
 * Client resets of one file: what is tried, what the application hears, and where it ends if a reset leads to another one.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { openSideCopy } from "@holdfast/realm/replica";
import type { FileSession, SideCopy } from "@holdfast/realm/replica";
import { ClientResetError, SyncError } from "../errors.ts";
import type { SyncedFile } from "../replica/synced-file.ts";
import type { ResetReason } from "../session/connection-options.ts";
import type { SyncSession } from "../session/sync-session.ts";
import type { Waits } from "../session/waits.ts";
import { COPY } from "../replica/client-reset.ts";
import type { ClientResetConfiguration } from "./configuration.ts";

/** What a reset needs of the synced realm. */
export interface ResetParts {
  readonly file: SyncedFile;
  readonly fileSession: FileSession;
  readonly config: ClientResetConfiguration | undefined;
  readonly waits: Waits;
  readonly session: () => SyncSession;
  /** An instance of the application's that is open. */
  readonly anyRealm: () => Realm | undefined;
  /** Connects again. */
  readonly start: () => void;
  /** The session does not go on: whoever waits gets the error. */
  readonly end: (error: SyncError) => void;
  readonly onError: (error: SyncError) => void;
}

/** Carries out the resets of one file, one at a time. */
export class ResetFlow {
  readonly #parts: ResetParts;
  readonly #config: ClientResetConfiguration;
  /** How the realm was before the first reset of a row. */
  #copy: SideCopy | undefined;
  #isFollowed = false;

  constructor(parts: ResetParts) {
    this.#parts = parts;
    this.#config = parts.config ?? { mode: "recoverOrDiscardUnsyncedChanges" };
  }

  /** File and server do not fit any more. */
  async begin(reason: ResetReason): Promise<void> {
    const { file, start, end, onError } = this.#parts;
    const config = this.#config;
    const known = file.read("reset") ?? null;
    const before = known?.mode === COPY ? null : known;
    const recovers = config.mode !== "manual" && config.mode !== "discardUnsyncedChanges" && reason.mayRecover && before === null;
    // A reset that led to another one is not tried in the same way again.
    if (config.mode === "manual" || (config.mode === "recoverUnsyncedChanges" && !recovers) || before?.mode === "discard") {
      this.#giveUp(reason, before !== null);
      return;
    }
    try {
      const realm = this.#parts.anyRealm();
      if (realm !== undefined && before === null) config.onBefore?.(realm);
      this.#keepCopy();
      await file.reset({ recovers, isAgreed: config.mode === "discardUnsyncedChanges", mode: recovers ? "recover" : "discard", namesFormer: reason.namesFormer });
      void this.follow();
      start();
    } catch (cause) {
      this.#dropCopy();
      const error = new SyncError("CLIENT_RESET", "The client reset failed; the file is as it was.", { cause });
      end(error);
      onError(error);
    }
  }

  /** Tells the application when a reset is through, also one that a process before this one began. */
  async follow(): Promise<void> {
    if (this.#isFollowed) return;
    this.#isFollowed = true;
    const { file, waits, anyRealm, onError } = this.#parts;
    try {
      this.#keepCopy();
      let mode = file.read("reset")?.mode;
      const isThrough = (): boolean => {
        const reset = file.read("reset") ?? null;
        if (reset !== null) ({ mode } = reset);
        return reset === null;
      };
      await waits.until(isThrough, "The client reset");
      const after = anyRealm();
      if (this.#copy !== undefined && after !== undefined && this.#config.mode !== "manual") this.#config.onAfter?.(this.#copy.realm, after, mode === "recover");
    } catch (cause) {
      // An end of the session was told where it came from; what is left is the application's own `onAfter`.
      if (!waits.hasFailed) onError(new SyncError("CLIENT_RESET", "What was to follow the client reset failed.", { cause }));
    } finally {
      this.#isFollowed = false;
      this.#dropCopy();
    }
  }

  #keepCopy(): void {
    if (this.#config.mode === "manual" || this.#config.onAfter === undefined) return;
    this.#copy ??= openSideCopy(this.#parts.fileSession, `${this.#parts.file.path}.before-reset`);
  }

  #dropCopy(): void {
    this.#copy?.remove();
    this.#copy = undefined;
  }

  /** As in realm-js, the callback hears of it instead of `onError`. */
  #giveUp(reason: ResetReason, hasBegun: boolean): void {
    const { file, session, end, onError } = this.#parts;
    const config = this.#config;
    const state = hasBegun ? "A reset did not help." : "The file was not changed.";
    const error = new ClientResetError(file.path, `${reason.message} The file has to be fetched anew. ${state}`, { cause: new SyncError(reason.code, reason.message) });
    end(error);
    const callback = config.mode === "manual" ? config.onManual : config.mode === "discardUnsyncedChanges" ? undefined : config.onFallback;
    if (callback === undefined) onError(error);
    else callback(session(), file.path);
  }
}
