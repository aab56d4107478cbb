/**
 * What this package has to know of a schema: a few lookups that the host answers.
 *
 * @module
 */

/** Types of single values. */
export type ValueType =
  | "bool" | "int" | "float" | "double" | "string" | "data" | "date" | "decimal128" | "objectId" | "uuid" | "mixed" | "object";

/** One property. For a collection, `type` and `objectType` are its elements'. */
export interface QueryProperty {
  /** The name that applications use; messages show it. */
  readonly name: string;
  readonly type: ValueType;
  /** The class that a link, an embedded object or a list of them points to. */
  readonly objectType?: string;
  readonly collection?: "list" | "set" | "dictionary" | "linkingObjects";
}

/** One class. */
export interface QueryClass {
  readonly name: string;
  /** Finds a property by the name that applications use or by its persisted name. */
  findProperty(name: string): QueryProperty | undefined;
}

/** A schema. */
export interface QuerySchema {
  findClass(name: string): QueryClass | undefined;
}
