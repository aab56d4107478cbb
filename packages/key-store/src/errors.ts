/**
 * The one error class of all key stores.
 *
 * @module
 */

/** Codes are API. What each means and what to do: docs/errors.md. */
export type KeyStoreErrorCode =
  /** The database exists and its key is not in the store, or the platform has lost an entry that was written. Never answered with a new key. */
  | "KEY_LOST"
  /** The entry is there and cannot be understood. It is kept as it is. */
  | "KEY_CORRUPT"
  /** The entry holds a key, and it is not the database's. */
  | "KEY_MISMATCH"
  /** Two keys are stored (a change of keys was interrupted) and nothing says which one is the database's. */
  | "KEY_UNDECIDED"
  /** The passphrase or the wrapping key does not open the wrap, or the wrap was altered. */
  | "WRAP_REFUSED"
  /** The wrapping key is disabled where it is kept. */
  | "WRAPPING_KEY_DISABLED"
  /** The wrapping key is not there: deleted, or another name, account or region. */
  | "WRAPPING_KEY_GONE"
  /** The credentials are missing, expired or not allowed. */
  | "ACCESS_DENIED"
  /** The service has had too many requests. */
  | "THROTTLED"
  /** The PIN or the authorization value is wrong. Never tried twice by itself: tokens count. */
  | "AUTH_WRONG"
  /** Too many wrong PINs: the token refuses all, or would after one more. */
  | "AUTH_LOCKED"
  /** The store, the device or the keyring is locked. */
  | "STORE_LOCKED"
  /** There is no such store here, or it does not answer. */
  | "STORE_UNAVAILABLE"
  /** The user dismissed the prompt. */
  | "USER_CANCELED"
  /** The system has invalidated the key: biometrics or the device's passcode changed, or the state of the machine that a TPM measures. */
  | "AUTH_INVALIDATED"
  /** Several entries answer to one name. */
  | "AMBIGUOUS"
  /** A value of more bytes than every store can hold. */
  | "VALUE_TOO_LARGE"
  /** A name that cannot be stored. */
  | "NAME_INVALID"
  /** An option or an operation that this store does not have. */
  | "UNSUPPORTED_OPTION"
  /** The store was disposed of. */
  | "STORE_DISPOSED"
  /** Reading or writing failed. */
  | "IO";

/** Says what went wrong in `code`: `instanceof` does not survive every compiler. Never holds a key or a value. */
export class KeyStoreError extends Error {
  override name = "KeyStoreError";
  readonly code: KeyStoreErrorCode;
  constructor(code: KeyStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
