/**
 * Entries in IndexedDB, sealed under a key that lies beside them and that no script can export.
 *
 * The wrapping key is read in every operation and never kept: after the site's data was cleared, a tab that went on with the key it
 * remembers would write entries that nobody can ever read again.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import type { EntryStore, KeyStoreCapabilities } from "@holdfast/key-store";
import { ChangeChannel } from "./change-channel.ts";
import { openEntry, sealEntry } from "./entry-seal.ts";
import type { EntryPlace } from "./entry-seal.ts";
import { resultOf } from "./key-database.ts";
import type { KeyDatabase, KeyStores } from "./key-database.ts";
import { webError } from "./web-errors.ts";
import { refuse } from "./web-options.ts";

/** How long another tab may hold a lock before its turn counts as failed, in ms. */
const PATIENCE_MS = 60_000;
/** Another tab may replace a lost key while this one seals; more often than this is no accident. */
const MOST_ATTEMPTS = 5;

/** What is stored for a wrapping key. */
interface WrappingKey {
  /** Random; tells this key from one that was made after the site's data was cleared. */
  readonly id: string;
  readonly key: CryptoKey;
}

/** What makes the entries. */
export interface WebEntriesOptions {
  readonly database: KeyDatabase;
  readonly namespace: string;
  readonly wrapKey: CryptoKey | undefined;
}

/** One record an entry, under namespace and name. */
export class WebEntries implements EntryStore {
  readonly backend = "indexeddb";
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  /** Absent without Web Locks: then an exclusive create alone keeps tabs from making two keys. */
  readonly lock?: <Result>(name: string, action: () => Promise<Result>) => Promise<Result>;
  readonly #database: KeyDatabase;
  readonly #namespace: string;
  readonly #wrapKey: CryptoKey | undefined;
  readonly #changes: ChangeChannel;

  constructor({ database, namespace, wrapKey }: WebEntriesOptions) {
    this.#database = database;
    this.#namespace = namespace;
    this.#wrapKey = wrapKey;
    this.identity = `indexeddb:${JSON.stringify([database.name, namespace])}`;
    this.#changes = new ChangeChannel(`holdfast ${this.identity}`);
    const locks = (navigator as { locks?: LockManager }).locks;
    if (locks !== undefined) this.lock = (name, action) => lockAcrossTabs(locks, `holdfast ${this.identity} ${name}`, action);
    this.capabilities = {
      persistent: true,
      hardwareBacked: false,
      enumerable: true,
      backupExcluded: false,
      synchronizable: false,
      biometrics: false,
      crossProcessLock: locks !== undefined,
    };
  }

  checkOptions(options: object): void {
    refuse(options);
  }

