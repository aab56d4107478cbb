/**
 * What an object looks like to an application: values without stamps, as JSON.
 *
 * @module
 */
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
