/**
 * What this package has to know of a schema: a few lookups that the host answers.
 *
 * @module
 */

/** Types of single values. */
export type ValueType =
  | "bool" | "int" | "float" | "double" | "string" | "data" | "date" | "decimal128" | "objectId" | "uuid" | "mixed" | "object";

/** The kinds of collection that a property can be. */
export type CollectionKind = "list" | "set" | "dictionary" | "linkingObjects";

/** One property. For a collection, `type` and `objectType` are its elements'. */
export interface QueryProperty {
  /** The name that applications use; messages show it. */
  readonly name: string;
  readonly type: ValueType;
  /** The class that a link, an embedded object or a collection of them points to; of linkingObjects the class that links here. */
  readonly objectType?: string;
  readonly collection?: CollectionKind;
  /** Of linkingObjects: the property of `objectType` that links here. */
  readonly originProperty?: string;
  /** True if the property has a full-text index. */
  readonly isFullText?: boolean;
}

/** One class. */
export interface QueryClass {
  readonly name: string;
  /** The primary key, if the class has one. */
  readonly primaryKey?: QueryProperty;
  /** Finds a property by the name that applications use or by its persisted name. */
  findProperty(name: string): QueryProperty | undefined;
}

/** A schema. */
export interface QuerySchema {
  findClass(name: string): QueryClass | undefined;
  /** Names of the classes whose objects can link to one of this class: what `@links.@count` depends on. */
  classesLinkingTo?(name: string): Iterable<string>;
}
