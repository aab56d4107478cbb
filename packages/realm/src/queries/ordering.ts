/**
 * SORT and DISTINCT over rows that were found.
 *
 * @module
 */
import type { CheckedPath, CheckedSortKey, ValueType } from "@holdfast/query";
import type { Row } from "../records/row.ts";
import { anyText, decimalText, sortAny } from "./any-value.ts";
import type { AnyValue } from "./any-value.ts";
import { readDecimal } from "./decimal128.ts";
import { comparatorOf, sortOrder } from "./comparators.ts";
import type { QueryValue } from "./comparators.ts";
import type { QuerySource } from "./query-source.ts";
import { textOf } from "./string-tests.ts";
import { readerOf } from "./value-reader.ts";
import type { Value } from "./value-reader.ts";

/** The rows in the order of the keys; rows that are equal in all of them keep their order. */
export function sortRows(rows: readonly Row[], keys: readonly CheckedSortKey[], source: QuerySource): Row[] {
  const columns = keys.map(({ path, isAscending }) => {
    const read = readerOf(path, source);
    // Each value is decoded once, not once for each comparison.
    return { values: rows.map((row) => read(row)), order: orderOf(path.type), sign: isAscending ? 1 : -1 };
  });
  const order = rows.map((_, index) => index).sort((left, right) => {
    for (const { values, order: compare, sign } of columns) {
      const result = compare(values[left] as Value, values[right] as Value);
      if (result !== 0) return result * sign;
    }
    return 0;
  });
  return order.map((index) => rows[index] as Row);
}

function orderOf(type: ValueType): (left: Value, right: Value) => number {
  if (type === "mixed") return (left, right) => sortAny(left as AnyValue, right as AnyValue);
  const compare = comparatorOf(type, type);
  return (left, right) => sortOrder(compare, left as QueryValue, right as QueryValue);
}

/** The first row of each combination of values. */
export function distinctRows(rows: readonly Row[], paths: readonly CheckedPath[], source: QuerySource): Row[] {
  const readers = paths.map((path) => readerOf(path, source));
  const types = paths.map(({ type }) => type);
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = JSON.stringify(readers.map((read, index) => distinctText(read(row), types[index] as ValueType)));
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** A text that is equal for equal values of one property. */
function distinctText(value: Value, type: ValueType): string | null {
  if (value === null) return null;
  if (type === "mixed") return anyText(value as AnyValue);
  if (type === "decimal128") return decimalText(readDecimal(value as Uint8Array));
  return value instanceof Uint8Array ? textOf(value) : String(value === 0 ? 0 : value);
}
