/**
 * Values that carry their type: what mixed properties hold, and what they are compared with.
 *
 * @module
 */
import { compareDecimals, isDecimalNaN, TYPE_BITS } from "@holdfast/query";
import type { CheckedValue, Decimal, NumberValue, ValueType } from "@holdfast/query";
import { encodeIndexPrefix } from "../records/keys.ts";
import { encodeMixed, readMixed } from "../records/mixed.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyText } from "../records/text.ts";
import { asDecimal, compareBytes, compareNumbers } from "./comparators.ts";
import { readDecimal } from "./decimal128.ts";
import { compareText } from "./text-tests.ts";

/** A value and its type. */
export type AnyValue = null | AnyScalar | AnyLink | AnyList | AnyDictionary;

/** A plain value. `bits` are `@type`'s. */
export interface AnyScalar {
  readonly type: "bool" | "number" | "string" | "data" | "date" | "objectId" | "uuid" | "decimal128";
  readonly value: boolean | number | bigint | string | Uint8Array | Decimal;
  readonly bits: number;
}

/** A link. */
export interface AnyLink {
  readonly type: "link";
  readonly className: string;
  readonly key: Uint8Array;
  readonly bits: number;
}

/** A list inside a mixed value. */
export interface AnyList {
  readonly type: "list";
  readonly elements: readonly AnyValue[];
  readonly bits: number;
}

/** A dictionary inside a mixed value. */
export interface AnyDictionary {
  readonly type: "dictionary";
  readonly entries: ReadonlyMap<string, AnyValue>;
  readonly bits: number;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Kinds of values in the order in which Realm sorts them; numbers of all types are one kind. */
const RANKS: Readonly<Record<string, number>> = { bool: 0, number: 1, decimal128: 1, string: 2, data: 3, date: 4, objectId: 5, uuid: 6, link: 7, list: 8, dictionary: 9 };

/** A stored mixed value taken apart. */
export function readAny(stored: StoredValue): AnyValue {
  if (stored === null) return null;
  const mixed = readMixed(stored as Uint8Array) as { readonly type: string; readonly value: unknown; readonly className?: string };
  switch (mixed.type) {
    case "link":
      return { type: "link", className: mixed.className ?? "", key: mixed.value as Uint8Array, bits: TYPE_BITS.link };
    case "list":
      return { type: "list", elements: (mixed.value as StoredValue[]).map(readAny), bits: TYPE_BITS.list };
    case "dictionary": {
      const entries = [...(mixed.value as ReadonlyMap<string, StoredValue>)].map(([key, value]) => [key, readAny(value)] as const);
      return { type: "dictionary", entries: new Map(entries), bits: TYPE_BITS.dictionary };
    }
    default:
      return anyOf(mixed.type as ValueType, mixed.value as StoredValue);
  }
}

/** A value of a property as one that carries its type. */
export function anyOf(type: ValueType, stored: StoredValue | Decimal, className?: string): AnyValue {
  if (stored === null) return null;
  switch (type) {
    case "mixed":
      return readAny(stored as StoredValue);
    case "object":
      return { type: "link", className: className ?? "", key: stored as Uint8Array, bits: TYPE_BITS.link };
    case "int":
    case "float":
    case "double":
      return { type: "number", value: stored as number | bigint, bits: TYPE_BITS[type] };
    case "decimal128":
      return { type, value: stored instanceof Uint8Array ? readDecimal(stored) : (stored as Decimal), bits: TYPE_BITS.decimal128 };
    default:
      return { type, value: stored as AnyScalar["value"], bits: TYPE_BITS[type] };
  }
}

/** A constant as a value that carries its type. */
export function anyOfConstant(value: CheckedValue): AnyValue {
  if (value === null) return null;
  if (value.type === "link") return { type: "link", className: value.className, key: value.key as Uint8Array, bits: TYPE_BITS.link };
  if (value.type === "typeOf") return null;
  const bits = value.type === "number" ? TYPE_BITS.double : TYPE_BITS[value.type];
  return { type: value.type, value: value.value, bits };
}

/** The bytes of a constant inside a mixed property; undefined for values that several encodings stand for. */
export function encodeConstant(value: NonNullable<CheckedValue>): Uint8Array | undefined {
  switch (value.type) {
    case "string":
      // A lone surrogate has no bytes of its own.
      return LONE_SURROGATE.test(value.value) ? undefined : encodeMixed("string", value.value);
    case "bool":
    case "data":
    case "objectId":
    case "uuid":
      return encodeMixed(value.type, value.value);
    case "date":
      return Number.isSafeInteger(value.value) ? encodeMixed("date", value.value) : undefined;
    default:
      return undefined;
  }
}

/** The bytes that the entries of an index of a mixed property begin with for a constant; undefined if there is no telling. */
export function mixedIndexPrefix(value: CheckedValue): Uint8Array | undefined {
  if (value === null) return encodeIndexPrefix("mixed", null);
  if (value.type === "number" && Number.isNaN(value.value)) return undefined;
  // All kinds of numbers stand in the index as doubles.
  const encoded = value.type === "number" ? encodeMixed("double", Number(value.value)) : encodeConstant(value);
  return encoded === undefined ? undefined : encodeIndexPrefix("mixed", encoded);
}

/** True if an order between the two means something: same kind, no lists or dictionaries. */
export function areSameKind(left: NonNullable<AnyValue>, right: NonNullable<AnyValue>): boolean {
  return RANKS[left.type] === RANKS[right.type];
}

/** Order of two values of one kind; NaN if there is none. */
export function compareSameKind(left: NonNullable<AnyValue>, right: NonNullable<AnyValue>): number {
  if (left.type === "list" || left.type === "dictionary" || right.type === "list" || right.type === "dictionary") return isSameAny(left, right) ? 0 : NaN;
  if (left.type === "link" || right.type === "link") return compareLinks(left as AnyLink, right as AnyLink);
  if (left.type === "decimal128" || right.type === "decimal128") return compareAsDecimals(left.value as Decimal, right.value as Decimal);
  switch (left.type) {
    case "string":
      return compareText(left.value as string, right.value as string);
    case "data":
    case "objectId":
    case "uuid":
      return compareBytes(left.value as Uint8Array, right.value as Uint8Array);
    default:
      return compareNumbers(left.value as number, right.value as number);
  }
}

function compareLinks(left: AnyLink, right: AnyLink): number {
  return compareText(left.className, right.className) || compareBytes(left.key, right.key);
}

function compareAsDecimals(left: number | bigint | Decimal, right: number | bigint | Decimal): number {
  const [a, b] = [asDecimal(left), asDecimal(right)];
  return isDecimalNaN(a) || isDecimalNaN(b) ? NaN : compareDecimals(a, b);
}

/** True if two values are equal: of one kind, and the same. NaN equals NaN. */
export function isSameAny(left: AnyValue, right: AnyValue): boolean {
  if (left === null || right === null) return left === right;
  if (!areSameKind(left, right)) return false;
  if (left.type === "list") {
    const { elements } = right as AnyList;
    return left.elements.length === elements.length && left.elements.every((element, index) => isSameAny(element, elements[index] as AnyValue));
  }
  if (left.type === "dictionary") {
    const { entries } = right as AnyDictionary;
    return left.entries.size === entries.size && [...left.entries].every(([key, value]) => entries.has(key) && isSameAny(value, entries.get(key) as AnyValue));
  }
  const order = compareSameKind(left, right);
  return order === 0 || (Number.isNaN(order) && isNaNValue(left) && isNaNValue(right));
}

/** Total order: null, then by kind, NaN before all numbers. */
export function sortAny(left: AnyValue, right: AnyValue): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  if (!areSameKind(left, right)) return (RANKS[left.type] as number) - (RANKS[right.type] as number);
  const order = compareSameKind(left, right);
  return Number.isNaN(order) ? Number(isNaNValue(right)) - Number(isNaNValue(left)) : order;
}

