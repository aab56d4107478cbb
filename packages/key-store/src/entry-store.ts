/**
 * What an adapter has to bring: ASCII texts under ASCII names. {@link StringKeyStore} makes a key store of it.
 *
 * @module
 */
import type { KeyStoreCapabilities } from "./key-store.ts";

/**
 * A platform's store, as it is. Names are of `[a-z2-7_-]`, texts of printable ASCII, at most 1,400 characters, never empty.
 *
 * Every native error becomes a `KeyStoreError`; an unknown one is `IO` with its cause. `null` means that there is no entry, and
 * nothing else.
 */
export interface EntryStore<Options extends object = object> {
  readonly backend: string;
  readonly capabilities: KeyStoreCapabilities;
  /** The same for two instances that see the same entries; for locks inside this process. */
  readonly identity: string;
  /** Refuses what the platform does not have. @throws {KeyStoreError} `UNSUPPORTED_OPTION` */
  checkOptions(options: Options): void;
  get(name: string, options: Options): Promise<string | null>;
  set(name: string, text: string, options: Options): Promise<void>;
  remove(name: string, options: Options): Promise<void>;
  /** Without decrypting, where the platform can; else `get` is asked. */
  has?(name: string, options: Options): Promise<boolean>;
  /** Atomic create, where the platform has it; else `get` and `set` under the lock. @returns False if there was an entry. */
  create?(name: string, text: string, options: Options): Promise<boolean>;
  /** Names of all own entries, with the capability `enumerable`. */
  names?(options: Options): Promise<string[]>;
  /** A lock between processes, with the capability `crossProcessLock`. Freed when its holder dies. */
  lock?<Result>(name: string, action: () => Promise<Result>): Promise<Result>;
  /** Tells the names of entries that other instances, in this process or another, have changed. @returns How to end it. */
  watch?(onChange: (name: string) => void): () => void;
  dispose?(): Promise<void>;
}
