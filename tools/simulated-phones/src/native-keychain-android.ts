/**
 * The native half of react-native-keychain 10.0.0 on Android, simulated after android/src/main/java/com/oblador/keychain of that version.
 *
 * @module
 */
import { AndroidException } from "./android-keystore.ts";
import type { AndroidKey } from "./android-keystore.ts";
import { androidPhone, crossing } from "./phone.ts";

type Options = Readonly<Record<string, unknown>>;

const GUARDED = "KeystoreAESGCM";
const PLAIN = "KeystoreAESGCM_NoAuth";
const KNOWN_CIPHERS: readonly string[] = ["KeystoreAESCBC", PLAIN, GUARDED, "KeystoreRSAECB"];

/** `RNKeychainManager`. Its constants: KeychainModule.kt:165-171. */
export const nativeKeychainAndroid = {
  SECURITY_LEVEL_ANY: "ANY",
  SECURITY_LEVEL_SECURE_SOFTWARE: "SECURE_SOFTWARE",
  SECURITY_LEVEL_SECURE_HARDWARE: "SECURE_HARDWARE",

  /** KeychainModule.kt:175-213. */
  async setGenericPasswordForOptions(given: unknown, username: string, password: string): Promise<object> {
    const options = crossing(androidPhone(), "setGenericPasswordForOptions", given);
    if (username === "" || password === "") throw rejection("E_EMPTY_PARAMETERS", "you passed empty or null username/password");
    return wrapped(() => {
      const { keystore, dataStore } = androidPhone();
      const alias = String(options["service"] ?? "");
      const cipherName = selectedCipher(options);
      const key = extractGeneratedKey(alias, cipherName, String(options["securityLevel"] ?? "ANY"));
      authenticate(key);
      const entry = { cipherName, username: keystore.encrypt(key, username), password: keystore.encrypt(key, password) };
      // DataStorePrefsStorage.kt:64-78: one edit.
      dataStore.commit((values) => values.set(alias, entry));
      return { service: alias, storage: cipherName };
    });
  },

  /** KeychainModule.kt:245-282. */
  async getGenericPasswordForOptions(given: unknown): Promise<object | false> {
    const options = crossing(androidPhone(), "getGenericPasswordForOptions", given);
    return wrapped(() => {
      const { keystore, dataStore } = androidPhone();
      const alias = String(options["service"] ?? "");
      const entry = dataStore.memory.get(alias);
      if (entry === undefined) return false;
      // CipherStorageKeystoreAesGcm.kt:130: where there is no key, one is made, and fails below.
      const key = extractGeneratedKey(alias, entry.cipherName, "ANY");
      authenticate(key);
      return { service: alias, username: keystore.decrypt(key, entry.username), password: keystore.decrypt(key, entry.password), storage: entry.cipherName };
    });
  },

  /** KeychainModule.kt, hasGenericPasswordForOptions: asks the DataStore alone. */
  async hasGenericPasswordForOptions(given: unknown): Promise<boolean> {
    const options = crossing(androidPhone(), "hasGenericPasswordForOptions", given);
    return androidPhone().dataStore.memory.has(String(options["service"] ?? ""));
  },

  /** KeychainModule.kt:318-336: the key goes only if there is an entry. */
  async resetGenericPasswordForOptions(given: unknown): Promise<boolean> {
    const options = crossing(androidPhone(), "resetGenericPasswordForOptions", given);
    const { keystore, dataStore } = androidPhone();
    const alias = String(options["service"] ?? "");
    if (dataStore.memory.has(alias)) keystore.aliases.delete(alias);
    dataStore.commit((values) => values.delete(alias));
    return true;
  },
};

/** KeychainModule.kt:228-243: an unknown name falls back to the best that the device has. */
function selectedCipher(options: Options): string {
  const name = options["storage"];
  return typeof name === "string" && KNOWN_CIPHERS.includes(name) ? name : PLAIN;
}

/** CipherStorageBase.kt:178-217 and 376-407: the level is looked at only when a key is made, and the key stays even if it is too low. */
function extractGeneratedKey(alias: string, cipherName: string, level: string): AndroidKey {
  const { keystore } = androidPhone();
  const requiresAuth = cipherName === GUARDED || cipherName === "KeystoreRSAECB";
  const found = keystore.aliases.get(alias);
  if (found !== undefined && found.requiresAuth === requiresAuth) return found;
  const key = keystore.generate(alias, requiresAuth);
  if (level === "SECURE_HARDWARE" && !key.isHardwareBacked) throw new AndroidException("CryptoFailedException", "Cannot generate keys with required security guarantees");
  return key;
}

/** ResultHandlerInteractiveBiometric.kt:76-83: the prompt's own code, in the text. */
function authenticate(key: AndroidKey): void {
  const { keystore } = androidPhone();
  keystore.assertUsable(key);
  if (!key.requiresAuth) return;
  keystore.promptCount += 1;
  if (!keystore.cancelsNextPrompt) return;
  keystore.cancelsNextPrompt = false;
  throw new AndroidException("CryptoFailedException", "code: 13, msg: Cancel");
}

function wrapped<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof AndroidException)) throw error;
    // CipherStorageBase.kt:353-360.
    if (error.javaClass === "AEADBadTagException")
      throw rejection("E_CRYPTO_FAILED", "Decryption failed: Authentication tag verification failed. This usually indicates that the encrypted data was modified, corrupted, or is being decrypted with the wrong key.");
    // CryptoFailedException.kt, reThrowOnError.
    throw rejection("E_CRYPTO_FAILED", error.javaClass === "CryptoFailedException" ? error.message : `Wrapped error: ${error.message}`);
  }
}

function rejection(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
