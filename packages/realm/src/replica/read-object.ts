/**
 * Reads an object from its record as plain values, as it is or as it was before the open transaction.
 *
 * @module
 */
import { keyText } from "../records/text.ts";
import { readKey } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { readMixed } from "../records/mixed.ts";
import { rowOf } from "../records/row.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import { isCollection, PRIMITIVE_TYPES } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import type { ReplicaFields, ReplicaKey, ReplicaLink, ReplicaValue } from "./replica-value.ts";

/** Where records are read from. */
export interface RecordSource {
  readonly session: FileSession;
  record(table: ClassTable, key: Uint8Array): Uint8Array | undefined;
}

/** The values of an object; undefined if there is none. */
export function readObject(source: RecordSource, table: ClassTable, key: Uint8Array): ReplicaFields | undefined {
  const record = source.record(table, key);
  if (record === undefined) return undefined;
  const row = rowOf(key, record);
  return Object.fromEntries(table.layout.fields.map((field) => [field.property.mapTo, toReplica(source, field.property, field.read(row))]));
}

/** The primary key that a row has. */
export function keyOfRow(table: ClassTable, key: Uint8Array): ReplicaKey {
  const type = (table.layout.primary as { property: CanonicalProperty }).property.type as KeyType;
  return primitiveToReplica(type, readKey(type, key, 0, key.length)) as ReplicaKey;
}

/** The row's key of a primary key, in stored form. */
export function storedKey(key: ReplicaKey): KeyValue {
  return typeof key === "object" && key !== null ? key.bytes : typeof key === "bigint" ? storedInt(key) : key;
}

/** Ints are numbers where a number holds them. */
export function storedInt(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Text that is equal for equal keys, for maps. */
export function rowText(table: ClassTable, key: Uint8Array): string {
  return `${table.name}\0${keyText(key)}`;
}

function toReplica(source: RecordSource, property: CanonicalProperty, value: StoredValue): ReplicaValue {
  if (!isCollection(property)) return single(source, property.type === "object" ? (property.objectType as string) : property.type, value);
  const type = property.objectType as string;
  if (property.type === "dictionary") return { kind: "dictionary", entries: new Map([...(value as StoredDictionary)].map(([name, element]) => [name, single(source, type, element)])) };
  return { kind: property.type as "list" | "set", elements: (value as StoredValue[]).map((element) => single(source, type, element)) };
}

function single(source: RecordSource, type: string, value: StoredValue): ReplicaValue {
  if (value === null) return null;
  if (PRIMITIVE_TYPES.has(type)) return type === "mixed" ? mixedToReplica(source, value as Uint8Array) : primitiveToReplica(type, value);
  const target = source.session.table(type);
  if (!target.schema.embedded) return linkTo(target, value as Uint8Array);
  const fields = readObject(source, target, value as Uint8Array);
  return fields === undefined ? null : { kind: "embedded", fields };
}

function linkTo(table: ClassTable, key: Uint8Array): ReplicaLink {
  return { kind: "link", className: table.name, key: keyOfRow(table, key) };
}

function primitiveToReplica(type: string, value: StoredValue): ReplicaValue {
  if (value === null) return null;
  switch (type) {
    case "int":
      return BigInt(value as number | bigint);
    case "date":
      return new Date(Number(value));
    case "data":
      return (value as Uint8Array).slice();
    case "objectId":
    case "uuid":
    case "decimal128":
      return { kind: type, bytes: (value as Uint8Array).slice() };
    default:
      return value as boolean | string | number;
  }
}

function mixedToReplica(source: RecordSource, encoded: Uint8Array): ReplicaValue {
  const { type, value, className } = readMixed(encoded);
  switch (type) {
    case "link":
      return linkTo(source.session.table(className as string), value as Uint8Array);
    case "list":
      return { kind: "list", elements: (value as StoredValue[]).map((element) => single(source, "mixed", element)) };
    case "dictionary":
      return { kind: "dictionary", entries: new Map([...(value as StoredDictionary)].map(([name, element]) => [name, single(source, "mixed", element)])) };
    default:
      return primitiveToReplica(type, value);
  }
}
