/**
 * Plain copies of objects and collections. Cycles and shared objects are kept by identity.
 *
 * @module
 */
import { keyText } from "../records/text.ts";
import { kindOf, stateOf } from "./object-state.ts";
import type { ObjectState } from "./object-state.ts";

type Seen = Map<string, Record<string, unknown>>;

/** A plain copy of an object or a collection of a realm; other values are given back as they are. */
export function jsonOf(value: unknown, seen: Seen = new Map()): unknown {
  const state = stateOf(value);
  if (state !== undefined) return objectToJson(value as object, state, seen);
  switch (kindOf(value)) {
    case undefined:
      return value;
    case "dictionary":
      return Object.fromEntries([...(value as Iterable<[string, unknown]>)].map(([key, element]) => [key, jsonOf(element, seen)]));
    default:
      return [...(value as Iterable<unknown>)].map((element) => jsonOf(element, seen));
  }
}

function objectToJson(object: object, state: ObjectState, seen: Seen): Record<string, unknown> {
  state.refresh();
  const identity = `${state.table.name}:${keyText(state.key)}`;
  const known = seen.get(identity);
  if (known !== undefined) return known;
  const json: Record<string, unknown> = {};
  seen.set(identity, json);
  for (const name of Object.keys(object)) json[name] = jsonOf(Reflect.get(object, name), seen);
  return json;
}
