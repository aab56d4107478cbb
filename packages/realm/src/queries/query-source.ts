/**
 * Where a query reads: one snapshot or write transaction, seen as tables of records.
 *
 * @module
 */
import type { RecordLayout } from "../records/layout.ts";
import type { Row } from "../records/row.ts";

/** One state of a realm. */
export interface QuerySource {
  table(className: string): QueryTable;
}

/** The records of one class in key order. */
export interface QueryTable {
  readonly layout: RecordLayout;
  readonly rowCount: number;
  /** Entries with keys from `from` up to, not including, `to`; undefined if there never were any. */
  cursor(range?: KeyRange): RowCursor | undefined;
  /** The record of a key: a view. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** `get` without a view: says where the record stands. False if there is none. */
  locate(key: Uint8Array, place: { valueBytes: Uint8Array; valueStart: number; valueEnd: number }): boolean;
  /** Keys of the objects of a class that link to a key through a property, in the order of their keys. */
  backlinks(key: Uint8Array, originClass: string, propertyName: string): Uint8Array[];
  /** How many links lead to a key, from all classes and properties. */
  backlinkCount(key: Uint8Array): number;
  /** The index of a property; undefined if it has none. */
  index(propertyName: string): { cursor(range?: KeyRange): RowCursor } | undefined;
  /** The index of a mixed property: all kinds of numbers stand in it as doubles. Undefined if it has none. */
  mixedIndex?(propertyName: string): { cursor(range?: KeyRange): RowCursor } | undefined;
  /** The full-text index of a property: an entry for each word of each text. Undefined if it has none. */
  fullTextIndex?(propertyName: string): { cursor(range?: KeyRange): RowCursor } | undefined;
}

/** Keys from `from` up to, not including, `to`, in the engine's order. */
export interface KeyRange {
  from?: Uint8Array;
  to?: Uint8Array;
  /** From the last one to the first. */
  reverse?: boolean;
}

/** A cursor of the engine: starts before the first entry, and is the row that it stands at. */
export interface RowCursor extends Row {
  next(): boolean;
  /** Moves to the next row that a test accepts, which must not move the cursor. */
  nextWhere(isWanted: (row: Row) => boolean): boolean;
}
