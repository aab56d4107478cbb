/**
 * Chooses how a query finds its rows: by key, by an index, by a range of either, or by reading the whole table.
 *
 * A plan only narrows: every row that it yields is still put to the whole predicate. So a range may be wider than the
 * condition (long strings are cut in indexes, fractions are rounded outwards), never narrower.
 *
 * @module
 */
import type { CheckedMembership, CheckedPath, CheckedPredicate, CheckedStringTest, CheckedValue } from "@holdfast/query";
import { afterPrefix, encodeIndexPrefix } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { compareBytes } from "./comparators.ts";
import type { KeyRange, QueryTable } from "./query-source.ts";

/** How rows are found. */
export type Plan =
  | { readonly kind: "scan" }
  /** Nothing can match. */
  | { readonly kind: "nothing" }
  /** Ranges of the table's own keys (`propertyName` undefined) or of an index. */
  | { readonly kind: "ranges"; readonly propertyName: string | undefined; readonly ranges: readonly KeyRange[] };

interface Candidate {
  readonly plan: Plan;
  /** Lower is better. */
  readonly rank: number;
}

const KEY_TYPES: ReadonlySet<string> = new Set<KeyType>(["int", "string", "objectId", "uuid", "bool", "date"]);
/** The first key behind null. */
const AFTER_NULL: Uint8Array = Uint8Array.of(1);
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const RANK = { nothing: 0, keyEqual: 1, indexEqual: 2, keyIn: 3, indexIn: 4, keyRange: 5, indexRange: 6 };

/** The best plan for the rows of a table that meet a predicate. */
export function planOf(predicate: CheckedPredicate, table: QueryTable): Plan {
  let best: Candidate | undefined;
  const bounds = new Map<string, KeyRange & { readonly path: CheckedPath }>();
  for (const conjunct of conjunctsOf(predicate)) {
    if (conjunct.kind === "truth" && !conjunct.isTrue) return { kind: "nothing" };
    const candidate = equalityCandidate(conjunct, table);
    if (candidate !== undefined && (best === undefined || candidate.rank < best.rank)) best = candidate;
    const range = rangeOf(conjunct, table);
    if (range === undefined) continue;
    const name = range.path.property.name;
    bounds.set(name, { path: range.path, ...intersect(bounds.get(name) ?? {}, range) });
  }
  if (best !== undefined) return best.plan;
  const ranges = [...bounds.values()].sort((left, right) => rangeRank(left, table) - rangeRank(right, table));
  const chosen = ranges[0];
  if (chosen === undefined) return { kind: "scan" };
  const { from, to } = chosen;
  if (from !== undefined && to !== undefined && compareBytes(from, to) >= 0) return { kind: "nothing" };
  return rangesPlan(chosen.path, table, [{ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }]);
}

/** What has to hold at once: the operands of nested ANDs. */
function conjunctsOf(predicate: CheckedPredicate): CheckedPredicate[] {
  return predicate.kind === "and" ? predicate.operands.flatMap(conjunctsOf) : [predicate];
}

function equalityCandidate(predicate: CheckedPredicate, table: QueryTable): Candidate | undefined {
  if (predicate.kind === "in") return membershipCandidate(predicate, table);
  if (predicate.kind !== "compare" || predicate.operator !== "==" || predicate.isCaseInsensitive || predicate.right.kind !== "value") return undefined;
  const { left, right } = predicate;
  const isKey = isPrimary(left, table);
  if (!isKey && !isIndexed(left, table)) return undefined;
  const ranges = equalRanges(left, [right.value]);
  if (ranges.length === 0) return { plan: { kind: "nothing" }, rank: RANK.nothing };
  return { plan: rangesPlan(left, table, ranges), rank: isKey ? RANK.keyEqual : RANK.indexEqual };
}

function membershipCandidate(predicate: CheckedMembership, table: QueryTable): Candidate | undefined {
  const { left, values, isCaseInsensitive } = predicate;
  if (values.length === 0) return { plan: { kind: "nothing" }, rank: RANK.nothing };
  const isKey = isPrimary(left, table);
  if (isCaseInsensitive || (!isKey && !isIndexed(left, table))) return undefined;
  const ranges = equalRanges(left, values);
  if (ranges.length === 0) return { plan: { kind: "nothing" }, rank: RANK.nothing };
  return { plan: rangesPlan(left, table, ranges), rank: isKey ? RANK.keyIn : RANK.indexIn };
}

/** One range for each value that a stored value of the type can be equal to. */
function equalRanges(path: CheckedPath, values: readonly CheckedValue[]): KeyRange[] {
  const type = path.property.type as KeyType;
  const ranges: KeyRange[] = [];
  for (const value of values) {
    const key = keyValueOf(value, "exact");
    if (key !== undefined) ranges.push(prefixRange(encodeIndexPrefix(type, key)));
  }
  return ranges;
}

