/**
 * Order and equality of stored values, by type. Null is the caller's business, except in `sortOrder`.
 *
 * @module
 */
import { compareDecimals, decimalOf } from "@holdfast/query";
import type { Decimal, ValueType } from "@holdfast/query";
import type { StoredValue } from "../records/stored-value.ts";
import { readDecimal } from "./decimal128.ts";
import { compareText } from "./text-tests.ts";

/** A stored value, or a decimal that was calculated. */
export type QueryValue = StoredValue | Decimal;

/** Below zero, zero, above; NaN if the two have no order (one of them is not a number). */
export type Comparator = (left: NonNullable<QueryValue>, right: NonNullable<QueryValue>) => number;

/** The comparator for two properties of comparable types. */
export function comparatorOf(left: ValueType, right: ValueType): Comparator {
  if (left === "decimal128" || right === "decimal128") return compareAsDecimals;
  if (left === "string" && right === "string") return (a, b) => compareText(a as string, b as string);
  if (left === "string" || left === "data") return (a, b) => compareBytes(bytesOf(a), bytesOf(b));
  if (left === "objectId" || left === "uuid" || left === "object") return (a, b) => compareBytes(a as Uint8Array, b as Uint8Array);
  return compareNumbers;
}

/** True if two values of comparable types are equal; NaN equals NaN. */
export function equals(compare: Comparator, left: NonNullable<QueryValue>, right: NonNullable<QueryValue>): boolean {
  const order = compare(left, right);
  return order === 0 || (Number.isNaN(order) && isNotANumber(left) && isNotANumber(right));
}

/** Total order for sorting: null, then NaN, then values. */
export function sortOrder(compare: Comparator, left: QueryValue, right: QueryValue): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  const order = compare(left, right);
  if (!Number.isNaN(order)) return order;
  return Number(isNotANumber(right)) - Number(isNotANumber(left));
}

/** Unsigned bytes, shorter first: the order of the engine's keys. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Numbers, bigints, dates and booleans; numbers and bigints are compared exactly. */
export function compareNumbers(left: NonNullable<QueryValue>, right: NonNullable<QueryValue>): number {
  if (left < right) return -1;
  if (left > right) return 1;
  return isNotANumber(left) || isNotANumber(right) ? NaN : 0;
}

function compareAsDecimals(left: NonNullable<QueryValue>, right: NonNullable<QueryValue>): number {
  const leftDecimal = asDecimal(left);
  const rightDecimal = asDecimal(right);
  if (leftDecimal.special === "NaN" || rightDecimal.special === "NaN") return NaN;
  return compareDecimals(leftDecimal, rightDecimal);
}

/** A number, a stored decimal128 or a decimal that was calculated, as a decimal. */
export function asDecimal(value: NonNullable<QueryValue>): Decimal {
  if (value instanceof Uint8Array) return readDecimal(value);
  return typeof value === "object" ? (value as Decimal) : decimalOf(value as number | bigint);
}

function isNotANumber(value: NonNullable<QueryValue>): boolean {
  if (value instanceof Uint8Array) return value.length === 16 && readDecimal(value).special === "NaN";
  return typeof value === "object" ? (value as Decimal).special === "NaN" : Number.isNaN(value);
}

const encoder = new TextEncoder();

function bytesOf(value: NonNullable<QueryValue>): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : (value as Uint8Array);
}
