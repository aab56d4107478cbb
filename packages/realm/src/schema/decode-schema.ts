/**
 * The schema in a file, read with every check: a file can hold anything under right checksums.
 *
 * @module
 */
import { dataDamaged, RealmError } from "../errors.ts";
import { RECORD_FORMAT } from "./stored-schema.ts";
import type { StoredClass, StoredProperty, StoredSchema } from "./stored-schema.ts";
import { COLLECTION_TYPES, PRIMITIVE_TYPES } from "./types.ts";

const INDEXABLE: ReadonlySet<string> = new Set(["bool", "int", "string", "date", "objectId", "uuid", "mixed"]);
const PRIMARY_TYPES: ReadonlySet<string> = new Set(["int", "string", "objectId", "uuid"]);
/** More sections than a class can ever have been given. */
const SECTION_MAX = 1_000_000;

/**
 * The schema that a JSON text stands for.
 *
 * @throws {RealmError} `RECORDS_UNSUPPORTED` for another format, `DATA_DAMAGED` for anything that no version of ours wrote.
 */
export function decodeStoredSchema(text: string, path: string): StoredSchema {
  const schema = parsed(text);
  const { format } = schema;
  if (format !== RECORD_FORMAT) {
    throw new RealmError(
      "RECORDS_UNSUPPORTED",
      `Failed to open Realm file at path '${path}': its objects are stored in record format ${String(format)}, this version of Holdfast reads ${RECORD_FORMAT}. Open it with the version that wrote it.`,
    );
  }
  if (!isVersion(schema["version"]) || !isListOf(schema["classes"], isClass) || !haveDistinctNames(schema["classes"])) throw schemaDamaged();
  return schema as unknown as StoredSchema;
}

function parsed(text: string): Record<string, unknown> {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    // The message of the parser would show a part of the file.
    throw schemaDamaged();
  }
  if (!isObject(schema)) throw schemaDamaged();
  return schema;
}

function schemaDamaged(): RealmError {
  return dataDamaged("something that is no schema where its schema should be");
}

function isClass(value: unknown): value is StoredClass {
  if (!isObject(value) || !isName(value["name"]) || typeof value["embedded"] !== "boolean") return false;
  const { properties, primaryKey } = value;
  if (!isListOf(properties, isProperty) || !haveDistinctNames(properties)) return false;
  if (primaryKey === undefined) return true;
  const primary = properties.find((property) => property.name === primaryKey);
  return primary !== undefined && PRIMARY_TYPES.has(primary.type);
}

function isProperty(value: unknown): value is StoredProperty {
  if (!isObject(value) || !isName(value["name"]) || typeof value["optional"] !== "boolean") return false;
  const { type, objectType, indexed, section, fill } = value;
  const isTypeKnown = isName(type) && (PRIMITIVE_TYPES.has(type) ? objectType === undefined : (type === "object" || COLLECTION_TYPES.has(type)) && isName(objectType));
  const isIndexKnown = indexed === false || (indexed === true && INDEXABLE.has(type as string)) || (indexed === "full-text" && type === "string");
  const isSectionKnown = section === undefined || (isVersion(section) && section < SECTION_MAX);
  const isFillKnown = fill === undefined || typeof fill === "number" || typeof fill === "string" || typeof fill === "boolean";
  return isTypeKnown && isIndexKnown && isSectionKnown && isFillKnown && value["optional"] === optionalOf(value as unknown as StoredProperty);
}

/** Links and mixed values have no choice: null is always possible for them, but never in a list or set of objects. */
function optionalOf({ type, objectType, optional }: StoredProperty): boolean {
  if (type === "mixed" || objectType === "mixed") return true;
  if (objectType === undefined || PRIMITIVE_TYPES.has(objectType)) return optional;
  return type === "object" || type === "dictionary";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf<T>(value: unknown, isElement: (element: unknown) => element is T): value is T[] {
  return Array.isArray(value) && value.every(isElement);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "__proto__";
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function haveDistinctNames(entries: readonly { readonly name: string }[]): boolean {
  return new Set(entries.map((entry) => entry.name)).size === entries.length;
}
