/**
 * Writes the objects of classes anew under another schema; links follow the keys.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import { encodeKey } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import type { Field } from "../records/layout.ts";
import { copyStored, emptyOf } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import type { Row } from "../records/row.ts";
import { keyText } from "../records/text.ts";
import { fillOf } from "../schema/stored-schema.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import { placeholderKey } from "./pending-keys.ts";
import type { ClassTable } from "./class-table.ts";
import { indexTreeName, recordTreeName } from "./class-table.ts";
import type { FileSession } from "./file-session.ts";
import { changeLinks } from "./links.ts";

type KeyMap = ReadonlyMap<string, Uint8Array> | undefined;

/** Rewrites classes. `old` reads the file as it was. */
export function rewriteClasses(session: FileSession, old: FileSession, names: ReadonlySet<string>): void {
  const pairs = [...names].map((name) => ({ before: old.table(name), after: session.table(name) }));
  const keys = new Map(pairs.map(({ before, after }) => [before.name, newKeys(before, after)]));
  for (const { before, after } of pairs) forget(before, after);
  for (const { before, after } of pairs) rewriteClass(before, after, keys);
}

/** Takes away what the file has of a class: its records, indexes and the links that lead out of it. */
function forget(before: ClassTable, after: ClassTable): void {
  const cursor = before.links.length === 0 ? undefined : before.cursor();
  while (cursor?.next() === true) {
    const key = cursor.bytes.slice(cursor.keyStart, cursor.keyEnd);
    for (const field of before.links) after.forgetLinks(field, field.read(cursor), key);
  }
  const { session } = after;
  for (const field of before.indexed) session.dropTree(indexTreeName(before.name, field.property.mapTo));
  session.dropTree(recordTreeName(before.name));
}

/** New keys of a class's rows; undefined if they stay. */
function newKeys(before: ClassTable, after: ClassTable): KeyMap {
  const [old, now] = [before.layout.primary?.property, after.layout.primary?.property];
  if (old?.mapTo === now?.mapTo && old?.type === now?.type) return undefined;
  const keys = new Map<string, Uint8Array>();
  const seen = new Set<string>();
  const source = now === undefined ? undefined : before.layout.fieldOf(now.mapTo);
  const cursor = before.cursor();
  while (cursor?.next() === true) {
    const key = now === undefined ? after.freshKey() : newKey(now, source, cursor, seen.size);
    if (seen.has(keyText(key))) throw new RealmError("MIGRATION_REQUIRED", `Primary key property '${after.name}.${now?.name}' has duplicate values after migration.`);
    seen.add(keyText(key));
    keys.set(keyText(cursor.bytes, cursor.keyStart, cursor.keyEnd), key);
  }
  return keys;
}

/** A key of another type is the migration callback's to give: until then the row has a placeholder. */
function newKey(primary: CanonicalProperty, source: Field | undefined, row: Row, number: number): Uint8Array {
  return source?.property.type === primary.type ? encodeKey(primary.type as KeyType, source.read(row) as KeyValue) : placeholderKey(number);
}

function rewriteClass(before: ClassTable, after: ClassTable, keys: ReadonlyMap<string, KeyMap>): void {
  const own = keys.get(before.name);
  const sources = after.layout.fields.map((field) => ({ field, source: sourceOf(before, field), fill: fillOf(field.property).fill ?? emptyOf(field.property) }));
  const cursor = before.cursor();
  while (cursor?.next() === true) {
    const oldKey = cursor.bytes.slice(cursor.keyStart, cursor.keyEnd);
    const slots = sources.map(({ field, source, fill }): StoredValue => {
      if (source === undefined) return fill;
      const value = copyStored(source.read(cursor));
      if (value === null) return emptyOf(field.property);
      const moved = keys.size === 0 ? value : changeLinks(field.property, value, ({ className, key }) => keys.get(className)?.get(keyText(key)) ?? key);
      return withoutNulls(field, moved);
    });
    after.insert(own?.get(keyText(oldKey)) ?? oldKey, slots);
  }
}

/** Elements that became required have the zero of their type where null was. */
function withoutNulls(field: Field, value: StoredValue): StoredValue {
  const { property } = field;
  if (property.optional || !(Array.isArray(value) || value instanceof Map)) return value;
  const zero = emptyOf({ ...property, type: property.objectType as "int", optional: false });
  const renew = (element: StoredValue): StoredValue => (element === null ? zero : element);
  return Array.isArray(value) ? value.map(renew) : new Map([...value].map(([key, element]) => [key, renew(element)]));
}

function sourceOf(before: ClassTable, field: Field): Field | undefined {
  const source = before.layout.fieldOf(field.property.mapTo);
  const isSame = source !== undefined && source.property.type === field.property.type && source.property.objectType === field.property.objectType;
  return isSame ? source : undefined;
}
