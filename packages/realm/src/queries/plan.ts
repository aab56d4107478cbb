/**
 * Chooses how a query finds its rows: by key, by an index, by a range of either, over links, or by reading the whole table.
 *
 * A plan only narrows: every row that it yields is still put to the whole predicate. So a range may be wider than the
 * condition (long strings are cut in indexes, fractions are rounded outwards), never narrower.
 *
 * @module
 */
import type { CheckedConstants, CheckedMembership, CheckedOperand, CheckedPath, CheckedPredicate, CheckedStringTest, CheckedValue, FullTextTerms, PathStep } from "@holdfast/query";
import { afterPrefix, encodeIndexPrefix } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { mixedIndexPrefix } from "./any-value.ts";
import { compareBytes } from "./comparators.ts";
import type { KeyRange, QuerySource, QueryTable } from "./query-source.ts";

/** How rows are found. */
export type Plan =
  | { readonly kind: "scan" }
  /** Nothing can match. */
  | { readonly kind: "nothing" }
  /** Ranges of the table's own keys (`propertyName` undefined) or of an index. */
  | { readonly kind: "ranges"; readonly propertyName: string | undefined; readonly ranges: readonly KeyRange[] }
  /** What any of the plans finds. */
  | { readonly kind: "union"; readonly plans: readonly Plan[] }
  /** Rows from which the steps lead to what the plan finds in the last class. */
  | { readonly kind: "overLinks"; readonly steps: readonly PathStep[]; readonly className: string; readonly plan: Plan }
  /** Rows of a class with these keys. */
  | { readonly kind: "keys"; readonly keys: readonly Uint8Array[] }
  /** Rows whose text has all the terms. */
  | { readonly kind: "fullText"; readonly propertyName: string; readonly terms: FullTextTerms };

interface Candidate {
  readonly plan: Plan;
  /** Lower is better. */
  readonly rank: number;
}

/** A range of values, with the property that it is of. */
type Bound = KeyRange & { readonly path: CheckedPath };

const KEY_TYPES: ReadonlySet<string> = new Set<KeyType>(["int", "string", "objectId", "uuid", "bool", "date"]);
/** The first key behind null. */
const AFTER_NULL: Uint8Array = Uint8Array.of(1);
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const RANK = { nothing: 0, keyEqual: 1, indexEqual: 2, linkEqual: 2, keyIn: 3, indexIn: 4, fullText: 4, keyRange: 5, indexRange: 6, overLinks: 10, union: 20, scan: 100 };

/** Where a plan is made for. */
interface Place {
  readonly source: QuerySource;
  readonly className: string;
  readonly table: QueryTable;
}

/**
 * The plans for the rows of a class that meet a predicate, the best first; the last one always works.
 *
 * A plan whose rows turn out to be too many to be fetched one by one gives way to the next.
 */
export function plansOf(predicate: CheckedPredicate, source: QuerySource, className: string): Plan[] {
  const candidates = candidatesOf(predicate, { source, className, table: source.table(className) });
  return [...candidates.map(({ plan }) => plan), { kind: "scan" }];
}

function candidatesOf(predicate: CheckedPredicate, place: Place): Candidate[] {
  const candidates: Candidate[] = [];
  const bounds = new Map<string, Bound>();
  for (const conjunct of conjunctsOf(predicate)) {
    if (conjunct.kind === "truth" && !conjunct.isTrue) return [NOTHING];
    const candidate = candidateOf(conjunct, place);
    if (candidate !== undefined) candidates.push(candidate);
    const bound = boundOf(conjunct, place.table);
    if (bound === undefined) continue;
    const name = bound.path.property.name;
    bounds.set(name, { path: bound.path, ...intersect(bounds.get(name) ?? {}, bound) });
  }
  for (const bound of bounds.values()) candidates.push(rangeCandidate(bound, place.table));
  return candidates.sort((left, right) => left.rank - right.rank);
}

const NOTHING: Candidate = { plan: { kind: "nothing" }, rank: RANK.nothing };

/** What has to hold at once: the operands of nested ANDs. */
function conjunctsOf(predicate: CheckedPredicate): CheckedPredicate[] {
  return predicate.kind === "and" ? predicate.operands.flatMap(conjunctsOf) : [predicate];
}

