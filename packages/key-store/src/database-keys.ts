/**
 * The keys of databases in a key store: got or created, changed, exported for recovery. Never replaced by accident.
 *
 * Each database has two places for its key. Normally one is filled. A change of keys fills the other, has the database re-keyed, and
 * empties the first: no entry is ever overwritten, because some platforms delete before they write. After an interrupted change
 * both are filled, and the database itself says which key is its own.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import { KeyStoreError } from "./errors.ts";
import type { KeyStoreErrorCode } from "./errors.ts";
import { decodeKeyEntry, encodeKeyEntry, KEY_ID_BYTES } from "./key-entry.ts";
import type { KeyEntry } from "./key-entry.ts";
import type { KeyStore } from "./key-store.ts";
import { KEY_BYTES, rawWrap } from "./key-wrap.ts";
import type { KeyWrap } from "./key-wrap.ts";
import { passphraseWrap } from "./passphrase-wrap.ts";
import type { PassphraseWrapOptions } from "./passphrase-wrap.ts";
import { platformRandomBytes } from "./random-bytes.ts";
import type { RandomBytes } from "./random-bytes.ts";

/** Says whether a key is the database's: compares it with the key check in the file. May be called several times. */
export type CheckKey = (key: Uint8Array) => boolean | Promise<boolean>;

/** How keys are kept. */
export interface DatabaseKeysOptions {
  readonly store: KeyStore;
  /** How new keys are put into their entry; the first that opens an entry is used to read it. Default: as they are. */
  readonly wraps?: readonly KeyWrap[];
  readonly randomBytes?: RandomBytes;
}

/** What names a database and says whether it is there. */
export interface GetOrCreateOptions {
  /** Name of the database: stable, and its own. */
  readonly name: string;
  /** Whether its file exists. With a function the question is asked while nobody else can create the key. */
  readonly databaseExists: boolean | (() => boolean | Promise<boolean>);
  /** Without it a wrong key is found out only when the database is opened. */
  readonly check?: CheckKey;
  /** What to do with a key whose database is gone (an iOS keychain outlives the application). Default "reuse". */
  readonly whenDatabaseIsGone?: "reuse" | "replace";
}

/** What is stored for a database. */
interface StoredKeys {
  readonly found: readonly FoundKey[];
  /** Why the other entry cannot be read, if there is one that cannot. */
  readonly failure: unknown;
}

/** A key and which one it is. */
interface FoundKey {
  readonly place: Place;
  readonly entry: KeyEntry;
  readonly key: Uint8Array;
}

type Place = 0 | 1;
const PLACES: readonly Place[] = [0, 1];

/** What an entry answers that no waiting and no prompt will open. Another passphrase might open a wrap; a recovered key does so, too. */
const NEVER_AGAIN: ReadonlySet<KeyStoreErrorCode | undefined> = new Set(["KEY_CORRUPT", "WRAP_REFUSED", "KEY_LOST", "AUTH_INVALIDATED"] as const);

/** The 64-byte keys of an application's databases. */
export class DatabaseKeys {
  readonly store: KeyStore;
  readonly #wraps: readonly KeyWrap[];
  readonly #randomBytes: RandomBytes;

  constructor({ store, wraps = [rawWrap], randomBytes = platformRandomBytes }: DatabaseKeysOptions) {
    if (wraps.length === 0) throw new KeyStoreError("UNSUPPORTED_OPTION", "at least one wrap is needed to keep a key");
    this.store = store;
    this.#wraps = wraps;
    this.#randomBytes = randomBytes;
  }