function isNaNValue(value: NonNullable<AnyValue>): boolean {
  if (value.type === "number") return Number.isNaN(value.value);
  return value.type === "decimal128" && isDecimalNaN(value.value as Decimal);
}

/** The number in a value; null if it is none. */
export function numberIn(value: AnyValue): NumberValue {
  if (value === null || (value.type !== "number" && value.type !== "decimal128")) return null;
  return value.value as number | bigint | Decimal;
}

/** A number as a value that carries its type. */
export function anyNumber(value: NumberValue): AnyValue {
  if (value === null) return null;
  return typeof value === "object" ? { type: "decimal128", value, bits: TYPE_BITS.decimal128 } : { type: "number", value, bits: TYPE_BITS.double };
}

/** A text that is equal for equal values. */
export function anyText(value: AnyValue): string {
  if (value === null) return "null";
  switch (value.type) {
    case "link":
      return `link:${value.className}:${keyText(value.key)}`;
    case "list":
      return `[${value.elements.map(anyText).map((text) => JSON.stringify(text)).join(",")}]`;
    case "dictionary":
      return `{${[...value.entries].map(([key, entry]) => JSON.stringify([key, anyText(entry)])).sort().join(",")}}`;
    case "number":
    case "decimal128":
      return `number:${decimalText(asDecimal(value.value as number | bigint | Decimal))}`;
    default:
      return `${value.type}:${value.value instanceof Uint8Array ? keyText(value.value) : String(value.value)}`;
  }
}

/** A text that is equal for equal decimals: 1.0 and 1.00 are one number. */
export function decimalText(decimal: Decimal): string {
  if (decimal.special !== undefined) return decimal.special;
  let { coefficient, exponent } = decimal;
  if (coefficient === 0n) return "0";
  // Trailing zeros belong to the exponent.
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return `${String(coefficient)}e${String(exponent)}`;
}

