/**
 * Constants of queries and properties of users, in the form in which a field of a type is compared.
 *
 * @module
 */
import { parseDecimal } from "@holdfast/query";
import type { Constant } from "@holdfast/query";
import type { Scalar, ScalarType } from "./filter.ts";

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const OBJECT_ID = /^[0-9a-f]{24}$/;

/** Undefined if a field of this type can never be compared with such a constant. */
export function scalarOf(constant: Constant, type: ScalarType): Scalar | undefined {
  if (constant.type === "null") return null;
  switch (type) {
    case "bool":
      return constant.type === "bool" ? constant.value : undefined;
    case "int":
      if (constant.type === "int") return constant.value;
      return constant.type === "double" && !Number.isNaN(constant.value) ? constant.value : undefined;
    case "double":
      return constant.type === "int" || constant.type === "double" ? Number(constant.value) : undefined;
    case "string":
      // PostgreSQL has neither: no stored string is equal to one that holds them.
      return constant.type === "string" && isStorableText(constant.value) ? constant.value : undefined;
    case "date":
      return constant.type === "date" && Number.isInteger(constant.value) ? constant.value : undefined;
    case "decimal128":
      return decimalText(constant);
    case "objectId":
      return constant.type === "objectId" ? hexOf(constant.value) : undefined;
    case "uuid":
      return constant.type === "uuid" ? uuidOf(constant.value) : undefined;
    case "data":
      return constant.type === "data" || constant.type === "base64" ? hexOf(constant.value) : undefined;
    case "link":
      return undefined;
  }
}

/** A property of a user, which is JSON, beside a field; undefined if there is none or it has another type. Then the rule gives nothing. */
export function userScalarOf(value: unknown, type: ScalarType): Exclude<Scalar, null> | undefined {
  switch (type) {
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "int":
    case "double":
      return typeof value === "number" ? value : undefined;
    case "string":
      return typeof value === "string" && isStorableText(value) ? value : undefined;
    case "objectId":
      return typeof value === "string" && OBJECT_ID.test(value) ? value : undefined;
    case "uuid":
      return typeof value === "string" && UUID.test(value) ? value : undefined;
    default:
      return undefined;
  }
}

/** True for text that every store can hold: no zero character, no half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** True for whole numbers that a column of 64 bits can hold. */
export function isInt64(value: number | bigint): boolean {
  if (typeof value === "number" && !Number.isInteger(value)) return false;
  const whole = BigInt(value);
  return whole >= INT_MIN && whole <= INT_MAX;
}

/** Lower-case hex of bytes. */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function uuidOf(bytes: Uint8Array): string {
  const hex = hexOf(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function decimalText(constant: Constant): string | undefined {
  const text = constant.type === "int" ? String(constant.value) : constant.type === "decimal128" || constant.type === "double" ? constant.text : undefined;
  // Not a number, infinities: their order is not the same everywhere.
  return text !== undefined && /\d/.test(text) && parseDecimal(text) !== undefined ? text : undefined;
}
