/**
 * Values as records hold them, between the bytes and what applications see.
 *
 * bool boolean; int number, or bigint beyond 2^53; float, double number; string string; date milliseconds; data, objectId, uuid,
 * decimal128 and mixed bytes; a link the target's key; a list an array of these; null null.
 *
 * @module
 */

/** One stored value. */
export type StoredValue = null | boolean | number | bigint | string | Uint8Array | StoredValue[];

/** True if two stored values are equal; NaN equals NaN. */
export function sameStored(left: StoredValue, right: StoredValue): boolean {
  if (Object.is(left, right)) return true;
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return left.length === right.length && left.every((byte, index) => byte === right[index]);
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((element, index) => sameStored(element, right[index] as StoredValue));
  }
  // biome: an int can come as a number here and as a bigint there.
  return (typeof left === "bigint" && typeof right === "number") || (typeof left === "number" && typeof right === "bigint")
    ? BigInt(Math.trunc(Number(left))) === BigInt(Math.trunc(Number(right)))
    : false;
}
