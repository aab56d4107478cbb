/**
 * What the keychain's errors mean, in the forms in which three libraries pass them on.
 *
 * Status codes: Apple's SecBase.h and LAError.h. Forms: react-native-keychain 10.0.0 rejects with the status as its code ("-25308"), its later releases with
 * `E_...`; expo-secure-store 57 with `ERR_KEY_CHAIN` and the text alone; capacitor-secure-storage 8.0.1 with `osError` and "(-25308)" in its text.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreErrorCode } from "@holdfast/key-store";

interface Meaning {
  readonly code: KeyStoreErrorCode;
  readonly advice: string;
}

const LOCKED: Meaning = { code: "STORE_LOCKED", advice: "the device is locked, or no prompt can be shown now: try again once it is unlocked and the application is in front" };
const REFUSED: Meaning = { code: "STORE_LOCKED", advice: "the user was not recognized, or biometrics are locked out: let them unlock the device with its passcode, then try again" };
const CANCELED: Meaning = { code: "USER_CANCELED", advice: "the prompt was dismissed" };
const NO_KEYCHAIN: Meaning = { code: "STORE_UNAVAILABLE", advice: "there is no keychain for this application" };
const NO_ENTITLEMENT: Meaning = { code: "STORE_UNAVAILABLE", advice: "the application is not entitled to this keychain: check its signature and its keychain-access-groups" };
const NO_AUTHENTICATION: Meaning = { code: "STORE_UNAVAILABLE", advice: "the device has no passcode or no enrolled biometrics, and the access control needs them" };
const INVALIDATED: Meaning = { code: "AUTH_INVALIDATED", advice: "the system has invalidated the entry, because biometrics or the passcode changed" };
const UNDECODABLE: Meaning = { code: "KEY_CORRUPT", advice: "the keychain cannot decode the entry. It was not changed" };
const COMBINATION: Meaning = { code: "UNSUPPORTED_OPTION", advice: "the keychain refuses this combination of options" };

/** OSStatus and LAError. */
const BY_STATUS: Readonly<Record<string, Meaning>> = {
  "-25308": LOCKED, // errSecInteractionNotAllowed
  "-1004": LOCKED, // LAErrorNotInteractive
  "-25293": REFUSED, // errSecAuthFailed
  "-8": REFUSED, // LAErrorBiometryLockout
  "-128": CANCELED, // errSecUserCanceled
  "-2": CANCELED, // LAErrorUserCancel
  "-9": CANCELED, // LAErrorAppCancel
  "-25291": NO_KEYCHAIN, // errSecNotAvailable
  "-34018": NO_ENTITLEMENT, // errSecMissingEntitlement
  "-5": NO_AUTHENTICATION, // LAErrorPasscodeNotSet
  "-6": NO_AUTHENTICATION, // LAErrorBiometryNotAvailable
  "-7": NO_AUTHENTICATION, // LAErrorBiometryNotEnrolled
  "-26275": UNDECODABLE, // errSecDecode
  "-67853": UNDECODABLE, // errSecInvalidEncoding
  "-50": COMBINATION, // errSecParam
  "-909": COMBINATION, // errSecBadReq
  "-4": COMBINATION, // errSecUnimplemented
};

/** Codes of react-native-keychain after 10.0.0 that mean one thing (repository, ios/RNKeychainManager/RNKeychainManager.m and src/enums.ts, 2026-04). */
const BY_CODE: Readonly<Record<string, Meaning>> = {
  E_AUTH_INTERACTION_NOT_ALLOWED: LOCKED,
  E_AUTH_ERROR: REFUSED,
  E_BIOMETRIC_LOCKOUT: REFUSED,
  E_BIOMETRIC_LOCKOUT_PERMANENT: REFUSED,
  E_AUTH_CANCELED: CANCELED,
  E_BIOMETRIC_TIMEOUT: CANCELED,
  E_PASSCODE_NOT_SET: NO_AUTHENTICATION,
  E_BIOMETRIC_NOT_ENROLLED: NO_AUTHENTICATION,
  E_BIOMETRIC_UNAVAILABLE: NO_AUTHENTICATION,
  E_BIOMETRIC_TEMPORARILY_UNAVAILABLE: NO_AUTHENTICATION,
  E_AUTH_INVALIDATED: INVALIDATED,
  E_KEY_PERMANENTLY_INVALIDATED: INVALIDATED,
  invalidData: UNDECODABLE,
  UNIMPLEMENTED: NO_KEYCHAIN,
  UNAVAILABLE: NO_KEYCHAIN,
  ERR_MISSING_PLIST_KEY: { code: "STORE_UNAVAILABLE", advice: "NSFaceIDUsageDescription is missing in the application's Info.plist" },
  ERR_SEC_ACCESS_CONTROL: COMBINATION,
};

/** Texts: all that expo-secure-store 57 passes on (ios/SecureStoreExceptions.swift), and codes of others that mean several things. */
const BY_TEXT: readonly (readonly [RegExp, Meaning])[] = [
  [/User interaction is not allowed/u, LOCKED],
  [/Authentication failed\. Provided passphrase|user name or passphrase you entered is not correct/u, REFUSED],
  [/User canceled the operation/u, CANCELED],
  [/No keychain is available/u, NO_KEYCHAIN],
  [/entitlement/u, NO_ENTITLEMENT],
  [/Unable to decode the provided data/u, UNDECODABLE],
  [/parameters passed to a function where not valid|Bad parameter or invalid state|not implemented/u, COMBINATION],
  [/NSFaceIDUsageDescription/u, { code: "STORE_UNAVAILABLE", advice: "NSFaceIDUsageDescription is missing in the application's Info.plist" }],
];

/** The error that the application gets. Unknown ones are `IO` with their cause. */
export function appleError(backend: string, error: unknown): KeyStoreError {
  if (error instanceof KeyStoreError) return error;
  const meaning = meaningOf(error);
  if (meaning === undefined) return new KeyStoreError("IO", `the keychain (${backend}) failed`, { cause: error });
  return new KeyStoreError(meaning.code, `${meaning.advice} (${backend})`, { cause: error });
}

/** Runs a call of the library and gives its errors their meaning. */
export async function asking<Result>(backend: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw appleError(backend, error);
  }
}

function meaningOf(error: unknown): Meaning | undefined {
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as { readonly code?: unknown; readonly message?: unknown };
  const text = typeof message === "string" ? message : String(error);
  const status = typeof code === "string" && /^-\d+$/u.test(code) ? code : /(?:\(|code: )(?<status>-\d+)\b/u.exec(text)?.groups?.["status"];
  if (status !== undefined && Object.hasOwn(BY_STATUS, status)) return BY_STATUS[status];
  if (typeof code === "string" && Object.hasOwn(BY_CODE, code)) return BY_CODE[code];
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1];
}
