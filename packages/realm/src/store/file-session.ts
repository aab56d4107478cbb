/**
 * One open file in this process: the store, the view that everything reads, and the transaction, shared by all instances.
 *
 * @module
 */
import type { ReadTree, Snapshot, Store, WriteTransaction, WriteTree } from "@holdfast/storage-engine";
import { dataDamaged, RealmError } from "../errors.ts";
import { log } from "../logging.ts";
import { utf8Bytes, readText } from "../records/text.ts";
import { sameBytes } from "../records/row.ts";
import { decodeStoredSchema } from "../schema/decode-schema.ts";
import { validateSchema } from "../schema/parse-schema.ts";
import { addedOf, migrationFindings, toStoredSchema } from "../schema/stored-schema.ts";
import type { StoredSchema } from "../schema/stored-schema.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import { ClassTable } from "./class-table.ts";
import { isHiddenTree, NEXT_PREFIX, REPLICA_TREE } from "./hidden-trees.ts";
import { TouchedRows } from "./touched-rows.ts";

/** Name of the tree that holds the schema and the row id counters. */
export const META_TREE = "meta";
/** Where the schema stands in it. */
export const SCHEMA_KEY: Uint8Array = utf8Bytes("schema");

/** A snapshot that several readers hold. */
export class SharedSnapshot {
  readonly snapshot: Snapshot;
  #holders = 1;
  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
  }
  retain(): this {
    this.#holders++;
    return this;
  }
  release(): void {
    if (--this.#holders === 0 && !this.snapshot.isClosed) this.snapshot.close();
  }
}

/** What keeps a file in step with others: it is told of every transaction before it is committed. */
export interface Replicator {
  /** Before the first row of a class is written in a transaction; it may refuse by throwing. */
  beforeWrite(table: ClassTable): void;
  /** Inside the transaction, before it is committed. It may write; if it throws, the transaction is taken back. */
  beforeCommit(touched: TouchedRows): void;
  /** After a commit of this process, and after another process's were taken over. */
  advanced(): void;
  /** The last instance was closed. @returns True to keep the file open until `close` is called, by whoever does it first. */
  left(close: () => void): boolean;
  /** The file is about to be closed. */
  closing(): void;
}

/** One open file. */
export class FileSession {
  readonly store: Store;
  readonly path: string;
  readonly tables: Map<string, ClassTable> = new Map();
  /** Raised with every change: whatever was read under another epoch has to be read again. */
  epoch = 1;
  /** Raised when the trees themselves are others: begin, commit, abort, refresh. */
  viewEpoch = 1;
  /** Told after every commit and refresh that changed something. */
  onAdvance: () => void = () => undefined;
  /** Told when classes or properties were added in the open transaction, or taken back with it, and when they are committed. */
  onSchema: (isCommitted: boolean) => void = () => undefined;
  /** The end of the asynchronous transactions that were asked for. */
  asyncQueue: Promise<unknown> = Promise.resolve();
  /** True while a migration callback runs. */
  isMigrating = false;
  /** True if the file is opened to be synced: it may be written before the replicator is attached. */
  mayReplicate = false;
  /** What keeps the file in step with others; undefined for a local file. */
  replicator: Replicator | undefined;
  /** What the open transaction wrote, while a replicator is attached and the transaction is the application's. */
  touched: TouchedRows | undefined;
  #shared: SharedSnapshot;
  #transaction: WriteTransaction | undefined;
  #writeTrees = new Map<string, WriteTree>();
  #schemaBytes: Uint8Array | undefined;
  /** True while classes read and write the trees that are put aside for them. */
  #isAside = false;
  /** The classes as they were before the open transaction added to them. */
  #schemaUndo: Map<string, { table: ClassTable; schema: CanonicalObjectSchema }> | undefined;

  constructor(store: Store, path: string) {
    this.store = store;
    this.path = path;
    this.#shared = new SharedSnapshot(store.snapshot());
  }

  get shared(): SharedSnapshot {
    return this.#shared;
  }

  get isInTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  /** The commit that is read outside a transaction. */
  get commitNumber(): number {
    return this.#shared.snapshot.commit;
  }

  /** Makes the tables of a schema; when their properties were added is read from the file. */
  setSchema(classes: readonly CanonicalObjectSchema[]): void {
    const stored = this.readSchema();
    this.tables.clear();
    for (const schema of classes) this.tables.set(schema.name, new ClassTable(this, schema, addedOf(stored, schema)));
    this.acceptSchema();
  }

