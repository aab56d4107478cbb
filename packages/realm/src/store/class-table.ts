/**
 * One class in the file: its tree of records, the trees of its indexes, and the entries that say who links to it.
 *
 * A link entry stands in the target class's link tree: target key, origin class, origin property, origin key. It is what
 * lets a deletion set the links to the deleted object to null without a search.
 *
 * @module
 */
import type { Cursor, ReadTree, ValuePlace, WriteTree } from "@holdfast/storage-engine";
import { dataDamaged, RealmError } from "../errors.ts";
import { afterPrefix, encodeIndexKey, encodeKey } from "../records/keys.ts";
import type { KeyType } from "../records/keys.ts";
import { layoutOf } from "../records/layout.ts";
import type { Added, Field, RecordLayout } from "../records/layout.ts";
import { rowOf, sameBytes } from "../records/row.ts";
import { copyStored, sameStored } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { termsOf } from "../records/terms.ts";
import { readText, utf8Bytes } from "../records/text.ts";
import { patchRecord } from "../records/patch.ts";
import { encodeRecord } from "../records/write.ts";
import { mayHoldLinks } from "../schema/types.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { FileSession } from "./file-session.ts";
import { GoneRows } from "./gone-rows.ts";
import { PendingKeys } from "./pending-keys.ts";
import { changeLinks, linkDifference, linksIn } from "./links.ts";

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
  readonly name: string;
  schema: CanonicalObjectSchema;
  layout: RecordLayout;
  indexed: readonly Field[];
  /** Fields that can hold links. */
  links: readonly Field[];
  /** Rows that went while somebody may still hold their objects. */
  readonly gone: GoneRows = new GoneRows();
  /** Keys that a migration's callback assigned. */
  readonly pending: PendingKeys = new PendingKeys();
  /** The next row id while a transaction that inserts is open. */
  nextRowId: number | undefined;
  #trees = new Map<string, ReadTree | undefined>();
  #viewEpoch = -1;
  #records: ReadTree | undefined;
  /** The records as the open transaction writes them, once it has. */
  #written: WriteTree | undefined;

  constructor(session: FileSession, schema: CanonicalObjectSchema, added?: ReadonlyMap<string, Added>) {
    this.session = session;
    this.name = schema.name;
    this.schema = schema;
    this.layout = layoutOf(schema, added);
    this.indexed = indexedFields(this.layout);
    this.links = linkFields(this.layout);
  }

  /** Takes a schema with further properties; the records stay as they are. */
  extend(schema: CanonicalObjectSchema, added: ReadonlyMap<string, Added>): void {
    this.schema = schema;
    this.layout = layoutOf(schema, added);
    this.indexed = indexedFields(this.layout);
    this.links = linkFields(this.layout);
  }

  /** The records as the session sees them now. */
  records(): ReadTree | undefined {
    if (this.#viewEpoch !== this.session.viewEpoch) this.#renew();
    return this.#records;
  }

  #renew(): void {
    this.#viewEpoch = this.session.viewEpoch;
    this.#trees.clear();
    this.#written = undefined;
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

  /** `get` without a view: says where the record stands. False if there is none. */
  locate(key: Uint8Array, place: ValuePlace): boolean {
    return this.records()?.locate(key, place) === true;
  }

  cursor(range?: { from?: Uint8Array; to?: Uint8Array; reverse?: boolean }): Cursor | undefined {
    return this.records()?.cursor(range);
  }

  /** Copies of the keys of all rows, or of those in a range. */
  keys(range?: { from?: Uint8Array; to?: Uint8Array }): Uint8Array[] {
    const keys: Uint8Array[] = [];
    const cursor = this.cursor(range);
    while (cursor?.next() === true) keys.push(cursor.bytes.slice(cursor.keyStart, cursor.keyEnd));
    return keys;
  }

  /** The index of a property, if it has one whose entries begin with its value. */
  index(propertyName: string): ReadTree | undefined {
    return this.#indexOf(propertyName, (field) => field.property.indexed === true && field.property.type !== "mixed");
  }

  /** The index of a mixed property: all kinds of numbers stand in it as doubles. */
  mixedIndex(propertyName: string): ReadTree | undefined {
    return this.#indexOf(propertyName, (field) => field.property.type === "mixed");
  }

  /** The index of the terms of a string property. */
  fullTextIndex(propertyName: string): ReadTree | undefined {
    return this.#indexOf(propertyName, (field) => field.property.indexed === "full-text");
  }

  #indexOf(propertyName: string, isWanted: (field: Field) => boolean): ReadTree | undefined {
    const field = this.layout.fieldOf(propertyName);
    if (field === undefined || !this.indexed.includes(field) || !isWanted(field)) return undefined;
    return this.tree(indexTreeName(this.name, field.property.mapTo));
  }

  /** All stored values of a row. */
  readSlots(key: Uint8Array, record: Uint8Array): StoredValue[] {
    const row = rowOf(key, record);
    // Bytes are copied: the views in them end with the next put.
    return this.layout.fields.map((field) => copyStored(field.read(row)));
  }

  /** A key that no row of this class had before. */
  freshKey(): Uint8Array {
    this.nextRowId ??= this.session.readRowId(this.name);
    return encodeKey("int", this.nextRowId++);
  }

  insert(key: Uint8Array, slots: readonly StoredValue[]): void {
    this.session.touched?.note(this, key);
    this.#writable().put(key, encodeRecord(this.layout, slots));
    for (const field of this.indexed) this.#addToIndex(field, slots[field.slot] as StoredValue, key);
    for (const field of this.links) this.#changeLinks(field, null, slots[field.slot] as StoredValue, key);
    this.gone.inserted(key, this.session.epoch);
    this.session.changed();
  }

  update(key: Uint8Array, before: readonly StoredValue[], after: readonly StoredValue[]): void {
    this.session.touched?.note(this, key);
    this.#writable().put(key, encodeRecord(this.layout, after));
    for (const field of this.indexed) this.#changeIndex(field, before[field.slot] as StoredValue, after[field.slot] as StoredValue, key);
    for (const field of this.links) this.#changeLinks(field, before[field.slot] as StoredValue, after[field.slot] as StoredValue, key);
    this.session.changed();
  }

  /** Writes one field of a row; embedded objects that it held and does not hold any more go. */
  updateField(key: Uint8Array, given: Field, value: StoredValue): void {
    // An accessor that was made before properties were added has the field of the older layout.
    const field = this.layout.fields[given.slot] === given ? given : (this.layout.fieldOf(given.property.name) as Field);
    const { intents } = this.session.touched?.note(this, key) ?? {};
    // What was a default a moment ago is explicit now.
    if (intents?.get(field.property.mapTo) === "default") intents.delete(field.property.mapTo);
    const record = this.get(key) as Uint8Array;
    const isIndexed = this.indexed.includes(field);
    const mayLink = this.links.includes(field);
    const before = isIndexed || mayLink ? copyStored(field.read(rowOf(key, record))) : null;
    const patched = patchRecord(this.layout, record, field, value);
    if (patched === undefined) {
      const slots = this.readSlots(key, record);
      slots[field.slot] = value;
      this.#writable().put(key, encodeRecord(this.layout, slots));
    } else this.#writable().put(key, patched);
    if (isIndexed) this.#changeIndex(field, before, value, key);
    if (mayLink) this.#changeLinks(field, before, value, key);
    this.session.changed();
    if (mayLink) this.removeEmbedded(field, before, value);
  }

  /** Removes a row, its embedded objects and the links to it. */
  remove(key: Uint8Array): boolean {
    const record = this.get(key);
    if (record === undefined) return false;
    const slots = this.readSlots(key, record);
    this.#removeRow(key, slots);
    for (const field of this.links) this.removeEmbedded(field, slots[field.slot] as StoredValue);
    this.#changeOrigins(key, null);
    if (this.layout.primary !== undefined) this.gone.removed(key);
    this.session.changed();
    return true;
  }

  #removeRow(key: Uint8Array, slots: readonly StoredValue[]): void {
    this.session.touched?.removed(this, key);
    this.#writable().delete(key);
    for (const field of this.indexed) for (const entry of indexEntries(field, slots[field.slot] as StoredValue, key)) this.#indexTree(field).delete(entry);
    for (const field of this.links) this.#changeLinks(field, slots[field.slot] as StoredValue, null, key);
  }

  /** Gives a row another key; the links to it follow. @throws {RealmError} `OBJECT_EXISTS` */
  rekey(key: Uint8Array, next: { readonly key: Uint8Array; readonly primary: StoredValue }): void {
    if (sameBytes(key, next.key)) return;
    if (this.get(next.key) !== undefined) {
      throw new RealmError("OBJECT_EXISTS", `Primary key property '${this.name}.${this.layout.primary?.property.name}' has duplicate values after migration.`);
    }
    const slots = this.readSlots(key, this.get(key) as Uint8Array);
    this.#removeRow(key, slots);
    if (this.layout.primary !== undefined) slots[this.layout.primary.slot] = next.primary;
    // A link of the row to itself is among the origins: it is written under the new key first.
    const own = (target: { className: string; key: Uint8Array }): Uint8Array => (target.className === this.name && sameBytes(target.key, key) ? next.key : target.key);
    for (const field of this.links) slots[field.slot] = changeLinks(field.property, slots[field.slot] as StoredValue, own);
    this.insert(next.key, slots);
    this.#changeOrigins(key, next.key);
  }

  /** Deletes the embedded objects that a value of this field holds, but for those that another value holds too. */
  removeEmbedded(field: Field, value: StoredValue, kept: StoredValue = null): void {
    const className = field.property.objectType;
    const target = className === undefined ? undefined : this.session.tables.get(className);
    if (target?.schema.embedded !== true) return;
    for (const child of linkDifference(field.property, value, kept).gone) target.remove(child.key);
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

  /** Changes the links to a key: to another one, or to nothing. */
  #changeOrigins(key: Uint8Array, next: Uint8Array | null): void {
    for (const origin of this.#origins(linkPrefix(key))) {
      const table = this.session.table(origin.className);
      const record = table.get(origin.key);
      const field = table.layout.fieldOf(origin.property);
      if (record === undefined || field === undefined) continue;
      const before = table.readSlots(origin.key, record);
      const after = [...before];
      after[field.slot] = changeLinks(field.property, before[field.slot] as StoredValue, (target) => (target.className === this.name && sameBytes(target.key, key) ? next : target.key));
      table.update(origin.key, before, after);
    }
  }

  /** Who links to a key, and through which property. */
  originsOf(key: Uint8Array): { className: string; property: string; key: Uint8Array }[] {
    return this.#origins(linkPrefix(key));
  }

  /** Forgets the links of a row that was read with an older schema. */
  forgetLinks(field: Field, value: StoredValue, key: Uint8Array): void {
    for (const { className, key: targetKey } of linksIn(field.property, value).values()) {
      this.session.writeTree(linkTreeName(className)).delete(linkKey(targetKey, this.name, field.property.mapTo, key));
    }
  }

  /** Writes one index anew from the records. */
  rebuildIndex(field: Field): void {
    const tree = this.#indexTree(field);
    tree.clear();
    const cursor = this.cursor();
    while (cursor?.next() === true) for (const entry of indexEntries(field, field.read(cursor), cursor.key())) tree.put(entry, EMPTY);
  }

  #writable(): WriteTree {
    if (this.#viewEpoch !== this.session.viewEpoch) this.#renew();
    return (this.#written ??= this.session.writeTree(recordTreeName(this.name), this));
  }

  #indexTree(field: Field): WriteTree {
    return this.session.writeTree(indexTreeName(this.name, field.property.mapTo), this);
  }

  #addToIndex(field: Field, value: StoredValue, key: Uint8Array): void {
    if (field.property.indexed === true) this.#indexTree(field).put(encodeIndexKey(field.property.type as KeyType, value as never, key), EMPTY);
    else for (const entry of indexEntries(field, value, key)) this.#indexTree(field).put(entry, EMPTY);
  }

  #changeIndex(field: Field, before: StoredValue, after: StoredValue, key: Uint8Array): void {
    if (sameStored(before, after)) return;
    const tree = this.#indexTree(field);
    for (const entry of indexEntries(field, before, key)) tree.delete(entry);
    for (const entry of indexEntries(field, after, key)) tree.put(entry, EMPTY);
  }

  #changeLinks(field: Field, before: StoredValue, after: StoredValue, key: Uint8Array): void {
    if (before === after) return;
    const { gone, come } = linkDifference(field.property, before, after);
    const { mapTo } = field.property;
    for (const target of gone) this.#linkTree(target.className).delete(linkKey(target.key, this.name, mapTo, key));
    for (const target of come) this.#linkTree(target.className).put(linkKey(target.key, this.name, mapTo, key), EMPTY);
  }

  #linkTree(className: string): WriteTree {
    return this.session.writeTree(linkTreeName(className), this.session.tables.get(className));
  }
}

