/**
 * What `@holdfast/realm` asks of a sync client: plugged in by `enableSync`.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";
import type { Configuration } from "@holdfast/realm";
import { absolutePath, hasContent, hasToPrepare, sessionOf, setSyncProvider, whenReady } from "@holdfast/realm/replica";
import type { FileSession, SyncOpening, SyncProvider } from "@holdfast/realm/replica";
import { SyncError } from "../errors.ts";
import type { ProgressCallback, SyncSession } from "../session/sync-session.ts";
import { WaitForSync } from "../names.ts";
import { checkSubscriptionOptions } from "../subscriptions/mutable-subscriptions.ts";
import { subscriptionOf } from "../subscriptions/subscription-query.ts";
import type { SubscriptionOptions } from "../subscriptions/mutable-subscriptions.ts";
import type { SubscriptionSet } from "../subscriptions/subscription-set.ts";
import { requireSyncable } from "../wire/sync-schema.ts";
import { checkSyncConfiguration } from "./configuration.ts";
import type { InitialSubscriptions, OpenRealmBehavior, SyncConfiguration } from "./configuration.ts";
import { isPartitioned, partitionFileName, subscribeToPartition, withPartition } from "./partition.ts";
import { writeSyncedCopy } from "./synced-copy.ts";
import { syncedRealmOf, SyncedRealm, takeResetAtOpen } from "./synced-realm.ts";

/** The types that `@holdfast/realm` leaves to a sync client. */
declare module "@holdfast/realm/replica" {
  interface SyncExtensions {
    readonly configuration: SyncConfiguration;
    readonly session: SyncSession;
    readonly subscriptions: SubscriptionSet;
    readonly subscriptionOptions: SubscriptionOptions;
  }
}

/** Makes `sync` in configurations, `realm.subscriptions`, `realm.syncSession` and `results.subscribe()` work. Calling it again changes nothing. */
export function enableSync(): void {
  setSyncProvider(provider);
}

let app: unknown;
/** The name of the subscription that `results.subscribe()` made, for `unsubscribe()`. */
const nameOf = new WeakMap<object, string>();

/** What `Realm.App` is. */
export function setAppClass(value: unknown): void {
  app = value;
}

const provider: SyncProvider = {
  configure(config) {
    const sync = checkSyncConfiguration(config.sync);
    if (config.onFirstOpen !== undefined) throw new SyncError("CONFIGURATION_INVALID", "The realm configuration options 'onFirstOpen' and 'sync' cannot both be defined: use 'initialSubscriptions'.");
    return config.path === undefined ? { ...config, path: defaultPathOf(sync) } : config;
  },

  unlock(config) {
    const { user } = config.sync as unknown as SyncConfiguration;
    const given = keyBytes(config.encryptionKey);
    const key = given === undefined ? undefined : user.keyFor?.(config, given);
    return key === undefined ? config : { ...config, encryptionKey: key };
  },

  attach(realm, config) {
    const sync = config.sync as unknown as SyncConfiguration;
    const { synced, isFirst } = SyncedRealm.attach(sessionOf(realm) as FileSession, sync);
    const subscriptions = synced.subscriptions(realm);
    if (isPartitioned(sync)) subscribeToPartition(realm, subscriptions, sync);
    if (sync.initialSubscriptions !== undefined) subscribeAtFirst(sync.initialSubscriptions, subscriptions, { isFirst, isNew: synced.isNew });
    if (isFirst && takeResetAtOpen(synced.file.path)) synced.file.resetNow();
    synced.start({ isFirst });
  },

  shape(config, classes) {
    const sync = config.sync as unknown as SyncConfiguration;
    const shaped = isPartitioned(sync) ? withPartition(classes, sync) : classes;
    // Before there is a file: what is refused leaves none that the corrected schema would not fit.
    requireSyncable(shaped);
    return shaped;
  },

  open(config, construct) {
    return new Opening(provider.configure(config), construct);
  },

  writeCopy: writeSyncedCopy,

  session(realm) {
    return syncedRealmOf(sessionOf(realm))?.session ?? null;
  },

  subscriptions(realm) {
    const synced = syncedRealmOf(sessionOf(realm));
    if (synced === undefined || isPartitioned(synced.config)) throw new SyncError("CONFIGURATION_INVALID", "`subscriptions` can only be accessed if flexible sync is enabled, but sync is currently disabled for your app. Add { flexible: true } to your sync config when opening or creating a Realm.");
    return synced.subscriptions(realm);
  },

  async subscribe(session, results, given) {
    const options = checkSubscriptionOptions(given);
    const { name, behavior = WaitForSync.FirstTime, timeout } = options;
    const set = subscriptionsOf(session);
    const asked = subscriptionOf(results);
    const known = name === undefined ? set.findByQuery(results) : set.findByName(name);
    const isKnown = known?.queryString === asked.query && known.objectType === asked.className;
    set.updateNoWait((mutable) => void mutable.add(results, options));
    if (name !== undefined) nameOf.set(results, name);
    if (behavior === WaitForSync.Always || (behavior === WaitForSync.FirstTime && !isKnown)) await waitAtMost(set, timeout);
    return results;
  },

  unsubscribe(session, results) {
    const name = nameOf.get(results);
    subscriptionsOf(session).updateNoWait((mutable) => void (name === undefined ? mutable.remove(results) : mutable.removeByName(name)));
  },

  get App() {
    return app;
  },
};

/**
 * Makes the first set of subscriptions: of a file that has none, and of one whose set was refused before anything came. What no server ever
 * served is of no use to anybody, and the application's next version, or the server's, may do better.
 */