  /**
   * The key of a database; a new one only if neither key nor database is there.
   *
   * @returns 64 fresh bytes that belong to the caller.
   * @throws {KeyStoreError} `KEY_LOST`, `KEY_CORRUPT`, `KEY_MISMATCH`, `KEY_UNDECIDED`; nothing is written then.
   */
  getOrCreate(options: GetOrCreateOptions): Promise<Uint8Array> {
    const { name, check, whenDatabaseIsGone = "reuse" } = options;
    return this.store.exclusively(lockName(name), async () => {
      const stored = await this.#findAll(name);
      const databaseExists = typeof options.databaseExists === "function" ? await options.databaseExists() : options.databaseExists;
      if (databaseExists) return (await this.#settle(name, stored, check)).key;
      if (whenDatabaseIsGone === "replace") await this.#removeAll(name);
      else if (stored.failure !== undefined) throw stored.failure;
      else if (stored.found.length > 0) return this.#keepFirst(name, stored);
      return this.#create(name, { place: 0, key: this.#randomBytes(KEY_BYTES) });
    });
  }

  /** The key, or null if there is none. Writes nothing. @throws {KeyStoreError} as `getOrCreate` */
  read({ name, check }: { readonly name: string; readonly check?: CheckKey }): Promise<Uint8Array | null> {
    return this.store.exclusively(lockName(name), async () => {
      const stored = await this.#findAll(name);
      return isEmpty(stored) ? null : (await this.#decide(name, stored, check)).key;
    });
  }

  /** True if the stored key is the database's. @throws {KeyStoreError} `KEY_LOST` without a key, `KEY_CORRUPT` */
  async check({ name, check }: { readonly name: string; readonly check: CheckKey }): Promise<boolean> {
    const stored = await this.#findAll(name);
    if (isEmpty(stored)) throw lost(name);
    for (const { key } of stored.found) if (await check(key)) return true;
    if (stored.failure !== undefined) throw stored.failure;
    return false;
  }

  /**
   * Changes the key of a database that exists. Crash-safe at each step: the database opens with one of the stored keys.
   *
   * `rekey` re-keys the database, such as `Realm.rekey`, and is itself crash-safe; `check` says which key the database has.
   *
   * @returns The new key.
   */
  rotate({ name, check, rekey }: { readonly name: string; readonly check: CheckKey; readonly rekey: (oldKey: Uint8Array, newKey: Uint8Array) => void | Promise<void> }): Promise<Uint8Array> {
    return this.store.exclusively(lockName(name), async () => {
      const current = await this.#settle(name, await this.#findAll(name), check);
      const place: Place = current.place === 0 ? 1 : 0;
      const key = await this.#create(name, { place, key: this.#randomBytes(KEY_BYTES) });
      await rekey(current.key.slice(), key.slice());
      if (!(await check(key))) throw new KeyStoreError("KEY_MISMATCH", `the database "${name}" was not re-keyed: its key check is not that of the new key. Both keys are kept.`);
      await this.store.delete(keyEntryName(name, current.place));
      return key;
    });
  }

  /** Puts the same key under the present wraps, after a change of passphrase or of a KMS key's version. The database is not touched. */
  rewrap({ name, check }: { readonly name: string; readonly check?: CheckKey }): Promise<void> {
    return this.store.exclusively(lockName(name), async () => {
      const current = await this.#settle(name, await this.#findAll(name), check);
      await this.#create(name, { place: current.place === 0 ? 1 : 0, key: current.key, keyId: current.entry.keyId });
      await this.store.delete(keyEntryName(name, current.place));
    });
  }

  /**
   * The key under a passphrase, as a text for a safe place: printed, in a password manager.
   *
   * @throws {KeyStoreError} `KEY_LOST`
   */
  async exportRecovery({ name, check, ...options }: { readonly name: string; readonly check?: CheckKey } & PassphraseWrapOptions): Promise<string> {
    const stored = await this.#findAll(name);
    if (isEmpty(stored)) throw lost(name);
    const { key, entry } = await this.#decide(name, stored, check);
    const wrap = passphraseWrap({ randomBytes: this.#randomBytes, ...options });
    const payload = await wrap.wrap(key, { databaseName: name, keyId: entry.keyId });
    return encodeKeyEntry({ keyId: entry.keyId, wraps: [{ kind: wrap.kind, payload }] });
  }

  /**
   * Brings a lost key back from its recovery text.
   *
   * @throws {KeyStoreError} `WRAP_REFUSED` for another passphrase; `KEY_MISMATCH` if the key is not the database's, or if the store holds
   * another key and no `check` tells which one is right. Nothing is written then.
   */
  importRecovery({ name, recovery, check, ...options }: { readonly name: string; readonly recovery: string; readonly check?: CheckKey } & PassphraseWrapOptions): Promise<Uint8Array> {
    return this.store.exclusively(lockName(name), async () => {
      const entry = decodeKeyEntry(recovery.trim());
      const wrap = passphraseWrap(options);
      const stored = entry.wraps.find(({ kind }) => kind === wrap.kind);
      if (stored === undefined) throw new KeyStoreError("KEY_CORRUPT", "this recovery text holds no key under a passphrase");
      const key = await wrap.unwrap(stored.payload, { databaseName: name, keyId: entry.keyId });
      if (check !== undefined && !(await check(key))) throw new KeyStoreError("KEY_MISMATCH", `the recovered key is not the key of the database "${name}"`);
      await this.#makeRoomFor(name, key, check);
      return this.#create(name, { place: 0, key, keyId: entry.keyId });
    });
  }

  /**
   * Keeps a key that was made elsewhere, such as by a server for its user. The same key again changes nothing.
   *
   * @throws {KeyStoreError} `KEY_MISMATCH` if `check` says that it is not the database's, or if another key is stored and there is no
   * `check`; `KEY_CORRUPT` for another length. Nothing is written then.
   */
  adopt({ name, key, check }: { readonly name: string; readonly key: Uint8Array; readonly check?: CheckKey }): Promise<void> {
    return this.store.exclusively(lockName(name), async () => {
      if (key.length !== KEY_BYTES) throw new KeyStoreError("KEY_CORRUPT", `expected a key of ${KEY_BYTES} bytes, got ${key.length}`);
      if (check !== undefined && !(await check(key))) throw new KeyStoreError("KEY_MISMATCH", `the key that was handed in is not the key of the database "${name}"`);
      for (const place of PLACES) if ((await this.store.containsKey(keyEntryName(name, place))) && (await this.#isSameKey(name, place, key))) return;
      await this.#makeRoomFor(name, key, check);
      await this.#create(name, { place: 0, key });
    });
  }

  /** Deletes a database's key, its anchor included. Without a recovery text the database cannot be opened ever again. */
  remove({ name }: { readonly name: string }): Promise<void> {
    return this.store.exclusively(lockName(name), () => this.#removeAll(name));
  }

  /** Where a database's freshness anchor is kept, in the form that the engine's deferred anchor takes. */
  anchorSource({ name }: { readonly name: string }): AnchorSource {
    return anchorSource(this.store, name);
  }

  /** Decides, and removes what an interrupted change of keys has left: the database has said that it is not its own. */
  async #settle(name: string, stored: StoredKeys, check: CheckKey | undefined): Promise<FoundKey> {
    if (isEmpty(stored)) throw lost(name);
    const decided = await this.#decide(name, stored, check);
    for (const { place } of stored.found) if (place !== decided.place) await this.store.delete(keyEntryName(name, place));
    return decided;
  }

  async #keepFirst(name: string, { found }: StoredKeys): Promise<Uint8Array> {
    const [first, second] = found as readonly [FoundKey, FoundKey?];
    if (second !== undefined) await this.store.delete(keyEntryName(name, second.place));
    return first.key;
  }

  async #decide(name: string, { found, failure }: StoredKeys, check: CheckKey | undefined): Promise<FoundKey> {
    if (check !== undefined) {
      for (const candidate of found) if (await check(candidate.key)) return candidate;
      if (failure !== undefined) throw failure;
      throw new KeyStoreError("KEY_MISMATCH", `the stored key of "${name}" is not the key of this database: another database stands in its place, or its key was changed elsewhere. Nothing was written.`);
    }
    if (failure !== undefined) throw failure;
    const [first, second] = found as readonly [FoundKey, FoundKey?];
    if (second === undefined || first.entry.keyId === second.entry.keyId) return first;
    throw new KeyStoreError("KEY_UNDECIDED", `a change of the key of "${name}" was interrupted, and two keys are stored: hand in "check", which asks the database`);
  }

  async #removeAll(name: string): Promise<void> {
    for (const place of PLACES) await this.store.delete(keyEntryName(name, place));
    for (const place of PLACES) await this.store.delete(anchorName(name, place));
  }

  /** Removes what stands in the way of a recovered key: nothing, the same key, or keys that the database does not have. */
  async #makeRoomFor(name: string, key: Uint8Array, check: CheckKey | undefined): Promise<void> {
    for (const place of PLACES) {
      if ((await this.store.containsKey(keyEntryName(name, place))) === false) continue;
      const isSame = await this.#isSameKey(name, place, key);
      if (!isSame && check === undefined) throw new KeyStoreError("KEY_MISMATCH", `another key is stored for "${name}": hand in "check", which asks the database which one is its own`);
      await this.store.delete(keyEntryName(name, place));
    }
  }

  async #isSameKey(name: string, place: Place, key: Uint8Array): Promise<boolean> {
    try {
      const found = await this.#find(name, place);
      return found !== undefined && found.key.every((byte, index) => byte === key[index]);
    } catch (error) {
      if (NEVER_AGAIN.has((error as Partial<KeyStoreError>).code)) return false;
      throw error;
    }
  }

  /** Both places. One damaged entry must not hide the other, whole one. */
  async #findAll(name: string): Promise<StoredKeys> {
    const found: FoundKey[] = [];
    let failure: unknown;
    for (const place of PLACES) {
      try {
        const one = await this.#find(name, place);
        if (one !== undefined) found.push(one);
      } catch (error) {
        if (!isOfTheEntry(error)) throw error;
        failure = error;
      }
    }
    return { found, failure };
  }

