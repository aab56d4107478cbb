/**
 * Prepared statements by their text: planned once for each connection.
 *
 * @module
 */
import type pg from "pg";

const names = new Map<string, string>();

/** A statement with a name of its own; the same text gets the same name. For texts of which there are few. */
export function prepared(text: string, values: readonly unknown[]): pg.QueryConfig {
  let name = names.get(text);
  if (name === undefined) {
    name = `holdfast ${String(names.size)}`;
    names.set(text, name);
  }
  return { name, text, values: [...values] };
}
