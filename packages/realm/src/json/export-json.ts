/**
 * Writes a realm as JSON.
 *
 * @module
 */
import { bytesToBase64, bytesToHex, decimalText, uuidText } from "./json-bytes.ts";
import { readMixed } from "../records/mixed.ts";
import { keyEnd, readKey } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { rowOf } from "../records/row.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import { isCollection, PRIMITIVE_TYPES } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import { shownType } from "../schema/parse-schema.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import { KEY_FIELD, LINK_FIELD, ROW_FIELD, TYPE_FIELD } from "./realm-json.ts";
import type { JsonValue, RealmJson, RealmJsonClass } from "./realm-json.ts";

/** All objects of a realm. */
export function exportJson(session: FileSession): RealmJson {
  const tables = [...session.tables.values()].filter((table) => !table.schema.embedded);
  return { format: "holdfast-realm", formatVersion: 1, schemaVersion: session.readSchema()?.version ?? 0, classes: tables.map(classToJson) };
}

function classToJson(table: ClassTable): RealmJsonClass {
  const { primary, fields } = table.layout;
  const objects = table.keys().map((key) => {
    const json = objectToJson(table, key);
    return primary === undefined ? { [ROW_FIELD]: rowNumber(key), ...json } : json;
  });
  return {
    name: table.name,
    ...(primary === undefined ? {} : { primaryKey: primary.property.name }),
    properties: Object.fromEntries(fields.map(({ property }) => [property.name, typeText(property)])),
    objects,
  };
}

function typeText(property: CanonicalProperty): string {
  const type = property.type === "object" ? String(property.objectType) : shownType(property);
  return property.optional && property.type !== "object" && property.type !== "mixed" ? `${type}?` : type;
}

function rowNumber(key: Uint8Array): number {
  return Number(readKey("int", key, 0, keyEnd("int", key, 0)));
}

function objectToJson(table: ClassTable, key: Uint8Array): Record<string, JsonValue> {
  const row = rowOf(key, table.get(key) as Uint8Array);
  return Object.fromEntries(table.layout.fields.map((field) => [field.property.name, valueToJson(table.session, field.property, field.read(row))]));
}

function valueToJson(session: FileSession, property: CanonicalProperty, value: StoredValue): JsonValue {
  if (!isCollection(property)) return singleToJson(session, property.type === "object" ? (property.objectType as string) : property.type, value);
  const type = property.objectType as string;
  if (Array.isArray(value)) return value.map((element) => singleToJson(session, type, element));
  return Object.fromEntries([...(value as StoredDictionary)].map(([key, element]) => [key, singleToJson(session, type, element)]));
}

/** One value of a primitive type, or a link to a class. */
function singleToJson(session: FileSession, type: string, value: StoredValue): JsonValue {
  if (value === null) return null;
  if (!PRIMITIVE_TYPES.has(type)) return linkToJson(session.table(type), value as Uint8Array);
  return type === "mixed" ? mixedToJson(session, value as Uint8Array) : primitiveToJson(type, value);
}

function linkToJson(table: ClassTable, key: Uint8Array): JsonValue {
  if (table.schema.embedded) return objectToJson(table, key);
  const primary = table.layout.primary?.property;
  if (primary === undefined) return { [LINK_FIELD]: table.name, [ROW_FIELD]: rowNumber(key) };
  return { [LINK_FIELD]: table.name, [KEY_FIELD]: primitiveToJson(primary.type, readKey(primary.type as KeyType, key, 0, key.length)) };
}

function primitiveToJson(type: string, value: StoredValue): JsonValue {
  if (value === null) return null;
  switch (type) {
    case "int":
      return typeof value === "bigint" ? { [TYPE_FIELD]: "int", value: String(value) } : (value as number);
    case "float":
    case "double":
      return Number.isFinite(value) && !Object.is(value, -0) ? (value as number) : { [TYPE_FIELD]: "double", value: Object.is(value, -0) ? "-0" : String(value) };
    case "date":
      return new Date(value as number).toISOString();
    case "data":
      return bytesToBase64(value as Uint8Array);
    case "objectId":
      return bytesToHex(value as Uint8Array);
    case "uuid":
      return uuidText(value as Uint8Array);
    case "decimal128":
      return decimalText(value as Uint8Array);
    default:
      return value as boolean | string;
  }
}

function mixedToJson(session: FileSession, encoded: Uint8Array): JsonValue {
  const { type, value, className } = readMixed(encoded);
  switch (type) {
    case "bool":
    case "string":
      return value as boolean | string;
    case "int":
      return primitiveToJson("int", value);
    case "link":
      return linkToJson(session.table(className as string), value as Uint8Array);
    case "list":
      return (value as StoredValue[]).map((element) => singleToJson(session, "mixed", element));
    case "dictionary":
      return { [TYPE_FIELD]: type, value: Object.fromEntries([...(value as StoredDictionary)].map(([key, element]) => [key, singleToJson(session, "mixed", element)])) };
    case "double": {
      // A whole number would come back as an int.
      const json = primitiveToJson("double", value);
      return typeof json === "number" && !Number.isInteger(json) ? json : { [TYPE_FIELD]: "double", value: Object.is(value, -0) ? "-0" : String(value) };
    }
    default:
      return { [TYPE_FIELD]: type, value: primitiveToJson(type, value) };
  }
}
