/**
 * A log that nobody can flood: warnings of one kind are written a few times a minute, then counted.
 *
 * @module
 */
import type { Log, LogFields } from "./log.ts";

const LINES_PER_MINUTE = 20;
const MINUTE_MS = 60_000;
/** Kinds are messages and codes of this server, so there are few; more would be a mistake. */
const KINDS_MAX = 1000;

interface Kind {
  since: number;
  lines: number;
  left: number;
}

/** `log`, with its warnings and errors limited. What was left out is told with the first line of the next minute: `leftOut`. */
export function limitedLog(log: Log, now: () => number = Date.now): Log {
  const kinds = new Map<string, Kind>();
  const limited = (write: Log["warn"]) => (message: string, fields: LogFields = {}): void => {
    const name = `${message} ${String(fields["code"] ?? "")}`;
    let kind = kinds.get(name);
    if (kind === undefined || now() - kind.since >= MINUTE_MS) {
      const leftOut = kind?.left ?? 0;
      kind = { since: now(), lines: 1, left: 0 };
      if (kinds.size >= KINDS_MAX) kinds.clear();
      kinds.set(name, kind);
      write(message, leftOut === 0 ? fields : { ...fields, leftOut });
    } else if (++kind.lines <= LINES_PER_MINUTE) write(message, fields);
    else kind.left++;
  };
  return { info: (message, fields) => log.info(message, fields), warn: limited((message, fields) => log.warn(message, fields)), error: limited((message, fields) => log.error(message, fields)) };
}
