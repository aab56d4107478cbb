/**
 * One synced file that is open in this process: its replica, its connection and what applications see of both.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { log, takeReplicaTurn } from "@holdfast/realm/replica";
import type { FileSession } from "@holdfast/realm/replica";
import { SyncError } from "../errors.ts";
import { COPY } from "../replica/client-reset.ts";
import { SyncedFile } from "../replica/synced-file.ts";
import { Connection } from "../session/connection.ts";
import { SyncSession } from "../session/sync-session.ts";
import type { ConnectionState, ResetReason } from "../session/connection-options.ts";
import { webSocketTransport } from "../session/transport.ts";
import { checkProxied, mergedNetwork } from "../session/network.ts";
import { TIMING } from "../session/connection-options.ts";
import { SubscriptionSet } from "../subscriptions/subscription-set.ts";
import { Waits } from "../session/waits.ts";
import { SessionStopPolicy } from "../names.ts";
import type { SyncUser } from "../user.ts";
import { Background } from "./background.ts";
import type { SyncConfiguration } from "./configuration.ts";
import { ResetFlow } from "./reset-flow.ts";

const open = new Map<FileSession, SyncedRealm>();
/** Files that `initiateClientReset` was called for while they were closed. */
const resetAtOpen = new Set<string>();

/** All synced files that are open in this process, those in the background among them. */
export function openSyncedRealms(): SyncedRealm[] {
  return [...open.values()];
}

/** Ends a user's sessions whose realms were closed. What they have not uploaded stays in the files. */
export function endBackgroundSessions(user: SyncUser): void {
  for (const synced of openSyncedRealms()) if (synced.config.user === user) synced.endBackground();
}

/** Connects a user's sessions anew: the server has another address. */
export function reconnectSessions(user: SyncUser): void {
  for (const { config, connection } of openSyncedRealms()) if (config.user === user) connection.restart();
}

/** Notes that a file is to be fetched anew when it is opened. */
export function resetWhenOpened(path: string): void {
  resetAtOpen.add(path);
}

