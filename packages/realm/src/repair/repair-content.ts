/**
 * Makes a sound realm of what was brought out of a damaged file: records that are none go, links to nothing are cut, and
 * indexes, backlinks and counters are written anew.
 *
 * @module
 */
import type { Steps, WriteTransaction } from "@holdfast/storage-engine";
import { RealmError } from "../errors.ts";
import { readKey } from "../records/keys.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyText, utf8Bytes } from "../records/text.ts";
import { encodeRecord } from "../records/write.ts";
import { toStoredSchema } from "../schema/stored-schema.ts";
import type { StoredSchema } from "../schema/stored-schema.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import { indexEntries, indexTreeName, linkKey, linkTreeName, recordTreeName } from "../store/class-table.ts";
import { META_TREE, SCHEMA_KEY } from "../store/file-session.ts";
import { isHiddenTree } from "../store/hidden-trees.ts";
import { changeLinks, linksIn } from "../store/links.ts";
import { readRecord, readRowId, readStoredSchema, rowIdKey, storedTables } from "./stored-classes.ts";
import type { StoredTable, TreeSource } from "./stored-classes.ts";

/** What became of the objects of one class. */
export interface ClassRepair {
  readonly name: string;
  /** Objects that are in the new realm. */
  objects: number;
  /** Records that could not be read as objects of the class; they are gone. */
  unreadable: number;
  /** Objects of which a link, an element of a collection or an embedded object is missing. */
  withMissingParts: number;
  /** Links that led to objects that are lost: null now, or gone from their collection. */
  linksCut: number;
  /** Embedded objects whose parent is lost; they are gone. */
  orphans: number;
}

export interface ContentRepair {
  readonly schemaVersion: number;
  /** Where the schema was found. */
  readonly schema: "file" | "given";
  readonly classes: readonly ClassRepair[];
  /** Index trees that were written anew. */
  readonly indexesRebuilt: number;
}

/** Rows handled between two points at which the work may be interrupted. */
const CHUNK_ROWS = 64;

/** The schema to use if the file has none any more. */
export interface GivenSchema {
  readonly classes: readonly CanonicalObjectSchema[];
  readonly version: number;
}

/** Repairs the trees of a transaction. @throws {RealmError} `SCHEMA_MISSING` */
export function* repairContent(transaction: WriteTransaction, given: GivenSchema | undefined): Steps<ContentRepair> {
  const source: TreeSource = { treeNames: () => transaction.treeNames(), tree: (name) => (transaction.hasTree(name) ? transaction.tree(name) : undefined) };
  const found = readStoredSchema(source);
  const schema = found ?? writeGiven(transaction, given);
  const repair = new Repair(transaction, source, schema);
  yield* repair.run();
  return { schemaVersion: schema.version, schema: found === undefined ? "given" : "file", classes: repair.classes, indexesRebuilt: repair.indexesRebuilt };
}

function writeGiven(transaction: WriteTransaction, given: GivenSchema | undefined): StoredSchema {
  if (given === undefined) throw new RealmError("SCHEMA_MISSING", "The schema of the damaged file is lost: pass 'schema', and 'schemaVersion', of the application that wrote it.");
  const schema = toStoredSchema(given.classes, given.version);
  transaction.tree(META_TREE).put(SCHEMA_KEY, utf8Bytes(JSON.stringify(schema)));
  return schema;
}

class Repair {
  readonly classes: ClassRepair[];
  indexesRebuilt = 0;
  readonly #transaction: WriteTransaction;
  readonly #source: TreeSource;
  readonly #tables: ReadonlyMap<string, StoredTable>;
  /** Embedded objects that something links to, by class. */
  readonly #held = new Map<string, Set<string>>();
  #done = 0;
  #total = 0;