function candidateOf(predicate: CheckedPredicate, place: Place): Candidate | undefined {
  switch (predicate.kind) {
    case "or":
      return unionCandidate(predicate.operands, place);
    case "in":
      return membershipCandidate(predicate, place) ?? overLinksCandidate(predicate, predicate.left, place);
    case "compare": {
      const { left, right, operator, isCaseInsensitive } = predicate;
      if (left.kind !== "path" || isCaseInsensitive) return undefined;
      if (right.kind === "values") return operator === "==" ? anyOfCandidate(left, right, place) : undefined;
      if (right.kind !== "value") return undefined;
      if (operator === "==" && left.type === "object") return linkCandidate(left, right.value);
      if (operator === "==") return equalityCandidate(left, right.value, place) ?? overLinksCandidate(predicate, left, place);
      return overLinksCandidate(predicate, left, place);
    }
    case "string":
      return predicate.left.kind === "path" ? overLinksCandidate(predicate, predicate.left, place) : undefined;
    case "fullText":
      return fullTextCandidate(predicate, place) ?? overLinksCandidate(predicate, predicate.path, place);
    default:
      return undefined;
  }
}

/** One of several values is one of several constants. Without a word on either side whole lists are compared: of those, empty ones could be equal. */
function anyOfCandidate(left: CheckedPath, right: CheckedConstants, place: Place): Candidate | undefined {
  const isAny = (left.quantifier === "ANY" || right.quantifier === "ANY") && isAnyOf(left) && isAnyOf(right);
  return isAny && right.type === left.type ? candidateOf({ kind: "in", isCaseInsensitive: false, left, values: right.values }, place) : undefined;
}

/** Every operand has to have a plan of its own, and none of them may have to read everything. */
function unionCandidate(operands: readonly CheckedPredicate[], place: Place): Candidate | undefined {
  const plans: Plan[] = [];
  for (const operand of operands) {
    const [best] = candidatesOf(operand, place);
    if (best === undefined) return undefined;
    if (best.plan.kind !== "nothing") plans.push(best.plan);
  }
  return { plan: plans.length === 0 ? { kind: "nothing" } : { kind: "union", plans }, rank: RANK.union };
}

/** Strings up to this length stand in an index as a whole. */
const WHOLE_STRING_MAX_UNITS = 100;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Ranges of an index. */
export interface IndexRanges {
  readonly propertyName: string;
  readonly ranges: readonly KeyRange[];
}

/** The ranges of an index whose entries are exactly the rows that meet a condition: to count them, no row has to be read. */
export function exactRangesOf(predicate: CheckedPredicate, table: QueryTable): IndexRanges | undefined {
  if (predicate.kind === "and") return exactIntersection(predicate.operands, table);
  if (predicate.kind !== "compare" || predicate.isCaseInsensitive) return undefined;
  const { left, right, operator } = predicate;
  if (left.kind !== "path" || right.kind !== "value" || !isIndexed(left, table)) return undefined;
  const { value } = right;
  if (value?.type === "string" && (value.value.length > WHOLE_STRING_MAX_UNITS || LONE_SURROGATE.test(value.value))) return undefined;
  const propertyName = left.property.name;
  if (operator === "==") {
    const ranges = equalRanges(left, [value]);
    return ranges === undefined ? undefined : { propertyName, ranges };
  }
  const range = exactRange(operator, left.type as KeyType, value);
  return range === undefined ? undefined : { propertyName, ranges: [range] };
}

/** Limits of one property: BETWEEN, or two comparisons. */
function exactIntersection(operands: readonly CheckedPredicate[], table: QueryTable): IndexRanges | undefined {
  let whole: IndexRanges | undefined;
  for (const operand of operands) {
    const part = exactRangesOf(operand, table);
    const [range] = part?.ranges ?? [];
    if (part === undefined || range === undefined || part.ranges.length > 1 || (whole !== undefined && whole.propertyName !== part.propertyName)) return undefined;
    whole = { propertyName: part.propertyName, ranges: [intersect(whole?.ranges[0] ?? {}, range)] };
  }
  const { from, to } = whole?.ranges[0] ?? {};
  return from !== undefined && to !== undefined && compareBytes(from, to) >= 0 ? { propertyName: whole?.propertyName ?? "", ranges: [] } : whole;
}

function exactRange(operator: string, type: KeyType, value: CheckedValue): KeyRange | undefined {
  if (value === null || operator === "!=") return undefined;
  const isUp = operator === ">" || operator === "<=";
  // What is above 50.5 is above 50, and what is at least 50.5 is at least 51.
  const key = keyValueOf(value, isUp ? "below" : "above");
  if (key === undefined) return undefined;
  const prefix = encodeIndexPrefix(type, key);
  const limit = isUp ? afterPrefix(prefix) : prefix;
  if (limit === undefined) return undefined;
  return operator.startsWith(">") ? { from: limit } : { from: AFTER_NULL, to: limit };
}