  async #find(name: string, place: Place): Promise<FoundKey | undefined> {
    const text = await this.store.readText(keyEntryName(name, place));
    if (text === null) return undefined;
    const entry = decodeKeyEntry(text);
    return { place, entry, key: await this.#unwrap(name, entry) };
  }

  async #unwrap(name: string, entry: KeyEntry): Promise<Uint8Array> {
    let failure: unknown;
    for (const wrap of this.#wraps) {
      const stored = entry.wraps.find(({ kind }) => kind === wrap.kind);
      if (stored === undefined) continue;
      try {
        const key = await wrap.unwrap(stored.payload, { databaseName: name, keyId: entry.keyId });
        if (key.length !== KEY_BYTES) throw new KeyStoreError("KEY_CORRUPT", `the stored key of "${name}" has ${key.length} bytes instead of ${KEY_BYTES}`);
        return key;
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    const kinds = entry.wraps.map(({ kind }) => kind).join(", ");
    throw new KeyStoreError("WRAP_REFUSED", `the key of "${name}" is stored under ${kinds}; hand in a wrap of that kind`);
  }

  /** Creates an entry where there is none. */
  async #create(name: string, { place, key, keyId = base64urlnopad.encode(this.#randomBytes(KEY_ID_BYTES)) }: { place: Place; key: Uint8Array; keyId?: string }): Promise<Uint8Array> {
    const wraps = [];
    for (const wrap of this.#wraps) wraps.push({ kind: wrap.kind, payload: await wrap.wrap(key, { databaseName: name, keyId }) });
    const text = encodeKeyEntry({ keyId, wraps });
    if (await this.store.create(keyEntryName(name, place), text)) return key.slice();
    // A store without a lock between processes: the other one was first, and its key counts.
    const winner = await this.#find(name, place);
    if (winner === undefined) throw lost(name);
    return winner.key;
  }
}

/** An asynchronous place for one small text. */
export interface AnchorSource {
  read(): Promise<string | null>;
  write(text: string): Promise<void>;
  remove(): Promise<void>;
}

/** Two entries in turn, so that a platform that deletes before it writes never leaves none. */
function anchorSource(store: KeyStore, name: string): AnchorSource {
  const stored = async (): Promise<{ place: Place; count: number; text: string } | undefined> => {
    let newest: { place: Place; count: number; text: string } | undefined;
    for (const place of PLACES) {
      const entry = await store.readText(anchorName(name, place));
      const match = entry === null ? null : /^(?<count>\d{1,15}) (?<text>[\s\S]*)$/u.exec(entry);
      if (entry !== null && match?.groups === undefined) throw new KeyStoreError("KEY_CORRUPT", `the freshness anchor of "${name}" is damaged`);
      const count = Number(match?.groups?.["count"] ?? -1);
      if (count > (newest?.count ?? -1)) newest = { place, count, text: match?.groups?.["text"] as string };
    }
    return newest;
  };
  return {
    read: async () => (await stored())?.text ?? null,
    async write(text) {
      const newest = await stored();
      const place: Place = newest?.place === 0 ? 1 : 0;
      await store.write(anchorName(name, place), `${(newest?.count ?? 0) + 1} ${text}`);
    },
    async remove() {
      for (const place of PLACES) await store.delete(anchorName(name, place));
    },
  };
}

/** True for what is wrong with one entry alone: damaged, or sealed by the platform under a key that is gone. */
function isOfTheEntry(error: unknown): boolean {
  return ["KEY_CORRUPT", "KEY_LOST", "AUTH_INVALIDATED"].includes((error as Partial<KeyStoreError>).code ?? "");
}

function isEmpty({ found, failure }: StoredKeys): boolean {
  return found.length === 0 && failure === undefined;
}

function lockName(name: string): string {
  return `${name}/lock`;
}

/** Name of the entry for a database's key; the second place is filled while the key changes. */
export function keyEntryName(name: string, place: 0 | 1 = 0): string {
  return `${name}/key${place}`;
}

function anchorName(name: string, place: Place): string {
  return `${name}/anchor${place}`;
}

function lost(name: string): KeyStoreError {
  return new KeyStoreError(
    "KEY_LOST",
    `the database "${name}" exists, and the key store has no key for it. No new key was made: it would not open the database. Bring the key back with importRecovery, or delete the database if its data can be had again.`,
  );
}
