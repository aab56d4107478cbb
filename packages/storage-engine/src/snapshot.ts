/**
 * Reading one commit: it stays as it was while writers go on.
 *
 * @module
 */
import { Cursor, type CursorRange } from "./cursor.ts";
import type { Database } from "./database.ts";
import { StoreError } from "./errors.ts";
import { Finger } from "./finger.ts";
import { leafValue, placeValue, type TreeRoot, type ValuePlace } from "./tree.ts";
import type { UnitFile } from "./unit-file.ts";
import type { View } from "./view.ts";

/** One ordered tree, as one commit has it. What it returns are views: never change them. */
export interface ReadTree {
  /** The value, valid until the tree is written to in the same transaction. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** `get` without a view: says where the value stands, for as long as that of `get` is valid. False if there is none. */
  locate(key: Uint8Array, place: ValuePlace): boolean;
  has(key: Uint8Array): boolean;
  cursor(range?: CursorRange): Cursor;
  /** Entries. */
  readonly count: number;
}

export class TreeReader implements ReadTree {
  readonly #units: UnitFile;
  readonly #root: TreeRoot;
  readonly #check: () => void;
  readonly #finger: Finger;

  constructor(units: UnitFile, root: TreeRoot, check: () => void) {
    this.#units = units;
    this.#root = root;
    this.#check = check;
    this.#finger = new Finger(units, root);
  }

  get count(): number {
    this.#check();
    return this.#root.count;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    const leaf = this.#finger.find(key);
    return leaf === undefined ? undefined : leafValue(this.#units, leaf, this.#finger.index);
  }

  locate(key: Uint8Array, place: ValuePlace): boolean {
    this.#check();
    const leaf = this.#finger.find(key);
    if (leaf === undefined) return false;
    placeValue(this.#units, leaf, this.#finger.index, place);
    return true;
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