  constructor(transaction: WriteTransaction, source: TreeSource, schema: StoredSchema) {
    this.#transaction = transaction;
    this.#source = source;
    this.#tables = storedTables(schema);
    this.classes = [...this.#tables.keys()].map((name) => ({ name, objects: 0, unreadable: 0, withMissingParts: 0, linksCut: 0, orphans: 0 }));
  }

  *run(): Steps<void> {
    for (const report of this.classes) this.#total += 3 * (this.#source.tree(recordTreeName(report.name))?.count ?? 0);
    yield* this.#eachRow(({ report, table, key, record }) => {
      if (readRecord(table, key, record) !== undefined) return;
      report.unreadable++;
      this.#transaction.tree(recordTreeName(table.name)).delete(key);
    });
    yield* this.#cutLinks();
    yield* this.#dropOrphans();
    this.#dropDerived();
    yield* this.#eachRow((row) => this.#derive(row));
    for (const report of this.classes) report.objects = this.#source.tree(recordTreeName(report.name))?.count ?? 0;
  }

  /** Walks over copies of the keys, some at a time: what is called may change the tree. */
  *#eachRow(visit: (row: Row) => void): Steps<void> {
    for (const report of this.classes) {
      const table = this.#tables.get(report.name) as StoredTable;
      let from: Uint8Array | undefined;
      for (;;) {
        const tree = this.#source.tree(recordTreeName(table.name));
        const keys: Uint8Array[] = [];
        const cursor = tree?.cursor(from === undefined ? {} : { from });
        while (keys.length < CHUNK_ROWS && cursor?.next() === true) keys.push(cursor.key().slice());
        for (const key of keys) {
          const record = tree?.get(key)?.slice();
          if (record !== undefined) visit({ report, table, key, record });
        }
        const last = keys.at(-1);
        if (last === undefined) break;
        from = Uint8Array.of(...last, 0);
        this.#done += keys.length;
        yield { unit: "objects", done: Math.min(this.#done, this.#total), total: Math.max(1, this.#total) };
      }
    }
  }

  *#cutLinks(): Steps<void> {
    yield* this.#eachRow(({ report, table, key, record }) => {
      if (table.links.length === 0) return;
      const slots = readRecord(table, key, record) as StoredValue[];
      let cut = 0;
      for (const field of table.links) {
        const missing = [...linksIn(field.property, slots[field.slot] ?? null).values()].filter((target) => !this.#isThere(target));
        if (missing.length === 0) continue;
        cut += missing.length;
        slots[field.slot] = changeLinks(field.property, slots[field.slot] ?? null, (target) => (this.#isThere(target) ? target.key : null));
      }
      if (cut === 0) return;
      report.linksCut += cut;
      report.withMissingParts++;
      this.#transaction.tree(recordTreeName(table.name)).put(key, encodeRecord(table.layout, slots));
    });
  }

  #isThere({ className, key }: { className: string; key: Uint8Array }): boolean {
    return this.#tables.has(className) && this.#source.tree(recordTreeName(className))?.has(key) === true;
  }

  /** An embedded object lives with its parent; what it holds goes with it, so this goes on until nothing is left to do. */
  *#dropOrphans(): Steps<void> {
    for (;;) {
      this.#held.clear();
      yield* this.#eachRow(({ table, key, record }) => this.#noteHeld(table, key, record));
      let dropped = 0;
      for (const report of this.classes) {
        if (this.#tables.get(report.name)?.isEmbedded !== true) continue;
        const tree = this.#source.tree(recordTreeName(report.name));
        const orphans: Uint8Array[] = [];
        const cursor = tree?.cursor();
        while (cursor?.next() === true) if (this.#held.get(report.name)?.has(keyText(cursor.key())) !== true) orphans.push(cursor.key().slice());
        for (const key of orphans) this.#transaction.tree(recordTreeName(report.name)).delete(key);
        report.orphans += orphans.length;
        dropped += orphans.length;
      }
      if (dropped === 0) return;
    }
  }

  #noteHeld(table: StoredTable, key: Uint8Array, record: Uint8Array): void {
    if (table.links.length === 0) return;
    const slots = readRecord(table, key, record) as StoredValue[];
    for (const field of table.links) {
      for (const target of linksIn(field.property, slots[field.slot] ?? null).values()) {
        const held = this.#held.get(target.className) ?? new Set();
        this.#held.set(target.className, held.add(keyText(target.key)));
      }
    }
  }

  /** Everything that follows from the records is written anew, whether it was damaged or not. */
  #dropDerived(): void {
    // What a replica kept beside the objects may not fit them any more: what comes out is a local realm.
    for (const name of this.#transaction.treeNames()) if (name.startsWith("index:") || name.startsWith("links:") || isHiddenTree(name)) this.#transaction.dropTree(name);
    for (const { indexed, name } of this.#tables.values()) {
      for (const field of indexed) {
        if (this.#source.tree(recordTreeName(name)) !== undefined) this.#transaction.tree(indexTreeName(name, field.property.mapTo));
        this.indexesRebuilt++;
      }
    }
  }

  #derive({ table, key, record }: Row): void {
    const slots = readRecord(table, key, record) as StoredValue[];
    for (const field of table.indexed) {
      const tree = this.#transaction.tree(indexTreeName(table.name, field.property.mapTo));
      for (const entry of indexEntries(field, slots[field.slot] ?? null, key)) tree.put(entry, NOTHING);
    }
    for (const field of table.links) {
      for (const target of linksIn(field.property, slots[field.slot] ?? null).values()) {
        this.#transaction.tree(linkTreeName(target.className)).put(linkKey(target.key, table.name, field.property.mapTo, key), NOTHING);
      }
    }
    if (table.layout.primary === undefined) this.#raiseRowId(table.name, key);
  }

  #raiseRowId(className: string, key: Uint8Array): void {
    const id = Number(readKey("int", key, 0, key.length));
    if (id < readRowId(this.#source, className)) return;
    this.#transaction.tree(META_TREE).put(rowIdKey(className), utf8Bytes(String(id + 1)));
  }
}

interface Row {
  readonly report: ClassRepair;
  readonly table: StoredTable;
  readonly key: Uint8Array;
  readonly record: Uint8Array;
}

const NOTHING = new Uint8Array(0);
