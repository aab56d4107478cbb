/**
 * Reading one commit: it stays as it was while writers go on.
 *
 * @module
 */
import { Cursor, type CursorRange } from "./cursor.ts";
import type { Database } from "./database.ts";
import { StoreError } from "./errors.ts";
import { getValue, type TreeRoot } from "./tree.ts";
import type { UnitFile } from "./unit-file.ts";
import type { View } from "./view.ts";

/** One ordered tree, as one commit has it. What it returns are views: never change them. */
export interface ReadTree {
  /** The value, valid until the tree is written to in the same transaction. */
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  cursor(range?: CursorRange): Cursor;
  /** Entries. */
  readonly count: number;
}

export class TreeReader implements ReadTree {
  readonly #units: UnitFile;
  readonly #root: TreeRoot;
  readonly #check: () => void;

  constructor(units: UnitFile, root: TreeRoot, check: () => void) {
    this.#units = units;
    this.#root = root;
    this.#check = check;
  }

  get count(): number {
    this.#check();
    return this.#root.count;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    return getValue(this.#units, this.#root, key);
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  cursor(range: CursorRange = {}): Cursor {
    this.#check();
    return new Cursor(this.#units, this.#root, range, this.#check);
  }
}

export class Snapshot {
  readonly #units: UnitFile;
  readonly #view: View;
  readonly #readers = new Map<string, TreeReader>();
  #release: (() => void) | undefined;
  readonly #check = (): void => {
    if (this.#release === undefined) throw new StoreError("SNAPSHOT_CLOSED", "the snapshot has been closed");
  };

  /** @internal Made by `Store.snapshot`. */
  constructor(database: Database) {
    this.#units = database.units;
    this.#view = database.view;
    this.#release = database.pin();
  }

  get commit(): number {
    return this.#view.head.commit;
  }

  get isClosed(): boolean {
    return this.#release === undefined;
  }

  /** @internal For `Store.changes`. */
  get view(): View {
    this.#check();
    return this.#view;
  }

  /** Undefined if the commit has no tree of that name. */
  tree(name: string): ReadTree | undefined {
    this.#check();
    let reader = this.#readers.get(name);
    if (reader === undefined) {
      const root = this.#view.trees.get(name);
      if (root === undefined) return undefined;
      reader = new TreeReader(this.#units, root, this.#check);
      this.#readers.set(name, reader);
    }
    return reader;
  }

  treeNames(): string[] {
    this.#check();
    return [...this.#view.trees.keys()].sort();
  }

  /** Gives up the pages that only this commit reaches. Does nothing the second time. */
  close(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
