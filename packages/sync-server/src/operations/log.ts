/**
 * Structured logs: one JSON object a line. Fields are codes, counts and ids of sessions; never values, queries, names of users or tokens.
 *
 * @module
 */

/** What a line may hold beside its message. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Where lines go. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Lines of JSON to a sink: standard error, usually. */
export function jsonLog(write: (line: string) => void): Log {
  const line = (level: string, message: string, fields: LogFields = {}): void => write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  return {
    info: (message, fields) => line("info", message, fields),
    warn: (message, fields) => line("warn", message, fields),
    error: (message, fields) => line("error", message, fields),
  };
}

/** No lines. */
export const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
