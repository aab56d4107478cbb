/**
 * A file that is kept in step with others: what the application's transactions change, and a way to write what others changed.
 *
 * Everything is one transaction of the file: the application's rows and the replica's own trees change together or not at all.
 *
 * @module
 */
import type { ReadTree, WriteTree } from "@holdfast/storage-engine";
import { pause } from "../async-write.ts";
import { RealmError } from "../errors.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession, Replicator } from "../store/file-session.ts";
import { HIDDEN_PREFIX } from "../store/hidden-trees.ts";
import { rowOf, sameBytes } from "../records/row.ts";
import type { ChangeIntent, TouchedRow, TouchedRows } from "../store/touched-rows.ts";
import { beginNext, nextClasses, takeNext } from "./next-view.ts";
import { keyOfRow, readObject, rowText } from "./read-object.ts";
import type { ReplicaFields, ReplicaKey, ReplicaLink } from "./replica-value.ts";
import { ObjectWriter } from "./write-object.ts";

/** One object that a transaction of the application changed. */
export interface ReplicaChange {
  readonly className: string;
  readonly key: ReplicaKey;
  readonly wasThere: boolean;
  readonly isThere: boolean;
  /** True if it was deleted and made again. */
  readonly isAnother: boolean;
  /** What was meant where the values do not tell; the property of an embedded object has its path: `address.tags`. */
  readonly intents: ReadonlyMap<string, ChangeIntent>;
  before(): ReplicaFields | undefined;
  after(): ReplicaFields | undefined;
}

/** Who keeps a replica: all in the words of objects and their primary keys. */
export interface ReplicaKeeper {
  /** Before the first object of a class is written in a transaction of the application; throws to refuse it. */
  beforeWrite(className: string): void;
  /** Inside the transaction, before it is committed; if it throws, the transaction is taken back and the application gets the error. */
  beforeCommit(changes: readonly ReplicaChange[], access: ReplicaAccess): void;
  /** There is a new commit, of this process or another one. */
  advanced(): void;
  /** The last instance of the realm was closed. @returns True to keep the file open until `close` is called, or somebody wants the file itself. */
  left?(close: () => void): boolean;
  /** The file is about to be closed. */
  closing(): void;
}

const LOCK_WAITS_MS = [0, 1, 2, 5, 10, 20, 50];

/** The replica of an open file. */
export class Replica {
  readonly #session: FileSession;

  private constructor(session: FileSession) {
    this.#session = session;
  }

  /** Attaches a keeper to an open file. @throws {RealmError} `CONFIGURATION_CONFLICT`: there is one. */
  static attach(session: FileSession, keeper: ReplicaKeeper): Replica {
    if (session.replicator !== undefined) throw new RealmError("CONFIGURATION_CONFLICT", `Realm at path '${session.path}' has a replicator already.`);
    session.replicator = new KeptFile(session, keeper);
    return new Replica(session);
  }

  get path(): string {
    return this.#session.path;
  }

  get isClosed(): boolean {
    return this.#session.store.isClosed;
  }

  get isInTransaction(): boolean {
    return this.#session.isInTransaction;
  }

  /** The schema of all classes in the file. */
  get schema(): readonly CanonicalObjectSchema[] {
    return [...this.#session.schemaMap.values()];
  }

  /** A hidden tree in the newest commit, or in the open transaction. */
  tree(name: string): ReadTree | undefined {
    return this.#session.tree(HIDDEN_PREFIX + name);
  }

  /** Takes over other processes' commits. */
  refresh(): void {
    this.#session.refresh();
  }

  /** Takes the keeper away: from now on the file is written as if it were local, until another one is attached. */
  detach(): void {
    this.#session.replicator = undefined;
  }

  /**
   * Runs work in a transaction that is not the application's: what it writes is not passed on; listeners hear of it.
   *
   * @returns Undefined if the transaction could not begin, because the application or another process has one open.
   */
  tryWrite<R>(work: (access: ReplicaAccess) => R): { readonly result: R } | undefined {
    const session = this.#session;
    if (session.store.isClosed || !session.tryBegin()) return undefined;
    return { result: this.#run(work) };
  }

  /** `tryWrite` that waits for another process without giving the event loop its turn. @throws {RealmError} `TRANSACTION_OPEN` */
  writeNow<R>(work: (access: ReplicaAccess) => R): R {
    const session = this.#session;
    if (session.isInTransaction) throw new RealmError("TRANSACTION_OPEN", "This is not possible inside a write transaction.");
    session.begin();
    return this.#run(work);
  }

  #run<R>(work: (access: ReplicaAccess) => R): R {
    const session = this.#session;
    session.stopNoting();
    try {
      const result = work(new ReplicaAccess(session));
      session.commit();
      return result;
    } catch (error) {
      if (session.isInTransaction) session.abort();
      throw error;
    }
  }

  /** `tryWrite`, again and again until it may begin. @throws {RealmError} `REALM_CLOSED` */
  async write<R>(work: (access: ReplicaAccess) => R): Promise<R> {
    for (let attempt = 0; ; attempt++) {
      if (this.isClosed) throw new RealmError("REALM_CLOSED", "Cannot access realm that has been closed.");
      const done = this.tryWrite(work);
      if (done !== undefined) return done.result;
      await pause(LOCK_WAITS_MS[Math.min(attempt, LOCK_WAITS_MS.length - 1)] as number);
    }
  }
}

/** The objects and hidden trees of a transaction that is open. */
export class ReplicaAccess {
  readonly #session: FileSession;

