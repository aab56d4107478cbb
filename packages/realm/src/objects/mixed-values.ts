/**
 * Mixed values: what applications may put in, and what they get to see.
 *
 * @module
 */
import { RealmError, TypeAssertionError } from "../errors.ts";
import { encodeMixed, encodeMixedDictionary, encodeMixedLink, encodeMixedList, freshCollectionId, readMixed } from "../records/mixed.ts";
import type { StoredValue } from "../records/stored-value.ts";
import type { RealmContext } from "./context.ts";
import { Counter } from "./counter.ts";
import { NestedHolder } from "./holders.ts";
import type { MixedSlot } from "./holders.ts";
import { kindOf, linkKeyOf, stateOf } from "./object-state.ts";
import { entriesOf, toPublic, toStoredPrimitive } from "./primitives.ts";

/** Deeper than this a value is taken for one that contains itself. */
const MAX_DEPTH = 100;

type SingleType = "bool" | "int" | "double" | "string" | "data" | "date" | "decimal128" | "objectId" | "uuid";

/** Checks a value of a mixed property or element and gives its stored form. */
export function toStoredMixed(context: RealmContext, value: unknown, target: string, depth = 0): Uint8Array | null {
  if (value === null || value === undefined) return null;
  const type = singleTypeOf(value);
  if (type !== undefined) return encodeMixed(type, toStoredPrimitive(type, false, value, target));
  if (typeof value !== "object") throw new TypeAssertionError("a mixed value", value, target);
  const state = stateOf(value);
  if (state !== undefined) {
    if (state.table.schema.embedded) throw new RealmError("TYPE_MISMATCH", `Using an embedded object (${state.table.name}) as a Mixed value is not supported.`);
    return encodeMixedLink(state.table.name, linkKeyOf(context, state, undefined, value, target));
  }
  if (depth > MAX_DEPTH) throw new RealmError("ARGUMENT_INVALID", `The value of '${target}' is nested more than ${MAX_DEPTH} levels deep, or contains itself.`);
  return toStoredNested(context, value, target, depth);
}

function toStoredNested(context: RealmContext, value: object, target: string, depth: number): Uint8Array {
  const kind = kindOf(value);
  if (kind === "set" || value instanceof Set) throw new RealmError("TYPE_MISMATCH", "Using a Set as a Mixed value is not supported.");
  if (value instanceof Counter) throw new RealmError("TYPE_MISMATCH", "Using a Counter as a Mixed value is not supported.");
  if (kind === "list" || Array.isArray(value)) {
    const elements = [...(value as Iterable<unknown>)].map((element, index) => toStoredMixed(context, element, `${target}[${index}]`, depth + 1));
    return encodeMixedList(freshCollectionId(), elements);
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (kind !== "dictionary" && prototype !== null && prototype !== Object.prototype) {
    throw new TypeAssertionError("a mixed value", value, target).insteadOf(`an object with the constructor '${(value as object).constructor?.name}'`);
  }
  const entries = new Map<string, StoredValue>();
  for (const [key, element] of entriesOf(value, target)) entries.set(key, toStoredMixed(context, element, `${target}["${key}"]`, depth + 1));
  return encodeMixedDictionary(freshCollectionId(), entries);
}

function singleTypeOf(value: unknown): SingleType | undefined {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "string":
      return "string";
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int" : "double";
    case "object":
      break;
    default:
      return undefined;
  }
  if (value instanceof Date) return "date";
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return "data";
  const kind = (value as { _bsontype?: unknown })._bsontype;
  if (kind === "ObjectID" || kind === "ObjectId") return "objectId";
  if (kind === "Decimal128") return "decimal128";
  return kind === "Binary" || kind === "UUID" ? "uuid" : undefined;
}

/** What an application gets to see of a mixed value that stands in a slot. */
export function presentMixed(context: RealmContext, encoded: Uint8Array, slot: MixedSlot): unknown {
  const { type, value, className, id } = readMixed(encoded);
  switch (type) {
    case "link":
      return context.wrap(context.session.table(className as string), (value as Uint8Array).slice());
    case "list":
    case "dictionary":
      return context.collection(new NestedHolder(slot, id as number, type));
    default:
      return toPublic(type, value, context.integers);
  }
}
