/**
 * What fails about users on the device.
 *
 * @module
 */

/** Codes that this part makes itself. Codes that a server sends (`AuthError`) and those of realms and key stores keep theirs. */
export type AppErrorCode =
  /** The answer is none of a Holdfast server. */
  | "ANSWER_INVALID"
  /** A getter was asked before the metadata file was open. */
  | "APP_NOT_READY"
  /** The configuration of the app cannot be used. */
  | "APP_CONFIGURATION_INVALID"
  /** The server's address would send tokens without TLS. */
  | "APP_CONNECTION_INSECURE"
  /** No key store was handed in, and one is needed. */
  | "KEY_STORE_MISSING"
  /** The login at the provider does not belong to the one that was begun, or was refused there. */
  | "LOGIN_MISMATCH"
  /** The server cannot be reached. */
  | "NETWORK_UNAVAILABLE"
  /** Realm has it, this server does not. */
  | "NOT_SUPPORTED"
  /** The user is not logged in. */
  | "USER_NOT_LOGGED_IN"
  /** The user is not one of this app's, or no longer. */
  | "USER_UNKNOWN";

/** An error about users, with a stable `code`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: string;
  constructor(code: AppErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
