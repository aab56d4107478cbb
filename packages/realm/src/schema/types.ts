/**
 * What a schema may look like as an application writes it, and its canonical form.
 *
 * @module
 */

/** Types of one value that a property, or an element of a list, can hold. */
export type PrimitiveType =
  | "bool"
  | "int"
  | "float"
  | "double"
  | "string"
  | "data"
  | "date"
  | "decimal128"
  | "objectId"
  | "uuid"
  | "mixed";

/** Names of the types of a canonical property. */
export type PropertyType = PrimitiveType | "object" | CollectionType | "linkingObjects";

/** Types of properties that hold several values. */
export type CollectionType = "list" | "set" | "dictionary";

/** Tells the collection types from the others. */
export const COLLECTION_TYPES: ReadonlySet<string> = new Set(["list", "set", "dictionary"]);

/** Type names that never can be class names. */
export const PRIMITIVE_TYPES: ReadonlySet<string> = new Set([
  "bool",
  "int",
  "float",
  "double",
  "string",
  "data",
  "date",
  "decimal128",
  "objectId",
  "uuid",
  "mixed",
]);

/** The object form of a property. */
export interface PropertySchema {
  type: string;
  objectType?: string;
  property?: string;
  optional?: boolean;
  indexed?: boolean | "full-text";
  mapTo?: string;
  default?: unknown;
  presentation?: "counter";
}

/** A class as the application writes it. */
export interface ObjectSchema {
  name: string;
  primaryKey?: string;
  embedded?: boolean;
  asymmetric?: boolean;
  properties: Record<string, string | PropertySchema>;
}

/** A property, with every form reduced to one. */
export interface CanonicalProperty {
  /** Name in JavaScript. */
  name: string;
  type: PropertyType;
  /** Class of a link, element type of a collection, origin class of linkingObjects. */
  objectType?: string;
  /** Property of the origin class of linkingObjects. */
  property?: string;
  /** The value, or for a collection the element, may be null. */
  optional: boolean;
  indexed: boolean | "full-text";
  /** Name in the file. */
  mapTo: string;
  default?: unknown;
  /** How an int is shown: as itself, or as a `Counter`. */
  presentation?: "counter";
}

/** Canonical form of a class. */
export interface CanonicalObjectSchema {
  name: string;
  primaryKey?: string;
  embedded: boolean;
  asymmetric: boolean;
  properties: Record<string, CanonicalProperty>;
  /** The model class, if the schema came from one. */
  ctor?: RealmObjectConstructor;
}

/** A class model: extends Realm.Object and carries its schema. */
export type RealmObjectConstructor<T = object> = (abstract new (...args: never[]) => T) & { schema?: ObjectSchema };

/** True for lists, sets and dictionaries. */
export function isCollection(property: CanonicalProperty): boolean {
  return property.type === "list" || property.type === "set" || property.type === "dictionary";
}

/** The class that the values of a property, or its elements, link to; undefined if they are no links. */
export function linkTargetOf(property: CanonicalProperty): string | undefined {
  if (property.type === "object") return property.objectType;
  return isCollection(property) && !PRIMITIVE_TYPES.has(property.objectType ?? "") ? property.objectType : undefined;
}

/** True for properties whose values, or elements, are mixed. */
export function isMixedProperty(property: CanonicalProperty): boolean {
  return property.type === "mixed" || (isCollection(property) && property.objectType === "mixed");
}

/** True for properties that can hold links, in whatever form. */
export function mayHoldLinks(property: CanonicalProperty): boolean {
  return linkTargetOf(property) !== undefined || isMixedProperty(property);
}
