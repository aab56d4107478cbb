/**
 * One synced file that is open in this process: its replica, its connection and what applications see of both.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { openSideCopy, takeReplicaTurn } from "@holdfast/realm/replica";
import type { FileSession } from "@holdfast/realm/replica";
import { ClientResetError, SyncError } from "../errors.ts";
import { SyncedFile } from "../replica/synced-file.ts";
import { Connection } from "../session/connection.ts";
import { SyncSession } from "../session/sync-session.ts";
import { webSocketTransport } from "../session/transport.ts";
import { SubscriptionSet } from "../subscriptions/subscription-set.ts";
import { Waits } from "../session/waits.ts";
import type { ClientResetConfiguration, SyncConfiguration } from "./configuration.ts";

const open = new WeakMap<FileSession, SyncedRealm>();

/** The synced realm of a file, if it is one. */
export function syncedRealmOf(session: FileSession | undefined): SyncedRealm | undefined {
  return session === undefined ? undefined : open.get(session);
}

/** What all instances of one synced file share. */
export class SyncedRealm {
  readonly file: SyncedFile;
  readonly session: SyncSession;
  readonly connection: Connection;
  readonly config: SyncConfiguration;
  readonly #fileSession: FileSession;
  readonly #waits = new Waits();
  readonly #sets = new Map<Realm, SubscriptionSet>();
  readonly #letGo: (() => void) | undefined;

  private constructor(session: FileSession, config: SyncConfiguration) {
    const { user, transport = webSocketTransport, timing } = config;
    this.config = config;
    this.#fileSession = session;
    this.file = new SyncedFile({ session, userId: user.id });
    try {
      this.connection = new Connection({
        file: this.file,
        user,
        transport,
        ...(timing === undefined ? {} : { timing }),
        takeTurn: () => takeReplicaTurn(this.file.path),
        onError: (error) => this.#failed(error),
        onReset: (reason) => void this.#reset(reason),
        onState: (now, before) => this.session._stateChanged(now, before),
        onProgress: (direction) => this.session._progressed(direction),
      });
    } catch (error) {
      this.file.replica.detach();
      throw error;
    }
    this.session = new SyncSession({ config, file: this.file, connection: this.connection });
    this.file.onAdvance = () => {
      this.connection.advanced();
      this.#waits.check();
    };
    this.file.onClosing = () => this.#closing(session);
    this.#letGo = user.holdFile?.(this.file.path);
  }

  /** Joins the open file, or begins to sync it. */
  static attach(session: FileSession, config: SyncConfiguration): { synced: SyncedRealm; isFirst: boolean } {
    const known = open.get(session);
    if (known === undefined) {
      const synced = new SyncedRealm(session, config);
      open.set(session, synced);
      return { synced, isFirst: true };
    }
    if (known.config.user.id !== config.user.id) throw new SyncError("USER_DIFFERS", `Realm at path '${known.file.path}' is open with another user.`);
    return { synced: known, isFirst: false };
  }

  /** The set of subscriptions, as an instance sees it. */
  subscriptions(realm: Realm): SubscriptionSet {
    const known = this.#sets.get(realm);
    if (known !== undefined) return known;
    const set = new SubscriptionSet({ file: this.file, now: Date.now, until: (isDone, what, timeoutMs) => this.#waits.until(isDone, what, timeoutMs) }, realm);
    this.#sets.set(realm, set);
    return set;
  }

  /** The set of subscriptions without regard to who asks. */
  anySubscriptions(): SubscriptionSet {
    return [...this.#sets.values()][0] as SubscriptionSet;
  }

  #failed(error: SyncError): void {
    const { onError } = this.config;
    if (onError !== undefined) onError(this.session, error);
  }

  /** File and server do not fit any more. */
  async #reset(reason: { readonly code: string; readonly message: string; readonly mayRecover: boolean }): Promise<void> {
    try {
      await this.#resetBy(this.config.clientReset ?? { mode: "recoverOrDiscardUnsyncedChanges" }, reason);
    } catch (error) {
      this.#failed(new SyncError("CLIENT_RESET", "The client reset failed; the file is as it was.", { cause: error }));
    }
  }

  async #resetBy(config: ClientResetConfiguration, reason: { readonly message: string; readonly mayRecover: boolean }): Promise<void> {
    const { path } = this.file;
    const before = this.file.read("reset") ?? null;
    const recovers = config.mode !== "manual" && config.mode !== "discardUnsyncedChanges" && reason.mayRecover && before === null;
    // A reset that led to another one is not tried in the same way again.
    const isHopeless = config.mode === "manual" || (config.mode === "recoverUnsyncedChanges" && !recovers) || before?.mode === "discard";
    if (isHopeless) {
      this.#failed(new ClientResetError(path, `${reason.message} The file has to be fetched anew; it was not changed.`));
      if (config.mode === "manual") config.onManual?.(this.session, path);
      else if (config.mode !== "discardUnsyncedChanges") config.onFallback?.(this.session, path);
      return;
    }
    const realm = this.#anyRealm();
    if (realm !== undefined) config.onBefore?.(realm);
    const copy = config.onAfter === undefined ? undefined : openSideCopy(this.#fileSession, `${path}.before-reset`);
    try {
      await this.file.reset({ recovers, mode: recovers ? "recover" : "discard" });
      this.connection.start();
      await this.#waits.until(() => (this.file.read("reset") ?? null) === null, "The client reset");
      const after = this.#anyRealm();
      if (copy !== undefined && after !== undefined) config.onAfter?.(copy.realm, after, recovers);
    } finally {
      copy?.remove();
    }
  }

  /** An instance of the application's that is open. */
  #anyRealm(): Realm | undefined {
    return [...this.#sets.keys()].find((realm) => !realm.isClosed);
  }

  #closing(session: FileSession): void {
    open.delete(session);
    // Once it is closed: a file whose user was removed meanwhile goes then.
    queueMicrotask(() => this.#letGo?.());
    this.session._close();
    const error = new SyncError("SESSION_CLOSED", `Realm at path '${this.file.path}' was closed.`);
    for (const waits of [this.#waits, this.connection.uploader.waits, this.connection.downloader.waits]) waits.fail(error);
  }
}
