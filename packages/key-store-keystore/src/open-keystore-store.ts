/**
 * Opens a store under Android's Keystore through the library that the application has.
 *
 * @module
 */
import { IndexedEntries, StringKeyStore } from "@holdfast/key-store";
import type { KeystoreBackend } from "./backend.ts";
import type { KeystoreOptions } from "./options.ts";
import { ResettingEntries } from "./resetting-entries.ts";

/** Which library, and how entries are kept. */
export interface KeystoreStoreOptions extends KeystoreOptions {
  /** `expoSecureStore(SecureStore)`, `reactNativeKeychain(Keychain)` or `capacitorSecureStorage({ ... })`. */
  readonly backend: KeystoreBackend;
}

/**
 * A key store under the Keystore.
 *
 * @throws {KeyStoreError} `UNSUPPORTED_OPTION` for what the library cannot do, `STORE_UNAVAILABLE` where there is no Keystore. Nothing stands in for it.
 */
export async function openKeystoreStore({ backend, ...options }: KeystoreStoreOptions): Promise<StringKeyStore> {
  const entries = new IndexedEntries(
    await backend.open(options),
    options.enforceBiometrics === true
      ? { code: "AUTH_INVALIDATED", sentence: "the entry was written and cannot be read ever again: biometrics changed, or the screen lock was removed. Bring the key back with importRecovery." }
      : { code: "KEY_LOST", sentence: "the entry was written and is gone: the Keystore has lost the key that it was encrypted under. Bring the key back with importRecovery." },
  );
  return new StringKeyStore(options.resetOnError === true ? new ResettingEntries(entries) : entries);
}
