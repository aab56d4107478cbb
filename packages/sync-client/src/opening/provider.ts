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
import type { SubscriptionOptions } from "../subscriptions/mutable-subscriptions.ts";
import type { SubscriptionSet } from "../subscriptions/subscription-set.ts";
import { checkSyncConfiguration } from "./configuration.ts";
import type { OpenRealmBehavior, SyncConfiguration } from "./configuration.ts";
import { syncedRealmOf, SyncedRealm } from "./synced-realm.ts";

/** The types that `@holdfast/realm` leaves to a sync client. */
declare module "@holdfast/realm/replica" {
  interface SyncExtensions {
    readonly configuration: SyncConfiguration;
    readonly session: SyncSession;
    readonly subscriptions: SubscriptionSet;
  }
}

/** Makes `sync` in configurations, `realm.subscriptions`, `realm.syncSession` and `results.subscribe()` work. Calling it again changes nothing. */
export function enableSync(): void {
  setSyncProvider(provider);
}

let app: unknown;

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

  attach(realm, config) {
    const sync = config.sync as unknown as SyncConfiguration;
    const { synced, isFirst } = SyncedRealm.attach(sessionOf(realm) as FileSession, sync);
    const subscriptions = synced.subscriptions(realm);
    const { initialSubscriptions } = sync;
    if (initialSubscriptions !== undefined && (subscriptions.version === 0 || (isFirst && initialSubscriptions.rerunOnOpen === true))) subscriptions.updateNoWait(initialSubscriptions.update);
    synced.start({ isFirst });
  },

  open(config, construct) {
    return new Opening(provider.configure(config), construct);
  },

  session(realm) {
    return syncedRealmOf(sessionOf(realm))?.session ?? null;
  },

  subscriptions(realm) {
    const synced = syncedRealmOf(sessionOf(realm));
    if (synced === undefined) throw new SyncError("CONFIGURATION_INVALID", "`subscriptions` can only be accessed if flexible sync is enabled, but sync is currently disabled for your app. Add { flexible: true } to your sync config when opening or creating a Realm.");
    return synced.subscriptions(realm);
  },

  async subscribe(session, results, { options = {}, behavior = "first-time", timeoutMs }) {
    const set = subscriptionsOf(session);
    const add = options as SubscriptionOptions;
    const isKnown = add.name === undefined ? set.exists(results) : set.findByName(add.name) !== null;
    set.updateNoWait((mutable) => void mutable.add(results, add));
    if (behavior === "always" || (behavior === "first-time" && !isKnown)) await set.waitForSynchronization(timeoutMs);
    return results;
  },

  unsubscribe(session, results) {
    subscriptionsOf(session).updateNoWait((mutable) => void mutable.remove(results));
  },

  get App() {
    return app;
  },
};

function subscriptionsOf(session: FileSession): SubscriptionSet {
  const synced = syncedRealmOf(session);
  if (synced === undefined) throw new SyncError("CONFIGURATION_INVALID", "Only the objects of a synced realm can be subscribed to.");
  return synced.anySubscriptions();
}

/** Each user has files of their own. */
function defaultPathOf({ user }: SyncConfiguration): string {
  const folder = Realm.defaultPath.replace(/[^/\\]*$/, "");
  return `${folder}holdfast-sync/${encodeURIComponent(user.id).replaceAll(".", "%2E")}/default.realm`;
}

/** `Realm.open` with `sync`. */
class Opening implements SyncOpening {
  readonly done: Promise<Realm>;
  #realm: Realm | undefined;
  #isCancelled = false;
  readonly #callbacks: ProgressCallback[] = [];

  constructor(config: Configuration, construct: (config: Configuration) => Realm) {
    const sync = config.sync as unknown as SyncConfiguration;
    const path = absolutePath(config.path as string);
    const begin = (): Promise<Realm> => {
      const isThere = hasContent(path);
      return this.#open(() => construct(config), sync, isThere);
    };
    this.done = hasToPrepare() ? whenReady([path], begin) : begin();
  }

  async #open(construct: () => Realm, sync: SyncConfiguration, isThere: boolean): Promise<Realm> {
    if (this.#isCancelled) throw new SyncError("SESSION_CLOSED", "The opening was cancelled.");
    const realm = construct();
    this.#realm = realm;
    const synced = syncedRealmOf(sessionOf(realm)) as SyncedRealm;
    // A file that a refusal or a kill left without its first download is no better than none.
    const isExisting = isThere && !synced.isNew;
    const behavior: OpenRealmBehavior = isExisting ? (sync.existingRealmFileBehavior ?? { type: "openImmediately" }) : (sync.newRealmFileBehavior ?? { type: "downloadBeforeOpen" });
    if (behavior.type === "openImmediately") return realm;
    for (const callback of this.#callbacks) synced.session.addProgressNotification("download", "forCurrentlyOutstandingWork", callback);
    try {
      await withLimit(synced, realm, behavior.timeOut);
      return realm;
    } catch (error) {
      const isLate = (error as { code?: string }).code === "TIMEOUT";
      if (isLate && behavior.timeOutBehavior === "openLocalRealm" && !this.#isCancelled) return realm;
      realm.close();
      throw error;
    }
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#realm?.close();
  }

  progress(callback: unknown): void {
    if (typeof callback === "function") this.#callbacks.push(callback as ProgressCallback);
  }
}

async function withLimit(synced: SyncedRealm, realm: Realm, timeOutMs: number | undefined): Promise<void> {
  const startMs = performance.now();
  const left = (): number | undefined => (timeOutMs === undefined ? undefined : Math.max(0, timeOutMs - (performance.now() - startMs)));
  if (!synced.subscriptions(realm).isEmpty) await synced.subscriptions(realm).waitForSynchronization(left());
  await synced.session.downloadAllServerChanges(left());
}
