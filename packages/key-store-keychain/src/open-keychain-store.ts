/**
 * Opens Apple's keychain through the library that the application has.
 *
 * @module
 */
import { IndexedEntries, StringKeyStore } from "@holdfast/key-store";
import type { KeychainBackend } from "./backend.ts";
import type { KeychainOptions } from "./options.ts";

/** Which library, and how entries are kept. */
export interface KeychainStoreOptions extends KeychainOptions {
  /** `expoSecureStore(SecureStore)`, `reactNativeKeychain(Keychain)` or `capacitorSecureStorage({ ... })`. */
  readonly backend: KeychainBackend;
}

/**
 * A key store in the keychain.
 *
 * @throws {KeyStoreError} `UNSUPPORTED_OPTION` for what the library cannot do, `STORE_UNAVAILABLE` where there is no keychain. Nothing stands in for it.
 */
export async function openKeychainStore({ backend, ...options }: KeychainStoreOptions): Promise<StringKeyStore> {
  const entries = await backend.open(options);
  const isGuarded = options.accessibility === "passcode" || (options.accessControlFlags?.length ?? 0) > 0;
  return new StringKeyStore(
    new IndexedEntries(
      entries,
      isGuarded
        ? { code: "AUTH_INVALIDATED", sentence: "the entry was written and the keychain does not have it any more: biometrics or the passcode changed, or the passcode was removed. Bring the key back with importRecovery." }
        : { code: "KEY_LOST", sentence: "the entry was written and the keychain does not have it any more. Bring the key back with importRecovery." },
    ),
  );
}
