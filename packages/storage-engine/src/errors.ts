/**
 * The one error class of the storage engine and its codes.
 *
 * Every code is described in docs/errors.md with what to do about it.
 *
 * @module
 */

import { VolumeError } from "./volume/volume.ts";

/** Codes are API: renaming one is a breaking change. */
export type StoreErrorCode =
  | "KEY_WRONG"
  | "KEY_MISSING"
  | "KEY_SUPERFLUOUS"
  | "NOT_A_STORE"
  | "NOT_A_FILE"
  | "FORMAT_UNSUPPORTED"
  | "HEADER_DAMAGED"
  | "SLOT_DAMAGED"
  | "LOG_DAMAGED"
  | "PAGE_DAMAGED"
  | "STORE_CLOSED"
  | "STORE_READ_ONLY"
  | "STORE_LOCKED"
  | "STORE_IN_USE"
  | "TRANSACTION_OPEN"
  | "TRANSACTION_CLOSED"
  | "SNAPSHOT_CLOSED"
  | "KEY_TOO_LONG"
  | "VALUE_TOO_LARGE"
  | "TREES_EXHAUSTED"
  | "DISK_FULL"
  | "IO_FAILED"
  | "COMMIT_UNKNOWN"
  | "FILE_MISSING"
  | "FILE_REPLACED"
  | "FILE_LINKED"
  | "TARGET_EXISTS"
  | "DIRECTORY_MISSING"
  | "INTERPROCESS_UNSUPPORTED"
  | "PLATFORM_MISSING"
  | "FILE_NOT_PREPARED"
  | "WORKER_NEEDED"
  | "STORAGE_INSECURE"
  | "STORAGE_UNSUPPORTED"
  | "STORAGE_DENIED"
  | "STORAGE_CLEARED"
  | "DURABILITY_MISSING"
  | "ROLLED_BACK"
  | "FORKED"
  | "FILE_NOT_ENCRYPTED"
  | "ANCHOR_DAMAGED"
  | "ANCHOR_FAILED"
  | "FRESHNESS_INVALID"
  | "BACKUP_INVALID"
  | "BACKUP_FOREIGN"
  | "BACKUP_ORDER"
  | "BACKUP_MISSING";

/** Every failure of the engine that is not a caller's mistake in an argument. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True if a volume's error says that there is no room left. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}

/** True if a volume's error says that there are no locks where the file is. */
export function isWithoutLocks(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ENOLCK";
}

/** Wraps a volume's error in the engine's own class; an engine error passes unchanged. */
export function asStoreError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (isWithoutLocks(error)) return new StoreError("INTERPROCESS_UNSUPPORTED", `${doing} failed: without locks of the file system nothing keeps other processes from writing at the same time (${detail})`, { cause: error });
  const code = isDiskFull(error) ? "DISK_FULL" : "IO_FAILED";
  return new StoreError(code, `${doing} failed: ${detail}`, { cause: error });
}

/** Runs something that reads or writes files: what a volume throws comes out as an error of the engine. */
export function coded<Result>(doing: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw error instanceof VolumeError ? asStoreError(error, doing) : error;
  }
}
