/**
 * `Realm.App.Sync`: what realm-js has for all sessions of an app at once.
 *
 * @module
 */
import { Realm, TypeAssertionError } from "@holdfast/realm";
import { absolutePath, NumericLogLevel } from "@holdfast/realm/replica";
import type { LogEntry, LogLevel } from "@holdfast/realm/replica";
import { notSupported, SyncError } from "../errors.ts";
import { OpenRealmBehaviorType, OpenRealmTimeOutBehavior, ConnectionState } from "../names.ts";
import type { OpenRealmBehavior, PartitionValue } from "../opening/configuration.ts";
import { isPartitioned, isSamePartition } from "../opening/partition.ts";
import { openSyncedRealms, resetWhenOpened } from "../opening/synced-realm.ts";
import { SyncSession } from "../session/sync-session.ts";
import { BaseSubscriptionSet, SubscriptionSetState } from "../subscriptions/base-subscription-set.ts";
import { MutableSubscriptionSet } from "../subscriptions/mutable-subscriptions.ts";
import { Subscription } from "../subscriptions/subscription.ts";
import { SubscriptionSet } from "../subscriptions/subscription-set.ts";
import type { SyncUser } from "../user.ts";

/** An app, as far as it matters here. */
interface AnyApp {
  readonly id: string;
  /** @internal */
  _setUserAgent?(userAgent: string): void;
}

/** Words of the log by their numbers. */
const LEVELS: Readonly<Record<LogLevel, number>> = { all: 0, trace: 1, debug: 2, detail: 3, info: 4, warn: 5, error: 6, fatal: 7, off: 8 };

/** Sessions of this process. */
export class Sync {
  static readonly ConnectionState: typeof ConnectionState = ConnectionState;
  static readonly NumericLogLevel: typeof NumericLogLevel = NumericLogLevel;
  static readonly BaseSubscriptionSet: typeof BaseSubscriptionSet = BaseSubscriptionSet;
  static readonly MutableSubscriptionSet: typeof MutableSubscriptionSet = MutableSubscriptionSet;
  static readonly SubscriptionSet: typeof SubscriptionSet = SubscriptionSet;
  static readonly SubscriptionSetState: typeof SubscriptionSetState = SubscriptionSetState;
  /** @deprecated `SubscriptionSetState` */
  static readonly SubscriptionsState: typeof SubscriptionSetState = SubscriptionSetState;
  static readonly Subscription: typeof Subscription = Subscription;
  static readonly Session: typeof SyncSession = SyncSession;

  /** Opens at once: a new file is empty at first. */
  static readonly openLocalRealmBehavior: OpenRealmBehavior = Object.freeze({ type: OpenRealmBehaviorType.OpenImmediately });
  /** Waits for the server, half a minute at most. */
  static readonly downloadBeforeOpenBehavior: OpenRealmBehavior = Object.freeze({ type: OpenRealmBehaviorType.DownloadBeforeOpen, timeOut: 30_000, timeOutBehavior: OpenRealmTimeOutBehavior.ThrowException });

  /** How much is logged of sync, whatever the app. @deprecated `Realm.setLogLevel(level, "Realm.Sync")` */
  static setLogLevel(_app: AnyApp, level: LogLevel): void {
    Realm.setLogLevel(level, "Realm.Sync");
  }

  /** Where the log goes, whatever the app. @deprecated `Realm.setLogger` */
  static setLogger(_app: AnyApp, logger: (level: (typeof NumericLogLevel)[keyof typeof NumericLogLevel], message: string) => void): void {
    if (typeof logger !== "function") throw new TypeAssertionError("a function", logger, "logger");
    Realm.setLogger(({ level, message }: LogEntry) => logger(LEVELS[level] as (typeof NumericLogLevel)[keyof typeof NumericLogLevel], message));
  }

  /** The sessions of a user's realms: the open ones, and those that go on after the realm was closed. */
  static getAllSyncSessions(user: SyncUser): SyncSession[] {
    return openSyncedRealms().filter(({ config }) => config.user.id === user.id).map(({ session }) => session);
  }

  /** The session of a user's realm of a partition, open or in the background. */
  static getSyncSession(user: SyncUser, partitionValue: PartitionValue): SyncSession | null {
    const found = openSyncedRealms().find(({ config }) => config.user.id === user.id && isPartitioned(config) && isSamePartition(config.partitionValue, partitionValue));
    return found?.session ?? null;
  }

  /** Connects all sessions of this process now, instead of at the end of their waits. */
  static reconnect(_app: AnyApp): void {
    for (const { session } of openSyncedRealms()) session.reconnect();
  }

  /**
   * Fetches a file anew, and drops what was not uploaded: an open one at once, a closed one when it is opened again by this process.
   * Unlike realm-js it keeps no copy: read what shall be kept before.
   */
  static initiateClientReset(_app: AnyApp, path: string): void {
    if (typeof path !== "string") throw new TypeAssertionError("a string", path, "path");
    const file = absolutePath(path);
    if (!Realm.exists(file)) throw new SyncError("CONFIGURATION_INVALID", `Client reset could not be run: there is no file at '${file}'.`);
    const synced = openSyncedRealms().find((each) => each.file.path === file);
    if (synced !== undefined && !synced.isInBackground) {
      void synced.discard();
      return;
    }
    synced?.endBackground();
    resetWhenOpened(file);
  }

  /** What the app's sessions and requests call themselves, from their next connection on. @throws {SyncError} `NOT_SUPPORTED` in browsers and Deno, whose WebSockets send their own */
  static setUserAgent(app: AnyApp, userAgent: string): void {
    if (typeof userAgent !== "string") throw new TypeAssertionError("a string", userAgent, "userAgent");
    if (app._setUserAgent === undefined) throw new TypeAssertionError("an instance of App", app, "app");
    app._setUserAgent(userAgent);
  }

  /** @throws {SyncError} `NOT_SUPPORTED` */
  static enableSessionMultiplexing(_app: AnyApp): never {
    throw notSupported("'enableSessionMultiplexing' is not supported: every realm has a connection of its own.");
  }
}
