/**
 * One class in the file: its tree of records, the trees of its indexes, and the entries that say who links to it.
 *
 * A link entry stands in the target class's link tree: target key, origin class, origin property, origin key. It is what
 * lets a deletion set the links to the deleted object to null without a search.
 *
 * @module
 */
import type { Cursor, ReadTree, WriteTree } from "@holdfast/storage-engine";
import { afterPrefix, encodeIndexKey, encodeKey } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { layoutOf } from "../records/layout.ts";
import type { Field, RecordLayout } from "../records/layout.ts";
import { rowOf } from "../records/row.ts";
import { sameStored } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyText, utf8Bytes } from "../records/text.ts";
import { encodeRecord } from "../records/write.ts";
import { isLinkProperty } from "../schema/types.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { FileSession } from "./file-session.ts";

const EMPTY = new Uint8Array(0);

/** Name of the tree of a class's records. */
export function recordTreeName(className: string): string {
  return `class:${className}`;
}

/** Name of the tree of an index. */
export function indexTreeName(className: string, propertyName: string): string {
  return `index:${className}.${propertyName}`;
}

/** Name of the tree of the links to a class. */
export function linkTreeName(className: string): string {
  return `links:${className}`;
}

/** One class of an open file. */
export class ClassTable {
  readonly session: FileSession;
  readonly schema: CanonicalObjectSchema;
  readonly layout: RecordLayout;
  readonly name: string;
  readonly indexed: readonly Field[];
  readonly links: readonly Field[];
  /** The next row id while a transaction that inserts is open. */
  nextRowId: number | undefined;
  #trees = new Map<string, ReadTree | undefined>();
  #viewEpoch = -1;
  #records: ReadTree | undefined;

  constructor(session: FileSession, schema: CanonicalObjectSchema) {
    this.session = session;
    this.schema = schema;
    this.name = schema.name;
    this.layout = layoutOf(schema);
    this.indexed = this.layout.fields.filter((field) => field.property.indexed && field.group !== "key");
    this.links = this.layout.fields.filter((field) => isLinkProperty(field.property));
  }

  /** The records as the session sees them now. */
  records(): ReadTree | undefined {
    if (this.#viewEpoch !== this.session.viewEpoch) this.#renew();
    return this.#records;
  }

  #renew(): void {
    this.#viewEpoch = this.session.viewEpoch;
    this.#trees.clear();
    this.#records = this.session.tree(recordTreeName(this.name));
  }

  /** Another tree of this class as the session sees it now. */
  tree(name: string): ReadTree | undefined {
    if (this.#viewEpoch !== this.session.viewEpoch) this.#renew();
    if (!this.#trees.has(name)) this.#trees.set(name, this.session.tree(name));
    return this.#trees.get(name);
  }

  get rowCount(): number {
    return this.records()?.count ?? 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.records()?.get(key);
  }

  cursor(range?: { from?: Uint8Array; to?: Uint8Array; reverse?: boolean }): Cursor | undefined {
    return this.records()?.cursor(range);
  }

  /** The index of a property, if it has one. */
  index(propertyName: string): ReadTree | undefined {
    const field = this.layout.fieldOf(propertyName);
    if (field === undefined || !this.indexed.includes(field)) return undefined;
    return this.tree(indexTreeName(this.name, field.property.mapTo));
  }

  /** All stored values of a row. */
  readSlots(key: Uint8Array, record: Uint8Array): StoredValue[] {
    const row = rowOf(key, record);
    // Bytes are copied: the views in them end with the next put.
    return this.layout.fields.map((field) => copied(field.read(row)));
  }

  /** A key that no row of this class had before. */
  freshKey(): Uint8Array {
    this.nextRowId ??= this.session.readRowId(this.name);
    return encodeKey("int", this.nextRowId++);
  }

  insert(key: Uint8Array, slots: readonly StoredValue[]): void {
    this.#writable().put(key, encodeRecord(this.layout, slots));
    for (const field of this.indexed) this.#addIndexEntry(field, slots[field.slot] as StoredValue, key);
    for (const field of this.links) this.#changeLinks(field, null, slots[field.slot] as StoredValue, key);
    this.session.changed();
  }

  update(key: Uint8Array, before: readonly StoredValue[], after: readonly StoredValue[]): void {
    this.#writable().put(key, encodeRecord(this.layout, after));
    for (const field of this.indexed) {
      if (sameStored(before[field.slot] as StoredValue, after[field.slot] as StoredValue)) continue;
      this.#indexTree(field).delete(indexKeyOf(field, before[field.slot] as StoredValue, key));
      this.#addIndexEntry(field, after[field.slot] as StoredValue, key);
    }
    for (const field of this.links) this.#changeLinks(field, before[field.slot] as StoredValue, after[field.slot] as StoredValue, key);
    this.session.changed();
  }

  /** Removes a row, its embedded objects and the links to it. */
  remove(key: Uint8Array): boolean {
    const record = this.get(key);
    if (record === undefined) return false;
    const slots = this.readSlots(key, record);
    this.#writable().delete(key);
    for (const field of this.indexed) this.#indexTree(field).delete(indexKeyOf(field, slots[field.slot] as StoredValue, key));
    for (const field of this.links) {
      const value = slots[field.slot] as StoredValue;
      this.#changeLinks(field, value, null, key);
      this.removeEmbedded(field, value);
    }
    this.#unlinkOrigins(key);
    this.session.changed();
    return true;
  }

  /** Deletes the embedded objects that a value of this field holds. */
  removeEmbedded(field: Field, value: StoredValue): void {
    const target = this.session.table(field.property.objectType as string);
    if (!target.schema.embedded) return;
    for (const child of linkKeys(value).values()) target.remove(child);
  }

  /** Keys of the objects of a class that link to a key through a property. */
  backlinks(targetKey: Uint8Array, originClass: string, propertyName: string): Uint8Array[] {
    const property = this.session.table(originClass).layout.fieldOf(propertyName)?.property.mapTo ?? propertyName;
    return this.#origins(linkPrefix(targetKey, originClass, property)).map((entry) => entry.key);
  }

  /** How many links lead to a key. */
  backlinkCount(targetKey: Uint8Array): number {
    return this.#origins(linkPrefix(targetKey)).length;
  }

  #origins(prefix: Uint8Array): { className: string; property: string; key: Uint8Array }[] {
    const tree = this.tree(linkTreeName(this.name));
    if (tree === undefined) return [];
    const to = afterPrefix(prefix);
    const cursor = tree.cursor(to === undefined ? { from: prefix } : { from: prefix, to });
    const found: { className: string; property: string; key: Uint8Array }[] = [];
    while (cursor.next()) found.push(parseLinkKey(cursor.key()));
    return found;
  }

  #unlinkOrigins(key: Uint8Array): void {
    for (const origin of this.#origins(linkPrefix(key))) {
      const table = this.session.table(origin.className);
      const record = table.get(origin.key);
      const field = table.layout.fieldOf(origin.property);
      if (record === undefined || field === undefined) continue;
      const before = table.readSlots(origin.key, record);
      const after = [...before];
      const value = before[field.slot] as StoredValue;
      after[field.slot] = Array.isArray(value) ? value.filter((element) => !sameStored(element, key)) : null;
      table.update(origin.key, before, after);
    }
  }

