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
export type PropertyType = PrimitiveType | "object" | "list" | "linkingObjects";

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
  /** Class of a link, element type of a list, origin class of linkingObjects. */
  objectType?: string;
  /** Property of the origin class of linkingObjects. */
  property?: string;
  /** The value, or for a list the element, may be null. */
  optional: boolean;
  indexed: boolean;
  /** Name in the file. */
  mapTo: string;
  default?: unknown;
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

/** Where the referenced element of a list property is a class. */
export function isLinkList(property: CanonicalProperty): boolean {
  return property.type === "list" && !PRIMITIVE_TYPES.has(property.objectType ?? "");
}

/** True for to-one links and lists of links. */
export function isLinkProperty(property: CanonicalProperty): boolean {
  return property.type === "object" || isLinkList(property);
}
