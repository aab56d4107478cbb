/**
 * What a user's request is answered with when it is refused: code and status travel over HTTP, so they are a list of their own.
 *
 * Messages name no user, no token and no key, and are the same whether an account exists or not.
 *
 * @module
 */

/** Codes are API, also for clients of other releases. What to do about each: docs/errors.md. */
export type AuthErrorCode =
  /** The request has another form than the protocol's. */
  | "REQUEST_INVALID"
  /** There is no such application or path. */
  | "PATH_UNKNOWN"
  /** The application does not have this way to log in. */
  | "PROVIDER_UNKNOWN"
  /** The credentials do not log anybody in. Never says why. */
  | "CREDENTIALS_REFUSED"
  /** The provider of identities, or the key provider, does not answer. */
  | "PROVIDER_UNAVAILABLE"
  /** The access token was good and is over: refresh it. */
  | "TOKEN_EXPIRED"
  /** The access token is missing, forged or of a session that has ended. */
  | "TOKEN_INVALID"
  /** The refresh token is not one of ours, or its session is over. */
  | "SESSION_INVALID"
  /** The session was revoked: by a log out elsewhere, by the operator, or because a refresh token was used twice. */
  | "SESSION_REVOKED"
  /** The user was disabled by the operator. */
  | "USER_DISABLED"
  /** These credentials belong to another user already. */
  | "IDENTITY_TAKEN"
  /** An e-mail address that is registered already, or an API key's name that is in use. */
  | "NAME_TAKEN"
  /** The password is too short or too long. */
  | "PASSWORD_INVALID"
  /** The address is registered and not confirmed yet. */
  | "CONFIRMATION_REQUIRED"
  /** A token out of a message was used, is too old, or was never one. */
  | "MAIL_TOKEN_INVALID"
  /** The operator has configured nothing that could send messages or decide about resets. */
  | "HOOK_MISSING"
  /** A hook of the application has failed. */
  | "HOOK_FAILED"
  /** There is no such function, or not for this user. */
  | "FUNCTION_UNKNOWN"
  /** The function has refused, in its own words. */
  | "FUNCTION_REFUSED"
  /** The function has failed, or took too long. */
  | "FUNCTION_FAILED"
  /** The user has no such API key. */
  | "API_KEY_UNKNOWN"
  /** The application keeps its users' keys on their devices: the server has none. */
  | "KEY_NOT_ISSUED"
  /** The user's key cannot be unwrapped: another wrapping key is configured, or the stored wrap was altered. */
  | "KEY_UNREADABLE"
  /** The user has no key of this number or id, or no longer: former keys go when no device needs them. */
  | "KEY_UNKNOWN"
  /** The user's key was changed so often, and devices follow so little, that no more former keys are kept. */
  | "KEY_HISTORY_FULL"
  /** The application's trigger function has failed. */
  | "TRIGGER_FAILED"
  /** Too many attempts. `retryAfterSeconds` says when to come back. */
  | "RATE_LIMITED"
  /** The configuration of users and keys cannot be used. */
  | "AUTH_CONFIGURATION_INVALID"
  /** Something else went wrong in the server. */
  | "AUTH_FAILED";

const STATUS: Readonly<Record<AuthErrorCode, number>> = {
  REQUEST_INVALID: 400,
  PATH_UNKNOWN: 404,
  PROVIDER_UNKNOWN: 404,
  CREDENTIALS_REFUSED: 401,
  PROVIDER_UNAVAILABLE: 503,
  TOKEN_EXPIRED: 401,
  TOKEN_INVALID: 401,
  SESSION_INVALID: 401,
  SESSION_REVOKED: 401,
  USER_DISABLED: 403,
  IDENTITY_TAKEN: 409,
  NAME_TAKEN: 409,
  PASSWORD_INVALID: 400,
  CONFIRMATION_REQUIRED: 401,
  MAIL_TOKEN_INVALID: 400,
  HOOK_MISSING: 404,
  HOOK_FAILED: 503,
  FUNCTION_UNKNOWN: 404,
  FUNCTION_REFUSED: 400,
  FUNCTION_FAILED: 500,
  API_KEY_UNKNOWN: 404,
  KEY_NOT_ISSUED: 404,
  KEY_UNREADABLE: 503,
  KEY_UNKNOWN: 404,
  KEY_HISTORY_FULL: 409,
  TRIGGER_FAILED: 503,
  RATE_LIMITED: 429,
  AUTH_CONFIGURATION_INVALID: 500,
  AUTH_FAILED: 500,
};

/** A refused request. `cause` stays in the server; only code and message are sent. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  readonly code: AuthErrorCode;
  /** Of `RATE_LIMITED`: seconds until the next attempt is looked at. */
  readonly retryAfterSeconds: number | undefined;
  constructor(code: AuthErrorCode, message: string, options: ErrorOptions & { readonly retryAfterSeconds?: number } = {}) {
    super(message, options);
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** The HTTP status that goes with the code. */
  get status(): number {
    return STATUS[this.code];
  }
}
