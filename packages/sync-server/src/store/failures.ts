/**
 * Which failures of a database pass.
 *
 * @module
 */

/** SQLSTATEs of transactions that the database wants repeated, and classes of lost connections and servers that start or stop. */
const PASSING: ReadonlySet<string> = new Set(["40001", "40P01", "57P01", "57P02", "57P03", "53300", "25006", "55P03", "57014", "25P03"]);
const LOST = /^(?:08|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|SQLITE_BUSY)/;
const LOST_MESSAGES = /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|not queryable|connection ended|database is locked|socket hang up|disconnected/i;

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** SQLITE_BUSY and SQLITE_LOCKED. */
const SQLITE_PASSING: ReadonlySet<number> = new Set([5, 6]);

const STORE_FAILURES = /^(?:STORE_|SQLITE_(?:FULL|IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN|PERM|NOMEM))/;
/** disk_full, out_of_memory, io_error, data_corrupted, index_corrupted. */
const STORE_STATES: ReadonlySet<string> = new Set(["53100", "53200", "58030", "XX001", "XX002"]);
/** SQLITE_PERM, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB. */
const SQLITE_FAILURES: ReadonlySet<number> = new Set([3, 7, 8, 10, 11, 13, 14, 26]);

/** True if trying again may help. */
export function isPassing(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined && (PASSING.has(code) || LOST.test(code))) return true;
  // What a database says under a code of its own may quote names and values that somebody else has chosen.
  if (code !== undefined && SQLSTATE.test(code)) return false;
  const sqlite = sqliteCode(error);
  if (sqlite !== undefined) return SQLITE_PASSING.has(sqlite);
  return error instanceof Error && (LOST_MESSAGES.test(error.message) || (error.cause !== undefined && isPassing(error.cause)));
}

/**
 * True if the database itself has failed: a full disk, a damaged page, one that cannot be read or written. It says nothing about the
 * transaction, which must not be refused for it: its device would undo what its user wrote.
 */
export function isStoreFailure(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined && (STORE_FAILURES.test(code) || STORE_STATES.has(code))) return true;
  const sqlite = sqliteCode(error);
  return sqlite !== undefined && SQLITE_FAILURES.has(sqlite);
}

/** True if somebody else holds the lock of a row for longer than a flush waits. */
export function isLocked(error: unknown): boolean {
  return sqlState(error) === "55P03";
}

/** True if a statement took longer than it may: of everybody's transactions together, or of the one that makes it slow. */
export function isTimedOut(error: unknown): boolean {
  return sqlState(error) === "57014";
}

function sqliteCode(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

function sqlState(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
