/**
 * A full backup and the increments after it, opened together and read as one database.
 *
 * An increment is a file like any other: what its trees mean is specified in docs/format/increment.md. Each names the file
 * before it by its id and by the tag of its root, which stands for all of its content.
 *
 * @module
 */
import type { SecretKey } from "@holdfast/core-cipher";
import { compareKeys, equalBytes, readU32, writeU32 } from "./bytes.ts";
import { Cursor } from "./cursor.ts";
import { Database } from "./database.ts";
import { asStoreError, StoreError } from "./errors.ts";
import { checkFile, type CheckedFile } from "./file-opening.ts";
import type { BackupOrigin } from "./header.ts";
import type { Platform } from "./platform.ts";
import { openFile } from "./store-verify.ts";
import type { TreeRoot } from "./tree.ts";
import type { StorageFile } from "./volume/volume.ts";

/** Names of the trees of an increment. */
export const HEAD_TREE = "increment";
export const TREES_TREE = "trees";
export const HEAD_KEY: Uint8Array = new TextEncoder().encode("head");
/** Name of the tree of entries that were set in the tree of this number. */
export function putTree(number: number): string {
  return `put ${number}`;
}
/** Name of the tree of keys that were deleted. */
export function deleteTree(number: number): string {
  return `delete ${number}`;
}

const HEAD_VERSION = 1;
const HEAD_BYTES = 72;
const TREE_ENTRY_BYTES = 5;

/** A backup file as the next one names it. */
export interface BackupLink {
  readonly fileId: Uint8Array;
  /** First 16 bytes of the tag of the catalog's root page; zeros for an empty file. */
  readonly rootTag: Uint8Array;
}

/** What an increment says of itself. */
export interface IncrementHead {
  /** From 1, the first increment after the full backup. */
  readonly sequence: number;
  readonly full: BackupLink;
  readonly previous: BackupLink;
}

export function encodeHead({ sequence, full, previous }: IncrementHead): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  writeU32(bytes, 0, HEAD_VERSION);
  writeU32(bytes, 4, sequence);
  bytes.set(full.fileId, 8);
  bytes.set(full.rootTag, 24);
  bytes.set(previous.fileId, 40);
  bytes.set(previous.rootTag, 56);
  return bytes;
}

function decodeHead(bytes: Uint8Array, path: string): IncrementHead {
  if (bytes.length !== HEAD_BYTES || readU32(bytes, 0) !== HEAD_VERSION) throw new StoreError("FORMAT_UNSUPPORTED", `the increment '${path}' needs a newer release`);
  const link = (at: number): BackupLink => ({ fileId: bytes.slice(at, at + 16), rootTag: bytes.slice(at + 16, at + 32) });
  return { sequence: readU32(bytes, 4), full: link(8), previous: link(40) };
}

/** What an increment says of a tree. */
export function encodeTreeEntry(isThere: boolean, number: number): Uint8Array {
  const bytes = new Uint8Array(TREE_ENTRY_BYTES);
  bytes[0] = isThere ? 1 : 0;
  writeU32(bytes, 1, number);
  return bytes;
}

/** One file of a chain, read by nobody else and changed by nobody. */
class BackupFile {
  readonly path: string;
  readonly origin: BackupOrigin;
  readonly link: BackupLink;
  readonly head: IncrementHead | undefined;
  /** Of an increment: its changed trees. */
  readonly changed: ReadonlyMap<string, { readonly isThere: boolean; readonly number: number }> = new Map();
  readonly #file: StorageFile;
  readonly #database: Database;

  private constructor(path: string, file: StorageFile, database: Database) {
    this.path = path;
    this.#file = file;
    this.#database = database;
    const { origin, fileId } = database.input.checked.header;
    if (origin === undefined) throw new StoreError("BACKUP_INVALID", `'${path}' is no backup: it names no database that it was taken from`);
    const { base, view } = database;
    if (view.head.position !== base.logPosition) throw new StoreError("BACKUP_INVALID", `'${path}' was written to after the backup was made, or is open for writing`);
    this.origin = origin;
    this.link = { fileId, rootTag: base.catalog?.tag ?? new Uint8Array(16) };
    const head = this.#get(HEAD_TREE, HEAD_KEY);
    const isIncrement = head !== undefined && view.trees.has(TREES_TREE);
    this.head = isIncrement ? decodeHead(head, path) : undefined;
    if (isIncrement) this.changed = this.#readChanged();
  }

