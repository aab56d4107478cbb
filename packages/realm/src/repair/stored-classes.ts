/**
 * The classes of a file as its trees hold them, read without an open realm: for checks and repairs.
 *
 * @module
 */
import type { ReadTree } from "@holdfast/storage-engine";
import { RealmError } from "../errors.ts";
import { layoutOf } from "../records/layout.ts";
import type { Field, RecordLayout } from "../records/layout.ts";
import { rowOf } from "../records/row.ts";
import { copyStored } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { readText, utf8Bytes } from "../records/text.ts";
import { encodeRecord } from "../records/write.ts";
import { addedOf, fromStoredSchema, RECORD_FORMAT } from "../schema/stored-schema.ts";
import type { StoredSchema } from "../schema/stored-schema.ts";
import { indexedFields, indexTreeName, linkFields, linkTreeName, recordTreeName } from "../store/class-table.ts";
import { META_TREE, SCHEMA_KEY } from "../store/file-session.ts";

/** The trees of one commit, or of a transaction. */
export interface TreeSource {
  treeNames(): string[];
  tree(name: string): ReadTree | undefined;
}

/** One class as its schema in the file says. */
export interface StoredTable {
  readonly name: string;
  readonly layout: RecordLayout;
  readonly isEmbedded: boolean;
  readonly indexed: readonly Field[];
  readonly links: readonly Field[];
}

/** The schema in the file; undefined if there is none that can be read. @throws {RealmError} `RECORDS_UNSUPPORTED` */
export function readStoredSchema(source: TreeSource): StoredSchema | undefined {
  const bytes = source.tree(META_TREE)?.get(SCHEMA_KEY);
  if (bytes === undefined) return undefined;
  let schema: StoredSchema;
  try {
    schema = JSON.parse(readText(bytes, 0, bytes.length)) as StoredSchema;
  } catch {
    return undefined;
  }
  if (schema.format !== RECORD_FORMAT) throw new RealmError("RECORDS_UNSUPPORTED", `The objects are stored in record format ${String(schema.format)}, this version of Holdfast reads ${RECORD_FORMAT}.`);
  return schema;
}

/** The tables of all classes of a schema. */
export function storedTables(schema: StoredSchema): Map<string, StoredTable> {
  const tables = new Map<string, StoredTable>();
  for (const entry of fromStoredSchema(schema)) {
    const layout = layoutOf(entry, addedOf(schema, entry));
    tables.set(entry.name, { name: entry.name, layout, isEmbedded: entry.embedded, indexed: indexedFields(layout), links: linkFields(layout) });
  }
  return tables;
}

/** Names of all trees that the classes may have. */
export function knownTrees(tables: ReadonlyMap<string, StoredTable>): Set<string> {
  const names = new Set([META_TREE]);
  for (const { name, indexed } of tables.values()) {
    names.add(recordTreeName(name));
    names.add(linkTreeName(name));
    for (const field of indexed) names.add(indexTreeName(name, field.property.mapTo));
  }
  return names;
}

/** The values of a record, their bytes their own; undefined if it is none of this class. */
export function readRecord({ layout }: StoredTable, key: Uint8Array, record: Uint8Array): StoredValue[] | undefined {
  try {
    const row = rowOf(key, record);
    const slots = layout.fields.map((field) => copyStored(field.read(row)));
    // A record from before a property was added ends earlier; up to there the encoding is one and the same.
    const encoded = encodeRecord(layout, slots);
    if (record.length > encoded.length) return undefined;
    for (let index = 0; index < record.length; index++) if (record[index] !== encoded[index]) return undefined;
    return slots;
  } catch {
    return undefined;
  }
}

/** The key under which the next row id of a class stands. */
export function rowIdKey(className: string): Uint8Array {
  return utf8Bytes(`rowid:${className}`);
}

/** The next row id of a class, as the file says. */
export function readRowId(source: TreeSource, className: string): number {
  const bytes = source.tree(META_TREE)?.get(rowIdKey(className));
  return bytes === undefined ? 1 : Number(readText(bytes, 0, bytes.length));
}
