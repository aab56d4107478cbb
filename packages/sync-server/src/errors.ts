/**
 * The one error class of this package and its codes.
 *
 * @module
 */

/** Codes are API: renaming one is a breaking change. */
export type SyncServerErrorCode =
  /** The configuration cannot be used. */
  | "CONFIGURATION_INVALID"
  /** A rule does not fit the schema, or is none. */
  | "RULE_INVALID"
  /** A query outside the part of the language that subscriptions and rules can use. */
  | "QUERY_UNSUPPORTED"
  /** The schema cannot be stored, or differs from the stored one by more than additions. */
  | "SCHEMA_UNSUPPORTED"
  /** The database was written by a newer version of this server. */
  | "STORE_NEWER"
  /** The embedded store is encrypted, and no encryption is configured. */
  | "STORE_KEY_MISSING"
  /** Encryption is configured, and the embedded store is not encrypted. */
  | "STORE_NOT_ENCRYPTED"
  /** The embedded store was written with another key, or none of the key providers has wrapped its key. */
  | "STORE_KEY_WRONG"
  /** The file with the embedded store's wrapped key is gone. */
  | "STORE_KEY_LOST"
  /** A page of the encrypted embedded store was changed by something else than this server. */
  | "STORE_DAMAGED"
  /** Encryption is configured, and the package that does it is not installed. */
  | "STORE_CIPHER_MISSING"
  /** The embedded store cannot be converted while a server runs on it. */
  | "STORE_IN_USE"
  /** The certificate of the database's server is not one to trust. */
  | "STORE_UNTRUSTED"
  /** The database cannot be reached, or refused a statement. */
  | "STORE_UNAVAILABLE"
  /** A transaction of a client repeats a number with other content. */
  | "UPLOAD_DIFFERS"
  /** A transaction of a client leaves numbers out. */
  | "UPLOAD_GAP"
  /** The server's state is not the one that the client has seen: a backup was restored, or the log no longer reaches back. */
  | "HISTORY_LOST"
  /** A client id belongs to another user. */
  | "CLIENT_FOREIGN"
  /** The user belongs to no shard that the server has. */
  | "SHARD_UNKNOWN"
  /** A shard's database is that of another shard, or a copy of it. */
  | "SHARD_MISMATCH"
  /** A certificate is missing for an address other than loopback, or a database would be reached without TLS. */
  | "TLS_REQUIRED"
  /** The server is shutting down. */
  | "SERVER_STOPPING";

/** What this package throws. */
export class SyncServerError extends Error {
  override readonly name = "SyncServerError";
  readonly code: SyncServerErrorCode;
  constructor(code: SyncServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
