/**
 * What this package throws and reports: one class, one list of codes.
 *
 * @module
 */

/** Codes of errors that this package makes itself. Codes that a server sends keep theirs. */
export type SyncErrorCode =
  | "CHANGES_DISCARDED"
  | "CHANGES_NOT_UPLOADED"
  | "CLIENT_RESET"
  | "CONFIGURATION_INVALID"
  | "CONNECTION_INSECURE"
  | "CONNECTION_LOST"
  | "FILE_LOCAL"
  | "HISTORY_DIVERGED"
  | "NOT_SUPPORTED"
  | "OPEN_CANCELLED"
  | "PARTITION_UNSUITABLE"
  | "PRIMARY_KEY_OPTIONAL"
  | "PRIMARY_KEY_REQUIRED"
  | "PROTOCOL_BROKEN"
  | "SERVER_UNTRUSTED"
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
  /** Ours are words; realm-js has numbers. */
  readonly code: string;
  /** Realm's: an error is never ok. */
  readonly isOk: boolean = false;
  /** @deprecated Realm's, with Realm's value. */
  readonly category: string = "UNKNOWN";
  /** Realm's: there is no log of the server's to be read over the network. */
  readonly logUrl: string = "";
  /** Realm's: nothing beyond the message is told. */
  readonly userInfo: Readonly<Record<string, string>> = {};
  /** Whether the session has ended with it, and goes on only when it is resumed or the realm opened again. */
  isFatal = false;
  constructor(code: SyncErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The message: Realm's second name for it. */
  get reason(): string {
    return this.message;
  }
}

/** Something that realm-js has and this package does not. */
export function notSupported(message: string): SyncError {
  return new SyncError("NOT_SUPPORTED", message);
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
  /** Realm's, which is not the name of the class. */
  override name = "ClientReset";
  /** Where the realm's file is. */
  readonly path: string;
  /** Opens the file as it is, to read what was not uploaded; it needs the schema and, if the file has one, the key. */
  readonly config: { readonly path: string; readonly readOnly: true };
  constructor(path: string, message: string, options?: ErrorOptions) {
    super("CLIENT_RESET", message, options);
    this.path = path;
    this.config = { path, readOnly: true };
  }
}
