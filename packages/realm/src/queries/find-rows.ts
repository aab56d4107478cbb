/**
 * Visits the rows that a plan finds and a test accepts, in the order of their keys.
 *
 * @module
 */
import type { PathStep } from "@holdfast/query";
import { encodeIndexPrefix, keyEnd } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { MovingRow, rowOf } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import { keyBytes, keyText } from "../records/text.ts";
import { compareBytes } from "./comparators.ts";
import type { RowTest } from "./compile.ts";
import { KeyList } from "./key-list.ts";
import { prefixRange } from "./plan.ts";
import type { Plan } from "./plan.ts";
import type { KeyRange, QuerySource, QueryTable, RowCursor } from "./query-source.ts";
import { elementsOf, fieldOf } from "./value-reader.ts";

/** Called for each row; false ends the visit. The row may be a cursor that moves on afterwards. */
export type RowVisitor = (row: Row) => boolean;

/** Fetching a row by its key costs several times what a scan's step does: an index that yields more than one in this many loses. */
const SCAN_INSTEAD_RATIO = 8;
/** Below this count an index is used in any case. */
const INDEX_ALWAYS_COUNT = 64;

/** What is searched for. */
export interface RowSearch {
  readonly source: QuerySource;
  readonly className: string;
  /** The best first; the last one always works. */
  readonly plans: readonly Plan[];
  readonly test: RowTest;
}

/** Visits the rows found. */
export function visitRows(search: RowSearch, visit: RowVisitor): void {
  const { table, plan, keys } = chooseAccess(search);
  if (plan.kind === "nothing") return;
  if (keys !== undefined) return visitList({ table, test: search.test }, keys, visit);
  if (plan.kind === "ranges") return visitKeyRanges(table, search.test, plan.ranges, visit);
  scan(table, search.test, undefined, visit);
}

/** The plan that is used, in words: for tests and for whoever wonders why a query is slow. */
export function explainRows(search: RowSearch): string {
  const { plan, keys } = chooseAccess(search);
  return `${describePlan(plan)}${keys === undefined ? "" : ` -> ${String(keys.count)} keys`}`;
}

/** How many entries an index has in some ranges. */
export function countEntries(table: QueryTable, propertyName: string, ranges: readonly KeyRange[]): number {
  let count = 0;
  for (const range of ranges) {
    const cursor = table.index(propertyName)?.cursor(range);
    while (cursor?.next() === true) count++;
  }
  return count;
}

interface Access {
  readonly table: QueryTable;
  readonly plan: Plan;
  /** Undefined if the table itself is read. */
  readonly keys: KeyList | undefined;
}

/** The first plan that does not yield too much. */
function chooseAccess({ source, className, plans }: Omit<RowSearch, "test">): Access {
  const table = source.table(className);
  const limit = Math.max(INDEX_ALWAYS_COUNT, table.rowCount / SCAN_INSTEAD_RATIO);
  for (const plan of plans) {
    const isOfTable = plan.kind === "scan" || plan.kind === "nothing" || (plan.kind === "ranges" && plan.propertyName === undefined);
    if (isOfTable) return { table, plan, keys: undefined };
    const keys = new KeyList(limit);
    if (!collectKeys(plan, { source, className, table }, keys)) continue;
    keys.settle();
    return { table, plan, keys };
  }
  return { table, plan: { kind: "scan" }, keys: undefined };
}

interface Rows {
  readonly table: QueryTable;
  readonly test: RowTest;
}

/** Visits rows by their keys, in the given order; keys of deleted rows are passed over. The row moves on. */
export function visitKeys({ table, test }: Rows, keys: readonly Uint8Array[], visit: RowVisitor): void {
  const row = new MovingRow();
  for (const key of keys) {
    if (!table.locate(key, row)) continue;
    row.bytes = key;
    row.keyEnd = key.length;
    if (test(row) && !visit(row)) return;
  }
}

/** The same for the keys of a list, which stand in one buffer. */
function visitList({ table, test }: Rows, keys: KeyList, visit: RowVisitor): void {
  const row = new MovingRow();
  const { bytes, count } = keys;
  row.bytes = bytes;
  let key = new Uint8Array(0);
  for (let index = 0; index < count; index++) {
    const start = keys.start(index);
    const end = keys.end(index);
    // Most keys have the length of the one before.
    if (key.length !== end - start) key = new Uint8Array(end - start);
    for (let at = start; at < end; at++) key[at - start] = bytes[at] as number;
    if (!table.locate(key, row)) continue;
    row.keyStart = start;
    row.keyEnd = end;
    if (test(row) && !visit(row)) return;
  }
}

/** Returns false if the visitor ended the visit. */
function scan(table: QueryTable, test: RowTest, range: KeyRange | undefined, visit: RowVisitor): boolean {
  const cursor = table.cursor(range);
  if (cursor === undefined) return true;
  while (cursor.nextWhere(test)) if (!visit(cursor)) return false;
  return true;
}

function visitKeyRanges(table: QueryTable, test: RowTest, ranges: readonly KeyRange[], visit: RowVisitor): void {
  const [first] = ranges;
  if (ranges.length === 1) return void scan(table, test, first, visit);
  const ordered = [...ranges].sort((left, right) => compareBytes(left.from as Uint8Array, right.from as Uint8Array));
  let last: Uint8Array | undefined;
  for (const range of ordered) {
    // A list may name one value twice.
    const isRepeated = last !== undefined && compareBytes(last, range.from as Uint8Array) === 0;
    last = range.from;
    if (!isRepeated && !scan(table, test, range, visit)) return;
  }
}