function rangeOf(predicate: CheckedPredicate, table: QueryTable): (KeyRange & { readonly path: CheckedPath }) | undefined {
  if (predicate.kind === "string") return prefixCondition(predicate, table);
  if (predicate.kind !== "compare" || predicate.isCaseInsensitive || predicate.right.kind !== "value") return undefined;
  const { left, operator, right } = predicate;
  if (right.value === null || operator === "==" || operator === "!=" || !isOrderable(left, table)) return undefined;
  const type = left.property.type as KeyType;
  if (operator === ">" || operator === ">=") {
    const key = keyValueOf(right.value, "below");
    return key === undefined ? undefined : { path: left, from: encodeIndexPrefix(type, key) };
  }
  const key = keyValueOf(right.value, "above");
  if (key === undefined) return undefined;
  const to = prefixRange(encodeIndexPrefix(type, key)).to;
  return { path: left, from: AFTER_NULL, ...(to === undefined ? {} : { to }) };
}

function prefixCondition(predicate: CheckedStringTest, table: QueryTable): (KeyRange & { readonly path: CheckedPath }) | undefined {
  const { operator, isCaseInsensitive, left, right } = predicate;
  if (operator !== "BEGINSWITH" || isCaseInsensitive || left.kind !== "path" || right.kind !== "value") return undefined;
  if (left.property.type !== "string" || !isOrderable(left, table)) return undefined;
  const needle = right.value;
  if (needle === null || needle.type !== "string" || needle.value === "") return undefined;
  // Without its two closing bytes, the key of a string begins the keys of all strings that begin with it.
  const closed = encodeIndexPrefix("string", needle.value);
  return { path: left, ...prefixRange(closed.subarray(0, closed.length - 2)) };
}

function isOrderable(path: CheckedPath, table: QueryTable): boolean {
  return isPrimary(path, table) || isIndexed(path, table);
}

function isPrimary(path: CheckedPath, table: QueryTable): boolean {
  return path.steps.length === 1 && table.layout.primary?.property.name === path.property.name;
}

function isIndexed(path: CheckedPath, table: QueryTable): boolean {
  return path.steps.length === 1 && KEY_TYPES.has(path.property.type) && table.index(path.property.name) !== undefined;
}

function rangeRank(range: KeyRange & { readonly path: CheckedPath }, table: QueryTable): number {
  const isClosed = range.from !== undefined && range.from !== AFTER_NULL && range.to !== undefined;
  return (isPrimary(range.path, table) ? RANK.keyRange : RANK.indexRange) + (isClosed ? 0 : 2);
}

function rangesPlan(path: CheckedPath, table: QueryTable, ranges: readonly KeyRange[]): Plan {
  return { kind: "ranges", propertyName: isPrimary(path, table) ? undefined : path.property.name, ranges };
}

function prefixRange(prefix: Uint8Array): KeyRange {
  const to = afterPrefix(prefix);
  return to === undefined ? { from: prefix } : { from: prefix, to };
}

function intersect(left: KeyRange, right: KeyRange): KeyRange {
  const from = pick(left.from, right.from, (order) => order > 0);
  const to = pick(left.to, right.to, (order) => order < 0);
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function pick(left: Uint8Array | undefined, right: Uint8Array | undefined, isLeftBetter: (order: number) => boolean): Uint8Array | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return isLeftBetter(compareBytes(left, right)) ? left : right;
}

/**
 * A constant as the value of a key.
 *
 * @param rounding - What a fraction becomes: nothing at all, or the integer below or above it.
 * @returns Undefined if no key can be equal (`exact`), or if the constant bounds nothing.
 */
function keyValueOf(value: CheckedValue, rounding: "exact" | "below" | "above"): KeyValue | undefined {
  if (value === null) return null;
  switch (value.type) {
    case "number":
    case "date":
      return integerOf(value.value, rounding);
    case "bool":
    case "string":
    case "objectId":
    case "uuid":
      return value.value;
    default:
      return undefined;
  }
}

function integerOf(value: number | bigint, rounding: "exact" | "below" | "above"): number | bigint | undefined {
  if (typeof value === "bigint") return value;
  if (!Number.isFinite(value)) return undefined;
  const integer = rounding === "above" ? Math.ceil(value) : Math.floor(value);
  if (rounding === "exact" && integer !== value) return undefined;
  if (Number.isSafeInteger(integer)) return integer;
  const exact = BigInt(integer);
  return exact < INT_MIN || exact > INT_MAX ? undefined : exact;
}