function subscribeAtFirst({ update, rerunOnOpen }: InitialSubscriptions, subscriptions: SubscriptionSet, { isFirst, isNew }: { readonly isFirst: boolean; readonly isNew: boolean }): void {
  const isRefused = isFirst && isNew && subscriptions.state === "error";
  if (subscriptions.version > 0 && !isRefused && !(isFirst && rerunOnOpen === true)) return;
  subscriptions.updateNoWait((mutable, realm) => {
    if (isRefused) mutable.removeAll();
    update(mutable, realm);
  });
}

function subscriptionsOf(session: FileSession): SubscriptionSet {
  const synced = syncedRealmOf(session);
  if (synced === undefined || isPartitioned(synced.config)) throw new SyncError("CONFIGURATION_INVALID", "Only the objects of a realm that is synced with 'flexible: true' can be subscribed to.");
  return synced.anySubscriptions();
}

/** As realm-js: when the time is over the results are given as they are; the subscription stands. */
async function waitAtMost(set: SubscriptionSet, timeoutMs: number | undefined): Promise<void> {
  try {
    await set.waitForSynchronization(timeoutMs);
  } catch (error) {
    if ((error as { code?: string }).code !== "TIMEOUT") throw error;
  }
}

/** Each user has files of their own, and each partition. */
function defaultPathOf(config: SyncConfiguration): string {
  const { user } = config;
  const folder = Realm.defaultPath.replace(/[^/\\]*$/, "");
  return `${folder}holdfast-sync/${encodeURIComponent(user.id).replaceAll(".", "%2E")}/${isPartitioned(config) ? partitionFileName(config) : "default"}.realm`;
}

/** `Realm.open` with `sync`. */
class Opening implements SyncOpening {
  readonly done: Promise<Realm>;
  #realm: Realm | undefined;
  #isCancelled = false;
  #isDone = false;
  #callbacks: ProgressCallback[] = [];

  constructor(config: Configuration, construct: (config: Configuration) => Realm) {
    const sync = config.sync as unknown as SyncConfiguration;
    const path = absolutePath(config.path as string);
    const begin = (): Promise<Realm> => {
      const isThere = hasContent(path);
      const given = keyBytes(config.encryptionKey);
      const prepared = given === undefined ? undefined : sync.user.prepareKey?.(path, given);
      if (prepared === undefined) return this.#open(() => construct(config), sync, isThere);
      // Another process may give the file another key between the look at it and its opening.
      return prepared.then(() => this.#open(() => withAnotherTry(() => construct(config)), sync, isThere));
    };
    this.done = (hasToPrepare() ? whenReady([path], begin) : begin()).finally(() => (this.#isDone = true));
  }

  async #open(construct: () => Realm, sync: SyncConfiguration, isThere: boolean): Promise<Realm> {
    if (this.#isCancelled) throw cancelled();
    const realm = construct();
    this.#realm = realm;
    const synced = syncedRealmOf(sessionOf(realm)) as SyncedRealm;
    // A file that a refusal or a kill left without its first download is no better than none.
    const isExisting = isThere && !synced.isNew;
    const behavior: OpenRealmBehavior = isExisting ? (sync.existingRealmFileBehavior ?? { type: "openImmediately" }) : (sync.newRealmFileBehavior ?? { type: "downloadBeforeOpen" });
    if (behavior.type === "openImmediately") return realm;
    for (const callback of this.#callbacks) this.progress(callback);
    try {
      await withLimit(synced, realm, behavior.timeOut);
      return realm;
    } catch (error) {
      if (this.#isCancelled) throw cancelled(error);
      const isLate = (error as { code?: string }).code === "TIMEOUT";
      if (isLate && behavior.timeOutBehavior === "openLocalRealm") return realm;
      close(realm);
      throw error;
    }
  }

  cancel(): void {
    if (this.#isDone) return;
    this.#isCancelled = true;
    if (this.#realm !== undefined) close(this.#realm);
  }

  progress(callback: unknown): void {
    if (this.#isDone) return;
    const session = this.#realm === undefined ? undefined : syncedRealmOf(sessionOf(this.#realm))?.session;
    if (session === undefined) this.#callbacks.push(callback as ProgressCallback);
    else session.addProgressNotification("download", "forCurrentlyOutstandingWork", callback as ProgressCallback);
  }
}

/** Closes a realm that the application never had: there is nothing to go on for. */
function close(realm: Realm): void {
  const synced = syncedRealmOf(sessionOf(realm));
  realm.close();
  synced?.endBackground();
}

/** The bytes of a key in whatever form; undefined for what is none, which opening says. */
function keyBytes(key: unknown): Uint8Array | undefined {
  if (key instanceof ArrayBuffer) return new Uint8Array(key);
  if (ArrayBuffer.isView(key)) return new Uint8Array(key.buffer, key.byteOffset, key.byteLength);
  return Array.isArray(key) ? Uint8Array.from(key as number[]) : undefined;
}

function withAnotherTry(construct: () => Realm): Realm {
  try {
    return construct();
  } catch (error) {
    if ((error as { code?: string }).code !== "KEY_WRONG") throw error;
    return construct();
  }
}

function cancelled(cause?: unknown): SyncError {
  return new SyncError("OPEN_CANCELLED", "Async open canceled", { cause });
}

async function withLimit(synced: SyncedRealm, realm: Realm, timeOutMs: number | undefined): Promise<void> {
  const startMs = performance.now();
  const left = (): number | undefined => (timeOutMs === undefined ? undefined : Math.max(0, timeOutMs - (performance.now() - startMs)));
  if (!synced.subscriptions(realm).isEmpty) await synced.subscriptions(realm).waitForSynchronization(left());
  await synced.session.downloadAllServerChanges(left());
}