  static open(path: string, key: SecretKey | undefined, platform: Platform): BackupFile {
    const file = openFile(platform.volume, path);
    let checked: CheckedFile | undefined;
    try {
      checked = checkFile(file, path, key, platform, true);
      const input = { volume: platform.volume, path, file, checked, presence: undefined, published: undefined, cacheBytes: 1024 * 1024, dirtyBytes: 0, lockTimeoutMs: 0, readOnly: true };
      const database = new Database(input);
      database.load(Infinity, true);
      return new BackupFile(path, file, database);
    } catch (error) {
      checked?.seal.close();
      file.close();
      throw named(error, path);
    }
  }

  #get(tree: string, key: Uint8Array): Uint8Array | undefined {
    const cursor = this.cursor(tree, { from: key });
    return cursor?.next() === true && equalBytes(cursor.key(), key) ? cursor.value() : undefined;
  }

  #readChanged(): Map<string, { isThere: boolean; number: number }> {
    const changed = new Map<string, { isThere: boolean; number: number }>();
    const decoder = new TextDecoder();
    const cursor = this.cursor(TREES_TREE);
    while (cursor?.next() === true) {
      const value = cursor.value();
      changed.set(decoder.decode(cursor.key()), { isThere: value[0] === 1, number: readU32(value, 1) });
    }
    return changed;
  }

  get treeNames(): string[] {
    return [...this.#database.view.trees.keys()];
  }

  root(tree: string): TreeRoot | undefined {
    return this.#database.view.trees.get(tree);
  }

  cursor(tree: string, range: { from?: Uint8Array } = {}): Cursor | undefined {
    const root = this.root(tree);
    return root === undefined ? undefined : new Cursor(this.#database.units, root, range, () => {});
  }

  close(): void {
    this.#database.input.checked.seal.close();
    this.#file.close();
  }
}

/** Says which file an error of the engine is about. */
function named(error: unknown, path: string): StoreError {
  const known = asStoreError(error, `reading '${path}'`);
  return known.message.includes(path) ? known : new StoreError(known.code, `'${path}': ${known.message}`, { cause: error });
}

/** One entry of a chain; the views are valid until the next one. */
export interface ChainEntry {
  readonly key: Uint8Array;
  readonly value: () => Uint8Array;
}

export class BackupChain {
  readonly #files: readonly BackupFile[];

  private constructor(files: readonly BackupFile[]) {
    this.#files = files;
  }

  /**
   * Opens a full backup and its increments, in their order, and checks that they belong together.
   *
   * @throws {StoreError} `BACKUP_INVALID`, `BACKUP_FOREIGN`, `BACKUP_ORDER`, `BACKUP_MISSING`, and what opening a file throws.
   */
  static open(paths: readonly string[], key: SecretKey | undefined, platform: Platform): BackupChain {
    const files: BackupFile[] = [];
    try {
      for (const path of paths) files.push(BackupFile.open(path, key, platform));
      checkChain(files);
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
    return new BackupChain(files);
  }

  /** The database that the backups are of, and the commit that the last one holds. */
  get origin(): BackupOrigin {
    return this.#last.origin;
  }

  get #last(): BackupFile {
    return this.#files.at(-1) as BackupFile;
  }

  /** The head of an increment that would follow. */
  nextHead(): IncrementHead {
    return { sequence: this.#files.length, full: (this.#files[0] as BackupFile).link, previous: this.#last.link };
  }

  treeNames(): string[] {
    const names = new Set(this.#files[0]?.treeNames);
    for (const { changed } of this.#files.slice(1)) {
      for (const [name, { isThere }] of changed) {
        if (isThere) names.add(name);
        else names.delete(name);
      }
    }
    return [...names].sort();
  }

  /** Entries that reading the chain passes, those of increments included: for progress. */
  get entryCount(): number {
    let count = 0;
    for (const file of this.#files) for (const name of file.treeNames) count += file.root(name)?.count ?? 0;
    return count;
  }

  /** The entries of a tree as the last file of the chain has it, in key order. */
  *entries(tree: string): Generator<ChainEntry> {
    const layers = this.#layersOf(tree);
    for (;;) {
      // The newest of the layers with the lowest key decides.
      let lowest: Layer | undefined;
      for (const layer of layers) if (layer.key !== undefined && (lowest?.key === undefined || compareKeys(layer.key, lowest.key) < 0)) lowest = layer;
      if (lowest?.key === undefined) return;
      const key = lowest.key.slice();
      if (lowest.isPut) yield { key, value: () => (lowest as Layer).value() };
      for (const layer of layers) if (layer.key !== undefined && equalBytes(layer.key, key)) layer.advance();
    }
  }

  /** Newest first. */
  #layersOf(tree: string): Layer[] {
    const layers: Layer[] = [];
    for (const file of this.#files.slice(1).reverse()) {
      const entry = file.changed.get(tree);
      if (entry === undefined) continue;
      if (!entry.isThere) return layers;
      layers.push(new Layer(file, putTree(entry.number), true), new Layer(file, deleteTree(entry.number), false));
    }
    const [full] = this.#files;
    if (full !== undefined) layers.push(new Layer(full, tree, true));
    return layers;
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}

/** One tree of one file, from its first entry to its last. */
class Layer {
  readonly isPut: boolean;
  /** The present entry's key; undefined at the end. */
  key: Uint8Array | undefined;
  readonly #file: BackupFile;
  readonly #cursor: Cursor | undefined;

  constructor(file: BackupFile, tree: string, isPut: boolean) {
    this.isPut = isPut;
    this.#file = file;
    this.#cursor = this.#try(() => file.cursor(tree));
    this.advance();
  }

  advance(): void {
    this.key = this.#try(() => (this.#cursor?.next() === true ? this.#cursor.key() : undefined));
  }

  value(): Uint8Array {
    return this.#try(() => (this.#cursor as Cursor).value());
  }

  #try<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw named(error, this.#file.path);
    }
  }
}

function checkChain(files: readonly BackupFile[]): void {
  const [full, ...increments] = files;
  if (full === undefined) throw new StoreError("BACKUP_INVALID", "no full backup was given");
  if (full.head !== undefined) throw new StoreError("BACKUP_INVALID", `'${full.path}' is an increment; a full backup comes first`);
  for (const { path, head } of increments) {
    if (head === undefined) throw new StoreError("BACKUP_INVALID", `'${path}' is a full backup, not an increment`);
    if (!isSameLink(head.full, full.link)) throw new StoreError("BACKUP_FOREIGN", `'${path}' is an increment of another full backup than '${full.path}', or that one was changed`);
  }
  const sequences = increments.map(({ head }) => head?.sequence ?? 0);
  const sorted = sequences.toSorted((a, b) => a - b);
  const isComplete = sorted.every((sequence, index) => sequence === index + 1);
  if (!isComplete) throw new StoreError("BACKUP_MISSING", `the increments ${sequences.join(", ")} were given; all from 1 to the last one are needed, each once`);
  if (sequences.some((sequence, index) => sequence !== index + 1)) throw new StoreError("BACKUP_ORDER", `the increments were given in the order ${sequences.join(", ")}`);
  increments.forEach(({ path, head }, index) => {
    const before = files[index] as BackupFile;
    if (head === undefined || isSameLink(head.previous, before.link)) return;
    throw new StoreError("BACKUP_MISSING", `'${path}' follows another increment ${index} than '${before.path}'`);
  });
}

function isSameLink(a: BackupLink, b: BackupLink): boolean {
  return equalBytes(a.fileId, b.fileId) && equalBytes(a.rootTag, b.rootTag);
}