/** Whether that was noted; only the first who asks is told so. */
export function takeResetAtOpen(path: string): boolean {
  return resetAtOpen.delete(path);
}

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
  readonly #waits = new Waits();
  readonly #resets: ResetFlow;
  readonly #sets = new Map<Realm, SubscriptionSet>();
  readonly #letGo: (() => void) | undefined;
  /** What the session goes on for, once the realm was closed. */
  #background: Background | undefined;

  private constructor(session: FileSession, config: SyncConfiguration) {
    const { user, transport = webSocketTransport, timing } = config;
    this.config = config;
    this.file = new SyncedFile({ session, userId: user.id, ...(timing?.turnMs === undefined ? {} : { turnMs: timing.turnMs }) });
    try {
      this.connection = new Connection({
        file: this.file,
        user,
        transport,
        waits: this.#waits,
        network: () => mergedNetwork(user.network ?? {}, config),
        ...(timing === undefined ? {} : { timing }),
        takeTurn: () => takeReplicaTurn(this.file.path),
        onError: (error) => this.#failed(error),
        onReset: (reason) => this.#needsReset(reason),
        onStop: () => this.#background?.stopped(),
        onState: (now, before) => this.#stateChanged(now, before),
        onProgress: (direction) => this.session._progressed(direction),
      });
      checkProxied(this.connection.url, mergedNetwork(user.network ?? {}, config));
    } catch (error) {
      this.file.replica.detach();
      throw error;
    }
    this.session = new SyncSession({ config, file: this.file, connection: this.connection });
    this.#resets = new ResetFlow({
      file: this.file,
      fileSession: session,
      config: config.clientReset,
      waits: this.#waits,
      session: () => this.session,
      anyRealm: () => this.#anyRealm(),
      start: () => this.connection.start(),
      end: (error) => this.connection.end(error),
      onError: (error) => this.#failed(error),
    });
    this.file.onAdvance = () => {
      this.connection.advanced();
      this.#waits.check();
      this.#background?.advanced();
    };
    this.file.onLeft = (close) => this.#left(close);
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

  /** Begins to sync, or begins again after an error that ended the session. A session that was paused stays so. */
  start({ isFirst }: { readonly isFirst: boolean }): void {
    if (isFirst && this.#isResetting) void this.#resets.follow();
    if (isFirst || this.#waits.hasFailed) this.connection.start();
  }

  /** A client reset is under way: not the first connection of a copy. */
  get #isResetting(): boolean {
    const reset = this.file.read("reset") ?? null;
    return reset !== null && reset.mode !== COPY;
  }

  /** True if the file has never had what its subscriptions ask for. */
  get isNew(): boolean {
    return this.file.read("down")?.version === undefined && (this.file.read("reset") ?? null) === null;
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

  #stateChanged(now: ConnectionState, before: ConnectionState): void {
    log("Realm.Sync.Client.Network", "debug", () => `${this.file.path}: ${now}`);
    // A reset that is under way goes on with the next connection.
    if (now === "disconnected" && this.connection.isRunning && this.config.cancelWaitsOnNonFatalError === true && (this.file.read("reset") ?? null) === null) {
      this.#waits.cancel(new SyncError("CONNECTION_LOST", "The connection failed, and 'cancelWaitsOnNonFatalError' is set."));
    }
    this.session._stateChanged(now, before);
  }

  #failed(error: SyncError): void {
    error.isFatal = !this.connection.isRunning;
    const { onError } = this.config;
    log("Realm.Sync.Client.Session", onError === undefined ? "error" : "info", () => `${this.file.path}: ${error.code}: ${error.message}`);
    if (onError !== undefined) onError(this.session, error);
  }

  #needsReset(reason: ResetReason): void {
    log("Realm.Sync.Client.Reset", "info", () => `${this.file.path}: ${reason.code}`);
    // The application's callbacks have realms to look at: the next opening hears the same.
    if (this.isInBackground) return;
    void this.#resets.begin(reason);
  }

  /** Fetches the file anew; what was not uploaded is dropped. */
  async discard(): Promise<void> {
    this.connection.stop();
    await this.file.reset({ recovers: false, isAgreed: this.config.clientReset?.mode === "discardUnsyncedChanges", mode: "discard", namesFormer: false });
    void this.#resets.follow();
    this.connection.start();
  }

  /** An instance of the application's that is open. */
  #anyRealm(): Realm | undefined {
    return [...this.#sets.keys()].find((realm) => !realm.isClosed);
  }

  /** True if the realm was closed and the session goes on. */
  get isInBackground(): boolean {
    return this.#background !== undefined;
  }

  /** Ends the session, and closes the file, if the realm was closed. */
  endBackground(): void {
    this.#background?.end();
  }

  /** Nobody has the realm open. @returns Whether the session goes on */
  #left(close: () => void): boolean {
    const { _sessionStopPolicy: policy = SessionStopPolicy.AfterUpload, timing } = this.config;
    if (policy === SessionStopPolicy.Immediately || this.#isResetting || !this.connection.isRunning) return false;
    const background = new Background({ file: this.file, connection: this.connection, isEndless: policy === SessionStopPolicy.Never, limitMs: timing?.backgroundTimeoutMs ?? (TIMING.backgroundTimeoutMs as number), close });
    if (background.isDone) return false;
    this.#sets.clear();
    // Whoever waited did so for a realm that is gone; the session may be waited for again.
    this.#waits.cancel(this.#closed());
    this.#background = background;
    background.begin();
    return true;
  }

  #closed(): SyncError {
    return new SyncError("SESSION_CLOSED", `Realm at path '${this.file.path}' was closed.`);
  }

  #closing(session: FileSession): void {
    open.delete(session);
    this.#background?.over();
    // Once it is closed: a file whose user was removed meanwhile goes then.
    queueMicrotask(() => this.#letGo?.());
    this.session._close();
    this.#waits.fail(this.#closed());
  }
}
