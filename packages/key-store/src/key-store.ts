/**
 * What every key store can do: the operations of flutter_secure_storage, over bytes.
 *
 * @module
 */

/** What a store promises. Ask before relying on it. */
export interface KeyStoreCapabilities {
  /** Entries are there after the process, and the machine, were restarted. */
  readonly persistent: boolean;
  /** A chip guards what encrypts the entries; "unknown" where the platform does not tell. */
  readonly hardwareBacked: boolean | "unknown";
  /** `readAll` and `deleteAll` work. */
  readonly enumerable: boolean;
  /** The platform's backups leave the entries out. */
  readonly backupExcluded: boolean | "unknown";
  /** Entries can be made to follow the user to other devices. */
  readonly synchronizable: boolean;
  /** Access can be bound to a biometric check. */
  readonly biometrics: boolean;
  /** `exclusively` holds between processes (tabs), not only inside this one. */
  readonly crossProcessLock: boolean;
}

/** What every operation takes, beside the options of its store. */
export interface OperationOptions {
  /** Rejects before the store is asked. An operation under way is not taken back. */
  readonly signal?: AbortSignal;
}

/** All entries, and the names of those that cannot be read. */
export interface AllEntries {
  readonly entries: ReadonlyMap<string, Uint8Array>;
  /** Entries that are damaged. They are kept. */
  readonly damaged: readonly string[];
}

/**
 * Told the new value, or null after a deletion: of changes through this instance, and in a browser also of other instances and tabs.
 * A change by another whose value cannot be read is not told; `read` says what is wrong with it.
 */
export type KeyStoreListener = (value: Uint8Array | null) => void;

/**
 * A secure storage of small values under names.
 *
 * A name is 1 to 255 characters of well-formed Unicode without NUL; a value has at most {@link MAX_VALUE_BYTES} bytes. What is
 * read is a fresh copy that belongs to the caller. `Options` are the platform's.
 */
export interface KeyStore<Options extends object = object> {
  /** Which backend is in use, such as "secret-service". A store never stands in for another silently. */
  readonly backend: string;
  readonly capabilities: KeyStoreCapabilities;
  /** Writes a value over what was there; `null` deletes. Read again to see that it is there. */
  write(name: string, value: Uint8Array | string | null, options?: Options & OperationOptions): Promise<void>;
  /** Writes a value unless there is an entry. @returns False if there was one; it is unchanged. */
  create(name: string, value: Uint8Array | string, options?: Options & OperationOptions): Promise<boolean>;
  /** @returns The value, or null if there is no such entry. @throws {KeyStoreError} `KEY_CORRUPT` and others; an error is never null. */
  read(name: string, options?: Options & OperationOptions): Promise<Uint8Array | null>;
  /** The value as text. @throws {KeyStoreError} `KEY_CORRUPT` if it is not UTF-8. */
  readText(name: string, options?: Options & OperationOptions): Promise<string | null>;
  /** Asks for the entry without decrypting it, where the platform can. */
  containsKey(name: string, options?: Options & OperationOptions): Promise<boolean>;
  /** Deletes an entry; none is no error. */
  delete(name: string, options?: Options & OperationOptions): Promise<void>;
  /** All entries of this namespace. @throws {KeyStoreError} `UNSUPPORTED_OPTION` without the capability `enumerable`. */
  readAll(options?: Options & OperationOptions): Promise<AllEntries>;
  /** Deletes the entries of this namespace and no others. */
  deleteAll(options?: Options & OperationOptions): Promise<void>;
  /** Calls back for changes of an entry. @returns How to end it. */
  addListener(name: string, listener: KeyStoreListener): () => void;
  /** Runs one action at a time for a name, in all processes where the store can. */
  exclusively<Result>(name: string, action: () => Promise<Result>): Promise<Result>;
  /** Lets go of what is held; every later operation throws `STORE_DISPOSED`. */
  dispose(): Promise<void>;
}

/** Longest value in bytes: what fits into every platform's store once encoded. */
export const MAX_VALUE_BYTES = 1000;
