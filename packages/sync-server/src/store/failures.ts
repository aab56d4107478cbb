/**
 * Which failures of a database pass.
 *
 * @module
 */

/** SQLSTATEs of transactions that the database wants repeated, and classes of lost connections and servers that start or stop. */
const PASSING: ReadonlySet<string> = new Set(["40001", "40P01", "57P01", "57P02", "57P03", "53300", "25006", "55P03", "57014"]);
const LOST = /^(?:08|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|SQLITE_BUSY)/;
const LOST_MESSAGES = /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|connection ended|database is locked|socket hang up|disconnected/i;

/** True if trying again may help. */
export function isPassing(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined && (PASSING.has(code) || LOST.test(code))) return true;
  return error instanceof Error && (LOST_MESSAGES.test(error.message) || (error.cause !== undefined && isPassing(error.cause)));
}

/** True if somebody else holds the lock of a row for longer than a flush waits. */
export function isLocked(error: unknown): boolean {
  return sqlState(error) === "55P03";
}

function sqlState(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
