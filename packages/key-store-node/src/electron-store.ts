/**
 * Electron: files that `safeStorage` encrypts with the system's keyring.
 *
 * @module
 */
import { KeyStoreError, StringKeyStore } from "@holdfast/key-store";
import { FileEntries } from "./file-entries.ts";
import type { EntrySeal } from "./file-entries.ts";
import { keyringError } from "./keyring-errors.ts";

/** The part of Electron's `safeStorage` that is used; the asynchronous calls where they are. */
export interface SafeStorage {
  isEncryptionAvailable?(): boolean;
  isAsyncEncryptionAvailable?(): Promise<boolean>;
  /** Linux only. */
  getSelectedStorageBackend?(): string;
  encryptString?(text: string): Uint8Array;
  decryptString?(sealed: Uint8Array): string;
  encryptStringAsync?(text: string): Promise<Uint8Array>;
  decryptStringAsync?(sealed: Uint8Array): Promise<{ readonly result: string }>;
}

/** After the application's `ready` event. */
export interface ElectronStoreOptions {
  /** `import { safeStorage } from "electron"`. */
  readonly safeStorage: SafeStorage;
  /** Of this store alone, such as `join(app.getPath("userData"), "keys")`. */
  readonly folder: string;
}

/**
 * @throws {KeyStoreError} `STORE_UNAVAILABLE` where `safeStorage` would only pretend: on Linux without a keyring it encrypts under a password that
 * stands in Electron's source ("basic_text").
 */
export async function openElectronStore({ safeStorage, folder }: ElectronStoreOptions): Promise<StringKeyStore> {
  const isAvailable = safeStorage.isAsyncEncryptionAvailable === undefined ? safeStorage.isEncryptionAvailable?.() : await safeStorage.isAsyncEncryptionAvailable();
  if (isAvailable !== true) throw new KeyStoreError("STORE_UNAVAILABLE", "safeStorage says that no encryption is available: is the application ready, and is there a keyring?");
  const backend = safeStorage.getSelectedStorageBackend?.();
  if (backend === "basic_text" || backend === "unknown") throw new KeyStoreError("STORE_UNAVAILABLE", `safeStorage has no keyring here (${backend}) and would encrypt under a password that everyone knows`);
  return new StringKeyStore(new FileEntries({ backend: `electron-${backend ?? "safe-storage"}`, folder, seal: sealWith(safeStorage), hardwareBacked: "unknown" }));
}

function sealWith(safeStorage: SafeStorage): EntrySeal {
  const { encryptString, encryptStringAsync, decryptString, decryptStringAsync } = safeStorage;
  return {
    async seal(text, fileName) {
      const bound = `${fileName}\n${text}`;
      try {
        if (encryptStringAsync !== undefined) return await encryptStringAsync.call(safeStorage, bound);
        if (encryptString !== undefined) return encryptString.call(safeStorage, bound);
      } catch (error) {
        throw keyringError("safeStorage", error);
      }
      throw new KeyStoreError("STORE_UNAVAILABLE", "this is not Electron's safeStorage");
    },
    async open(sealed, fileName) {
      const bound = await decrypt(Buffer.from(sealed));
      if (!bound.startsWith(`${fileName}\n`)) throw new KeyStoreError("KEY_CORRUPT", "an entry's file holds another entry");
      return bound.slice(fileName.length + 1);
    },
    dispose: () => undefined,
  };

  /** safeStorage does not say whether the keyring or the file is the reason. */
  async function decrypt(sealed: Buffer): Promise<string> {
    try {
      if (decryptStringAsync !== undefined) return (await decryptStringAsync.call(safeStorage, sealed)).result;
      if (decryptString !== undefined) return decryptString.call(safeStorage, sealed);
    } catch (error) {
      throw new KeyStoreError("KEY_CORRUPT", "safeStorage cannot decrypt the entry: the file was altered, or the keyring has lost its key. It was not changed.", { cause: error });
    }
    throw new KeyStoreError("STORE_UNAVAILABLE", "this is not Electron's safeStorage");
  }
}
