/**
 * A key store over a platform's store of strings: names and values are encoded, writes are read back, creates are exclusive.
 *
 * @module
 */
import { decodeName, encodeName, hasLoneSurrogate } from "./entry-name.ts";
import type { EntryStore } from "./entry-store.ts";
import { encodeValue, tryDecodeValue } from "./entry-value.ts";
import { KeyStoreError } from "./errors.ts";
import { MAX_VALUE_BYTES } from "./key-store.ts";
import type { AllEntries, KeyStore, KeyStoreCapabilities, KeyStoreListener, OperationOptions } from "./key-store.ts";
import { runExclusively } from "./mutex.ts";

/** All adapters are this class over their own {@link EntryStore}. */
export class StringKeyStore<Options extends object = object> implements KeyStore<Options> {
  readonly #entries: EntryStore<Options>;
  readonly #listeners = new Map<string, Set<KeyStoreListener>>();
  #stopWatching: (() => void) | undefined;
  #isDisposed = false;

  constructor(entries: EntryStore<Options>) {
    this.#entries = entries;
  }

  get backend(): string {
    return this.#entries.backend;
  }

  get capabilities(): KeyStoreCapabilities {
    return this.#entries.capabilities;
  }

  async write(name: string, value: Uint8Array | string | null, options?: Options & OperationOptions): Promise<void> {
    if (value === null) return this.delete(name, options);
    const platform = this.#begin(options);
    const encoded = encodeName(name);
    const bytes = bytesOf(value);
    const text = encodeValue(bytes);
    await this.#entries.set(encoded, text, platform);
    await this.#assertWritten({ encoded, text, platform });
    this.#tell(name, bytes);
  }

  async create(name: string, value: Uint8Array | string, options?: Options & OperationOptions): Promise<boolean> {
    const platform = this.#begin(options);
    const encoded = encodeName(name);
    const bytes = bytesOf(value);
    const text = encodeValue(bytes);
    const isNew = this.#entries.create === undefined ? await this.#createUnderLock({ encoded, text, platform }) : await this.#entries.create(encoded, text, platform);
    if (!isNew) return false;
    await this.#assertWritten({ encoded, text, platform });
    this.#tell(name, bytes);
    return true;
  }

  async read(name: string, options?: Options & OperationOptions): Promise<Uint8Array | null> {
    const platform = this.#begin(options);
    const text = await this.#entries.get(encodeName(name), platform);
    return text === null ? null : decodeValue(text, name);
  }

