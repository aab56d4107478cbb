/**
 * Values as records hold them, between the bytes and what applications see.
 *
 * bool boolean; int number, or bigint beyond 2^53; float, double number; string string; date milliseconds; data, objectId, uuid,
 * decimal128 and mixed bytes; a link the target's key; a list or set an array of these; a dictionary a map; null null.
 *
 * @module
 */
import type { CanonicalProperty } from "../schema/types.ts";
import { sameBytes } from "./row.ts";

/** One stored value. */
export type StoredValue = null | boolean | number | bigint | string | Uint8Array | StoredValue[] | StoredDictionary;

/** A stored dictionary, in the order in which its keys were set. */
export type StoredDictionary = ReadonlyMap<string, StoredValue>;

/** True if two stored values are equal; NaN equals NaN. The order of a dictionary's keys does not count. */
export function sameStored(left: StoredValue, right: StoredValue): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return sameInteger(left, right);
  if (left instanceof Uint8Array) return right instanceof Uint8Array && sameBytes(left, right);
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((element, index) => sameStored(element, right[index] as StoredValue));
  }
  if (!(left instanceof Map) || !(right instanceof Map) || left.size !== right.size) return false;
  for (const [key, value] of left as StoredDictionary) if (!right.has(key) || !sameStored(value, right.get(key) as StoredValue)) return false;
  return true;
}

/** An int can come as a number here and as a bigint there. */
function sameInteger(left: StoredValue, right: StoredValue): boolean {
  if (typeof left === "bigint" && typeof right === "number") return Number.isInteger(right) && left === BigInt(right);
  return typeof left === "number" && typeof right === "bigint" && Number.isInteger(left) && BigInt(left) === right;
}

/** A copy whose bytes are its own. */
export function copyStored(value: StoredValue): StoredValue {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copyStored);
  return value instanceof Map ? new Map([...(value as StoredDictionary)].map(([key, element]) => [key, copyStored(element)])) : value;
}

/** What a property without a value holds: null, an empty collection, or the zero of its type. */
export function emptyOf(property: CanonicalProperty): StoredValue {
  switch (property.type) {
    case "list":
    case "set":
      return [];
    case "dictionary":
      return new Map();
    default:
      return property.optional ? null : zeroOfType(property.type);
  }
}

function zeroOfType(type: string): StoredValue {
  switch (type) {
    case "bool":
      return false;
    case "string":
      return "";
    case "data":
      return new Uint8Array(0);
    case "objectId":
      return new Uint8Array(12);
    case "uuid":
      return new Uint8Array(16);
    case "decimal128": {
      const bytes = new Uint8Array(16);
      bytes[15] = 0x30;
      bytes[14] = 0x40;
      return bytes;
    }
    case "object":
    case "mixed":
      return null;
    default:
      return 0;
  }
}
