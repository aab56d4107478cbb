/**
 * Realm: one instance of an open database.
 *
 * @module
 */
import { checkKey, parseConfiguration } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import { assert, notYet, RealmError, TypeAssertionError } from "./errors.ts";
import { StoredCollection } from "./collections/stored-collection.ts";
import { Results } from "./collections/results.ts";
import { Notifier } from "./notifications/notifier.ts";
import { assertValues, createObject, parseUpdateMode } from "./objects/create.ts";
import type { Integers, UpdateMode } from "./objects/context.ts";
import { stateOf } from "./objects/object-state.ts";
import type { RealmObject } from "./objects/realm-object.ts";
import { toStoredPrimitive } from "./objects/primitives.ts";
import { InstanceContext } from "./objects/wrapping.ts";
import { isModel, openFile } from "./opening.ts";
import { absolutePath, hasParentFolder } from "./platform/node-files.ts";
import { ObjectQuery } from "./queries/index.ts";
import { RealmStatics } from "./realm-statics.ts";
import { encodeKey } from "./records/keys.ts";
import type { KeyType, KeyValue } from "./records/keys.ts";
import { keyBytes } from "./records/text.ts";
import { fromStoredSchema } from "./schema/stored-schema.ts";
import type { CanonicalObjectSchema, RealmObjectConstructor } from "./schema/types.ts";
import { leaveFile } from "./store/coordinator.ts";
import type { Instance, OpenFile } from "./store/coordinator.ts";
import type { ClassTable } from "./store/class-table.ts";
import type { FileSession } from "./store/file-session.ts";
import { dropClass } from "./store/migrate.ts";

/** Name of an event of a realm. */
export type RealmEventName = "change" | "beforenotify" | "schema";

/** A listener of a realm. */
export type RealmListener = (realm: Realm, name: RealmEventName, schema?: CanonicalObjectSchema[]) => void;

