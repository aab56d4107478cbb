/**
 * The first rows of an order that a tree already has: the table's own, or an index's.
 *
 * Rows that are equal keep the order of their keys, also when the tree is walked backwards.
 *
 * @module
 */
import type { CheckedSortKey } from "@holdfast/query";
import { INDEX_STRING_MAX_BYTES, keyEnd } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { rowOf } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import type { RowTest } from "./compile.ts";
import { copyRow } from "./ordering.ts";
import type { QueryTable, RowCursor } from "./query-source.ts";

/** Fetching a row by its key costs several times what a scan's step does: beyond one in this many, reading the table is faster. */
const SCAN_INSTEAD_RATIO = 8;
const FETCH_ALWAYS_COUNT = 64;

/** What is walked for. */
export interface OrderedSearch {
  readonly table: QueryTable;
  readonly key: CheckedSortKey;
  readonly test: RowTest;
  readonly count: number;
}

/** The first rows in the order of the key; undefined if no tree has that order, or if walking it would take too long. */
export function firstInOrder(search: OrderedSearch): Row[] | undefined {
  const { table, key } = search;
  const { path } = key;
  const [step] = path.steps;
  if (path.steps.length !== 1 || step?.kind !== "property" || step.access.length > 0) return undefined;
  if (table.layout.primary?.property.name === path.property.name) return walkTable(search);
  const index = table.index(path.property.name);
  return index === undefined ? undefined : walkIndex(search, index.cursor({ reverse: !key.isAscending }));
}

function walkTable({ table, key, test, count }: OrderedSearch): Row[] {
  const rows: Row[] = [];
  const cursor = table.cursor({ reverse: !key.isAscending });
  while (rows.length < count && cursor?.next() === true) if (test(cursor)) rows.push(copyRow(cursor));
  return rows;
}

function walkIndex({ table, key, test, count }: OrderedSearch, cursor: RowCursor): Row[] | undefined {
  const type = key.path.type as KeyType;
  const limit = Math.max(FETCH_ALWAYS_COUNT, table.rowCount / SCAN_INSTEAD_RATIO);
  const rows: Row[] = [];
  let fetchCount = 0;
  /** Keys of the rows with the value that the walk is at. */
  let group: Uint8Array[] = [];
  let value: Uint8Array | undefined;
  const takeGroup = (): void => {
    if (!key.isAscending) group.reverse();
    for (const rowKey of group) {
      if (rows.length >= count) return;
      fetchCount++;
      const record = table.get(rowKey);
      if (record === undefined) continue;
      const row = rowOf(rowKey, record);
      if (test(row)) rows.push(row);
    }
  };
  while (cursor.next()) {
    const { bytes, keyStart } = cursor;
    const end = keyEnd(type, bytes, keyStart);
    // Longer strings are cut: the index does not know their order.
    if (end - keyStart >= INDEX_STRING_MAX_BYTES) return undefined;
    if (value === undefined || !isSame(value, bytes, keyStart, end)) {
      takeGroup();
      if (rows.length >= count) return rows;
      if (fetchCount > limit) return undefined;
      group = [];
      value = bytes.slice(keyStart, end);
    }
    group.push(bytes.slice(end, cursor.keyEnd));
    if (group.length > limit && group.length > count) return undefined;
  }
  takeGroup();
  return rows;
}

function isSame(value: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (value.length !== end - start) return false;
  for (let index = 0; index < value.length; index++) if (value[index] !== bytes[start + index]) return false;
  return true;
}
