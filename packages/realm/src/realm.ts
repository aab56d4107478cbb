/**
 * Realm: one instance of an open database.
 *
 * @module
 */
import type { BackupReport } from "@holdfast/storage-engine";
import { pause, runAsync } from "./async-write.ts";
import type { AsyncTransaction, AsyncWork } from "./async-write.ts";
import { checkKey, parseConfiguration } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import { assert, RealmError, TypeAssertionError } from "./errors.ts";
import { StoredCollection } from "./collections/stored-collection.ts";
import { Results } from "./collections/results.ts";
import { exportJson } from "./json/export-json.ts";
import { importJson } from "./json/import-json.ts";
import type { RealmJson } from "./json/realm-json.ts";
import { Notifier } from "./notifications/notifier.ts";
import { createObject, parseUpdateMode, valuesByName } from "./objects/create.ts";
import type { Integers, UpdateMode } from "./objects/context.ts";
import { stateOf } from "./objects/object-state.ts";
import type { RealmObject } from "./objects/realm-object.ts";
import { toStoredPrimitive } from "./objects/primitives.ts";
import { InstanceContext } from "./objects/wrapping.ts";
import { isModel, openFile } from "./opening.ts";
import { absolutePath, hasParentFolder, makeParentFolder } from "./platform/realm-files.ts";
import { ObjectQuery } from "./queries/index.ts";
import { RealmEvents } from "./realm-events.ts";
import type { RealmEventName, RealmListener } from "./realm-events.ts";
import { RealmStatics } from "./realm-statics.ts";
import { noteSession } from "./replica/session-of.ts";
import { requireSyncProvider, syncProvider } from "./replica/sync-provider.ts";
import type { SyncPart } from "./replica/sync-provider.ts";
import { isHiddenTree } from "./store/hidden-trees.ts";
import { backupStore } from "./repair/realm-repair.ts";
import type { RealmBackupOptions } from "./repair/realm-repair.ts";
import { encodeKey } from "./records/keys.ts";
import type { KeyType, KeyValue } from "./records/keys.ts";
import { MovingRow } from "./records/row.ts";
import { keyBytes } from "./records/text.ts";
import { parseClasses } from "./schema/parse-schema.ts";
import { fromStoredSchema } from "./schema/stored-schema.ts";
import type { CanonicalObjectSchema } from "./schema/types.ts";
import type { AnyRealmObject, Constructor, DefaultObject, Unmanaged } from "./types.ts";
import { leaveFile } from "./store/coordinator.ts";
import type { Instance, OpenFile } from "./store/coordinator.ts";
import type { ClassTable } from "./store/class-table.ts";
import type { FileSession } from "./store/file-session.ts";
import { dropClass } from "./store/migrate.ts";

/** For Realm instances that callbacks of the open get. */
interface BorrowedParts {
  readonly session: FileSession;
  readonly schema: readonly CanonicalObjectSchema[];
  readonly schemaVersion: number;
  readonly isReadOnly: boolean;
  readonly integers: Integers;
}

const BORROWED = Symbol("borrowed");

/** An open database. */
export class Realm extends RealmStatics {
  readonly #context: InstanceContext;
  /** Where `objectForPrimaryKey` found a row last. */
  readonly #found = new MovingRow();
  readonly #file: OpenFile | undefined;
  #schema: CanonicalObjectSchema[];
  readonly #version: number;
  /** Classes that the configuration names: a migration cannot remove them. */
  readonly #given: ReadonlySet<string>;
  readonly #events = new RealmEvents<Realm>();