  /** The canonical schema of all classes. */
  get schemaMap(): ReadonlyMap<string, CanonicalObjectSchema> {
    return new Map([...this.tables].map(([name, table]) => [name, table.schema]));
  }

  table(name: string): ClassTable {
    const table = this.tables.get(name);
    if (table === undefined) throw new RealmError("CLASS_UNKNOWN", `Object type '${name}' not found in schema.`);
    return table;
  }

  tree(name: string): ReadTree | undefined {
    if (this.#transaction === undefined) return this.#shared.snapshot.tree(name);
    // A transaction creates a tree on first use: reading must not, so ask by name first.
    const place = this.#placeOf(name);
    const open = this.#writeTrees.get(place);
    if (open !== undefined) return open;
    return this.#transaction.hasTree(place) ? this.writeTree(name) : undefined;
  }

  /** Runs work that writes objects which nobody sees yet: to the trees that are put aside, not to those of the view. No listener may run in it. */
  aside<R>(work: () => R): R {
    this.requireTransaction();
    this.#isAside = true;
    this.viewEpoch++;
    try {
      return work();
    } finally {
      this.#isAside = false;
      this.viewEpoch++;
    }
  }

  #placeOf(name: string): string {
    return this.#isAside && name !== META_TREE && !isHiddenTree(name) ? NEXT_PREFIX + name : name;
  }

