/**
 * Values on the worker's side: objects of the realm become what travels, and references become objects again.
 *
 * @module
 */
import { Decimal128, ObjectId, UUID } from "../bson.ts";
import { RealmError, typeError } from "../errors.ts";
import { Counter } from "../objects/counter.ts";
import { kindOf, stateOf } from "../objects/object-state.ts";
import { keyText } from "../records/text.ts";
import type { Realm } from "../realm.ts";
import { bufferOf, ID_TAG, MAX_DEPTH, objectOf, TAG, wireOfId } from "./wire.ts";
import type { Wire, WireObject } from "./wire.ts";

/** How many links are followed where nothing else is asked for. */
export const DEFAULT_DEPTH = 1;

/**
 * What a value is on its way.
 *
 * @param depth - How many more links are followed from an object that is met here; below 0 it shows its primary key alone.
 */
export function toWire(value: unknown, depth: number, nesting = 0): Wire {
  switch (typeof value) {
    case "function":
    case "symbol":
      throw typeError("TYPE_MISMATCH", `A ${typeof value} cannot be handed to a page.`);
    case "object":
      return value === null ? null : toWireObject(value, depth, nesting);
    default:
      return value as Wire;
  }
}

function toWireObject(value: object, depth: number, nesting: number): Wire {
  if (nesting > MAX_DEPTH) throw typeError("ARGUMENT_INVALID", `A value is nested more than ${MAX_DEPTH} levels deep, or contains itself.`);
  const state = stateOf(value);
  // An embedded object is a part of its parent: no link leads to it.
  if (state !== undefined) return objectToWire(value, state.table.schema.embedded ? depth + 1 : depth);
  if (value instanceof Date || value instanceof ArrayBuffer) return value;
  if (value instanceof Counter) return value.value;
  const next = (element: unknown): Wire => toWire(element, depth, nesting + 1);
  const entriesOf = (entries: Iterable<readonly [string, unknown]>): Wire => [TAG.entries, ...[...entries].flatMap(([key, element]) => [key, next(element)])];
  // A dictionary has whatever properties its keys say, so its kind comes first.
  const kind = kindOf(value);
  if (kind === "dictionary") return entriesOf(value as Iterable<[string, unknown]>);
  if (kind === "set" || value instanceof Set) return [TAG.set, ...[...(value as Iterable<unknown>)].map(next)];
  if (kind !== undefined || Array.isArray(value)) return [TAG.list, ...[...(value as Iterable<unknown>)].map(next)];
  if (ArrayBuffer.isView(value)) return bufferOf(value);
  return wireOfId(value) ?? entriesOf(value instanceof Map ? (value as Map<string, unknown>) : Object.entries(value));
}

/** What an object of the realm is on its way. */
export function objectToWire(object: object, depth: number): WireObject {
  const state = stateOf(object);
  if (state === undefined) throw new RealmError("OBJECT_INVALID", "Accessing object which has been invalidated or deleted");
  state.refresh();
  const { name, schema } = state.table;
  const values: Record<string, Wire> = {};
  for (const property of Object.values(schema.properties)) {
    // Inverse relationships may lead to any number of objects: a query finds them.
    if (property.type === "linkingObjects" || (depth < 0 && property.name !== schema.primaryKey)) continue;
    values[property.name] = toWire(Reflect.get(object, property.name), depth - 1);
  }
  return [TAG.object, name, schema.embedded ? "" : keyText(state.key), values];
}

/** What came from a page: references are objects of the realm, `made` are those of earlier operations. */
export function fromWire(wire: Wire, realm: Realm, made: readonly unknown[] = []): unknown {
  if (wire instanceof Uint8Array) return idFromWire(wire);
  if (!Array.isArray(wire)) return wire;
  const next = (element: unknown): unknown => fromWire(element as Wire, realm, made);
  switch (wire[0]) {
    case TAG.list:
      return wire.slice(1).map(next);
    case TAG.set:
      return new Set(wire.slice(1).map(next));
    case TAG.entries:
      return objectOf(wire, next);
    case TAG.made:
      return made[wire[1] as number];
    default:
      return referenced(realm, wire[1] as string, wire[2] as string);
  }
}

function referenced(realm: Realm, type: string, key: string): object {
  const object = realm._objectForObjectKey(type, key);
  if (object === undefined) throw new RealmError("OBJECT_INVALID", `The object of class '${type}' that the snapshot shows has been deleted.`);
  return object;
}

function idFromWire(wire: Uint8Array): unknown {
  const bytes = wire.slice(1);
  switch (wire[0]) {
    case ID_TAG.objectId:
      return new ObjectId(bytes as never);
    case ID_TAG.uuid:
      return new UUID(bytes as never);
    default:
      return Decimal128.fromString(new TextDecoder().decode(bytes));
  }
}

