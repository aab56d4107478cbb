/**
 * Backups: a consistent copy of a database while writers go on, whole or as the difference to the backup before it.
 *
 * Both read a pinned commit, in slices, and write a file of their own that gets its name when it is complete. A backup is a
 * file like any other, with a file id of its own; its header names the database that it was taken from.
 *
 * @module
 */
import type { SecretKey } from "@holdfast/core-cipher";
import { BackupChain, deleteTree, encodeHead, encodeTreeEntry, HEAD_KEY, HEAD_TREE, putTree, TREES_TREE, type ChainEntry } from "./backup-chain.ts";
import { compareKeys, equalBytes } from "./bytes.ts";
import { Cursor } from "./cursor.ts";
import type { Database } from "./database.ts";
import { asStoreError, StoreError } from "./errors.ts";
import { PAGE_BYTES } from "./layout.ts";
import { NewStore, type CopyTarget } from "./new-store.ts";
import type { LongTaskOptions, Steps } from "./sliced.ts";
import { TreeRoot } from "./tree.ts";
import { UnitFile } from "./unit-file.ts";
import type { View } from "./view.ts";
import type { Volume } from "./volume/volume.ts";

/** Where a backup goes. */
export interface BackupOptions extends LongTaskOptions {
  /** The file that is made. It must not exist. */
  readonly path: string;
  /** 64 bytes for the backup; that of the store unless said otherwise. All files of a chain have one key. */
  readonly encryptionKey?: unknown;
  /** Makes an increment: the full backup and the increments made since, in their order. */
  readonly since?: readonly string[] | undefined;
  readonly volume?: Volume | undefined;
}

export interface BackupReport {
  readonly kind: "full" | "increment";
  readonly path: string;
  /** The commit of the database that was copied. */
  readonly commit: number;
  /** 0 for a full backup. */
  readonly sequence: number;
  readonly trees: number;
  /** Entries written: all of them, or those that were set or deleted. */
  readonly entries: number;
  readonly fileBytes: number;
}

/** Which files a database is restored from, and where to. */
export interface RestoreOptions extends LongTaskOptions {
  /** The full backup and the increments that shall be applied, in their order. */
  readonly from: readonly string[];
  /** Of the backups. */
  readonly encryptionKey?: unknown;
  /** The file that is made. It must not exist. */
  readonly path: string;
  /** Key of the restored file; that of the backups unless said otherwise. */
  readonly newEncryptionKey?: unknown;
  readonly volume?: Volume | undefined;
}

export interface RestoreReport {
  readonly path: string;
  /** The commit of the original database that the restored one equals. Its own commits begin anew. */
  readonly commit: number;
  readonly trees: number;
  readonly entries: number;
}

/** Increments are small: their log is as short as the format allows. */
const INCREMENT_LOG_BYTES: number = 8 * PAGE_BYTES;
/** Entries read between two points at which a task may be interrupted. */
const STEP_ENTRIES = 32;

/** The commit that is copied. */
export interface BackupSource {
  readonly database: Database;
  readonly view: View;
  readonly isClosed: () => boolean;
}

/** Keys with which backups are read and written. */
export interface BackupTarget extends CopyTarget {
  readonly since: readonly string[] | undefined;
}

export function* backupSteps(source: BackupSource, target: BackupTarget): Steps<BackupReport> {
  const trees = new PinnedTrees(source);
  if (target.since === undefined) return yield* fullSteps(trees, target);
  const chain = BackupChain.open(target.since, target.key, target.platform);
  try {
    return yield* incrementSteps(trees, chain, target);
  } finally {
    chain.close();
  }
}

/** The trees of the pinned commit, read past the store's cache: a backup must not empty it. */
class PinnedTrees {
  readonly #source: BackupSource;
  readonly #units: UnitFile;

  constructor(source: BackupSource) {
    this.#source = source;
    const { file, seal, fileId } = source.database.units;
    this.#units = new UnitFile(file, seal, fileId, 1024 * 1024);
  }

  get commit(): number {
    return this.#source.view.head.commit;
  }

  get fileId(): Uint8Array {
    return this.#units.fileId;
  }

  /** The database that this one was restored from, if it was. */
  get originId(): Uint8Array | undefined {
    return this.#source.database.input.checked.header.origin?.fileId;
  }