  constructor(session: FileSession) {
    this.#session = session;
  }

  /** A hidden tree: made on first use. */
  tree(name: string): WriteTree {
    return this.#session.writeTree(HIDDEN_PREFIX + name);
  }

  dropTree(name: string): void {
    this.#session.dropTree(HIDDEN_PREFIX + name);
  }

  /** Lets two hidden trees change places, whatever is in them. */
  swapTrees(left: string, right: string): void {
    this.#session.swapTrees(HIDDEN_PREFIX + left, HIDDEN_PREFIX + right);
  }

  /** The classes of a view that comes; undefined if there is none: it was never begun, was taken over, or the schema changed. */
  get next(): readonly string[] | undefined {
    return nextClasses(this.#session);
  }

  /** Begins a view to come of some classes. Those that link to each other, or hold the same embedded objects, have to go together. */
  beginNext(classNames: readonly string[]): void {
    beginNext(this.#session, classNames);
  }

  /** In `work`, the methods that take a class read and write its next objects, which nobody sees yet. */
  aside<R>(work: () => R): R {
    return this.#session.aside(work);
  }

  /**
   * The next objects of these classes become those that everybody sees; the ones that they had are gone, and so are the next objects of other
   * classes. It takes no longer for many objects than for few.
   */
  takeNext(classNames: readonly string[]): void {
    takeNext(this.#session, classNames);
  }

  /** Forgets the next objects. */
  dropNext(): void {
    this.#session.dropNext();
  }

  has(className: string, key: ReplicaKey): boolean {
    const row = ObjectWriter.rowKey(this.#session, className, key);
    return row !== undefined && this.#session.table(className).get(row) !== undefined;
  }

  /** The values of an object; undefined if there is none. */
  read(className: string, key: ReplicaKey): ReplicaFields | undefined {
    const row = ObjectWriter.rowKey(this.#session, className, key);
    return row === undefined ? undefined : readObject(sourceOf(this.#session), this.#session.table(className), row);
  }

  /**
   * Makes or changes an object.
   *
   * @returns The links whose target is not there: they are not to be seen until it is.
   */
  put(className: string, key: ReplicaKey, fields: ReplicaFields): ReplicaLink[] {
    const session = this.#session;
    const row = ObjectWriter.rowKey(session, className, key);
    if (row === undefined) return [];
    const table = session.table(className);
    const primary = (table.layout.primary as { property: { mapTo: string } }).property.mapTo;
    const hidden: ReplicaLink[] = [];
    new ObjectWriter(session, (link) => hidden.push(link)).put(table, row, { ...fields, [primary]: key });
    return hidden;
  }

  /** Removes an object. @returns The objects that linked to it: their links are cut. */
  remove(className: string, key: ReplicaKey): { className: string; key: ReplicaKey }[] {
    const session = this.#session;
    const row = ObjectWriter.rowKey(session, className, key);
    if (row === undefined) return [];
    const table = session.table(className);
    const origins = table.originsOf(row).map((origin) => topOf(session, session.table(origin.className), origin.key));
    table.remove(row);
    return origins.filter((origin) => origin !== undefined).map(({ table: owner, key: ownerKey }) => ({ className: owner.name, key: keyOfRow(owner, ownerKey) }));
  }

  /** The primary keys of all objects of a class. */
  keys(className: string): ReplicaKey[] {
    const table = this.#session.tables.get(className);
    return table === undefined ? [] : table.keys().map((row) => keyOfRow(table, row));
  }
}

/** Turns what a transaction wrote into changed objects. */
class KeptFile implements Replicator {
  readonly #session: FileSession;
  readonly #keeper: ReplicaKeeper;

  constructor(session: FileSession, keeper: ReplicaKeeper) {
    this.#session = session;
    this.#keeper = keeper;
  }

  beforeWrite(table: ClassTable): void {
    if (!table.schema.embedded) this.#keeper.beforeWrite(table.name);
  }

  beforeCommit(touched: TouchedRows): void {
    const changes = this.#changes(touched);
    if (changes.length > 0) this.#keeper.beforeCommit(changes, new ReplicaAccess(this.#session));
  }

  advanced(): void {
    this.#keeper.advanced();
  }

  left(close: () => void): boolean {
    return this.#keeper.left?.(close) === true;
  }

  closing(): void {
    this.#keeper.closing();
  }

  #changes(touched: TouchedRows): ReplicaChange[] {
    const changes = new Map<string, { row: TouchedRow; intents: Map<string, ChangeIntent> }>();
    for (const row of touched.rows()) {
      // An embedded object is part of the one that holds it; when it is gone, that one was written as well.
      const top = row.table.schema.embedded && row.table.get(row.key) === undefined ? undefined : topOf(this.#session, row.table, row.key);
      if (top === undefined) continue;
      const text = rowText(top.table, top.key);
      const own = touched.find(top.table, top.key) ?? { table: top.table, key: top.key, before: top.table.get(top.key)?.slice(), wasRemoved: false, intents: new Map() };
      const change = changes.get(text) ?? { row: own, intents: new Map<string, ChangeIntent>() };
      changes.set(text, change);
      if (top.path !== undefined) for (const [name, intent] of intentsOf(row)) change.intents.set([...top.path, name].join("."), intent);
    }
    return [...changes.values()].map(({ row, intents }) => this.#changeOf(row, touched, intents)).filter((change) => change.wasThere || change.isThere);
  }

  #changeOf({ table, key, before, wasRemoved }: TouchedRow, touched: TouchedRows, intents: ReadonlyMap<string, ChangeIntent>): ReplicaChange {
    const session = this.#session;
    const isThere = table.get(key) !== undefined;
    return {
      className: table.name,
      key: keyOfRow(table, key),
      wasThere: before !== undefined,
      isThere,
      isAnother: before !== undefined && isThere && wasRemoved,
      intents,
      before: () => readObject({ session, record: (of, row) => touched.recordBefore(of, row) }, table, key),
      after: () => readObject(sourceOf(session), table, key),
    };
  }
}

function sourceOf(session: FileSession): { session: FileSession; record(table: ClassTable, key: Uint8Array): Uint8Array | undefined } {
  return { session, record: (table, key) => table.get(key) };
}

/** The object that is no part of another one and that a row belongs to; the path to it, if that leads through properties alone. */
function topOf(session: FileSession, table: ClassTable, key: Uint8Array): { table: ClassTable; key: Uint8Array; path: string[] | undefined } | undefined {
  let at = { table, key };
  let path: string[] | undefined = [];
  while (at.table.schema.embedded) {
    const [origin] = at.table.originsOf(at.key);
    if (origin === undefined) return undefined;
    at = { table: session.table(origin.className), key: origin.key };
    const isPlain = at.table.layout.fieldOf(origin.property)?.property.type === "object";
    path = path === undefined || !isPlain ? undefined : [origin.property, ...path];
  }
  return { ...at, path };
}

/** What was noted, and the embedded objects that were assigned anew: they have other rows. */
function intentsOf({ table, key, before, intents }: TouchedRow): ReadonlyMap<string, ChangeIntent> {
  const record = table.get(key);
  if (before === undefined || record === undefined || table.links.length === 0) return intents;
  const all = new Map(intents);
  for (const field of table.links) {
    if (field.property.type !== "object" || table.session.tables.get(field.property.objectType as string)?.schema.embedded !== true) continue;
    const [old, now] = [field.read(rowOf(key, before)), field.read(rowOf(key, record))] as [Uint8Array | null, Uint8Array | null];
    if (old !== null && now !== null && !sameBytes(old, now)) all.set(field.property.mapTo, "replace");
  }
  return all;
}
