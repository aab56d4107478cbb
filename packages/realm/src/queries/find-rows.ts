/**
 * Visits the rows that a plan finds and a test accepts, in the order of their keys.
 *
 * @module
 */
import type { PathStep } from "@holdfast/query";
import { encodeIndexPrefix, keyEnd } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { rowOf } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import { keyBytes, keyText } from "../records/text.ts";
import { compareBytes } from "./comparators.ts";
import type { RowTest } from "./compile.ts";
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
  if (keys !== undefined) return visitKeys({ table, test: search.test }, keys, visit);
  if (plan.kind === "ranges") return visitKeyRanges(table, search.test, plan.ranges, visit);
  scan(table, search.test, undefined, visit);
}

/** The plan that is used, in words: for tests and for whoever wonders why a query is slow. */
export function explainRows(search: RowSearch): string {
  const { plan, keys } = chooseAccess(search);
  return `${describePlan(plan)}${keys === undefined ? "" : ` -> ${String(keys.length)} keys`}`;
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
  readonly keys: readonly Uint8Array[] | undefined;
}

/** The first plan that does not yield too much. */
function chooseAccess({ source, className, plans }: Omit<RowSearch, "test">): Access {
  const table = source.table(className);
  const limit = Math.max(INDEX_ALWAYS_COUNT, table.rowCount / SCAN_INSTEAD_RATIO);
  for (const plan of plans) {
    const isOfTable = plan.kind === "scan" || plan.kind === "nothing" || (plan.kind === "ranges" && plan.propertyName === undefined);
    if (isOfTable) return { table, plan, keys: undefined };
    const keys = new KeySet(limit);
    if (collectKeys(plan, { source, className, table }, keys)) return { table, plan, keys: keys.sorted() };
  }
  return { table, plan: { kind: "scan" }, keys: undefined };
}

/** Visits rows by their keys, in the given order; keys of deleted rows are passed over. */
export function visitKeys({ table, test }: { readonly table: QueryTable; readonly test: RowTest }, keys: readonly Uint8Array[], visit: RowVisitor): void {
  for (const key of keys) {
    const record = table.get(key);
    if (record === undefined) continue;
    const row = rowOf(key, record);
    if (test(row) && !visit(row)) return;
  }
}

/** Returns false if the visitor ended the visit. */
function scan(table: QueryTable, test: RowTest, range: KeyRange | undefined, visit: RowVisitor): boolean {
  const cursor = table.cursor(range);
  if (cursor === undefined) return true;
  while (cursor.next()) if (test(cursor) && !visit(cursor)) return false;
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

/** Keys, each once, up to a limit. */
class KeySet {
  readonly limit: number;
  readonly #texts = new Set<string>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** False if there are too many. */
  add(text: string): boolean {
    this.#texts.add(text);
    return this.#texts.size <= this.limit;
  }

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  /** In the engine's order: `keyText` has one character for each byte, so texts are ordered as bytes are. */
  sorted(): Uint8Array[] {
    return [...this.#texts].sort((left, right) => (left < right ? -1 : 1)).map(keyBytes);
  }

  texts(): Iterable<string> {
    return this.#texts;
  }
}

interface Place {
  readonly source: QuerySource;
  readonly className: string;
  readonly table: QueryTable;
}

/** Adds the keys that a plan finds; false if there are so many that a scan is faster. */
function collectKeys(plan: Plan, place: Place, keys: KeySet): boolean {
  switch (plan.kind) {
    case "nothing":
      return true;
    case "scan":
      return false;
    case "keys":
      return plan.keys.every((key) => keys.add(keyText(key)));
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

function collectTableRanges(ranges: readonly KeyRange[], { table }: Place, keys: KeySet): boolean {
  for (const range of ranges) {
    const cursor = table.cursor(range);
    while (cursor?.next() === true) if (!keys.add(keyText(cursor.bytes, cursor.keyStart, cursor.keyEnd))) return false;
  }
  return true;
}

function collectIndexRanges(propertyName: string, ranges: readonly KeyRange[], { table }: Place, keys: KeySet): boolean {
  const index = table.index(propertyName) ?? table.mixedIndex?.(propertyName);
  const type = table.layout.fieldOf(propertyName)?.property.type as KeyType;
  if (index === undefined) return false;
  let count = 0;
  for (const range of ranges) {
    const cursor = index.cursor(range);
    while (cursor.next()) {
      // Counting costs a tenth of collecting: ranges that are too wide are found out before much is kept.
      if (++count === INDEX_ALWAYS_COUNT && hasMore(index, ranges, keys.limit)) return false;
      if (!keys.add(keyText(cursor.bytes, keyEnd(type, cursor.bytes, cursor.keyStart), cursor.keyEnd))) return false;
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
function collectTerms({ propertyName, terms }: Extract<Plan, { readonly kind: "fullText" }>, { table }: Place, keys: KeySet): boolean {
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
  for (const text of found ?? []) if (!keys.add(text)) return false;
  return true;
}

/** Goes the steps backwards from what the plan finds. */
function collectOrigins(plan: Extract<Plan, { readonly kind: "overLinks" }>, { source }: Place, keys: KeySet): boolean {
  const { className, steps } = plan;
  const table = source.table(className);
  let found = new KeySet(Math.max(INDEX_ALWAYS_COUNT, table.rowCount / SCAN_INSTEAD_RATIO));
  if (!collectKeys(plan.plan, { source, className, table }, found)) return false;
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = steps[index] as PathStep;
    const origins = index === 0 ? keys : new KeySet(Math.max(INDEX_ALWAYS_COUNT, source.table(step.className).rowCount / SCAN_INSTEAD_RATIO));
    for (const text of found.texts()) {
      for (const key of originsOf(step, keyBytes(text), source)) if (!origins.add(keyText(key))) return false;
    }
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
