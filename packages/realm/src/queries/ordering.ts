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

interface Column {
  readonly read: (row: Row) => Value;
  readonly order: (left: Value, right: Value) => number;
  readonly sign: number;
}

interface Ranked {
  readonly row: Row;
  readonly values: readonly Value[];
}

/** The first rows in the order of the keys, without the others ever being kept or sorted. */
export class TopRows {
  readonly #count: number;
  readonly #columns: readonly Column[];
  /** In order; as many as were seen, at most `#count`. */
  readonly #best: Ranked[] = [];

  constructor(count: number, keys: readonly CheckedSortKey[], source: QuerySource) {
    this.#count = count;
    this.#columns = keys.map(({ path, isAscending }) => ({ read: readerOf(path, source), order: orderOf(path.type), sign: isAscending ? 1 : -1 }));
  }

  /** Looks at a row, which may be a cursor that moves on. */
  add(row: Row): void {
    const best = this.#best;
    if (best.length === this.#count && !this.#isBefore(row, (best[best.length - 1] as Ranked).values)) return;
    const values = this.#columns.map(({ read }) => read(row));
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // Rows that are equal keep their order: the new one goes behind them.
      if (this.#compare(values, (best[middle] as Ranked).values) < 0) high = middle;
      else low = middle + 1;
    }
    best.splice(low, 0, { row: copyRow(row), values });
    if (best.length > this.#count) best.pop();
  }

  /** True if the row comes before; reads only as many columns as it takes to tell, and keeps nothing: most rows end here. */
  #isBefore(row: Row, others: readonly Value[]): boolean {
    for (let index = 0; index < this.#columns.length; index++) {
      const { read, order, sign } = this.#columns[index] as Column;
      const result = order(read(row), others[index] as Value) * sign;
      if (result !== 0) return result < 0;
    }
    return false;
  }

  #compare(left: readonly Value[], right: readonly Value[]): number {
    for (let index = 0; index < this.#columns.length; index++) {
      const { order, sign } = this.#columns[index] as Column;
      const result = order(left[index] as Value, right[index] as Value);
      if (result !== 0) return result * sign;
    }
    return 0;
  }

  rows(): Row[] {
    return this.#best.map(({ row }) => row);
  }
}

/** The views of a row as they are now: a cursor's change when it moves on. */
export function copyRow({ bytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd }: Row): Row {
  return { bytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd };
}

function orderOf(type: ValueType): (left: Value, right: Value) => number {
  if (type === "mixed") return (left, right) => sortAny(left as AnyValue, right as AnyValue);
  if (type === "int" || type === "date") return integerOrder;
  const compare = comparatorOf(type, type);
  return (left, right) => sortOrder(compare, left as QueryValue, right as QueryValue);
}

/** Null first; numbers and bigints are compared exactly by the language itself. */
function integerOrder(left: Value, right: Value): number {
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  return left < right ? -1 : left > right ? 1 : 0;
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