/** A model class that objects can be made of. */
export type ModelClass<T> = RealmObjectConstructor<T>;

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
  readonly #file: OpenFile | undefined;
  readonly #schema: CanonicalObjectSchema[];
  readonly #version: number;
  readonly #listeners = new Map<RealmEventName, Set<RealmListener>>();

  constructor(config?: Configuration | string) {
    super();
    const borrowed = (config as { [BORROWED]?: BorrowedParts } | undefined)?.[BORROWED];
    if (borrowed !== undefined) {
      this.#schema = [...borrowed.schema];
      this.#version = borrowed.schemaVersion;
      this.#context = this.#makeContext(borrowed.session, borrowed);
      return;
    }
    const parsed = parseConfiguration(config);
    const path = absolutePath(parsed.path ?? Realm.defaultPath);
    const { onMigration, onFirstOpen, integers = "number" } = parsed;
    const { file, schema } = openFile({
      config: parsed,
      path,
      onMigration:
        onMigration === undefined
          ? undefined
          : (session, old, oldSchema, given) => {
              const before = borrow({ session: old, schema: fromStoredSchema(oldSchema), schemaVersion: oldSchema.version, isReadOnly: true, integers });
              const after = borrow({ session, schema: given, schemaVersion: parsed.schemaVersion ?? 0, isReadOnly: false, integers });
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
              const realm = borrow({ session, schema: given, schemaVersion: parsed.schemaVersion ?? 0, isReadOnly: false, integers });
              try {
                onFirstOpen(realm);
              } finally {
                realm.close();
              }
            },
    });
    this.#file = file;
    this.#schema = schema;
    this.#version = file.schemaVersion;
    this.#context = this.#makeContext(file.session, { isReadOnly: file.readOnly, integers });
    file.instances.add(this.#instance);
  }

  readonly #instance: Instance = {
    advanced: () => this.#context.notifier.advance(),
    pause: () => this.#context.notifier.pause(),
    resume: () => this.#context.notifier.resume(),
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
    this.#listeners.clear();
    session.changed();
    if (this.#file !== undefined) leaveFile(this.#file, this.#instance);
  }

  /** Creates or updates an object. */
  create<T = Record<string, unknown>>(type: string, values: Partial<T> | Record<string, unknown>, mode?: UpdateMode | boolean): RealmObject<T> & T;
  create<T>(type: ModelClass<T>, values: Partial<T> | Record<string, unknown>, mode?: UpdateMode | boolean): T;
  create(type: unknown, values: unknown, mode?: unknown): unknown {
    const session = this.#open();
    const table = this.#tableOf(type);
    const updateMode = parseUpdateMode(mode);
    session.requireTransaction();
    if (table.schema.embedded) throw new RealmError("ARGUMENT_INVALID", `Cannot create an object of embedded type '${table.name}' by itself: assign it to a property of its parent.`);
    assertValues(values);
    return this.#context.wrap(table, createObject(this.#context, table, values, updateMode));
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
    dropClass(session, name);
  }

  /** The object with a primary key, or null. */
  objectForPrimaryKey<T = Record<string, unknown>>(type: string, key: unknown): (RealmObject<T> & T) | null;
  objectForPrimaryKey<T>(type: ModelClass<T>, key: unknown): T | null;
  objectForPrimaryKey(type: unknown, key: unknown): unknown {
    this.#open();
    const table = this.#tableOf(type);
    const primary = table.layout.primary?.property;
    if (primary === undefined) throw new RealmError("PRIMARY_KEY_INVALID", `Expected a primary key on '${table.name}'`);
    const bytes = encodeKey(primary.type as KeyType, toStoredPrimitive(primary.type, primary.optional, key, primary.name) as KeyValue);
    const record = table.get(bytes);
    if (record === undefined) return null;
    return this.#context.wrap(table, bytes, { bytes, keyStart: 0, keyEnd: bytes.length, valueBytes: record, valueStart: 0, valueEnd: record.length });
  }

  /** All objects of a class, live. */
  objects<T = Record<string, unknown>>(type: string): Results<RealmObject<T> & T>;
  objects<T>(type: ModelClass<T>): Results<T>;
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

  beginTransaction(): void {
    const session = this.#open();
    if (this.#context.isReadOnly) throw new RealmError("REALM_READ_ONLY", "Can't perform transactions on read-only Realms.");
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

  /** Writes a compacted copy, encrypted with the given key or plain. */
  writeCopyTo(config: Configuration): void {
    if (this.#context.isClosed) throw new RealmError("REALM_CLOSED", "Cannot access realm that has been closed.");
    if (typeof config !== "object" || config === null) throw new TypeAssertionError("an object", config, "realm configuration");
    const { path, encryptionKey } = parseConfiguration(config);
    const { session } = this.#context;
    if (session.isInTransaction) throw new RealmError("TRANSACTION_OPEN", "Can only convert Realms outside a transaction.");
    const target = absolutePath(path ?? Realm.defaultPath);
    assert(hasParentFolder(target), `Failed to copy to '${target}': parent directory does not exist`);
    session.store.writeCopyTo({ path: target, ...(encryptionKey === undefined ? {} : { encryptionKey: checkKey(encryptionKey) }) });
  }

  addListener(name: RealmEventName, callback: RealmListener): void {
    this.#open();
    checkEvent(name);
    if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(callback));
  }
  removeListener(name: RealmEventName, callback: RealmListener): void {
    checkEvent(name);
    this.#listeners.get(name)?.delete(callback);
  }
  removeAllListeners(name?: RealmEventName): void {
    if (name === undefined) this.#listeners.clear();
    else {
      checkEvent(name);
      this.#listeners.delete(name);
    }
  }

  #tellRealmListeners(): void {
    for (const name of ["beforenotify", "change"] as const) {
      for (const listener of this.#listeners.get(name) ?? []) if (!this.isClosed) listener(this, name);
    }
  }

  /** @internal */
  _updateSchema(): never {
    throw notYet("Realm._updateSchema");
  }

  /** The object of a row, for React bindings. @internal */
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

function borrow(parts: BorrowedParts): Realm {
  return new Realm({ [BORROWED]: parts } as never);
}

function checkEvent(name: string): void {
  if (name === "change" || name === "beforenotify" || name === "schema") return;
  throw new RealmError("LISTENER_INVALID", `Unknown event name '${name}': only 'change', 'schema' and 'beforenotify' are supported.`);
}
