/**
 * Values between applications and records: checks what comes in, builds what goes out.
 *
 * @module
 */
import { Decimal128, ObjectId, UUID } from "../bson.ts";
import { notYet, rangeError, RealmError, TypeAssertionError } from "../errors.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { readText, utf8Bytes } from "../records/text.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import { PRIMITIVE_TYPES } from "../schema/types.ts";
import type { RealmContext, UpdateMode } from "./context.ts";
import { stateOf } from "./object-state.ts";

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
    case "mixed":
      return toStoredMixed(value, target);
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

/** What an application gets to see of a stored value that is neither a link nor a list. */
export function toPublic(type: string, value: StoredValue): unknown {
  if (value === null) return null;
  switch (type) {
    case "int":
      return Number(value);
    case "date":
      return new Date(value as number);
    case "data":
      return (value as Uint8Array).slice().buffer;
    case "objectId":
      return new ObjectId((value as Uint8Array).slice() as never);
    case "uuid":
      return new UUID((value as Uint8Array).slice() as never);
    case "decimal128":
      return new Decimal128((value as Uint8Array).slice() as never);
    case "mixed":
      return fromStoredMixed(value as Uint8Array);
    default:
      return value;
  }
}

// A mixed value is one byte that says the type, then its bytes.
const MIXED_TYPES = ["bool", "int", "double", "string", "data", "date", "decimal128", "objectId", "uuid"] as const;

/** The type that a value has inside a mixed property. */
function mixedTypeOf(value: unknown, target: string): (typeof MIXED_TYPES)[number] {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int" : "double";
  if (typeof value === "string") return "string";
  if (value instanceof Date) return "date";
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return "data";
  const kind = (value as { _bsontype?: string })._bsontype;
  if (kind === "ObjectID" || kind === "ObjectId") return "objectId";
  if (kind === "Decimal128") return "decimal128";
  if (kind === "Binary") return "uuid";
  if (typeof value === "object") throw notYet(`Objects, lists and dictionaries in mixed properties ('${target}')`);
  throw new TypeAssertionError("a mixed value", value, target);
}

function toStoredMixed(value: unknown, target: string): Uint8Array {
  const type = mixedTypeOf(value, target);
  const stored = toStoredPrimitive(type, false, value, target);
  const content = stored instanceof Uint8Array ? stored : utf8Bytes(mixedText(stored));
  const bytes = new Uint8Array(content.length + 1);
  bytes[0] = MIXED_TYPES.indexOf(type) + 1;
  bytes.set(content, 1);
  return bytes;
}

function mixedText(value: StoredValue): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The type and the stored value inside a stored mixed value. */
export function readMixed(bytes: Uint8Array): { type: string; value: StoredValue } {
  const type = MIXED_TYPES[(bytes[0] as number) - 1];
  if (type === undefined) throw new RealmError("TYPE_MISMATCH", `A mixed value has the unknown type ${bytes[0]}: the file was written by a newer version.`);
  const content = bytes.subarray(1);
  if (type === "data" || type === "decimal128" || type === "objectId" || type === "uuid") return { type, value: content };
  const text = readText(content, 0, content.length);
  if (type === "string") return { type, value: text };
  if (type === "bool") return { type, value: text === "true" };
  if (type === "int" && !Number.isSafeInteger(Number(text))) return { type, value: BigInt(text) };
  return { type, value: Number(text) };
}

function fromStoredMixed(bytes: Uint8Array): unknown {
  const { type, value } = readMixed(bytes);
  return toPublic(type, value);
}

/** Checks a value of a property and gives its stored form; nested plain objects are created. */
export function toStored(context: RealmContext, property: CanonicalProperty, value: unknown, mode: UpdateMode): StoredValue {
  if (property.type === "object") return toStoredLink(context, property, value, property.name, mode);
  if (property.type === "list") return toStoredList(context, property, value, mode);
  return toStoredPrimitive(property.type, property.optional, value, property.name);
}

function toStoredList(context: RealmContext, property: CanonicalProperty, value: unknown, mode: UpdateMode): StoredValue[] {
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) throw new TypeAssertionError("an array", value, property.name);
  const stored: StoredValue[] = [];
  const isArray = Array.isArray(value);
  const elements = isArray ? (value as unknown[]) : [...(value as Iterable<unknown>)];
  const type = property.objectType as string;
  const isPrimitive = PRIMITIVE_TYPES.has(type);
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index];
    // The name is only built when it is needed: this loop is on the way of bulk inserts.
    if (isPrimitive && type === "string" && typeof element === "string") stored.push(element);
    else stored.push(toStoredElement(context, property, element, index, mode));
  }
  return stored;
}

/** Checks one element of a list. */
export function toStoredElement(context: RealmContext, property: CanonicalProperty, value: unknown, index: number, mode: UpdateMode): StoredValue {
  const target = `${property.name}[${index}]`;
  const type = property.objectType as string;
  if (PRIMITIVE_TYPES.has(type)) return toStoredPrimitive(type, property.optional, value, target);
  if (value === null || value === undefined) throw new TypeAssertionError("an object", value, target);
  return toStoredLink(context, property, value, target, mode);
}

function toStoredLink(context: RealmContext, property: CanonicalProperty, value: unknown, target: string, mode: UpdateMode): StoredValue {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") throw new TypeAssertionError("an object", value, target);
  const table = context.session.table(property.objectType as string);
  const state = stateOf(value);
  if (state === undefined || table.schema.embedded) return context.createNested(table, value, mode);
  if (state.context.session !== context.session) throw new RealmError("ARGUMENT_INVALID", "Realm object is from another Realm");
  if (state.table.name !== table.name) throw new TypeAssertionError(`an object of type '${table.name}'`, value, target);
  if (!state.tryRefresh()) throw new RealmError("OBJECT_INVALID", "Accessing object which has been invalidated or deleted");
  return state.key;
}
