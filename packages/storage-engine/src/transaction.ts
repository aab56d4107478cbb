/**
 * A write transaction: its own version of the trees until it is committed or aborted.
 *
 * @module
 */
import { Cursor, type CursorRange } from "./cursor.ts";
import type { Database } from "./database.ts";
import { EditSet } from "./edit-set.ts";
import { asStoreError, StoreError } from "./errors.ts";
import { MAX_KEY_BYTES, MAX_TREE_ID, MAX_VALUE_BYTES } from "./layout.ts";
import { OPERATION, OperationList } from "./log-record.ts";
import type { NodePage } from "./node-page.ts";
import { collectDirty, PageWriter } from "./page-writer.ts";
import type { ReadTree } from "./snapshot.ts";
import type { Space } from "./space.ts";
import { clearTree, deleteEntry, getValue, locateValue, putEntry, TreeRoot, type ValuePlace } from "./tree.ts";
import { catalogKey } from "./view.ts";

const NOTHING = new Uint8Array(0);

/** A tree inside a write transaction. Writing to it ends the validity of its cursors and of what they returned. */
export interface WriteTree extends ReadTree {
  /** Copies both. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** False if there was no such key. */
  delete(key: Uint8Array): boolean;
  clear(): void;
}

export class WriteTransaction {
  readonly #database: Database;
  readonly #edit: EditSet;
  readonly #operations: OperationList;
  readonly #trees: Map<string, TreeRoot>;
  readonly #writers = new Map<string, TreeWriter>();
  #nextTreeId: number;
  #spill: { space: Space; birth: number; undo: () => void } | undefined;
  #end: (() => void) | undefined;
  /** True if trees have changed places: the log has no words for that, the pages have. */
  #isSwapped = false;
  /** A write of pages ahead of the commit has failed: there is nothing that could be committed. */
  #failure: StoreError | undefined;

  /** @internal Made by `Store.beginWrite`; `end` gives back the writer's lock. */
  constructor(database: Database, end: () => void) {
    this.#database = database;
    this.#edit = new EditSet(database.nextEpoch(), (ref) => this.#spill?.space.giveBack(ref.place, ref.pages));
    this.#operations = new OperationList(database.log.maxPlainBytes);
    this.#trees = new Map(database.view.trees);
    this.#nextTreeId = database.view.nextTreeId;
    this.#end = end;
  }

  /** The commit that this transaction builds on. */
  get commitBefore(): number {
    return this.#database.view.head.commit;
  }

  get isClosed(): boolean {
    return this.#end === undefined;
  }

