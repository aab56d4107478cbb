/**
 * What this package throws and reports: one class, one list of codes.
 *
 * @module
 */

/** Codes of errors that this package makes itself. Codes that a server sends keep theirs. */
export type SyncErrorCode =
  | "CLIENT_RESET"
  | "CONFIGURATION_INVALID"
  | "CONNECTION_INSECURE"
  | "CONNECTION_LOST"
  | "FILE_LOCAL"
  | "HISTORY_DIVERGED"
  | "PRIMARY_KEY_REQUIRED"
  | "PROTOCOL_BROKEN"
  | "SESSION_CLOSED"
  | "SUBSCRIPTION_INVALID"
  | "SUBSCRIPTION_MISSING"
  | "TIMEOUT"
  | "USER_DIFFERS"
  | "USER_LOGGED_OUT"
  | "WRITE_REJECTED";

/** Something that sync could not do. */
export class SyncError extends Error {
  override name = "SyncError";
  readonly code: string;
  constructor(code: SyncErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A write that the server did not accept; the object is again as the server has it. */
export interface CompensatingWriteInfo {
  /** The class. */
  readonly objectName: string;
  readonly primaryKey: unknown;
  /** In words without data. */
  readonly reason: string;
  /** The server's code for it. */
  readonly code: string;
}

/** Writes of one transaction that the server undid: Realm's error of the same name. */
export class CompensatingWriteError extends SyncError {
  override name = "CompensatingWriteError";
  readonly writes: readonly CompensatingWriteInfo[];
  constructor(writes: readonly CompensatingWriteInfo[]) {
    super("WRITE_REJECTED", `The server refused ${writes.length} write${writes.length === 1 ? "" : "s"}; the objects are again as the server has them.`);
    this.writes = writes;
  }
}

/** The file and the server do not fit any more: what the file holds has to be fetched anew. */
export class ClientResetError extends SyncError {
  override name = "ClientResetError";
  /** Where the realm's file is. */
  readonly path: string;
  constructor(path: string, message: string, options?: ErrorOptions) {
    super("CLIENT_RESET", message, options);
    this.path = path;
  }
}