function equalityCandidate(path: CheckedPath, value: CheckedValue, { table }: Place): Candidate | undefined {
  const isKey = isPrimary(path, table);
  if (!isKey && !isIndexed(path, table) && !isMixedIndexed(path, table)) return undefined;
  const ranges = equalRanges(path, [value]);
  if (ranges === undefined) return undefined;
  if (ranges.length === 0) return NOTHING;
  return { plan: rangesPlan(path, table, ranges), rank: isKey ? RANK.keyEqual : RANK.indexEqual };
}

function membershipCandidate({ left, values, isCaseInsensitive }: CheckedMembership, { table }: Place): Candidate | undefined {
  if (values.length === 0) return NOTHING;
  if (left.type === "object") return values.includes(null) || isCaseInsensitive ? undefined : linksCandidate(left, values);
  const isKey = isPrimary(left, table);
  if (isCaseInsensitive || (!isKey && !isIndexed(left, table) && !isMixedIndexed(left, table))) return undefined;
  const ranges = equalRanges(left, values);
  if (ranges === undefined) return undefined;
  if (ranges.length === 0) return NOTHING;
  return { plan: rangesPlan(left, table, ranges), rank: isKey ? RANK.keyIn : RANK.indexIn };
}

/** A link equal to an object: the objects that link to it. */
function linkCandidate(path: CheckedPath, value: CheckedValue): Candidate | undefined {
  return value?.type === "link" ? linksCandidate(path, [value]) : undefined;
}

function linksCandidate(path: CheckedPath, values: readonly CheckedValue[]): Candidate | undefined {
  if (path.steps.length === 0 || !isAnyOf(path) || !path.steps.every(canGoBack)) return undefined;
  const keys = values.flatMap((value) => (value?.type === "link" ? [value.key as Uint8Array] : []));
  const className = path.property.objectType ?? "";
  return { plan: { kind: "overLinks", steps: path.steps, className, plan: { kind: "keys", keys } }, rank: values.length === 1 ? RANK.linkEqual : RANK.indexIn };
}

function fullTextCandidate({ path, terms }: Extract<CheckedPredicate, { readonly kind: "fullText" }>, { table }: Place): Candidate | undefined {
  if (path.steps.length !== 1 || terms.included.length === 0 || table.fullTextIndex?.(path.property.name) === undefined) return undefined;
  return { plan: { kind: "fullText", propertyName: path.property.name, terms }, rank: RANK.fullText };
}

/**
 * A condition on what a path leads to: finds those objects by an index of their own, then who leads to them.
 *
 * Only for conditions that a missing object does not meet, and that one of several values is enough for.
 */
function overLinksCandidate(predicate: CheckedPredicate, path: CheckedPath, { source }: Place): Candidate | undefined {
  const hops = path.steps.slice(0, -1);
  const last = path.steps.at(-1);
  if (hops.length === 0 || last?.kind !== "property" || !isAnyOf(path) || acceptsNull(predicate) || !hops.every(canGoBack)) return undefined;
  const target: CheckedPath = { ...path, steps: [last], isMultiple: last.property.collection !== undefined };
  const [best] = candidatesOf(withPath(predicate, target), { source, className: last.className, table: source.table(last.className) });
  if (best === undefined) return undefined;
  if (best.plan.kind === "nothing") return best;
  return { plan: { kind: "overLinks", steps: hops, className: last.className, plan: best.plan }, rank: RANK.overLinks + best.rank };
}

function withPath(predicate: CheckedPredicate, path: CheckedPath): CheckedPredicate {
  if (predicate.kind === "fullText") return { ...predicate, path };
  return predicate.kind === "compare" || predicate.kind === "string" || predicate.kind === "in" ? { ...predicate, left: path } : predicate;
}

/** True unless the condition only holds of a value that is there. */
function acceptsNull(predicate: CheckedPredicate): boolean {
  switch (predicate.kind) {
    case "compare":
      return predicate.operator === "!=" || (predicate.right.kind === "value" && predicate.right.value === null);
    case "in":
      return predicate.values.includes(null);
    case "string":
      return !(predicate.right.kind === "value" && predicate.right.value !== null);
    case "fullText":
      return predicate.terms.included.length === 0;
    default:
      return true;
  }
}

/** The links inside mixed values are found from their targets, not the other way round. */
function canGoBack(step: PathStep): boolean {
  return step.kind === "property" || step.property.type === "object";
}

function isAnyOf({ quantifier }: CheckedPath | CheckedConstants): boolean {
  return quantifier === undefined || quantifier === "ANY";
}

