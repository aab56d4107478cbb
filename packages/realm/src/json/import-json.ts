/**
 * Adds the objects of a JSON export to a realm.
 *
 * First every object gets its key, so that links may lead forward and in circles; then all are written.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { UpdateMode } from "../objects/context.ts";
import { toStoredPrimitive } from "../objects/primitives.ts";
import { toStoredSet } from "../objects/values.ts";
import { encodeKey } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { encodeMixed, encodeMixedDictionary, encodeMixedLink, encodeMixedList, freshCollectionId } from "../records/mixed.ts";
import { emptyOf } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyText } from "../records/text.ts";
import { isCollection, PRIMITIVE_TYPES } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import { base64ToBytes, decimalBytes, hexToBytes, uuidBytes } from "./json-bytes.ts";
import { KEY_FIELD, LINK_FIELD, ROW_FIELD, TYPE_FIELD } from "./realm-json.ts";
import type { JsonValue, RealmJson } from "./realm-json.ts";

type JsonObject = Record<string, JsonValue>;

/** Adds objects; runs in a transaction. @throws {RealmError} `JSON_INVALID`, `OBJECT_EXISTS`, `CLASS_UNKNOWN` */
export function importJson(session: FileSession, json: RealmJson, mode: UpdateMode): void {
  if (!isObject(json) || json.format !== "holdfast-realm" || json.formatVersion !== 1 || !Array.isArray(json.classes)) {
    throw new RealmError("JSON_INVALID", "Expected an export of a realm: an object with 'format' \"holdfast-realm\" and 'formatVersion' 1.");
  }
  new Importer(session, mode).run(json);
}

class Importer {
  readonly #session: FileSession;
  readonly #mode: UpdateMode;
  /** The keys of the export's objects by class: what links may lead to beside what is there. */
  readonly #keys = new Map<string, Set<string>>();
  /** Keys of objects without primary key, by class and the number that the export gave them. */
  readonly #rows = new Map<string, Map<JsonValue, Uint8Array>>();

  constructor(session: FileSession, mode: UpdateMode) {
    this.#session = session;
    this.#mode = mode;
  }

  run(json: RealmJson): void {
    const work: { table: ClassTable; key: Uint8Array; object: JsonObject; place: string }[] = [];
    for (const [index, entry] of json.classes.entries()) {
      if (!isObject(entry)) throw invalid(`classes[${index}]`, "it is no object");
      const table = this.#session.table(entry.name);
      if (table.schema.embedded) throw invalid(entry.name, "objects of an embedded class stand inside their parents");
      if (!Array.isArray(entry.objects)) throw invalid(entry.name, "'objects' is no list");
      entry.objects.forEach((object, index) => {
        const place = `${entry.name}[${index}]`;
        if (!isObject(object)) throw invalid(place, "it is no object");
        const key = this.#keyFor(table, object, place);
        this.#keys.set(table.name, (this.#keys.get(table.name) ?? new Set()).add(keyText(key)));
        work.push({ table, key, object, place });
      });
    }
    for (const { table, key, object, place } of work) this.#put(table, key, object, place);
  }

  #keyFor(table: ClassTable, object: JsonObject, place: string): Uint8Array {
    const primary = table.layout.primary?.property;
    if (primary !== undefined) return encodeKey(primary.type as KeyType, this.#single(primary.type, object[primary.name] ?? null, `${place}.${primary.name}`, primary.optional) as KeyValue);
    const key = table.freshKey();
    const rows = this.#rows.get(table.name) ?? new Map<JsonValue, Uint8Array>();
    this.#rows.set(table.name, rows);
    if (object[ROW_FIELD] !== undefined) rows.set(object[ROW_FIELD] as JsonValue, key);
    return key;
  }

  #put(table: ClassTable, key: Uint8Array, object: JsonObject, place: string): void {
    const known = new Set(table.layout.fields.map((field) => field.property.name));
    for (const name of Object.keys(object)) if (!known.has(name) && name !== ROW_FIELD && table.schema.properties[name] === undefined) throw invalid(`${place}.${name}`, `'${table.name}' has no such property`);
    const record = table.get(key);
    if (record !== undefined && this.#mode === "never") throw new RealmError("OBJECT_EXISTS", `${place}: an object of '${table.name}' with this primary key exists. Give a mode to update it.`);
    const before = record === undefined ? undefined : table.readSlots(key, record);
    const slots = table.layout.fields.map((field): StoredValue => {
      const value = object[field.property.name];
      if (value === undefined) return before?.[field.slot] ?? emptyOf(field.property);
      return this.#value(field.property, value, `${place}.${field.property.name}`);
    });
    if (before === undefined) table.insert(key, slots);
    else {
      table.update(key, before, slots);
      for (const field of table.links) table.removeEmbedded(field, before[field.slot] ?? null, slots[field.slot] ?? null);
    }
  }