/** The fields of a layout that have an index. */
export function indexedFields(layout: RecordLayout): Field[] {
  return layout.fields.filter((field) => field.property.indexed !== false && field.group !== "key");
}

/** The fields of a layout that can hold links. */
export function linkFields(layout: RecordLayout): Field[] {
  return layout.fields.filter((field) => mayHoldLinks(field.property));
}

/** The entries that a value of a row has in an index: one, or one for each term. */
export function indexEntries(field: Field, value: StoredValue, key: Uint8Array): Uint8Array[] {
  if (field.property.indexed !== "full-text") return [encodeIndexKey(field.property.type as KeyType, value as never, key)];
  return value === null ? [] : termsOf(value as string).map((term) => encodeIndexKey("string", term, key));
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

/** The entry in the link tree of a target that says who links to it, and through which property. */
export function linkKey(targetKey: Uint8Array, originClass: string, property: string, key: Uint8Array): Uint8Array {
  return concat([linkPrefix(targetKey, originClass, property), key]);
}

function parseLinkKey(bytes: Uint8Array): { className: string; property: string; key: Uint8Array } {
  let at = 2 + (bytes[0] as number) * 256 + (bytes[1] as number);
  const names: string[] = [];
  for (let index = 0; index < 2; index++) {
    const end = at + 1 + (bytes[at] ?? bytes.length);
    if (end > bytes.length) throw dataDamaged("an entry of links that names nothing");
    names.push(readText(bytes, at + 1, end));
    at = end;
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