/** One range for each value that a stored value of the type can be equal to; undefined if a value has no key of that type. */
function equalRanges(path: CheckedPath, values: readonly CheckedValue[]): KeyRange[] | undefined {
  const type = path.type as KeyType;
  const ranges: KeyRange[] = [];
  for (const value of values) {
    if (path.type === "mixed") {
      const prefix = mixedIndexPrefix(value);
      if (prefix === undefined) return undefined;
      ranges.push(prefixRange(prefix));
      continue;
    }
    // A decimal can equal an int.
    if (value?.type === "decimal128") return undefined;
    const key = keyValueOf(value, "exact");
    if (key !== undefined) ranges.push(prefixRange(encodeIndexPrefix(type, key)));
  }
  return ranges;
}

function boundOf(predicate: CheckedPredicate, table: QueryTable): Bound | undefined {
  if (predicate.kind === "string") return prefixBound(predicate, table);
  if (predicate.kind !== "compare" || predicate.isCaseInsensitive || predicate.right.kind !== "value") return undefined;
  const { left, operator, right } = predicate;
  if (right.value === null || operator === "==" || operator === "!=" || !isOrderable(left, table)) return undefined;
  const type = left.type as KeyType;
  if (operator === ">" || operator === ">=") {
    const key = keyValueOf(right.value, "below");
    return key === undefined ? undefined : { path: left, from: encodeIndexPrefix(type, key) };
  }
  const key = keyValueOf(right.value, "above");
  if (key === undefined) return undefined;
  const to = prefixRange(encodeIndexPrefix(type, key)).to;
  return { path: left, from: AFTER_NULL, ...(to === undefined ? {} : { to }) };
}

function prefixBound(predicate: CheckedStringTest, table: QueryTable): Bound | undefined {
  const { operator, isCaseInsensitive, left, right } = predicate;
  if (operator !== "BEGINSWITH" || isCaseInsensitive || right.kind !== "value") return undefined;
  if (left.type !== "string" || !isOrderable(left, table)) return undefined;
  const needle = right.value;
  if (needle === null || needle.type !== "string" || needle.value === "") return undefined;
  // Without its two closing bytes, the key of a string begins the keys of all strings that begin with it.
  const closed = encodeIndexPrefix("string", needle.value);
  return { path: left, ...prefixRange(closed.subarray(0, closed.length - 2)) };
}

function rangeCandidate(bound: Bound, table: QueryTable): Candidate {
  const { from, to, path } = bound;
  if (from !== undefined && to !== undefined && compareBytes(from, to) >= 0) return NOTHING;
  const isClosed = from !== undefined && from !== AFTER_NULL && to !== undefined;
  const rank = (isPrimary(path, table) ? RANK.keyRange : RANK.indexRange) + (isClosed ? 0 : 2);
  return { plan: rangesPlan(path, table, [{ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }]), rank };
}

function isOrderable(operand: CheckedOperand, table: QueryTable): operand is CheckedPath {
  return operand.kind === "path" && (isPrimary(operand, table) || isIndexed(operand, table));
}

function isPrimary(path: CheckedPath, table: QueryTable): boolean {
  return isOwn(path) && table.layout.primary?.property.name === path.property.name;
}

function isIndexed(path: CheckedPath, table: QueryTable): boolean {
  return isOwn(path) && KEY_TYPES.has(path.type) && table.index(path.property.name) !== undefined;
}

function isMixedIndexed(path: CheckedPath, table: QueryTable): boolean {
  return path.type === "mixed" && isOwn(path) && table.mixedIndex?.(path.property.name) !== undefined;
}

/** True for a property of the object itself with one value. */
function isOwn({ steps, isMultiple }: CheckedPath): boolean {
  const [step] = steps;
  return steps.length === 1 && !isMultiple && step?.kind === "property" && step.property.collection === undefined && step.access.length === 0;
}

function rangesPlan(path: CheckedPath, table: QueryTable, ranges: readonly KeyRange[]): Plan {
  return { kind: "ranges", propertyName: isPrimary(path, table) ? undefined : path.property.name, ranges };
}

/** All keys that begin with a prefix. */
export function prefixRange(prefix: Uint8Array): KeyRange {
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
  if (typeof value === "bigint") return value >= INT_MIN && value <= INT_MAX ? value : undefined;
  if (!Number.isFinite(value)) return undefined;
  const integer = rounding === "above" ? Math.ceil(value) : Math.floor(value);
  if (rounding === "exact" && integer !== value) return undefined;
  if (Number.isSafeInteger(integer)) return integer;
  const exact = BigInt(integer);
  return exact < INT_MIN || exact > INT_MAX ? undefined : exact;
}