  /** Lets two trees change places in the open transaction. */
  swapTrees(left: string, right: string): void {
    if (this.#transaction === undefined) throw outsideTransaction();
    this.#transaction.swapTrees(left, right);
    this.#newView();
  }

  /** Drops what is put aside. */
  dropNext(): void {
    for (const name of this.treeNames()) if (name.startsWith(NEXT_PREFIX)) this.dropTree(name);
  }

  /** A tree of the open transaction. @throws {RealmError} `TRANSACTION_MISSING` */
  writeTree(name: string, owner?: ClassTable): WriteTree {
    const place = this.#placeOf(name);
    const open = this.#writeTrees.get(place);
    if (open !== undefined) return open;
    if (this.#transaction === undefined) throw outsideTransaction();
    const tree = this.#transaction.tree(place);
    this.#writeTrees.set(place, tree);
    // The owner may have noted that the tree does not exist.
    if (owner !== undefined) this.viewEpoch++;
    return tree;
  }

  dropTree(name: string): void {
    if (this.#transaction === undefined) throw outsideTransaction();
    this.#writeTrees.delete(name);
    this.#transaction.dropTree(name);
    this.#newView();
  }

  /** Drops the objects of all classes, with what belongs to them. */
  dropObjects(): void {
    for (const table of this.tables.values()) if (this.touched !== undefined) for (const key of table.keys()) this.touched.removed(table, key);
    for (const name of this.treeNames()) if (name !== META_TREE && !isHiddenTree(name)) this.dropTree(name);
    for (const table of this.tables.values()) table.gone.cleared(this.epoch);
    this.#newView();
  }

  treeNames(): string[] {
    return (this.#transaction ?? this.#shared.snapshot).treeNames();
  }

  requireTransaction(): void {
    if (this.#transaction === undefined) throw outsideTransaction();
  }

  /**
   * Adds classes and properties in the open transaction; classes that are not named stay.
   *
   * @throws {RealmError} `MIGRATION_REQUIRED`: something else would change as well.
   */
  extendSchema(classes: readonly CanonicalObjectSchema[]): void {
    const stored = this.readSchema() as StoredSchema;
    const names = new Set(classes.map((entry) => entry.name));
    const all = [...classes, ...[...this.schemaMap.values()].filter((entry) => !names.has(entry.name))];
    validateSchema(all, this.replicator !== undefined);
    const findings = migrationFindings(stored, all).filter((finding) => !finding.endsWith("has been added."));
    if (findings.length > 0) throw new RealmError("MIGRATION_REQUIRED", `Migration is required due to the following errors:\n- ${findings.join("\n- ")}`);
    const next = toStoredSchema(all, stored.version, stored);
    this.writeSchema(next);
    this.#schemaUndo ??= new Map([...this.tables].map(([name, table]) => [name, { table, schema: table.schema }]));
    for (const schema of all) {
      const table = this.tables.get(schema.name);
      if (table === undefined) this.tables.set(schema.name, new ClassTable(this, schema, addedOf(next, schema)));
      else table.extend(schema, addedOf(next, schema));
    }
    this.#newIndexes(stored);
    this.#newView();
    this.onSchema(false);
  }

  /** What was added with an index has it for the rows that are there. */
  #newIndexes(stored: StoredSchema): void {
    for (const table of this.tables.values()) {
      const before = stored.classes.find((entry) => entry.name === table.name);
      for (const field of table.indexed) {
        const was = before?.properties.find((property) => property.name === field.property.mapTo)?.indexed;
        if (before !== undefined && was !== field.property.indexed) table.rebuildIndex(field);
      }
    }
  }

  /** Takes back what `extendSchema` did in a transaction that was aborted, or notes that it is done. */
  #settleSchema(isAborted: boolean): void {
    const undo = this.#schemaUndo;
    this.#schemaUndo = undefined;
    if (undo === undefined) return;
    if (!isAborted) {
      this.acceptSchema();
      this.onSchema(true);
      return;
    }
    this.tables.clear();
    const stored = this.readSchema();
    for (const [name, { table, schema }] of undo) {
      table.extend(schema, addedOf(stored, schema));
      this.tables.set(name, table);
    }
    this.onSchema(false);
  }

  /** Takes a class out of the schema in a migration; its trees are gone already. */
  removeClass(name: string): void {
    const stored = this.readSchema() as StoredSchema;
    this.tables.delete(name);
    this.writeSchema({ ...stored, classes: stored.classes.filter((entry) => entry.name !== name) });
  }

  /** Takes the writer's lock if nobody has it. @throws {RealmError} `SCHEMA_CHANGED` */
  tryBegin(): boolean {
    if (this.#transaction !== undefined) return false;
    try {
      this.begin(0);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === "STORE_LOCKED") return false;
      throw error;
    }
  }

  /** Takes the writer's lock. @throws {RealmError} `SCHEMA_CHANGED` */
  begin(lockTimeoutMs?: number): void {
    this.#transaction = this.store.beginWrite(lockTimeoutMs === undefined ? {} : { lockTimeoutMs });
    log("Realm.Storage.Transaction", "debug", () => `begin, file '${this.path}'`);
    this.#newView();
    try {
      const error = this.#schemaError(this.#readSchemaBytes());
      if (error !== undefined) throw error;
      this.#attendToReplicas(this.#transaction);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** A write that nobody passes on would leave the replica out of step for ever. */
  #attendToReplicas(transaction: WriteTransaction): void {
    const { replicator } = this;
    if (replicator !== undefined) this.touched = new TouchedRows((table) => replicator.beforeWrite(table));
    else if (!this.mayReplicate && transaction.hasTree(REPLICA_TREE)) {
      throw new RealmError("SYNC_REQUIRED", `Realm at path '${this.path}' is synced: open it with 'sync' in its configuration to write to it, or with 'readOnly' to read it.`);
    }
  }

  /** From here on the open transaction is not the application's: nothing that it writes is passed on. */
  stopNoting(): void {
    this.touched = undefined;
  }

  commit(): void {
    const transaction = this.#transaction as WriteTransaction;
    this.#tellReplicator();
    this.#writeRowIds();
    let isAborted = true;
    try {
      transaction.commit();
      isAborted = false;
    } finally {
      this.#endTransaction(isAborted);
    }
    this.onAdvance();
    this.replicator?.advanced();
  }

  #tellReplicator(): void {
    const { touched, replicator } = this;
    this.touched = undefined;
    if (touched === undefined || touched.isEmpty || replicator === undefined) return;
    try {
      replicator.beforeCommit(touched);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  abort(): void {
    try {
      this.#transaction?.abort();
    } finally {
      this.#endTransaction(true);
    }
  }

  #endTransaction(isAborted: boolean): void {
    this.#transaction = undefined;
    this.touched = undefined;
    for (const table of this.tables.values()) {
      table.nextRowId = undefined;
      table.gone.settle(isAborted);
    }
    log("Realm.Storage.Transaction", "debug", () => `${isAborted ? "abort" : "commit"}, file '${this.path}'`);
    if (isAborted || this.#schemaUndo === undefined) this.#replaceSnapshot();
    else this.#replaceSnapshot(true);
    this.#settleSchema(isAborted);
  }

  /** Takes over what other processes committed. True if there was anything. @throws {RealmError} `SCHEMA_CHANGED` */
  refresh(): boolean {
    if (this.#transaction !== undefined || this.store.isClosed) return false;
    this.store.refresh();
    if (this.store.commit === this.#shared.snapshot.commit) return false;
    const error = this.#replaceSnapshot();
    if (error !== undefined) throw error;
    this.onAdvance();
    this.replicator?.advanced();
    return true;
  }

  /** Moves on to the newest commit, unless its schema is not ours: then the old view stays. */
  #replaceSnapshot(isOwnSchema = false): RealmError | undefined {
    this.#newView();
    if (this.store.isClosed) return undefined;
    const snapshot = this.store.snapshot();
    const error = isOwnSchema ? undefined : this.#schemaError(snapshot.tree(META_TREE)?.get(SCHEMA_KEY)?.slice());
    if (error !== undefined) {
      snapshot.close();
      return error;
    }
    this.#shared.release();
    this.#shared = new SharedSnapshot(snapshot);
    return undefined;
  }

  #newView(): void {
    this.#writeTrees.clear();
    this.epoch++;
    this.viewEpoch++;
  }

  /** Says that a record changed. */
  changed(): void {
    this.epoch++;
  }

  /** Rewrites the file without free space; it needs that nothing else, here or elsewhere, has it open. */
  compact(): boolean {
    this.#shared.release();
    try {
      this.store.compact();
    } finally {
      this.#shared = new SharedSnapshot(this.store.snapshot());
      this.#newView();
    }
    return true;
  }

  /** Ends this view; the store stays open. */
  closeView(): void {
    if (this.#transaction !== undefined) this.abort();
    this.#shared.release();
    this.#newView();
  }

  close(): void {
    this.closeView();
    if (!this.store.isClosed) this.store.close();
  }

  /** The schema in the file as the current view has it. */
  readSchema(): StoredSchema | undefined {
    const bytes = this.#readSchemaBytes();
    if (bytes === undefined) return undefined;
    return decodeStoredSchema(readText(bytes, 0, bytes.length), this.path);
  }

  /** What was put aside is of the schema of before, and goes. */
  writeSchema(schema: StoredSchema): void {
    this.dropNext();
    this.writeTree(META_TREE).put(SCHEMA_KEY, utf8Bytes(JSON.stringify(schema)));
  }

  #readSchemaBytes(): Uint8Array | undefined {
    return this.tree(META_TREE)?.get(SCHEMA_KEY)?.slice();
  }

  /** Notes the schema in the file as the one that this session's tables are made of. */
  acceptSchema(): void {
    this.#schemaBytes = this.#readSchemaBytes();
  }

  /** Another process may have given the file another schema: a view of it through ours would be half a migration. */
  #schemaError(now: Uint8Array | undefined): RealmError | undefined {
    if (now === undefined || this.#schemaBytes === undefined || sameBytes(now, this.#schemaBytes)) return undefined;
    const schema = decodeStoredSchema(readText(now, 0, now.length), this.path);
    const before = decodeStoredSchema(readText(this.#schemaBytes, 0, this.#schemaBytes.length), this.path);
    const isSame = (name: string): boolean => {
      const find = (from: StoredSchema): string => JSON.stringify(from.classes.find((entry) => entry.name === name));
      return find(schema) === find(before);
    };
    if (schema.version === before.version && [...this.tables.keys()].every(isSame)) {
      this.#schemaBytes = now;
      return undefined;
    }
    return new RealmError(
      "SCHEMA_CHANGED",
      `Realm at path '${this.path}' was given another schema by another process (schema version ${before.version} here, ${schema.version} in the file). Close it and open it again with the new schema.`,
    );
  }

  readRowId(className: string): number {
    const bytes = this.tree(META_TREE)?.get(utf8Bytes(`rowid:${className}`));
    if (bytes === undefined) return 1;
    const text = readText(bytes, 0, bytes.length);
    if (!/^[1-9]\d{0,14}$/.test(text)) throw dataDamaged("a row number that is none");
    return Number(text);
  }

  #writeRowIds(): void {
    for (const table of this.tables.values()) {
      if (table.nextRowId === undefined) continue;
      this.writeTree(META_TREE).put(utf8Bytes(`rowid:${table.name}`), utf8Bytes(String(table.nextRowId)));
    }
  }
}

function outsideTransaction(): RealmError {
  return new RealmError("TRANSACTION_MISSING", "Cannot modify managed objects outside of a write transaction.");
}
