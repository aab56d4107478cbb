/**
 * Checks what applications assign to properties and elements, and gives its stored form.
 *
 * @module
 */
import { TypeAssertionError } from "../errors.ts";
import { compareStored } from "../records/order.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import { PRIMITIVE_TYPES } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { RealmContext, UpdateMode } from "./context.ts";
import { Counter } from "./counter.ts";
import { toStoredMixed } from "./mixed-values.ts";
import { kindOf, linkKeyOf, stateOf } from "./object-state.ts";
import { entriesOf, toStoredPrimitive } from "./primitives.ts";

/** Checks a value of a property and gives its stored form; nested plain objects are created. */
export function toStored(context: RealmContext, property: CanonicalProperty, value: unknown, mode: UpdateMode): StoredValue {
  switch (property.type) {
    case "object":
      return toStoredLink(context, property, value, property.name, mode);
    case "list":
      return toStoredList(context, property, value, mode);
    case "set":
      return toStoredSet(property.objectType as string, toStoredList(context, property, value, mode));
    case "dictionary":
      return toStoredDictionary(context, property, value, mode);
    case "mixed":
      return toStoredMixed(context, value, property.name);
    default:
      return toStoredPrimitive(property.type, property.optional, property.presentation === "counter" && value instanceof Counter ? value.value : value, property.name);
  }
}

function toStoredList(context: RealmContext, property: CanonicalProperty, value: unknown, mode: UpdateMode): StoredValue[] {
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value) || kindOf(value) === "dictionary") throw new TypeAssertionError(property.type === "set" ? "a set or an array" : "an array", value, property.name);
  const stored: StoredValue[] = [];
  const elements = Array.isArray(value) ? (value as unknown[]) : [...(value as Iterable<unknown>)];
  const type = property.objectType as string;
  const isPrimitive = PRIMITIVE_TYPES.has(type);
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index];
    // The name is only built when it is needed: this loop is on the way of bulk inserts.
    if (isPrimitive && type === "string" && typeof element === "string") stored.push(element);
    else stored.push(toStoredElement(context, property, element, `${property.name}[${index}]`, mode));
  }
  return stored;
}

/** The elements of a set: each once, in order. */
export function toStoredSet(type: string, elements: readonly StoredValue[]): StoredValue[] {
  const sorted = [...elements].sort((left, right) => compareStored(type, left, right));
  return sorted.filter((element, index) => index === 0 || compareStored(type, element, sorted[index - 1] as StoredValue) !== 0);
}

function toStoredDictionary(context: RealmContext, property: CanonicalProperty, value: unknown, mode: UpdateMode): StoredDictionary {
  const stored = new Map<string, StoredValue>();
  for (const [key, element] of entriesOf(value, property.name)) stored.set(key, toStoredElement(context, property, element, `${property.name}["${key}"]`, mode));
  return stored;
}

/** Checks one element of a collection. `target` names it in errors. */
export function toStoredElement(context: RealmContext, property: CanonicalProperty, value: unknown, target: string, mode: UpdateMode): StoredValue {
  const type = property.objectType as string;
  if (type === "mixed") return toStoredMixed(context, value, target);
  if (PRIMITIVE_TYPES.has(type)) return toStoredPrimitive(type, property.optional, value, target);
  if ((value === null || value === undefined) && property.type !== "dictionary") throw new TypeAssertionError("an object", value, target);
  return toStoredLink(context, property, value, target, mode);
}

function toStoredLink(context: RealmContext, property: CanonicalProperty, value: unknown, target: string, mode: UpdateMode): StoredValue {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") throw new TypeAssertionError("an object", value, target);
  const table = context.session.table(property.objectType as string);
  const state = stateOf(value);
  if (state === undefined || table.schema.embedded) return context.createNested(table, value, mode);
  return linkKeyOf(context, state, table.name, value, target);
}