  async get(name: string): Promise<string | null> {
    const [stored, wrapping] = await this.#database.transact("readonly", ({ entries, keys }) =>
      Promise.all([resultOf(entries.get(this.#keyOf(name)) as IDBRequest<unknown>), resultOf(keys.get(this.#namespace) as IDBRequest<unknown>)]),
    );
    if (stored === undefined) return null;
    return openEntry(stored, this.#placeOf(name), { wrappingKey: usable(wrapping).key, wrapKey: this.#wrapKey });
  }

  async set(name: string, text: string): Promise<void> {
    await this.#put(name, text, async (entries, sealed) => {
      await resultOf(entries.put(sealed, this.#keyOf(name)));
      return true;
    });
  }

  create(name: string, text: string): Promise<boolean> {
    return this.#put(name, text, async (entries, sealed) => {
      if ((await resultOf(entries.getKey(this.#keyOf(name)))) !== undefined) return false;
      await resultOf(entries.add(sealed, this.#keyOf(name)));
      return true;
    });
  }

  async remove(name: string): Promise<void> {
    await this.#database.transact("readwrite", ({ entries }) => resultOf(entries.delete(this.#keyOf(name))));
    this.#changes.announce(name);
  }

  async has(name: string): Promise<boolean> {
    const found = await this.#database.transact("readonly", ({ entries }) => resultOf(entries.getKey(this.#keyOf(name))));
    return found !== undefined;
  }

  async names(): Promise<string[]> {
    const found = await this.#database.transact("readonly", ({ entries }) => resultOf(entries.getAllKeys(this.#range())));
    return found.flatMap((key) => (Array.isArray(key) && typeof key[1] === "string" ? [key[1]] : []));
  }

  watch(onChange: (name: string) => void): () => void {
    return this.#changes.watch(onChange);
  }

  async dispose(): Promise<void> {
    this.#changes.close();
    await this.#database.close();
  }

  /** Seals outside of the transaction, which cannot wait for Web Crypto, and writes if the wrapping key is still the same inside of it. */
  async #put(name: string, text: string, write: (entries: IDBObjectStore, sealed: Uint8Array) => Promise<boolean>): Promise<boolean> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const { id, key } = await this.#wrappingKey();
      const sealed = await sealEntry(text, this.#placeOf(name), { wrappingKey: key, wrapKey: this.#wrapKey });
      const isWritten = await this.#database.transact("readwrite", async ({ entries, keys }) => {
        const present = await resultOf(keys.get(this.#namespace) as IDBRequest<unknown>);
        return isWrappingKey(present) && present.id === id ? write(entries, sealed) : undefined;
      });
      if (isWritten === true) this.#changes.announce(name);
      if (isWritten !== undefined) return isWritten;
    }
    throw new KeyStoreError("IO", "the wrapping key changed again and again while an entry was written: something else writes to this database");
  }

  /** The wrapping key; a new one only where neither it nor an entry is there. Of two tabs that make one, the first one's stays. */
  async #wrappingKey(): Promise<WrappingKey> {
    const found = await this.#database.transact("readonly", ({ keys }) => resultOf(keys.get(this.#namespace) as IDBRequest<unknown>));
    if (found !== undefined) return usable(found);
    const fresh: WrappingKey = { id: crypto.randomUUID(), key: await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]) };
    return this.#database.transact("readwrite", (stores) => this.#addUnlessThere(stores, fresh));
  }

  async #addUnlessThere({ keys, entries }: KeyStores, fresh: WrappingKey): Promise<WrappingKey> {
    const found = (await resultOf(keys.get(this.#namespace))) as unknown;
    if (found !== undefined) return usable(found);
    if ((await resultOf(entries.count(this.#range()))) > 0) throw lost();
    await resultOf(keys.add(fresh, this.#namespace));
    return fresh;
  }

  #keyOf(name: string): IDBValidKey {
    return [this.#namespace, name];
  }

  #placeOf(name: string): EntryPlace {
    return { namespace: this.#namespace, name };
  }

  /** All keys that begin with the namespace: an array stands behind every text in IndexedDB's order. */
  #range(): IDBKeyRange {
    return IDBKeyRange.bound([this.#namespace], [this.#namespace, []]);
  }
}

/** @throws {KeyStoreError} `KEY_LOST` */
function usable(found: unknown): WrappingKey {
  if (!isWrappingKey(found)) throw lost();
  return found;
}

function isWrappingKey(found: unknown): found is WrappingKey {
  const { id, key } = (found ?? {}) as Partial<WrappingKey>;
  return typeof id === "string" && key instanceof CryptoKey && key.type === "secret" && key.algorithm.name === "AES-GCM";
}

function lost(): KeyStoreError {
  return new KeyStoreError(
    "KEY_LOST",
    "the browser has lost the key that wraps the entries: they cannot be read again. No new key was made and nothing was changed. deleteAll() makes room; then bring database keys back with importRecovery.",
  );
}

async function lockAcrossTabs<Result>(locks: LockManager, name: string, action: () => Promise<Result>): Promise<Result> {
  let isOurTurn = false;
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => {
      isOurTurn = true;
      return action();
    });
  } catch (error) {
    throw isOurTurn ? error : webError(error);
  }
}
