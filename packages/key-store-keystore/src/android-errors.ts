/**
 * What errors on Android mean, in the forms in which three libraries pass them on.
 *
 * react-native-keychain 10.0.0 rejects with `E_CRYPTO_FAILED` and others and the exception's text, its later releases with finer codes;
 * expo-secure-store 57 with `ERR_DECRYPT` and others and the text; capacitor-secure-storage 8.0.1 with `osError` and the exception's class.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreErrorCode } from "@holdfast/key-store";

interface Meaning {
  readonly code: KeyStoreErrorCode;
  readonly advice: string;
}

const CANCELED: Meaning = { code: "USER_CANCELED", advice: "the prompt was dismissed, or nobody answered it" };
const LOCKED: Meaning = { code: "STORE_LOCKED", advice: "the device is locked, or no prompt can be shown now: try again once it is unlocked and the application is in front" };
const LOCKOUT: Meaning = { code: "STORE_LOCKED", advice: "biometrics are locked out after too many attempts: let the user unlock the device with its PIN, then try again" };
const NO_AUTHENTICATION: Meaning = { code: "STORE_UNAVAILABLE", advice: "the device has no screen lock or no strong biometrics, and the entry needs them" };
const NO_KEYSTORE: Meaning = { code: "STORE_UNAVAILABLE", advice: "the Keystore does not answer" };
const INVALIDATED: Meaning = { code: "AUTH_INVALIDATED", advice: "the system has invalidated the Keystore's key, because biometrics changed or the screen lock was removed" };
const LOST: Meaning = { code: "KEY_LOST", advice: "the Keystore's key that this entry was encrypted under is gone (a backup was restored, or the application reinstalled), or the entry was altered. Bring the key back with importRecovery" };
const DAMAGED: Meaning = { code: "KEY_CORRUPT", advice: "the stored entry is damaged" };
const TOO_WEAK: Meaning = { code: "UNSUPPORTED_OPTION", advice: "the device cannot make a key of the demanded security level" };

/** Codes of androidx.biometric.BiometricPrompt, as react-native-keychain 10.0.0 passes them on (ResultHandlerInteractiveBiometric.kt:77). */
const BY_PROMPT: Readonly<Record<string, Meaning>> = {
  "3": CANCELED, // ERROR_TIMEOUT
  "5": CANCELED, // ERROR_CANCELED
  "10": CANCELED, // ERROR_USER_CANCELED
  "13": CANCELED, // ERROR_NEGATIVE_BUTTON
  "7": LOCKOUT, // ERROR_LOCKOUT
  "9": LOCKOUT, // ERROR_LOCKOUT_PERMANENT
  "1": NO_AUTHENTICATION, // ERROR_HW_UNAVAILABLE
  "11": NO_AUTHENTICATION, // ERROR_NO_BIOMETRICS
  "12": NO_AUTHENTICATION, // ERROR_HW_NOT_PRESENT
  "14": NO_AUTHENTICATION, // ERROR_NO_DEVICE_CREDENTIAL
};

/** Codes of react-native-keychain after 10.0.0 that mean one thing (repository, src/enums.ts, 2026-04), and of Capacitor. */
const BY_CODE: Readonly<Record<string, Meaning>> = {
  E_AUTH_CANCELED: CANCELED,
  E_BIOMETRIC_TIMEOUT: CANCELED,
  E_AUTH_INTERACTION_NOT_ALLOWED: LOCKED,
  E_AUTH_ERROR: LOCKED,
  E_BIOMETRIC_LOCKOUT: LOCKOUT,
  E_BIOMETRIC_LOCKOUT_PERMANENT: LOCKOUT,
  E_PASSCODE_NOT_SET: NO_AUTHENTICATION,
  E_BIOMETRIC_NOT_ENROLLED: NO_AUTHENTICATION,
  E_BIOMETRIC_UNAVAILABLE: NO_AUTHENTICATION,
  E_BIOMETRIC_TEMPORARILY_UNAVAILABLE: NO_AUTHENTICATION,
  E_AUTH_INVALIDATED: INVALIDATED,
  E_KEY_PERMANENTLY_INVALIDATED: INVALIDATED,
  ERR_KEY_STORE: NO_KEYSTORE,
  invalidData: DAMAGED,
  UNIMPLEMENTED: NO_KEYSTORE,
  UNAVAILABLE: NO_KEYSTORE,
};

/** Texts of exceptions, the most telling first. */
const BY_TEXT: readonly (readonly [RegExp, Meaning])[] = [
  [/permanently invalidated|KeyPermanentlyInvalidatedException/iu, INVALIDATED],
  [/User canceled the authentication|\. Timeout|: Timeout/u, CANCELED],
  [/Lockout/u, LOCKOUT],
  [/User not authenticated|UserNotAuthenticatedException|Non-interactive decryption|already in progress|not in the foreground|Not assigned current activity/iu, LOCKED],
  [/No hardware available|No biometrics|Hardware (?:not present|unavailable)|No device credential|update is required before|authentication is unsupported|Secure lock screen must be enabled|No permissions granted/u, NO_AUTHENTICATION],
  [/too weak|required security guarantees|Insufficient security level/u, TOO_WEAK],
  // react-native-keychain makes a new key where there is none and then cannot decrypt with it (CipherStorageBase.kt:187-189, CipherStorageKeystoreAesGcm.kt:130).
  [/Authentication tag verification failed|BAD_DECRYPT|pad block corrupted/u, LOST],
  [/Wrong cipher storage name|Could not parse the encrypted JSON|Could not find the encryption scheme|unknown encoding scheme|tag length must be|insufficient data|AEADBadTagException|BadPaddingException/u, DAMAGED],
  [/Could not access Keystore|Error accessing aliases|NoSuchProviderException|\(KeyStoreException\)/u, NO_KEYSTORE],
];

/** The error that the application gets. Unknown ones are `IO` with their cause. */
export function androidError(backend: string, error: unknown): KeyStoreError {
  if (error instanceof KeyStoreError) return error;
  const meaning = meaningOf(error);
  if (meaning === undefined) return new KeyStoreError("IO", `the store (${backend}) failed`, { cause: error });
  return new KeyStoreError(meaning.code, `${meaning.advice} (${backend})`, { cause: error });
}

/** Runs a call of the library and gives its errors their meaning. */
export async function asking<Result>(backend: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw androidError(backend, error);
  }
}

function meaningOf(error: unknown): Meaning | undefined {
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as { readonly code?: unknown; readonly message?: unknown };
  const text = typeof message === "string" ? message : String(error);
  if (typeof code === "string" && Object.hasOwn(BY_CODE, code)) return BY_CODE[code];
  const prompt = /^code: (?<prompt>\d+), msg: /u.exec(text)?.groups?.["prompt"];
  if (prompt !== undefined && Object.hasOwn(BY_PROMPT, prompt)) return BY_PROMPT[prompt];
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1];
}
