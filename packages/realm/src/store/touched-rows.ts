/**
 * The rows that an open transaction writes, with what stood there before: kept only while a replica is attached to the file.
 *
 * @module
 */
import { keyText } from "../records/text.ts";
import type { ClassTable } from "./class-table.ts";

/** `set`: a counter was set, not stepped. `replace`: a collection or embedded object was assigned as a whole. `default`: nothing was given. */
export type ChangeIntent = "set" | "replace" | "default";

/** One row that was written. */
export interface TouchedRow {
  readonly table: ClassTable;
  readonly key: Uint8Array;
  /** The record before the transaction; undefined if there was none. */
  readonly before: Uint8Array | undefined;
  /** True if the row was removed at some time in the transaction, even if it is there again. */
  wasRemoved: boolean;
  /** What was meant where the values do not tell, by the property's name in the file. */
  readonly intents: Map<string, ChangeIntent>;
}

/** The written rows of one transaction, by class and key. */
export class TouchedRows {
  readonly #byTable = new Map<ClassTable, Map<string, TouchedRow>>();
  readonly #onClass: (table: ClassTable) => void;

  /** @param onClass - Called before the first row of a class is written; it may refuse by throwing. */
  constructor(onClass: (table: ClassTable) => void) {
    this.#onClass = onClass;
  }

  /** Says that a row is about to be written. */
  note(table: ClassTable, key: Uint8Array): TouchedRow {
    let rows = this.#byTable.get(table);
    if (rows === undefined) {
      this.#onClass(table);
      rows = new Map();
      this.#byTable.set(table, rows);
    }
    const text = keyText(key);
    const known = rows.get(text);
    if (known !== undefined) return known;
    const row: TouchedRow = { table, key: key.slice(), before: table.get(key)?.slice(), wasRemoved: false, intents: new Map() };
    rows.set(text, row);
    return row;
  }

  /** Says that a row is about to be removed. */
  removed(table: ClassTable, key: Uint8Array): void {
    this.note(table, key).wasRemoved = true;
  }

  /** The record that a row had before the transaction. */
  recordBefore(table: ClassTable, key: Uint8Array): Uint8Array | undefined {
    const row = this.#byTable.get(table)?.get(keyText(key));
    return row === undefined ? table.get(key) : row.before;
  }

  get isEmpty(): boolean {
    return this.#byTable.size === 0;
  }

  /** All rows that were written, of all classes. */
  *rows(): IterableIterator<TouchedRow> {
    for (const rows of this.#byTable.values()) yield* rows.values();
  }

  find(table: ClassTable, key: Uint8Array): TouchedRow | undefined {
    return this.#byTable.get(table)?.get(keyText(key));
  }
}
