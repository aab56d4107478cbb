/**
 * Records and indexes in sorted arrays, encoded as in a file: what queries run over in these tests.
 *
 * @module
 */
import { wordsOf } from "@holdfast/query";
import { encodeIndexKey, encodeKey } from "../../src/records/keys.ts";
import type { KeyType, KeyValue } from "../../src/records/keys.ts";
import { layoutOf } from "../../src/records/layout.ts";
import type { RecordLayout } from "../../src/records/layout.ts";
import type { StoredValue } from "../../src/records/stored-value.ts";
import { rowOf } from "../../src/records/row.ts";
import type { Row } from "../../src/records/row.ts";
import { encodeRecord } from "../../src/records/write.ts";
import { compareBytes } from "../../src/queries/comparators.ts";
import type { KeyRange, QuerySource, QueryTable, RowCursor } from "../../src/queries/query-source.ts";
import type { CanonicalObjectSchema } from "../../src/schema/types.ts";

/** An object by property names, in stored form. */
export type StoredObject = Readonly<Record<string, StoredValue>>;
type Entry = readonly [key: Uint8Array, value: Uint8Array];

const EMPTY = new Uint8Array(0);

interface Index {
  cursor(range?: KeyRange): RowCursor;
}

/** Finds links by looking at every record. */
interface LinkFinder {
  origins(target: Uint8Array, originClass: string, propertyName: string): Uint8Array[];
  linkCount(targetClass: string, target: Uint8Array): number;
}

/** A table that counts what queries do to it. */
export class MemoryTable implements QueryTable {
  readonly layout: RecordLayout;
  readonly visited = { rows: 0, gets: 0, indexEntries: 0 };
  #entries: Entry[] = [];
  readonly #indexes = new Map<string, Entry[]>();

  readonly #source: LinkFinder;

  constructor(schema: CanonicalObjectSchema, source: LinkFinder) {
    this.#source = source;
    this.layout = layoutOf(schema);
    for (const field of this.layout.fields) if (field.property.indexed && field.group !== "key") this.#indexes.set(field.property.name, []);
  }

  get rowCount(): number {
    return this.#entries.length;
  }

  /** Adds objects; the key is the primary key's. */
  insert(objects: readonly StoredObject[]): void {
    for (const object of objects) {
      const primary = this.layout.primary?.property;
      if (primary === undefined) throw new Error("no primary key");
      const key = encodeKey(primary.type as KeyType, object[primary.name] as KeyValue);
      const slots = this.layout.fields.map((field) => object[field.property.name] as StoredValue);
      this.#entries.push([key, encodeRecord(this.layout, slots).slice()]);
      for (const [name, entries] of this.#indexes) {
        const property = this.layout.fieldOf(name)?.property;
        const values = property?.indexed === "full-text" ? wordsOf((object[name] as string | null) ?? "") : [object[name] as KeyValue];
        for (const value of values) entries.push([encodeIndexKey(property?.type as KeyType, value, key), EMPTY]);
      }
    }
    for (const entries of [this.#entries, ...this.#indexes.values()]) entries.sort((left, right) => compareBytes(left[0], right[0]));
  }

  cursor(range?: KeyRange): RowCursor {
    return cursorOver(this.#entries, range, () => this.visited.rows++);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.visited.gets++;
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes((this.#entries[middle] as Entry)[0], key) < 0) low = middle + 1;
      else high = middle;
    }
    const entry = this.#entries[low];
    return entry !== undefined && compareBytes(entry[0], key) === 0 ? entry[1] : undefined;
  }

  locate(key: Uint8Array, place: { valueBytes: Uint8Array; valueStart: number; valueEnd: number }): boolean {
    const record = this.get(key);
    if (record === undefined) return false;
    Object.assign(place, { valueBytes: record, valueStart: 0, valueEnd: record.length });
    return true;
  }

  backlinks(key: Uint8Array, originClass: string, propertyName: string): Uint8Array[] {
    return this.#source.origins(key, originClass, propertyName);
  }

  backlinkCount(key: Uint8Array): number {
    return this.#source.linkCount(this.layout.schema.name, key);
  }

  index(propertyName: string): Index | undefined {
    const { property } = this.layout.fieldOf(propertyName) ?? {};
    return property?.indexed === "full-text" || property?.type === "mixed" ? undefined : this.#indexOf(propertyName);
  }

  fullTextIndex(propertyName: string): Index | undefined {
    return this.layout.fieldOf(propertyName)?.property.indexed === "full-text" ? this.#indexOf(propertyName) : undefined;
  }

  mixedIndex(propertyName: string): Index | undefined {
    return this.layout.fieldOf(propertyName)?.property.type === "mixed" ? this.#indexOf(propertyName) : undefined;
  }

  #indexOf(propertyName: string): Index | undefined {
    const entries = this.#indexes.get(propertyName);
    return entries === undefined ? undefined : { cursor: (range) => cursorOver(entries, range, () => this.visited.indexEntries++) };
  }

  /** All entries; nothing is counted. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Forgets what was counted. */
  resetVisited(): void {
    Object.assign(this.visited, { rows: 0, gets: 0, indexEntries: 0 });
  }
}

/** A source whose tables can be filled. */
export interface MemorySource extends QuerySource {
  table(className: string): MemoryTable;
}

/** A source over some classes. */
export function memorySource(schemas: ReadonlyMap<string, CanonicalObjectSchema>): MemorySource {
  const find = (className: string): MemoryTable => {
    const table = tables.get(className);
    if (table === undefined) throw new Error(`no class ${className}`);
    return table;
  };
  const linksOf = (table: MemoryTable, propertyName: string, entry: Entry): Uint8Array[] => {
    const value = table.layout.fieldOf(propertyName)?.read(rowOf(entry[0], entry[1])) ?? null;
    return (Array.isArray(value) ? value : [value]).filter((link) => link instanceof Uint8Array);
  };
  const finder: LinkFinder = {
    origins: (target, originClass, propertyName) => {
      const table = find(originClass);
      return table.entries.filter((entry) => linksOf(table, propertyName, entry).some((link) => compareBytes(link, target) === 0)).map(([key]) => key);
    },
    linkCount: (targetClass, target) => {
      let count = 0;
      for (const schema of schemas.values()) {
        for (const property of Object.values(schema.properties)) {
          if (property.objectType === targetClass && property.type !== "linkingObjects") count += finder.origins(target, schema.name, property.name).length;
        }
      }
      return count;
    },
  };
  const tables = new Map([...schemas.values()].map((schema) => [schema.name, new MemoryTable(schema, finder)]));
  return { table: find };
}

function cursorOver(entries: readonly Entry[], range: KeyRange | undefined, onNext: () => void): RowCursor {
  const { from, to, reverse = false } = range ?? {};
  const order = reverse ? entries.toReversed() : entries;
  let position = -1;
  const cursor = { bytes: EMPTY, keyStart: 0, keyEnd: 0, valueBytes: EMPTY, valueStart: 0, valueEnd: 0, next, nextWhere };
  function next(): boolean {
    while (++position < order.length) {
      const [key, value] = order[position] as Entry;
      if (from !== undefined && compareBytes(key, from) < 0) continue;
      if (to !== undefined && compareBytes(key, to) >= 0) continue;
      onNext();
      Object.assign(cursor, { bytes: key, keyEnd: key.length, valueBytes: value, valueEnd: value.length });
      return true;
    }
    return false;
  }
  function nextWhere(isWanted: (row: Row) => boolean): boolean {
    while (next()) if (isWanted(cursor)) return true;
    return false;
  }
  return cursor;
}