  async readText(name: string, options?: Options & OperationOptions): Promise<string | null> {
    const bytes = await this.read(name, options);
    if (bytes === null) return null;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new KeyStoreError("KEY_CORRUPT", `the entry "${name}" holds bytes that are no text: read them with read()`);
    }
  }

  async containsKey(name: string, options?: Options & OperationOptions): Promise<boolean> {
    const platform = this.#begin(options);
    const encoded = encodeName(name);
    if (this.#entries.has !== undefined) return this.#entries.has(encoded, platform);
    return (await this.#entries.get(encoded, platform)) !== null;
  }

  async delete(name: string, options?: Options & OperationOptions): Promise<void> {
    const platform = this.#begin(options);
    await this.#entries.remove(encodeName(name), platform);
    this.#tell(name, null);
  }

  async readAll(options?: Options & OperationOptions): Promise<AllEntries> {
    const platform = this.#begin(options);
    const entries = new Map<string, Uint8Array>();
    const damaged: string[] = [];
    const losses: KeyStoreError[] = [];
    for (const [name, encoded] of await this.#ownNames(platform)) {
      const value = await this.#tryRead(encoded, platform);
      // Null: deleted since the names were listed.
      if (value === null) continue;
      if (value instanceof Uint8Array) entries.set(name, value);
      else damaged.push(name);
      if (value !== undefined && !(value instanceof Uint8Array)) losses.push(value);
    }
    // One lost entry hides no other; where all are lost, the platform has lost what sealed them.
    if (entries.size === 0 && losses[0] !== undefined && losses.length === damaged.length) throw losses[0];
    return { entries, damaged };
  }

  async deleteAll(options?: Options & OperationOptions): Promise<void> {
    const platform = this.#begin(options);
    for (const [name, encoded] of await this.#ownNames(platform)) {
      await this.#entries.remove(encoded, platform);
      this.#tell(name, null);
    }
  }

  addListener(name: string, listener: KeyStoreListener): () => void {
    this.#begin(undefined);
    encodeName(name);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    this.#stopWatching ??= this.#entries.watch?.((encoded) => void this.#tellOfOthers(encoded));
    return () => void listeners.delete(listener);
  }

  async exclusively<Result>(name: string, action: () => Promise<Result>): Promise<Result> {
    this.#begin(undefined);
    const encoded = encodeName(name);
    // The process's own turn first: a lock between processes need not tell two callers in one process apart.
    return runExclusively(`${this.#entries.identity}\0${encoded}`, () => (this.#entries.lock === undefined ? action() : this.#entries.lock(encoded, action)));
  }

  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#listeners.clear();
    this.#stopWatching?.();
    await this.#entries.dispose?.();
  }

  /** Checks before the store is asked; gives the platform's options alone. */
  #begin(options: (Options & OperationOptions) | undefined): Options {
    if (this.#isDisposed) throw new KeyStoreError("STORE_DISPOSED", "this key store was disposed of: make a new one");
    const { signal, ...platform } = options ?? ({} as Options & OperationOptions);
    signal?.throwIfAborted();
    this.#entries.checkOptions(platform as unknown as Options);
    return platform as unknown as Options;
  }

  async #createUnderLock({ encoded, text, platform }: WrittenEntry<Options>): Promise<boolean> {
    const createIfAbsent = async (): Promise<boolean> => {
      if ((await this.#entries.get(encoded, platform)) !== null) return false;
      await this.#entries.set(encoded, text, platform);
      return true;
    };
    // Another lock than that of `exclusively`, so that a create inside of it does not wait for itself.
    const lockName = `${encoded}-create`;
    return runExclusively(`${this.#entries.identity}\0${lockName}`, () => (this.#entries.lock === undefined ? createIfAbsent() : this.#entries.lock(lockName, createIfAbsent)));
  }

  /** Some platforms say "written" and have not. */
  async #assertWritten({ encoded, text, platform }: WrittenEntry<Options>): Promise<void> {
    const found = await this.#entries.get(encoded, platform);
    if (found !== text) throw new KeyStoreError("IO", `the store "${this.backend}" said that the entry was written, and ${found === null ? "has none" : "gives another"}`);
  }

  /** The value, null for no entry, undefined for a damaged one, the error for one that the platform has lost. */
  async #tryRead(encoded: string, platform: Options): Promise<Uint8Array | null | undefined | KeyStoreError> {
    try {
      const text = await this.#entries.get(encoded, platform);
      return text === null ? null : tryDecodeValue(text);
    } catch (error) {
      const { code } = error as Partial<KeyStoreError>;
      if (code === "KEY_CORRUPT") return undefined;
      if (code === "KEY_LOST" || code === "AUTH_INVALIDATED") return error as KeyStoreError;
      throw error;
    }
  }

  async #ownNames(platform: Options): Promise<Map<string, string>> {
    if (this.#entries.names === undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", `the store "${this.backend}" cannot list its entries`);
    const own = new Map<string, string>();
    for (const encoded of await this.#entries.names(platform)) {
      const name = decodeName(encoded);
      if (name !== undefined) own.set(name, encoded);
    }
    return own;
  }

  async #tellOfOthers(encoded: string): Promise<void> {
    const name = decodeName(encoded);
    if (name === undefined || !this.#listeners.has(name)) return;
    // Nobody is there to be told why an entry cannot be read: whoever reads it is.
    const value = await this.read(name).catch(() => undefined);
    if (value !== undefined) this.#tell(name, value);
  }

  #tell(name: string, value: Uint8Array | null): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(value === null ? null : value.slice());
  }
}

interface WrittenEntry<Options> {
  readonly encoded: string;
  readonly text: string;
  readonly platform: Options;
}

function bytesOf(value: Uint8Array | string): Uint8Array {
  if (typeof value !== "string" && !(value instanceof Uint8Array)) throw new KeyStoreError("UNSUPPORTED_OPTION", `a value is a string or a Uint8Array, not ${typeof value}`);
  if (typeof value === "string" && hasLoneSurrogate(value)) throw new KeyStoreError("UNSUPPORTED_OPTION", "a value may not hold half of a surrogate pair: it would come back as another text");
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value.slice();
  if (bytes.length > MAX_VALUE_BYTES) throw new KeyStoreError("VALUE_TOO_LARGE", `a value has at most ${MAX_VALUE_BYTES} bytes, this one has ${bytes.length}`);
  return bytes;
}

function decodeValue(text: string, name: string): Uint8Array {
  const value = tryDecodeValue(text);
  if (value !== undefined) return value;
  throw new KeyStoreError("KEY_CORRUPT", `the entry "${name}" is damaged, or was not written by this library. It was not changed. Restore it from a recovery export.`);
}