  /** Writes one index anew from the records. */
  rebuildIndex(field: Field): void {
    const tree = this.#indexTree(field);
    tree.clear();
    const cursor = this.cursor();
    while (cursor?.next() === true) tree.put(indexKeyOf(field, field.read(cursor), cursor.key()), EMPTY);
  }

  #writable(): WriteTree {
    return this.session.writeTree(recordTreeName(this.name), this);
  }

  #indexTree(field: Field): WriteTree {
    return this.session.writeTree(indexTreeName(this.name, field.property.mapTo), this);
  }

  #addIndexEntry(field: Field, value: StoredValue, key: Uint8Array): void {
    this.#indexTree(field).put(indexKeyOf(field, value, key), EMPTY);
  }

  #changeLinks(field: Field, before: StoredValue, after: StoredValue, key: Uint8Array): void {
    if (before === after) return;
    const old = linkKeys(before);
    const now = linkKeys(after);
    if (old.size === 0 && now.size === 0) return;
    const target = field.property.objectType as string;
    const tree = this.session.writeTree(linkTreeName(target), this.session.table(target));
    for (const [text, targetKey] of old) if (!now.has(text)) tree.delete(linkKey(targetKey, this.name, field.property.mapTo, key));
    for (const [text, targetKey] of now) if (!old.has(text)) tree.put(linkKey(targetKey, this.name, field.property.mapTo, key), EMPTY);
  }
}

function copied(value: StoredValue): StoredValue {
  if (value instanceof Uint8Array) return value.slice();
  return Array.isArray(value) ? value.map(copied) : value;
}

function indexKeyOf(field: Field, value: StoredValue, key: Uint8Array): Uint8Array {
  return encodeIndexKey(field.property.type as KeyType, value as never, key);
}

function linkKeys(value: StoredValue): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  if (value instanceof Uint8Array) keys.set(keyText(value), value);
  else if (Array.isArray(value)) for (const element of value as Uint8Array[]) keys.set(keyText(element), element);
  return keys;
}

function linkPrefix(targetKey: Uint8Array, originClass?: string, property?: string): Uint8Array {
  const parts = [Uint8Array.of(targetKey.length >> 8, targetKey.length & 255), targetKey];
  for (const name of [originClass, property]) {
    if (name === undefined) continue;
    const bytes = utf8Bytes(name);
    parts.push(Uint8Array.of(bytes.length), bytes);
  }
  return concat(parts);
}

function linkKey(targetKey: Uint8Array, originClass: string, property: string, key: Uint8Array): Uint8Array {
  return concat([linkPrefix(targetKey, originClass, property), key]);
}

function parseLinkKey(bytes: Uint8Array): { className: string; property: string; key: Uint8Array } {
  let at = 2 + (bytes[0] as number) * 256 + (bytes[1] as number);
  const names: string[] = [];
  for (let index = 0; index < 2; index++) {
    const length = bytes[at] as number;
    names.push(new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return { className: names[0] as string, property: names[1] as string, key: bytes.slice(at) };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
