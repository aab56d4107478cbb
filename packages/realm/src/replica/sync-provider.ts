/**
 * Where a sync client is plugged in: this package knows nothing of users, servers or messages.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { Configuration } from "../configuration.ts";
import type { Realm } from "../realm.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { FileSession } from "../store/file-session.ts";
import type { ReplicaCopyTarget } from "./replica-copy.ts";

/** Types that a sync client fills in by declaration merging: `configuration`, `session`, `subscriptions`, `subscriptionOptions`, `app`. */
export interface SyncExtensions {}

/** One of those types; unknown without a sync client. */
export type SyncPart<Name extends string> = SyncExtensions extends { readonly [key in Name]: infer Part } ? Part : unknown;

/** An opening that waits for the network, as `Realm.open` returns it. */
export interface SyncOpening {
  readonly done: Promise<Realm>;
  cancel(): void;
  progress(callback: unknown): void;
}

/** What a sync client does for this package. */
export interface SyncProvider {
  /** Checks `sync` of a configuration, and fills in the path that a user's realm has. */
  configure(config: Configuration): Configuration;
  /** A file is about to be opened: the key that it has, if its user has several. May give the file another one first. */
  unlock?(config: Configuration): Configuration;
  /** Changes the classes that a realm is about to be opened with. */
  shape?(config: Configuration, classes: CanonicalObjectSchema[]): CanonicalObjectSchema[];
  /** Writes a copy of an open file that is synced when it is opened. */
  writeCopy(source: FileSession, config: Configuration, target: ReplicaCopyTarget): void;
  /** A realm was opened with `sync`. */
  attach(realm: Realm, config: Configuration): void;
  /** `Realm.open` with `sync`. */
  open(config: Configuration, construct: (config: Configuration) => Realm): SyncOpening;
  session(realm: Realm): unknown;
  subscriptions(realm: Realm): unknown;
  subscribe(session: FileSession, results: object, options: unknown): Promise<object>;
  unsubscribe(session: FileSession, results: object): void;
  /** `Realm.App`. */
  readonly App: unknown;
}

let provider: SyncProvider | undefined;

/** Plugs a sync client in. */
export function setSyncProvider(next: SyncProvider | undefined): void {
  provider = next;
}

/** The sync client, if one was plugged in. */
export function syncProvider(): SyncProvider | undefined {
  return provider;
}

/** @throws {RealmError} `SYNC_MISSING` */
export function requireSyncProvider(): SyncProvider {
  if (provider === undefined) throw new RealmError("SYNC_MISSING", `Sync is a package of its own: install @holdfast/sync-client and import "@holdfast/sync-client/register" first.`);
  return provider;
}
