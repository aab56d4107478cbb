/**
 * A realm that a worker has open, as a page sees it.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import { LiveQuery } from "./live-query.ts";
import type { QueryMessage, Request } from "./messages.ts";
import { RemoteQuery } from "./remote-query.ts";
import type { Answerer } from "./remote-query.ts";
import type { AnyProcedures, ProcedureArguments, ProcedureResult, RemoteType, Snapshot } from "./remote-types.ts";
import { Made, snapshotOf, textOf, wireOf } from "./snapshots.ts";
import type { Tab } from "./tab.ts";
import { nameOf, RemoteTransaction } from "./transaction.ts";
import type { Change } from "./transaction.ts";
import type { Wire } from "./wire.ts";

/** Who has the file open. */
export type OwnerPlace = "this tab" | "another tab" | "nobody";

/** Hears that another tab owns the file now, or that this one does. */
export type OwnerListener = (owner: OwnerPlace) => void;

/** A realm in a worker: everything is asked for, and awaited. */
export class RemoteRealm<P = AnyProcedures> implements Answerer {
  readonly #tab: Tab;
  readonly #live = new Map<string, LiveQuery>();

  /** @internal */
  constructor(tab: Tab) {
    this.#tab = tab;
  }

  /** The path of the database, as the worker names it. */
  get path(): string {
    return this.#tab.path;
  }

  get isClosed(): boolean {
    return this.#tab.isClosed;
  }

  /** Who has the file open: for curious users and for tests. Nothing else depends on it. */
  get owner(): OwnerPlace {
    return this.#tab.owner;
  }

  addListener(_event: "owner", listener: OwnerListener): void {
    this.#tab.ownerListeners.add(listener);
  }

  removeListener(_event: "owner", listener: OwnerListener): void {
    this.#tab.ownerListeners.delete(listener);
  }

  /** All objects of a class: to narrow, to run, to listen to. */
  objects<T = Record<string, unknown>>(type: RemoteType): RemoteQuery<Snapshot<T>> {
    return RemoteQuery.all(this, nameOf(type));
  }

  /** The object with a primary key as it is now, or null. */
  async objectForPrimaryKey<T = Record<string, unknown>>(type: RemoteType, primaryKey: unknown): Promise<Snapshot<T> | null> {
    const [found] = await this.object<T>(type, primaryKey).run();
    return found ?? null;
  }

  /** The query for the object with a primary key: one or none. */
  object<T = Record<string, unknown>>(type: RemoteType, primaryKey: unknown): RemoteQuery<Snapshot<T>> {
    return RemoteQuery.one(this, nameOf(type), primaryKey);
  }

  /**
   * Makes changes in one transaction: all of them are durable when the promise resolves, or none was made.
   *
   * @param work - The changes, or a function that says them to the transaction that it gets. It reads nothing: what depends on the realm's state is for a procedure.
   * @returns What the function returns; in it, what `create` and `update` gave has become snapshots. For a list, a snapshot for each change.
   * @throws {Error} `COMMIT_UNKNOWN` if the owner went, or fell silent, with the write under way: it may have been done.
   */
  write(work: readonly Change[]): Promise<readonly unknown[]>;
  write<R>(work: (transaction: RemoteTransaction) => R | Promise<R>): Promise<R>;
  async write(work: readonly Change[] | ((transaction: RemoteTransaction) => unknown)): Promise<unknown> {
    const transaction = new RemoteTransaction();
    let result: unknown;
    if (typeof work === "function") result = await work(transaction);
    else for (const change of work) transaction._add(change);
    const operations = transaction._finish();
    const objects = operations.length === 0 ? [] : ((await this.ask({ kind: "write", operations })) as readonly Wire[]);
    const made = objects.map((wire) => snapshotOf(wire));
    return typeof work === "function" ? resolved(result, made) : made;
  }

  /** Runs a procedure of the worker's module, in one transaction. @throws {Error} What the procedure throws; `COMMIT_UNKNOWN` as in `write`. */
  async call<Name extends keyof P & string>(name: Name, ...args: ProcedureArguments<P[Name]>): Promise<ProcedureResult<P[Name]>> {
    const values = (args as readonly unknown[]).map((arg) => wireOf(arg));
    return snapshotOf((await this.ask({ kind: "call", name, args: values })) as Wire) as ProcedureResult<P[Name]>;
  }

  /** Ends live queries, waits for what is under way, and lets another tab own the file. */
  async close(): Promise<void> {
    for (const live of [...this.#live.values()]) live.stop();
    await this.#tab.close();
  }

  /** How many queries are kept up to date. @internal */
  _liveCount(): number {
    return this.#live.size;
  }

  /** @internal */
  ask(request: Request): Promise<unknown> {
    if (this.isClosed) return Promise.reject(new RealmError("REALM_CLOSED", "Cannot access realm that has been closed."));
    return this.#tab.ask(request);
  }

  /** @internal */
  live(query: QueryMessage): LiveQuery {
    if (this.isClosed) throw new RealmError("REALM_CLOSED", "Cannot access realm that has been closed.");
    const name = textOf(query);
    const known = this.#live.get(name);
    if (known !== undefined) return known;
    const live = new LiveQuery(this.#tab.connection, query, {
      started: (started) => void (this.#live.has(name) || this.#live.set(name, started)),
      stopped: (stopped) => void (this.#live.get(name) === stopped && this.#live.delete(name)),
    });
    // Whoever asks may never listen: it is forgotten after a while.
    live.keep();
    return live;
  }
}

/** Puts snapshots in the places of what stood for them. */
function resolved(result: unknown, made: readonly unknown[]): unknown {
  if (result instanceof Made) return made[result.index];
  return Array.isArray(result) ? result.map((element) => resolved(element, made)) : result;
}
