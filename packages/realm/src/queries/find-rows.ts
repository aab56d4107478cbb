/**
 * Visits the rows that a plan finds and a test accepts, in the order of their keys.
 *
 * @module
 */
import { keyEnd } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { rowOf } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import { compareBytes } from "./comparators.ts";
import type { RowTest } from "./compile.ts";
import type { Plan } from "./plan.ts";
import type { KeyRange, QueryTable } from "./query-source.ts";

/** Called for each row; false ends the visit. The row may be a cursor that moves on afterwards. */
export type RowVisitor = (row: Row) => boolean;

/** Fetching a row by its key costs several times what a scan's step does: an index that yields more than one in this many loses. */
const SCAN_INSTEAD_RATIO = 8;
/** Below this count an index is used in any case. */
const INDEX_ALWAYS_COUNT = 64;

/** What is searched for. */
export interface RowSearch {
  readonly table: QueryTable;
  readonly plan: Plan;
  readonly test: RowTest;
}

/** Visits the rows found. */
export function visitRows(search: RowSearch, visit: RowVisitor): void {
  const { plan } = search;
  if (plan.kind === "nothing") return;
  if (plan.kind === "scan") return void scan(search, undefined, visit);
  const { propertyName, ranges } = plan;
  if (propertyName === undefined && ranges.length === 1) return void scan(search, ranges[0], visit);
  if (propertyName === undefined) return visitKeyRanges(search, ranges, visit);
  const keys = keysFromIndex(search.table, propertyName, ranges);
  if (keys === undefined) scan(search, undefined, visit);
  else visitKeys(search, keys, visit);
}

/** Visits rows by their keys, in the given order; keys of deleted rows are passed over. */
export function visitKeys({ table, test }: Pick<RowSearch, "table" | "test">, keys: readonly Uint8Array[], visit: RowVisitor): void {
  for (const key of keys) {
    const record = table.get(key);
    if (record === undefined) continue;
    const row = rowOf(key, record);
    if (test(row) && !visit(row)) return;
  }
}

/** Returns false if the visitor ended the visit. */
function scan({ table, test }: RowSearch, range: KeyRange | undefined, visit: RowVisitor): boolean {
  const cursor = table.cursor(range);
  if (cursor === undefined) return true;
  while (cursor.next()) if (test(cursor) && !visit(cursor)) return false;
  return true;
}

function visitKeyRanges(search: RowSearch, ranges: readonly KeyRange[], visit: RowVisitor): void {
  const ordered = [...ranges].sort((left, right) => compareBytes(left.from as Uint8Array, right.from as Uint8Array));
  let last: Uint8Array | undefined;
  for (const range of ordered) {
    // A list may name one value twice.
    const isRepeated = last !== undefined && compareBytes(last, range.from as Uint8Array) === 0;
    last = range.from;
    if (!isRepeated && !scan(search, range, visit)) return;
  }
}

/** The row keys of index entries, ordered and each once; undefined if there are so many that a scan is faster. */
function keysFromIndex(table: QueryTable, propertyName: string, ranges: readonly KeyRange[]): Uint8Array[] | undefined {
  const index = table.index(propertyName);
  const type = table.layout.fieldOf(propertyName)?.property.type as KeyType;
  if (index === undefined) return undefined;
  const limit = Math.max(INDEX_ALWAYS_COUNT, table.rowCount / SCAN_INSTEAD_RATIO);
  const keys: Uint8Array[] = [];
  for (const range of ranges) {
    const cursor = index.cursor(range);
    while (cursor.next()) {
      if (keys.length >= limit) return undefined;
      keys.push(cursor.bytes.slice(keyEnd(type, cursor.bytes, cursor.keyStart), cursor.keyEnd));
    }
  }
  keys.sort(compareBytes);
  return keys.filter((key, position) => position === 0 || compareBytes(keys[position - 1] as Uint8Array, key) !== 0);
}
