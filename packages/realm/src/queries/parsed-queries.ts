/**
 * The queries that were parsed last: applications ask the same texts with other arguments.
 *
 * @module
 */
import { parse } from "@holdfast/query";
import type { Query } from "@holdfast/query";

/** At most so many are kept; then all are forgotten. */
const KEPT_COUNT = 200;
/** Longer texts are mostly put together with their values, and come once. */
const KEPT_LENGTH = 500;

const known = new Map<string, Query>();

/** `parse`, remembered. @throws {QueryError} The text is no query */
export function parseRemembered(text: string): Query {
  const before = known.get(text);
  if (before !== undefined) return before;
  const query = parse(text);
  if (text.length > KEPT_LENGTH) return query;
  if (known.size >= KEPT_COUNT) known.clear();
  known.set(text, query);
  return query;
}