interface Place {
  readonly source: QuerySource;
  readonly className: string;
  readonly table: QueryTable;
}

/** Adds the keys that a plan finds; false if there are so many that a scan is faster. */
function collectKeys(plan: Plan, place: Place, keys: KeyList): boolean {
  switch (plan.kind) {
    case "nothing":
      return true;
    case "scan":
      return false;
    case "keys":
      return plan.keys.every((key) => keys.add(key));
    case "union":
      return plan.plans.every((part) => collectKeys(part, place, keys));
    case "ranges":
      return plan.propertyName === undefined ? collectTableRanges(plan.ranges, place, keys) : collectIndexRanges(plan.propertyName, plan.ranges, place, keys);
    case "fullText":
      return collectTerms(plan, place, keys);
    case "overLinks":
      return collectOrigins(plan, place, keys);
  }
}

function collectTableRanges(ranges: readonly KeyRange[], { table }: Place, keys: KeyList): boolean {
  for (const range of ranges) {
    const cursor = table.cursor(range);
    while (cursor?.next() === true) if (!keys.add(cursor.bytes, cursor.keyStart, cursor.keyEnd)) return false;
  }
  return true;
}

function collectIndexRanges(propertyName: string, ranges: readonly KeyRange[], { table }: Place, keys: KeyList): boolean {
  const index = table.index(propertyName) ?? table.mixedIndex?.(propertyName);
  const type = table.layout.fieldOf(propertyName)?.property.type as KeyType;
  if (index === undefined) return false;
  let count = 0;
  for (const range of ranges) {
    const cursor = index.cursor(range);
    while (cursor.next()) {
      // Counting costs a tenth of collecting: ranges that are too wide are found out before much is kept.
      if (++count === INDEX_ALWAYS_COUNT && hasMore(index, ranges, keys.limit)) return false;
      if (!keys.add(cursor.bytes, keyEnd(type, cursor.bytes, cursor.keyStart), cursor.keyEnd)) return false;
    }
  }
  return true;
}

function hasMore(index: { cursor(range?: KeyRange): RowCursor }, ranges: readonly KeyRange[], limit: number): boolean {
  let count = 0;
  for (const range of ranges) {
    const cursor = index.cursor(range);
    while (cursor.next()) if (++count > limit) return true;
  }
  return false;
}

/** Of several terms, each leaves of the keys so far those that it has itself. */
function collectTerms({ propertyName, terms }: Extract<Plan, { readonly kind: "fullText" }>, { table }: Place, keys: KeyList): boolean {
  const index = table.fullTextIndex?.(propertyName);
  if (index === undefined) return false;
  let found: Set<string> | undefined;
  for (const { word, isPrefix } of terms.included) {
    const closed = encodeIndexPrefix("string", word);
    const cursor = index.cursor(prefixRange(isPrefix ? closed.subarray(0, closed.length - 2) : closed));
    const own = new Set<string>();
    while (cursor.next()) {
      const text = keyText(cursor.bytes, keyEnd("string", cursor.bytes, cursor.keyStart), cursor.keyEnd);
      if (found === undefined || found.has(text)) own.add(text);
    }
    found = own;
  }
  for (const text of found ?? []) if (!keys.add(keyBytes(text))) return false;
  return true;
}

/** Goes the steps backwards from what the plan finds. */
function collectOrigins(plan: Extract<Plan, { readonly kind: "overLinks" }>, { source }: Place, keys: KeyList): boolean {
  const { className, steps } = plan;
  const table = source.table(className);
  let found = new KeyList(Math.max(INDEX_ALWAYS_COUNT, table.rowCount / SCAN_INSTEAD_RATIO));
  if (!collectKeys(plan.plan, { source, className, table }, found)) return false;
  found.settle();
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index] as PathStep;
    const origins = index === 0 ? keys : new KeyList(Math.max(INDEX_ALWAYS_COUNT, source.table(step.className).rowCount / SCAN_INSTEAD_RATIO));
    for (const key of found.keys()) for (const origin of originsOf(step, key, source)) if (!origins.add(origin)) return false;
    origins.settle();
    found = origins;
  }
  return true;
}

/** Keys of the rows from which a step leads to a row. */
function originsOf(step: PathStep, key: Uint8Array, source: QuerySource): Iterable<Uint8Array> {
  if (step.kind === "property") return source.table(step.property.objectType ?? "").backlinks(key, step.className, step.property.name);
  // Backwards over backlinks is forwards over the property itself.
  const record = source.table(step.originClass).get(key);
  if (record === undefined) return [];
  const stored = fieldOf(source, step.originClass, step.property.name).read(rowOf(key, record));
  return [...elementsOf(stored, undefined)].filter((element) => element instanceof Uint8Array);
}

function describePlan(plan: Plan): string {
  switch (plan.kind) {
    case "scan":
    case "nothing":
      return plan.kind;
    case "ranges":
      return `${plan.propertyName === undefined ? "key" : `index ${plan.propertyName}`} (${String(plan.ranges.length)} ${plan.ranges.length === 1 ? "range" : "ranges"})`;
    case "union":
      return `union of [${plan.plans.map(describePlan).join(", ")}]`;
    case "overLinks":
      return `over ${plan.steps.map((step) => step.property.name).join(".")} from ${plan.className} by ${describePlan(plan.plan)}`;
    case "keys":
      return `${String(plan.keys.length)} keys`;
    case "fullText":
      return `full-text index ${plan.propertyName}`;
  }
}
