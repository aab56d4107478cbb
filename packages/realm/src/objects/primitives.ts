/**
 * Between what applications hand in and see, and what records hold: values that are no links and no collections.
 *
 * @module
 */
import { Decimal128, ObjectId, UUID } from "../bson.ts";
import { dataDamaged, rangeError, typeError, TypeAssertionError } from "../errors.ts";
import type { StoredValue } from "../records/stored-value.ts";
import type { Integers } from "./context.ts";
import { kindOf } from "./object-state.ts";

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** Checks one value of a type and gives its stored form. `target` names it in errors. */
export function toStoredPrimitive(type: string, isOptional: boolean, value: unknown, target: string): StoredValue {
  if (value === null || value === undefined) {
    if (isOptional) return null;
    throw new TypeAssertionError(expectation(type), value, target);
  }
  switch (type) {
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "int":
      if (typeof value === "number" || typeof value === "bigint") return toStoredInt(value, target);
      break;
    case "float":
      if (typeof value === "number") return Math.fround(value);
      break;
    case "double":
      if (typeof value === "number") return value;
      break;
    case "string":
      if (typeof value === "string") return value;
      break;
    case "date":
      if (value instanceof Date) return toStoredDate(value, target);
      if (typeof value === "string") return toStoredDate(new Date(value), target);
      break;
    case "data":
      if (value instanceof ArrayBuffer) return new Uint8Array(value);
      if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      break;
    default: {
      const bytes = toStoredId(type, value);
      if (bytes !== undefined) return bytes;
    }
  }
  throw new TypeAssertionError(expectation(type), value, target);
}

function toStoredInt(value: number | bigint, target: string): StoredValue {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    if (!Number.isInteger(value)) throw rangeError(`Expected '${target}' to be an integer, got ${value}`);
    return toStoredInt(BigInt(value), target);
  }
  if (value < INT_MIN || value > INT_MAX) throw rangeError(`Expected '${target}' to be an integer of 64 bits, got ${value}`);
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function toStoredDate(value: Date, target: string): number {
  const time = value.getTime();
  if (Number.isNaN(time)) throw rangeError(`Expected '${target}' to be a valid date, got Invalid Date`);
  return time;
}

function toStoredId(type: string, value: unknown): Uint8Array | undefined {
  const candidate = value as { _bsontype?: string; id?: Uint8Array; bytes?: Uint8Array; buffer?: Uint8Array };
  const kind = candidate._bsontype;
  if (type === "objectId" && (kind === "ObjectID" || kind === "ObjectId")) return new Uint8Array(candidate.id as Uint8Array);
  if (type === "decimal128" && kind === "Decimal128") return new Uint8Array(candidate.bytes as Uint8Array);
  if (type === "uuid" && value instanceof UUID) return new Uint8Array(value.buffer);
  if (type === "uuid" && kind === "Binary" && candidate.buffer?.length === 16) return new Uint8Array(candidate.buffer);
  return undefined;
}

function expectation(type: string): string {
  switch (type) {
    case "bool":
      return "a boolean";
    case "int":
      return "a number or bigint";
    case "float":
    case "double":
      return "a number";
    case "string":
      return "a string";
    case "date":
      return "an instance of Date";
    case "data":
      return "an instance of ArrayBuffer";
    case "objectId":
      return "an instance of ObjectId";
    case "uuid":
      return "an instance of UUID";
    case "decimal128":
      return "an instance of Decimal128";
    default:
      return `a ${type}`;
  }
}

/** What an application gets to see of a stored value that is no link, no collection and not mixed. */
export function toPublic(type: string, value: StoredValue, integers: Integers): unknown {
  if (value === null) return null;
  switch (type) {
    case "int":
      return toPublicInt(value as number | bigint, integers);
    case "date":
      return toPublicDate(value as number | bigint);
    case "data":
      return (value as Uint8Array).slice().buffer;
    case "objectId":
      return new ObjectId((value as Uint8Array).slice() as never);
    case "uuid":
      return new UUID((value as Uint8Array).slice() as never);
    case "decimal128":
      return new Decimal128((value as Uint8Array).slice() as never);
    default:
      return value;
  }
}

function toPublicDate(value: number | bigint): Date {
  const date = new Date(Number(value));
  if (Number.isNaN(date.getTime())) throw dataDamaged("a date further from 1970 than a date can be");
  return date;
}

function toPublicInt(value: number | bigint, integers: Integers): number | bigint {
  if (integers === "bigint") return BigInt(value);
  return typeof value === "bigint" && integers === "number" ? Number(value) : value;
}

/** The entries of whatever may become a dictionary. */
export function entriesOf(value: unknown, target: string): [string, unknown][] {
  const isList = Array.isArray(value) || (kindOf(value) !== undefined && kindOf(value) !== "dictionary");
  if (typeof value !== "object" || value === null || isList) throw new TypeAssertionError("an object", value, target);
  if (Object.getOwnPropertySymbols(value).length > 0) throw typeError("ARGUMENT_INVALID", "Symbols cannot be used as keys of a dictionary");
  return value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
}
