/**
 * What an object looks like to an application: values without stamps, as JSON.
 *
 * @module
 */
import type { BoxKind } from "./operation.ts";
import type { WireValue } from "./wire-value.ts";

/** A set. Its values are distinct and in the order of their texts. */
export interface PlainSet {
  readonly $set: readonly WireValue[];
}
/** A dictionary. */
export interface PlainDict {
  readonly $dict: Readonly<Record<string, PlainValue>>;
}
/** An embedded object. */
export interface PlainEmbedded {
  readonly $object: PlainObject;
}

/** A list is an array; the other containers are tagged, as values are. */
export type PlainValue = WireValue | readonly PlainValue[] | PlainSet | PlainDict | PlainEmbedded;

/**
 * An object by its properties, without the primary key.
 *
 * A property that is absent was never written: null, an empty collection, or the type's zero ({@link completed} fills it in).
 */
export interface PlainObject {
  readonly [property: string]: PlainValue;
}

/** The one text of a value, whatever the order of its keys, or of the values of a set. */
export function plainText(value: PlainValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each: PlainValue) => plainText(each)).join(",")}]`;
  if ("$dict" in value) return `{"$dict":${objectText(value.$dict)}}`;
  if ("$object" in value) return `{"$object":${objectText(value.$object)}}`;
  if ("$set" in value) return `{"$set":[${value.$set.map((each) => JSON.stringify(each)).toSorted().join(",")}]}`;
  return JSON.stringify(value);
}

/** The one text of an object, whatever the order of its properties. */
export function objectText(object: PlainObject): string {
  const entries = Object.entries(object).map(([name, value]) => `${JSON.stringify(name)}:${plainText(value)}`);
  return `{${entries.toSorted().join(",")}}`;
}

/** Which kind of container a value is; undefined: none. */
export function kindOf(value: PlainValue): BoxKind | undefined {
  if (Array.isArray(value)) return "list";
  if (typeof value !== "object" || value === null) return undefined;
  if ("$object" in value) return "object";
  if ("$dict" in value) return "dict";
  return "$set" in value ? "set" : undefined;
}
