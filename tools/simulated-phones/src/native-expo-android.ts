/**
 * The native half of expo-secure-store 57.0.4 on Android, simulated after android/src/main/java/expo/modules/securestore/SecureStoreModule.kt of that version.
 *
 * @module
 */
import { AndroidException } from "./android-keystore.ts";
import type { AndroidKey } from "./android-keystore.ts";
import { androidPhone, crossing } from "./phone.ts";

type Options = Readonly<Record<string, unknown>>;

/** `ExpoSecureStore`. It has no constants on Android. */
export const nativeExpoAndroid = {
  /** Line 88-176. */
  async getValueWithKeyAsync(key: string, given: unknown): Promise<string | null> {
    const options = crossing(androidPhone(), "getValueWithKeyAsync", given);
    const { keystore, expoPreferences } = androidPhone();
    const name = `${serviceOf(options)}-${key}`;
    const entry = expoPreferences.memory.get(name);
    if (entry === undefined) return null;
    const storageKey = keystore.aliases.get(aliasOf(options, entry.requireAuthentication));
    if (storageKey === undefined) {
      // Line 136-143.
      expoPreferences.commit((values) => values.delete(name));
      return null;
    }
    try {
      keystore.assertUsable(storageKey);
      authenticate(storageKey);
      return keystore.decrypt(storageKey, entry.ciphertext);
    } catch (error) {
      if (!(error instanceof AndroidException)) throw error;
      // Line 156-158.
      if (error.javaClass === "KeyPermanentlyInvalidatedException") return null;
      if (error.javaClass === "AEADBadTagException") {
        // Line 159-168.
        expoPreferences.commit((values) => values.delete(name));
        return null;
      }
      if (error.javaClass === "AuthenticationException") throw rejection("getValueWithKeyAsync", "ERR_AUTHENTICATION", error.message);
      // Line 169-170.
      throw rejection("getValueWithKeyAsync", "ERR_DECRYPT", `Could not decrypt the value for key '${key}' under keychain '${serviceOf(options)}'. Caused by: ${error.message}`);
    }
  },

  /** Line 178-241. */
  async setValueWithKeyAsync(value: string, key: string, given: unknown): Promise<void> {
    const options = crossing(androidPhone(), "setValueWithKeyAsync", given);
    const { keystore, expoPreferences } = androidPhone();
    const requireAuthentication = options["requireAuthentication"] === true;
    const alias = aliasOf(options, requireAuthentication);
    // Line 190-196, 212-216, 261-284: an invalidated key takes every guarded entry of its service along.
    if (keystore.aliases.get(alias)?.isInvalidated === true) {
      keystore.aliases.delete(alias);
      expoPreferences.apply((values) => {
        for (const [name, entry] of values) if (entry.requireAuthentication && entry.keystoreAlias === serviceOf(options)) values.delete(name);
      });
    }
    const storageKey = keystore.aliases.get(alias) ?? keystore.generate(alias, requireAuthentication);
    try {
      keystore.assertUsable(storageKey);
      authenticate(storageKey);
    } catch (error) {
      if (!(error instanceof AndroidException)) throw error;
      if (error.javaClass === "AuthenticationException") throw rejection("setValueWithKeyAsync", "ERR_AUTHENTICATION", error.message);
      throw rejection("setValueWithKeyAsync", "ERR_ENCRYPT", `Could not encrypt the value for key '${key}' under keychain '${serviceOf(options)}'. Caused by: ${error.message}`);
    }
    const ciphertext = keystore.encrypt(storageKey, value);
    // Line 240: commit, whose answer nobody looks at.
    expoPreferences.commit((values) => values.set(`${serviceOf(options)}-${key}`, { scheme: "aes", keystoreAlias: serviceOf(options), requireAuthentication, ciphertext }));
  },

  /** Line 243-254, 381-390. */
  async deleteValueWithKeyAsync(key: string, given: unknown): Promise<void> {
    const options = crossing(androidPhone(), "deleteValueWithKeyAsync", given);
    androidPhone().expoPreferences.commit((values) => values.delete(`${serviceOf(options)}-${key}`));
  },
};

/** SecureStoreOptions.kt. */
function serviceOf(options: Options): string {
  return String(options["keychainService"] ?? "key_v1");
}

/** encryptors/AESEncryptor.kt:34-51. */
function aliasOf(options: Options, requireAuthentication: boolean): string {
  return `AES/GCM/NoPadding:${serviceOf(options)}:${requireAuthentication ? "keystoreAuthenticated" : "keystoreUnauthenticated"}`;
}

/** AuthenticationPrompt.kt. */
function authenticate(key: AndroidKey): void {
  if (!key.requiresAuth) return;
  const { keystore } = androidPhone();
  keystore.promptCount += 1;
  if (!keystore.cancelsNextPrompt) return;
  keystore.cancelsNextPrompt = false;
  throw new AndroidException("AuthenticationException", "Could not Authenticate the user: User canceled the authentication. Cancel");
}

/** expo-modules-core 57.0.20, android/.../kotlin/exception/CodedException.kt:45-51, 155-172. */
function rejection(functionName: string, code: string, cause: string): Error {
  return Object.assign(new Error(`Call to function 'ExpoSecureStore.${functionName}' has been rejected.\n→ Caused by: ${cause}`), { code });
}
