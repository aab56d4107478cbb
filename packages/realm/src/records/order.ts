/**
 * The order of stored values of one type: what sets are kept in.
 *
 * @module
 */
import type { StoredValue } from "./stored-value.ts";

/** Compares two stored values of a type; null is first. */
export function compareStored(type: string, left: StoredValue, right: StoredValue): number {
  if (left === null || right === null) return (left === null ? 0 : 1) - (right === null ? 0 : 1);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right);
  if (type === "double" || type === "float") return compareNumbers(left as number, right as number);
  return left === right ? 0 : (left as number) < (right as number) ? -1 : (left as number) > (right as number) ? 1 : 0;
}

/** NaN is behind all numbers and equal to itself. */
function compareNumbers(left: number, right: number): number {
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  return left - right || 0;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