  constructor(config?: Configuration | string) {
    super();
    const borrowed = (config as { [BORROWED]?: BorrowedParts } | undefined)?.[BORROWED];
    if (borrowed !== undefined) {
      this.#schema = [...borrowed.schema];
      this.#given = new Set(borrowed.schema.map((entry) => entry.name));
      this.#version = borrowed.schemaVersion;
      this.#context = this.#makeContext(borrowed.session, borrowed);
      return;
    }
    const given = parseConfiguration(config);
    const parsed = given.sync === undefined ? given : unlocked(requireSyncProvider().configure(given));
    const path = absolutePath(parsed.path ?? Realm.defaultPath);
    const { onMigration, onFirstOpen, integers = "number" } = parsed;
    const { file, schema } = openFile({
      config: parsed,
      path,
      onMigration:
        onMigration === undefined
          ? undefined
          : (session, old, oldSchema, given) => {
              const before = lendRealm({ session: old, schema: fromStoredSchema(oldSchema), schemaVersion: oldSchema.version, isReadOnly: true, integers });
              const after = lendRealm({ session, schema: given, schemaVersion: parsed.schemaVersion ?? 0, isReadOnly: false, integers });
              try {
                onMigration(before, after);
              } finally {
                before.close();
                after.close();
              }
            },
      onFirstOpen:
        onFirstOpen === undefined
          ? undefined
          : (session, given) => {
              const realm = lendRealm({ session, schema: given, schemaVersion: parsed.schemaVersion ?? 0, isReadOnly: false, integers });
              try {
                onFirstOpen(realm);
              } finally {
                realm.close();
              }
            },
    });
    this.#file = file;
    this.#schema = schema;
    this.#given = new Set(schema.map((entry) => entry.name));
    this.#version = file.schemaVersion;
    this.#context = this.#makeContext(file.session, { isReadOnly: file.readOnly, integers });
    file.instances.add(this.#instance);
    noteSession(this, file.session);
    if (parsed.sync !== undefined) this.#attachSync(parsed);
  }

  #attachSync(config: Configuration): void {
    try {
      requireSyncProvider().attach(this, config);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  readonly #instance: Instance = {
    advanced: () => this.#context.notifier.advance(),
    pause: () => this.#context.notifier.pause(),
    resume: () => this.#context.notifier.resume(),
    schemaChanged: () => this.#schemaChanged(),
    schemaCommitted: () => {
      void pause(0).then(() => this.#events.tell("schema", this, this.#schema));
    },
    close: () => this.close(),
  };

  #makeContext(session: FileSession, options: { isReadOnly: boolean; integers: Integers }): InstanceContext {
    const context = new InstanceContext(session, new Notifier(session, () => this.#tellRealmListeners()), options);
    for (const entry of this.#schema) context.schema.set(entry.name, entry);
    return context;
  }

  get path(): string {
    return this.#context.session.path;
  }
  get schema(): CanonicalObjectSchema[] {
    return this.#schema;
  }
  get schemaVersion(): number {
    return this.#version;
  }
  get isEmpty(): boolean {
    return [...this.#open().tables.values()].every((table) => table.rowCount === 0);
  }
  get isReadOnly(): boolean {
    return this.#context.isReadOnly;
  }
  get isInMemory(): boolean {
    return this.#file?.inMemory === true;
  }
  get isInTransaction(): boolean {
    return !this.#context.isClosed && this.#context.session.isInTransaction;
  }
  get isInMigration(): boolean {
    return this.#context.session.isMigrating;
  }
  get isClosed(): boolean {
    return this.#context.isClosed;
  }

  /** The connection to the server; null for a local realm. */
  get syncSession(): SyncPart<"session"> | null {
    return (syncProvider()?.session(this) ?? null) as SyncPart<"session"> | null;
  }

  /** The queries whose objects come to this device. */
  get subscriptions(): SyncPart<"subscriptions"> {
    return requireSyncProvider().subscriptions(this) as SyncPart<"subscriptions">;
  }

  /** Another number whenever this instance may read something else than before; for bindings to view libraries. */
  _version(): number {
    return this.#context.session.epoch;
  }

  /** Closes this instance; its objects and collections become invalid. */
  close(): void {
    if (this.#context.isClosed) return;
    const { session } = this.#context;
    this.#context.isClosed = true;
    this.#context.notifier.close();
    this.#events.removeAll();
    session.changed();
    if (this.#file !== undefined) leaveFile(this.#file, this.#instance);
  }

  /** Creates or updates an object. */
  create<T = DefaultObject>(type: string, values: Partial<NoInfer<T>> | Partial<Unmanaged<NoInfer<T>>>, mode?: UpdateMode | boolean): RealmObject<T> & T;
  create<T extends AnyRealmObject>(type: Constructor<T>, values: Partial<NoInfer<T>> | Partial<Unmanaged<NoInfer<T>>>, mode?: UpdateMode | boolean): T;
  create(type: unknown, values: unknown, mode?: unknown): unknown {
    const session = this.#open();
    const table = this.#tableOf(type);
    const updateMode = parseUpdateMode(mode);
    session.requireTransaction();
    if (table.schema.embedded) throw new RealmError("ARGUMENT_INVALID", `Cannot create an object of embedded type '${table.name}' by itself: assign it to a property of its parent.`);
    const named = valuesByName(table, values);
    return this.#context.wrap(table, createObject(this.#context, table, named, updateMode));
  }

  /** Deletes an object, or all of a collection. */
  delete(subject: unknown): void {
    const session = this.#open();
    session.requireTransaction();
    if (subject instanceof Results || subject instanceof StoredCollection) {
      if (subject.type !== "object") throw new RealmError("ARGUMENT_INVALID", "Can only delete objects, not lists of primitive values.");
      const table = session.table((subject as Results).objectType as string);
      for (const key of subject._keys()) table.remove(key);
      return;
    }
    const subjects: unknown[] = Array.isArray(subject) ? subject : [subject];
    for (const object of subjects) this.#deleteOne(object);
  }

  #deleteOne(object: unknown): void {
    const state = stateOf(object);
    if (state === undefined) throw new TypeAssertionError("an instance of Realm.Object", object, "subject");
    if (state.context.session !== this.#context.session) throw new RealmError("ARGUMENT_INVALID", "Can't delete an object from another Realm");
    state.refresh();
    state.table.remove(state.key);
  }

  /** Deletes every object of every class. */
  deleteAll(): void {
    const session = this.#open();
    session.requireTransaction();
    session.dropObjects();
  }

  /** Drops a class with its objects, in a migration. */
  deleteModel(name: string): void {
    const session = this.#open();
    session.requireTransaction();
    if (!session.isMigrating) throw new RealmError("ARGUMENT_INVALID", "Can only delete a model within a migration.");
    if (!session.tables.has(name)) return;
    dropClass(session, name);
    if (!this.#given.has(name)) session.removeClass(name);
  }

  /** The object with a primary key, or null. */
  objectForPrimaryKey<T = DefaultObject>(type: string, primaryKey: unknown): (RealmObject<T> & T) | null;
  objectForPrimaryKey<T extends AnyRealmObject>(type: Constructor<T>, primaryKey: unknown): T | null;
  objectForPrimaryKey(type: unknown, key: unknown): unknown {
    this.#open();
    const table = this.#tableOf(type);
    const primary = table.layout.primary?.property;
    if (primary === undefined) throw new RealmError("PRIMARY_KEY_INVALID", `Expected a primary key on '${table.name}'`);
    const wanted = encodeKey(primary.type as KeyType, toStoredPrimitive(primary.type, primary.optional, key, primary.name) as KeyValue);
    const bytes = table.pending.rowFor(wanted) ?? wanted;
    return table.locate(bytes, this.#found) ? this.#context.wrap(table, bytes, this.#found) : null;
  }

  /** All objects of a class, live. */
  objects<T = DefaultObject>(type: string): Results<RealmObject<T> & T>;
  objects<T extends AnyRealmObject>(type: Constructor<T>): Results<T>;
  objects(type: unknown): unknown {
    this.#open();
    const table = this.#tableOf(type);
    if (table.schema.embedded) throw new RealmError("ARGUMENT_INVALID", "You cannot query an embedded object.");
    return Results.of({ context: this.#context, table, query: ObjectQuery.all(table.name) });
  }

  /** Runs a function in a transaction; an exception rolls it back. */
  write<R>(callback: () => R): R {
    this.beginTransaction();
    let result: R;
    try {
      result = callback();
    } catch (error) {
      if (this.isInTransaction) this.cancelTransaction();
      throw error;
    }
    if (this.isInTransaction) this.commitTransaction();
    return result;
  }

  /**
   * Runs work in a transaction without blocking the event loop (ours).
   *
   * It waits for the lock in the background. The work may be a function, an async one, or a generator that yields where others may
   * run. Asynchronous work keeps the transaction open over its waits: a `write` in the meantime throws. Several calls run one after
   * the other.
   */
  writeAsync<R>(work: AsyncWork<R>): Promise<R> {
    const session = this.#open();
    this.#requireWritable();
    const run = (): Promise<R> => runAsync(this.#asyncTransaction(), work);
    const done = session.asyncQueue.then(run, run);
    session.asyncQueue = done.catch(() => undefined);
    return done;
  }

  #asyncTransaction(): AsyncTransaction {
    const isOpen = (): boolean => this.isInTransaction;
    const isClosed = (): boolean => this.isClosed;
    return {
      tryBegin: () => this.#open().tryBegin(),
      commit: () => this.commitTransaction(),
      abort: () => {
        if (isOpen()) this.cancelTransaction();
      },
      get isOpen() {
        return isOpen();
      },
      get isClosed() {
        return isClosed();
      },
    };
  }

  #requireWritable(): void {
    if (this.#context.isReadOnly) throw new RealmError("REALM_READ_ONLY", "Can't perform transactions on read-only Realms.");
  }

  beginTransaction(): void {
    const session = this.#open();
    this.#requireWritable();
    if (session.isInTransaction) throw new RealmError("TRANSACTION_OPEN", "The Realm is already in a write transaction");
    session.begin();
  }

  commitTransaction(): void {
    const session = this.#open();
    if (!session.isInTransaction || session.isMigrating) throw new RealmError("TRANSACTION_MISSING", "Can't commit a non-existing write transaction");
    session.commit();
  }

  cancelTransaction(): void {
    const session = this.#open();
    if (!session.isInTransaction || session.isMigrating) throw new RealmError("TRANSACTION_MISSING", "Can't cancel a non-existing write transaction");
    session.abort();
    this.#context.notifier.schedule();
  }

  /** Takes over other processes' commits at once, instead of at their notice. @returns True if there were any. */
  refresh(): boolean {
    return this.#open().refresh();
  }

  /** Rewrites the file without free space. */
  compact(): boolean {
    const session = this.#open();
    if (session.isInTransaction) throw new RealmError("TRANSACTION_OPEN", "Cannot compact a Realm within a transaction.");
    const instances = [...(this.#file?.instances ?? [])];
    for (const instance of instances) instance.pause();
    try {
      return session.compact();
    } finally {
      for (const instance of instances) instance.resume();
    }
  }

  /** Writes a compacted copy, encrypted with the given key or plain; with `sync` in the configuration one that is synced when it is opened. */
  writeCopyTo(config: Configuration): void {
    if (this.#context.isClosed) throw new RealmError("REALM_CLOSED", "Cannot access realm that has been closed.");
    if (typeof config !== "object" || config === null) throw new TypeAssertionError("an object", config, "realm configuration");
    const given = parseConfiguration(config);
    const { path, encryptionKey, sync } = given.sync === undefined ? given : requireSyncProvider().configure(given);
    const { session } = this.#context;
    if (session.isInTransaction) throw new RealmError("TRANSACTION_OPEN", "Can only convert Realms outside a transaction.");
    const target = absolutePath(path ?? Realm.defaultPath);
    if (given.path === undefined) makeParentFolder(target);
    assert(hasParentFolder(target), `Failed to copy to '${target}': parent directory does not exist`);
    const key = encryptionKey === undefined ? undefined : checkKey(encryptionKey);
    try {
      if (sync !== undefined) {
        requireSyncProvider().writeCopy(session, given, { path: target, key });
        return;
      }
      // A copy is a local realm: what a replica keeps beside the objects is good for one file only.
      session.store.writeCopyTo({ path: target, encryptionKey: key, skipsTree: isHiddenTree });
    } finally {
      key?.wipe();
    }
  }

  /**
   * Copies the newest commit while this and other processes go on writing: whole, or with `since` as the difference to earlier
   * backups. The target appears complete or not at all, under this realm's key unless another is given.
   */
  async backup(options: RealmBackupOptions): Promise<BackupReport> {
    return backupStore(this.#open().store, options);
  }

  addListener(name: RealmEventName, callback: RealmListener<Realm>): void {
    this.#open();
    this.#events.add(name, callback);
  }
  removeListener(name: RealmEventName, callback: RealmListener<Realm>): void {
    this.#open();
    this.#events.remove(name, callback);
  }
  removeAllListeners(name?: RealmEventName): void {
    this.#open();
    this.#events.removeAll(name);
  }

  #tellRealmListeners(): void {
    this.#events.tell("beforenotify", this);
    this.#events.tell("change", this);
  }

  /** Adds classes and properties in the open transaction. @internal */
  _updateSchema(schema: Configuration["schema"]): void {
    const session = this.#open();
    if (!session.isInTransaction) throw new RealmError("TRANSACTION_MISSING", "Can only create object schema within a transaction.");
    session.extendSchema(parseClasses(schema, isModel));
  }

  #schemaChanged(): void {
    const known = new Map(this.#schema.map((entry) => [entry.name, entry.ctor]));
    this.#schema = [...this.#context.session.schemaMap.values()].map((entry) => {
      const ctor = known.get(entry.name);
      return ctor === undefined ? entry : { ...entry, ctor };
    });
    this.#context.schema.clear();
    for (const entry of this.#schema) this.#context.schema.set(entry.name, entry);
    this.#context.recompile();
  }

  /** A copy of all objects that `JSON.stringify` takes, with everything that `importJson` needs. */
  exportJson(): RealmJson {
    return exportJson(this.#open());
  }

  /**
   * Adds the objects of an export; in a transaction of its own unless one is open.
   *
   * @param mode - What happens to objects whose primary key is there already, as in `create`.
   */
  importJson(json: RealmJson, mode?: UpdateMode | boolean): void {
    const session = this.#open();
    const updateMode = parseUpdateMode(mode);
    const run = (): void => importJson(session, json, updateMode);
    if (session.isInTransaction) run();
    else this.write(run);
  }

  /** The object of a row, for React bindings. @internal */
  _objectForObjectKey<T = DefaultObject>(type: string, key: string): (RealmObject<T> & T) | undefined;
  _objectForObjectKey<T extends AnyRealmObject>(type: Constructor<T>, key: string): T | undefined;
  _objectForObjectKey(type: unknown, key: string): unknown {
    this.#open();
    const table = this.#tableOf(type);
    const bytes = keyBytes(key);
    return table.get(bytes) === undefined ? undefined : this.#context.wrap(table, bytes);
  }

  #open(): FileSession {
    if (this.#context.isClosed) throw new RealmError("REALM_CLOSED", "Cannot access realm that has been closed.");
    return this.#context.session;
  }

  #tableOf(type: unknown): ClassTable {
    const { session } = this.#context;
    if (typeof type === "string") return session.table(type);
    if (typeof type !== "function") throw new TypeAssertionError("a string or a class", type, "type");
    if (!isModel(type)) throw new RealmError("ARGUMENT_INVALID", `Class '${type.name}' must extend Realm.Object`);
    const known = this.#schema.find((entry) => (entry.ctor as unknown) === type);
    if (known === undefined) throw new RealmError("CLASS_UNKNOWN", `Constructor was not registered in the schema for this Realm`);
    return session.table(known.name);
  }
}

/** A realm over a session that the caller closes. */
export function lendRealm(parts: BorrowedParts): Realm {
  return new Realm({ [BORROWED]: parts } as never);
}

function unlocked(config: Configuration): Configuration {
  return requireSyncProvider().unlock?.(config) ?? config;
}