  #value(property: CanonicalProperty, value: JsonValue, place: string): StoredValue {
    const { type, objectType, optional } = property;
    if (!isCollection(property)) return this.#single(type === "object" ? (objectType as string) : type, value, place, optional);
    if (type === "dictionary") {
      if (!isObject(value)) throw invalid(place, "expected an object");
      return new Map(Object.entries(value).map(([key, element]) => [key, this.#single(objectType as string, element, `${place}["${key}"]`, optional)]));
    }
    if (!Array.isArray(value)) throw invalid(place, "expected a list");
    const elements = value.map((element, index) => this.#single(objectType as string, element, `${place}[${index}]`, optional));
    return type === "set" ? toStoredSet(objectType as string, elements) : elements;
  }

  #single(type: string, value: JsonValue, place: string, optional: boolean): StoredValue {
    if (value === null && (optional || type === "mixed")) return null;
    if (!PRIMITIVE_TYPES.has(type)) return this.#link(this.#session.table(type), value, place);
    if (type === "mixed") return this.#mixed(value, place);
    try {
      return toStoredPrimitive(type, optional, plainOf(type, value), place);
    } catch (error) {
      throw invalid(place, `expected a value of type '${type}'`, error);
    }
  }

  #link(table: ClassTable, value: JsonValue, place: string): Uint8Array {
    if (!isObject(value)) throw invalid(place, `expected a link to '${table.name}'`);
    if (table.schema.embedded) {
      const key = table.freshKey();
      this.#put(table, key, value, place);
      return key;
    }
    if (value[LINK_FIELD] !== table.name) throw invalid(place, `expected a link to '${table.name}'`);
    const primary = table.layout.primary?.property;
    const key =
      primary === undefined
        ? this.#rows.get(table.name)?.get(value[ROW_FIELD] ?? null)
        : encodeKey(primary.type as KeyType, this.#single(primary.type, value[KEY_FIELD] ?? null, `${place}.${KEY_FIELD}`, primary.optional) as KeyValue);
    const isThere = key !== undefined && (this.#keys.get(table.name)?.has(keyText(key)) === true || table.get(key) !== undefined);
    if (!isThere) throw invalid(place, `neither the export nor the realm has the object of '${table.name}' that it links to`);
    return key;
  }

  #mixed(value: JsonValue, place: string): Uint8Array | null {
    if (value === null) return null;
    if (typeof value === "boolean") return encodeMixed("bool", value);
    if (typeof value === "string") return encodeMixed("string", value);
    if (typeof value === "number") return Number.isSafeInteger(value) ? encodeMixed("int", value) : encodeMixed("double", value);
    if (Array.isArray(value)) return encodeMixedList(freshCollectionId(), value.map((element, index) => this.#mixed(element, `${place}[${index}]`)));
    if (LINK_FIELD in value) {
      const table = this.#session.table(String(value[LINK_FIELD]));
      return encodeMixedLink(table.name, this.#link(table, value, place));
    }
    const type = value[TYPE_FIELD];
    const content = value["value"];
    if (type === "dictionary" && isObject(content)) {
      return encodeMixedDictionary(freshCollectionId(), new Map(Object.entries(content).map(([key, element]) => [key, this.#mixed(element, `${place}["${key}"]`)])));
    }
    if (!TAGGED.has(String(type)) || content === undefined) throw invalid(place, "expected a mixed value");
    const plain = type === "int" || type === "double" ? value : content;
    return encodeMixed(type as "int", this.#single(type as string, plain, place, false));
  }
}

const TAGGED = new Set(["int", "double", "data", "date", "decimal128", "objectId", "uuid"]);

/** The value that an application would hand in. */
function plainOf(type: string, value: JsonValue): unknown {
  if (isObject(value)) {
    const text = String(value["value"]);
    return type === "int" && value[TYPE_FIELD] === "int" ? BigInt(text) : value[TYPE_FIELD] === "double" ? Number(text) : value;
  }
  if (typeof value !== "string") return value;
  switch (type) {
    case "date":
      return new Date(value);
    case "data":
      return base64ToBytes(value);
    case "objectId":
      return { _bsontype: "ObjectId", id: hexToBytes(value, 12) };
    case "uuid":
      return { _bsontype: "Binary", buffer: uuidBytes(value) };
    case "decimal128":
      return { _bsontype: "Decimal128", bytes: decimalBytes(value) };
    default:
      return value;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(place: string, reason: string, cause?: unknown): RealmError {
  return new RealmError("JSON_INVALID", `Cannot import ${place}: ${reason}.`, cause === undefined ? {} : { cause });
}
