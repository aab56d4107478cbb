/**
 * SORT and DISTINCT over rows that were found.
 *
 * @module
 */
import type { CheckedPath, CheckedSortKey } from "@holdfast/query";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { readDecimal } from "./decimal128.ts";
import { comparatorOf, sortOrder } from "./comparators.ts";
import type { QuerySource } from "./query-source.ts";
import { textOf } from "./string-tests.ts";
import { readerOf } from "./value-reader.ts";

/** The rows in the order of the keys; rows that are equal in all of them keep their order. */
export function sortRows(rows: readonly Row[], keys: readonly CheckedSortKey[], source: QuerySource): Row[] {
  const columns = keys.map(({ path, isAscending }) => {
    const read = readerOf(path, source);
    const compare = comparatorOf(path.property.type, path.property.type);
    // Each value is decoded once, not once for each comparison.
    return { values: rows.map((row) => read(row)), compare, sign: isAscending ? 1 : -1 };
  });
  const order = rows.map((_, index) => index).sort((left, right) => {
    for (const { values, compare, sign } of columns) {
      const result = sortOrder(compare, values[left] as StoredValue, values[right] as StoredValue);
      if (result !== 0) return result * sign;
    }
    return 0;
  });
  return order.map((index) => rows[index] as Row);
}

/** The first row of each combination of values. */
export function distinctRows(rows: readonly Row[], paths: readonly CheckedPath[], source: QuerySource): Row[] {
  const readers = paths.map((path) => readerOf(path, source));
  const isDecimal = paths.map((path) => path.property.type === "decimal128");
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = JSON.stringify(readers.map((read, index) => distinctText(read(row), isDecimal[index] === true)));
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** A text that is equal for equal values of one property. */
function distinctText(value: StoredValue, isDecimal: boolean): string | null {
  if (value === null) return null;
  if (!isDecimal || !(value instanceof Uint8Array)) return value instanceof Uint8Array ? textOf(value) : String(value === 0 ? 0 : value);
  const decimal = readDecimal(value);
  if (decimal.special !== undefined) return decimal.special;
  // 1.0 and 1.00 are one number: trailing zeros belong to the exponent.
  let { coefficient, exponent } = decimal;
  if (coefficient === 0n) return "0";
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return `${String(coefficient)}e${String(exponent)}`;
}
