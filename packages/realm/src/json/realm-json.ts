/**
 * A whole realm as JSON: what an export looks like. docs/json.md describes it for readers.
 *
 * @module
 */

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** The objects of a realm, and the schema that they were written with. */
export interface RealmJson {
  format: "holdfast-realm";
  formatVersion: 1;
  schemaVersion: number;
  classes: RealmJsonClass[];
}

/** The objects of one class. Embedded objects stand inside their parents. */
export interface RealmJsonClass {
  name: string;
  primaryKey?: string;
  /** The types of the properties in short form, for readers: an import goes by the realm's own schema. */
  properties: Record<string, string>;
  objects: Record<string, JsonValue>[];
}

/** Field of an object without primary key: the number by which links name it. */
export const ROW_FIELD = "$id";
/** Field of a link: the class. Beside it `$key` or `$id`. */
export const LINK_FIELD = "$link";
/** Field of a link to an object with a primary key. */
export const KEY_FIELD = "$key";
/** Field of a mixed value, or of a number, that JSON has no form for: its type. Beside it `value`. */
export const TYPE_FIELD = "$type";
