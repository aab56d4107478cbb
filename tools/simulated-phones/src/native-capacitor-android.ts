/**
 * The native half of @aparajita/capacitor-secure-storage 8.0.1 on Android, simulated after
 * android/src/main/java/com/aparajita/capacitor/securestorage/SecureStorage.java of that version.
 *
 * @module
 */
import { AndroidException } from "./android-keystore.ts";
import type { NativeRejection } from "./native-capacitor-ios.ts";
import { androidPhone, crossing } from "./phone.ts";

/** The plugin's methods. Throws {@link NativeRejection}. */
export const nativeCapacitorAndroid: Readonly<Record<string, (given: unknown) => object>> = {
  /** `storeDataInKeyStore`, `getSecretKey`: a key for each entry; written with `apply`. */
  internalSetItem(given) {
    const { prefixedKey, data } = crossing(androidPhone(), "internalSetItem", given) as { prefixedKey: string; data: string };
    return tryStorageOp(() => {
      const { keystore, capacitorPreferences } = androidPhone();
      const key = keystore.aliases.get(prefixedKey) ?? keystore.generate(prefixedKey, false);
      const ciphertext = keystore.encrypt(key, data);
      capacitorPreferences.apply((values) => values.set(prefixedKey, ciphertext));
      return {};
    });
  },

  /** `getDataFromKeyStore`, `decryptString`: without its key an entry is null. */
  internalGetItem(given) {
    const { prefixedKey } = crossing(androidPhone(), "internalGetItem", given) as { prefixedKey: string };
    return tryStorageOp(() => {
      const { keystore, capacitorPreferences } = androidPhone();
      const [ciphertext, key] = [capacitorPreferences.memory.get(prefixedKey), keystore.aliases.get(prefixedKey)];
      return { data: ciphertext === undefined || key === undefined ? null : keystore.decrypt(key, ciphertext) };
    });
  },

  /** `removeAlias`: an entry whose key is gone stays. */
  internalRemoveItem(given) {
    const { prefixedKey } = crossing(androidPhone(), "internalRemoveItem", given) as { prefixedKey: string };
    const { keystore, capacitorPreferences } = androidPhone();
    const success = keystore.aliases.delete(prefixedKey);
    if (success) capacitorPreferences.apply((values) => values.delete(prefixedKey));
    return { success };
  },

  internalClearItemsWithPrefix: () => ({}),
  internalGetPrefixedKeys: () => ({ keys: [] }),
};

/** `tryStorageOp` and KeyStoreException.java: the exception's class is all that is told. */
function tryStorageOp(operation: () => object): object {
  try {
    return operation();
  } catch (error) {
    if (!(error instanceof AndroidException)) throw error;
    const rejection: NativeRejection = { message: `An OS error occurred (${error.javaClass})`, code: "osError" };
    throw rejection;
  }
}