  treeNames(): string[] {
    this.#check();
    return [...this.#trees.keys()].sort();
  }

  hasTree(name: string): boolean {
    this.#check();
    return this.#trees.has(name);
  }

  /** The tree of that name; it is created if there is none. */
  tree(name: string): WriteTree {
    this.#check();
    let writer = this.#writers.get(name);
    if (writer === undefined) {
      const known = this.#trees.get(name);
      const root = known?.copy() ?? this.#createTree(name);
      if (known !== undefined) this.#trees.set(name, root);
      writer = new TreeWriter(this.#database, root, this.#edit, this.#operations, this.#afterChange);
      this.#writers.set(name, writer);
    }
    return writer;
  }

  #createTree(name: string): TreeRoot {
    const key = catalogKey(name);
    if (key.length === 0 || key.length > MAX_KEY_BYTES) throw new StoreError("KEY_TOO_LONG", `a tree's name has 1 to ${MAX_KEY_BYTES} bytes, got ${key.length}`);
    if (this.#nextTreeId > MAX_TREE_ID) throw new StoreError("TREES_EXHAUSTED", "every tree id of this file has been used; compact() gives new ones");
    const root = new TreeRoot(this.#nextTreeId, name, 0, undefined, undefined);
    this.#nextTreeId++;
    this.#trees.set(name, root);
    this.#operations.add(OPERATION.createTree, root.id, key, NOTHING);
    return root;
  }

  /** False if there was no tree of that name. */
  dropTree(name: string): boolean {
    this.#check();
    if (!this.#trees.has(name)) return false;
    this.tree(name).clear();
    const root = this.#trees.get(name) as TreeRoot;
    this.#trees.delete(name);
    this.#writers.get(name)?.end();
    this.#writers.delete(name);
    this.#operations.add(OPERATION.dropTree, root.id, NOTHING, NOTHING);
    return true;
  }

  /**
   * Lets two trees change places; one that is not there counts as empty. It costs the same for any number of entries: what each holds is
   * not touched, and only the catalog names another root. The transaction goes to pages, whatever its size. Trees of these names that
   * were handed out before have ended.
   */
  swapTrees(left: string, right: string): void {
    this.tree(left);
    this.tree(right);
    const [first, second] = [this.#trees.get(left) as TreeRoot, this.#trees.get(right) as TreeRoot];
    for (const name of [left, right]) {
      this.#writers.get(name)?.end();
      this.#writers.delete(name);
    }
    this.#trees.set(left, second.renamed(left));
    this.#trees.set(right, first.renamed(right));
    this.#isSwapped = true;
  }

  /**
   * Makes the transaction durable.
   *
   * @returns The number of the commit; that of the newest one if nothing was changed.
   * @throws {StoreError} `DISK_FULL`, `IO_FAILED`: nothing is committed. `COMMIT_UNKNOWN`: reopen the file.
   */
  commit(): number {
    this.#check();
    const database = this.#database;
    try {
      if (this.#failure !== undefined) throw this.#failure;
      if (!this.#operations.isEmpty || this.#isSwapped) {
        // A tree that has moved there and back has other writers than those that changed it.
        for (const [name, writer] of this.#isSwapped ? [] : this.#writers) {
          const before = database.view.trees.get(name);
          // A tree that was dropped and made again has another id: the old one must not come back.
          if (!writer.isChanged && before?.id === this.#trees.get(name)?.id && before !== undefined) this.#trees.set(name, before);
        }
        const view = { trees: this.#trees, nextTreeId: this.#nextTreeId };
        if (this.#operations.isTooLong || this.#spill !== undefined || this.#isSwapped) database.commitToPages(view, this.#edit);
        else database.commitToLog(view, this.#edit, this.#operations.plaintext);
      }
    } catch (error) {
      this.#spill?.undo();
      this.#close();
      throw asStoreError(error, "the commit");
    }
    this.#close();
    return database.view.head.commit;
  }

  /** Gives everything up. Does nothing if the transaction has ended. */
  abort(): void {
    if (this.#end === undefined) return;
    this.#spill?.undo();
    this.#close();
  }

  #close(): void {
    for (const writer of this.#writers.values()) writer.end();
    const end = this.#end;
    this.#end = undefined;
    end?.();
  }

  #check(): void {
    if (this.#end === undefined) throw new StoreError("TRANSACTION_CLOSED", "the transaction has ended");
  }

  /** Keeps what is only in memory within the limit: a transaction that is larger writes its pages out as it goes. */
  readonly #afterChange = (): void => {
    const database = this.#database;
    const others = this.#spill === undefined ? database.dirtyPages : 0;
    if (this.#edit.dirtyPages + others <= database.dirtyLimitPages) return;
    try {
      this.#spillPages();
    } catch (error) {
      this.#failure = asStoreError(error, "writing the pages of a large transaction");
      throw this.#failure;
    }
  };

  #spillPages(): void {
    const database = this.#database;
    // What earlier commits left in memory is written first, so that an abort cannot take their pages back.
    this.#spill ??= database.beginSpill();
    this.#edit.ownBirth = this.#spill.birth;
    if (this.#edit.dirtyPages <= database.dirtyLimitPages / 2) return;
    const writer = new PageWriter(database.units, this.#spill.space, this.#spill.birth);
    const pages: NodePage[] = [];
    for (const root of this.#trees.values()) collectDirty(root.page, pages);
    for (const page of pages) writer.writePage(page);
    writer.settle();
    this.#edit.dirtyPages = 0;
  }
}

class TreeWriter implements WriteTree {
  readonly #database: Database;
  readonly #root: TreeRoot;
  readonly #edit: EditSet;
  readonly #operations: OperationList;
  readonly #afterChange: () => void;
  #isEnded = false;
  #isChanged = false;
  readonly #check = (): void => {
    if (this.#isEnded) throw new StoreError("TRANSACTION_CLOSED", "the transaction has ended");
  };

  constructor(database: Database, root: TreeRoot, edit: EditSet, operations: OperationList, afterChange: () => void) {
    this.#database = database;
    this.#root = root;
    this.#edit = edit;
    this.#operations = operations;
    this.#afterChange = afterChange;
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  get count(): number {
    this.#check();
    return this.#root.count;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check();
    return getValue(this.#database.units, this.#root, key);
  }

  locate(key: Uint8Array, place: ValuePlace): boolean {
    this.#check();
    return locateValue(this.#database.units, this.#root, key, place);
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  cursor(range: CursorRange = {}): Cursor {
    this.#check();
    return new Cursor(this.#database.units, this.#root, range, this.#check);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#check();
    if (key.length === 0 || key.length > MAX_KEY_BYTES) throw new StoreError("KEY_TOO_LONG", `a key has 1 to ${MAX_KEY_BYTES} bytes, got ${key.length}`);
    if (value.length > MAX_VALUE_BYTES) throw new StoreError("VALUE_TOO_LARGE", `a value has at most ${MAX_VALUE_BYTES} bytes, got ${value.length}`);
    this.#isChanged = true;
    putEntry(this.#database.units, this.#root, this.#edit, key, value);
    this.#operations.add(OPERATION.put, this.#root.id, key, value);
    this.#afterChange();
  }

  delete(key: Uint8Array): boolean {
    this.#check();
    if (!deleteEntry(this.#database.units, this.#root, this.#edit, key)) return false;
    this.#isChanged = true;
    this.#operations.add(OPERATION.delete, this.#root.id, key, NOTHING);
    this.#afterChange();
    return true;
  }

  clear(): void {
    this.#check();
    this.#isChanged = true;
    clearTree(this.#database.units, this.#root, this.#edit);
    this.#operations.add(OPERATION.clearTree, this.#root.id, NOTHING, NOTHING);
  }

  end(): void {
    this.#isEnded = true;
  }
}