  names(): string[] {
    return [...this.#source.view.trees.keys()].sort();
  }

  get entryCount(): number {
    let count = 0;
    for (const root of this.#source.view.trees.values()) count += root.count;
    return count;
  }

  cursor(name: string): Cursor {
    const root = this.#source.view.trees.get(name) as TreeRoot;
    // A page that a checkpoint under way has written can still lose its place: what is in memory goes first.
    const isInMemory = root.page !== undefined && (root.page.ref === undefined || root.page.frozen);
    const copy = new TreeRoot(root.id, root.name, root.count, isInMemory ? root.page : undefined, root.page?.ref ?? root.ref);
    return new Cursor(this.#units, copy, {}, () => {
      if (this.#source.isClosed()) throw new StoreError("STORE_CLOSED", "the store was closed during the backup");
    });
  }
}

function* fullSteps(trees: PinnedTrees, target: BackupTarget): Steps<BackupReport> {
  const copy = NewStore.begin(target, { isNew: true, origin: { fileId: trees.fileId, commit: trees.commit } });
  return yield* complete(copy, "writing the backup", function* () {
    const total = trees.entryCount;
    let entries = 0;
    for (const name of trees.names()) {
      const tree = copy.transaction.tree(name);
      const cursor = trees.cursor(name);
      while (cursor.next()) {
        const value = cursor.value();
        tree.put(cursor.key(), value);
        copy.wrote(cursor.keyEnd - cursor.keyStart + value.length);
        entries++;
        if (entries % STEP_ENTRIES === 0 || value.length > PAGE_BYTES) yield { unit: "entries", done: entries, total };
      }
    }
    return { kind: "full" as const, path: target.path, commit: trees.commit, sequence: 0, trees: trees.names().length, entries };
  });
}

/** Runs what fills a new store, finishes it and gives it its name; whatever goes wrong, nothing is left. */
function* complete<Result extends object>(copy: NewStore, doing: string, fill: () => Steps<Result>): Steps<Result & { fileBytes: number }> {
  let isPlacing = false;
  try {
    const result = yield* fill();
    copy.finish();
    const fileBytes = copy.sizeBytes;
    isPlacing = true;
    copy.place();
    return { ...result, fileBytes };
  } catch (error) {
    if (!isPlacing) copy.drop();
    throw error instanceof StoreError || !isOfVolume(error) ? error : asStoreError(error, doing);
  }
}

function isOfVolume(error: unknown): boolean {
  return error instanceof Error && error.name === "VolumeError";
}

function* incrementSteps(trees: PinnedTrees, chain: BackupChain, target: BackupTarget): Steps<BackupReport> {
  const { fileId } = chain.origin;
  const isOurs = equalBytes(fileId, trees.fileId) || (trees.originId !== undefined && equalBytes(fileId, trees.originId));
  if (!isOurs) throw new StoreError("BACKUP_FOREIGN", "the backups are of another database, or of this one before it was compacted or got another key: make a full backup");
  const copy = NewStore.begin(target, { isNew: true, logBytes: INCREMENT_LOG_BYTES, origin: { fileId: trees.fileId, commit: trees.commit } });
  return yield* complete(copy, "writing the increment", function* () {
    const head = chain.nextHead();
    const difference = new Difference(copy, trees.entryCount + chain.entryCount);
    copy.transaction.tree(HEAD_TREE).put(HEAD_KEY, encodeHead(head));
    copy.transaction.tree(TREES_TREE);
    const before = new Set(chain.treeNames());
    const now = trees.names();
    for (const name of now) yield* difference.compare(name, before.has(name) ? chain.entries(name) : undefined, trees.cursor(name));
    for (const name of before) if (!now.includes(name)) difference.drop(name);
    const { changedTrees, entries } = difference;
    return { kind: "increment" as const, path: target.path, commit: trees.commit, sequence: head.sequence, trees: changedTrees, entries };
  });
}

/** Writes what differs into an increment. */
class Difference {
  changedTrees = 0;
  entries = 0;
  readonly #copy: NewStore;
  readonly #total: number;
  #done = 0;

  constructor(copy: NewStore, total: number) {
    this.#copy = copy;
    this.#total = total;
  }

  drop(name: string): void {
    this.#note(name, false);
  }

  /** Both are in key order: one walk over both finds what was set and what was deleted. */
  *compare(name: string, before: Generator<ChainEntry> | undefined, now: Cursor): Steps<void> {
    let number = before === undefined ? this.#note(name, true) : 0;
    const change = (tree: (number: number) => string, key: Uint8Array, value: Uint8Array): void => {
      if (number === 0) number = this.#note(name, true);
      this.#copy.transaction.tree(tree(number)).put(key, value);
      this.#copy.wrote(key.length + value.length);
      this.entries++;
    };
    let old = nextOf(before);
    let isThere = now.next();
    while (isThere || old !== undefined) {
      const order = old === undefined ? 1 : isThere ? compareKeys(old.key, now.key()) : -1;
      if (old !== undefined && order < 0) change(deleteTree, old.key, NOTHING);
      else if (order > 0) change(putTree, now.key(), now.value());
      else {
        const value = now.value();
        if (old !== undefined && !equalBytes(old.value(), value)) change(putTree, now.key(), value);
      }
      if (order <= 0) old = nextOf(before);
      if (order >= 0) isThere = now.next();
      this.#done += order === 0 ? 2 : 1;
      if (this.#done % STEP_ENTRIES < 2) yield { unit: "entries", done: Math.min(this.#done, this.#total), total: this.#total };
    }
  }

  #note(name: string, isThere: boolean): number {
    this.changedTrees++;
    this.#copy.transaction.tree(TREES_TREE).put(new TextEncoder().encode(name), encodeTreeEntry(isThere, this.changedTrees));
    return this.changedTrees;
  }
}

const NOTHING = new Uint8Array(0);

function nextOf(entries: Generator<ChainEntry> | undefined): ChainEntry | undefined {
  const next = entries?.next();
  return next === undefined || next.done === true ? undefined : next.value;
}

/** Writes the content of a chain of backups as a database of its own. */
export function* restoreSteps(input: { readonly from: readonly string[]; readonly key: SecretKey | undefined }, target: CopyTarget): Steps<RestoreReport> {
  const chain = BackupChain.open(input.from, input.key, target.platform);
  try {
    const copy = NewStore.begin(target, { isNew: true, origin: chain.origin });
    return yield* complete(copy, "restoring", function* () {
      const total = chain.entryCount;
      const names = chain.treeNames();
      let entries = 0;
      for (const name of names) {
        const tree = copy.transaction.tree(name);
        for (const { key, value } of chain.entries(name)) {
          const bytes = value();
          tree.put(key, bytes);
          copy.wrote(key.length + bytes.length);
          entries++;
          if (entries % STEP_ENTRIES === 0) yield { unit: "entries", done: Math.min(entries, total), total };
        }
      }
      return { path: target.path, commit: chain.origin.commit, trees: names.length, entries };
    });
  } finally {
    chain.close();
  }
}
