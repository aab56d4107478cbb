/**
 * Functions that read a path's value from a row, one field at a time and only what the path needs.
 *
 * @module
 */
import type { CheckedPath } from "@holdfast/query";
import type { Field } from "../records/layout.ts";
import { rowOf, sameBytes } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import type { QuerySource } from "./query-source.ts";

/** Reads one value from a row. A null link anywhere on the way reads as null. */
export type ValueReader = (row: Row) => StoredValue;

/** The reader of a path in one state of a realm. */
export function readerOf(path: CheckedPath, source: QuerySource): ValueReader {
  const fields = path.steps.map((step) => fieldOf(source, step.className, step.property.name));
  let read = (fields.at(-1) as Field).read as ValueReader;
  for (let index = fields.length - 2; index >= 0; index--) {
    read = throughLink((fields[index] as Field).read, source, path.steps[index + 1]?.className ?? "", read);
  }
  return read;
}

/** Follows a link and reads on there. Neighbouring rows often share their target, so the last one found is kept. */
function throughLink(readLink: ValueReader, source: QuerySource, className: string, readNext: ValueReader): ValueReader {
  const table = source.table(className);
  let lastKey: Uint8Array | undefined;
  let lastValue: StoredValue = null;
  return (row) => {
    const key = readLink(row) as Uint8Array | null;
    if (key === null) return null;
    if (lastKey !== undefined && sameBytes(lastKey, key)) return lastValue;
    const record = table.get(key);
    lastKey = key.slice();
    lastValue = record === undefined ? null : readNext(rowOf(lastKey, record));
    return lastValue;
  };
}

function fieldOf(source: QuerySource, className: string, name: string): Field {
  const field = source.table(className).layout.fieldOf(name);
  // The check found the property in the schema that the layouts are made of.
  if (field === undefined) throw new Error(`The layout of '${className}' has no field '${name}'`);
  return field;
}
