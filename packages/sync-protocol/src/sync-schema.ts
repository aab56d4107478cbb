/**
 * The schema that both ends agree on, as JSON. Names are the persisted ones (`mapTo`).
 *
 * @module
 */
import type { WireKey, WireValue } from "./wire-value.ts";

/** The types of a single value, an element or an entry. `object` is a link, or an embedded object if `objectType` is an embedded class. */
export type SyncType = "bool" | "int" | "float" | "double" | "string" | "data" | "date" | "decimal128" | "objectId" | "uuid" | "mixed" | "object";

/** A property. */
export interface SyncProperty {
  readonly name: string;
  readonly type: SyncType;
  /** Of `object`: the class. */
  readonly objectType?: string;
  /** The property is a collection of `type`. */
  readonly collection?: "list" | "set" | "dict";
  /** The value, or the collection's elements, may be null. Links and mixed always may. */
  readonly optional?: true;
  /** An int whose changes add up. */
  readonly counter?: true;
  /** What a new object has when nothing was said; absent: null, an empty collection, or the type's zero. */
  readonly default?: WireValue;
}

/** A class. */
export interface SyncClass {
  readonly name: string;
  /** The name of the primary key's property; absent for embedded classes alone. */
  readonly primaryKey?: string;
  readonly embedded?: true;
  /** Written by clients, never sent to them. */
  readonly asymmetric?: true;
  readonly properties: readonly SyncProperty[];
}

/** All classes. */
export interface SyncSchema {
  readonly classes: readonly SyncClass[];
}

/** Which object. */
export interface ObjectName {
  readonly type: string;
  readonly pk: WireKey;
}

/** Finds a class. */
export function classOf(schema: SyncSchema, type: string): SyncClass | undefined {
  return schema.classes.find((each) => each.name === type);
}

/** Finds a property. */
export function propertyOf(schema: SyncSchema, type: string | undefined, name: string): SyncProperty | undefined {
  return type === undefined ? undefined : classOf(schema, type)?.properties.find((each) => each.name === name);
}
