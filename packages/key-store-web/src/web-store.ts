/**
 * The key store of browsers: windows and workers.
 *
 * @module
 */
import { KeyStoreError, StringKeyStore } from "@holdfast/key-store";
import { KeyDatabase } from "./key-database.ts";
import { WebEntries } from "./web-entries.ts";
import { assertCapable, webError } from "./web-errors.ts";
import { checkWebOptions } from "./web-options.ts";
import type { WebStoreOptions } from "./web-options.ts";

/** What the browser promises of this site's storage: to keep it, or to delete it when space gets short. */
export type StoragePersistence = "persistent" | "best-effort" | "unknown";

/**
 * Opens the store.
 *
 * @throws {KeyStoreError} `STORE_UNAVAILABLE` (insecure context, storage blocked), `STORE_LOCKED`, `UNSUPPORTED_OPTION`; nothing else stands in
 */
export async function openWebStore(options: WebStoreOptions = {}): Promise<WebKeyStore> {
  const { dbName, publicKey, wrapKeyBytes, persist } = checkWebOptions(options);
  assertCapable();
  const database = new KeyDatabase(dbName);
  await database.open();
  const wrapKey = wrapKeyBytes === undefined ? undefined : await crypto.subtle.importKey("raw", wrapKeyBytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  wrapKeyBytes?.fill(0);
  const store = new WebKeyStore(new WebEntries({ database, namespace: publicKey, wrapKey }));
  if (persist) await store.requestPersistence();
  return store;
}

/** A key store in IndexedDB. */
export class WebKeyStore extends StringKeyStore {
  /** What the browser has promised so far. Asks nobody. */
  async persistence(): Promise<StoragePersistence> {
    const storage = storageManager();
    if (storage?.persisted === undefined) return "unknown";
    return (await storage.persisted().catch((error: unknown) => Promise.reject(webError(error)))) ? "persistent" : "best-effort";
  }

  /**
   * Asks the browser to keep this site's storage when space gets short. Firefox asks the user, Chromium decides by itself.
   *
   * @returns Whether it has agreed. The store works without, too.
   * @throws {KeyStoreError} `UNSUPPORTED_OPTION` in a worker: windows alone may ask, for the whole site
   */
  async requestPersistence(): Promise<boolean> {
    const storage = storageManager();
    if (storage?.persist === undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", "only a window can ask for persistent storage, in browsers that have it; what it is told holds for its workers, too");
    return storage.persist().catch((error: unknown) => Promise.reject(webError(error)));
  }
}

function storageManager(): Partial<StorageManager> | undefined {
  return (navigator as { storage?: StorageManager }).storage;
}
