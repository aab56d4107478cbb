/**
 * A query on a page: what is asked for, and the ways to ask.
 *
 * @module
 */
import type { SortDescriptor } from "../collections/ordered-collection.ts";
import { RealmError, typeError } from "../errors.ts";
import { snapshots } from "./live-query.ts";
import type { LiveQuery, SnapshotListener, Snapshots } from "./live-query.ts";
import type { FirstState, QueryMessage, Request } from "./messages.ts";
import { snapshotOf, wireOf } from "./snapshots.ts";
import type { Wire } from "./wire.ts";

/** How many links are followed where nothing else is asked for. */
const DEFAULT_DEPTH = 1;
/** Changes are felt over as many links as Realm's listeners follow. */
const GREATEST_DEPTH = 3;

/** Whoever answers queries: a remote realm. */
export interface Answerer {
  ask(request: Request): Promise<unknown>;
  live(query: QueryMessage): LiveQuery;
}

/** Objects of a class that a page asks for. Methods that narrow it give another query; nothing is read before it is run or listened to. */
export class RemoteQuery<T = unknown> {
  readonly #answerer: Answerer;
  readonly #query: QueryMessage;
  readonly #listeners = new Map<SnapshotListener<T>, () => void>();

  /** @internal */
  constructor(answerer: Answerer, query: QueryMessage) {
    this.#answerer = answerer;
    this.#query = query;
  }

  /** @internal */
  static all<T>(answerer: Answerer, type: string): RemoteQuery<T> {
    return new RemoteQuery<T>(answerer, { type, steps: [], depth: DEFAULT_DEPTH });
  }

  /** The one object with a primary key, or none. @internal */
  static one<T>(answerer: Answerer, type: string, primaryKey: unknown): RemoteQuery<T> {
    return new RemoteQuery<T>(answerer, { type, primaryKey: wireOf(primaryKey), steps: [], depth: DEFAULT_DEPTH });
  }

  /** Those that meet a condition of Realm's query language. Snapshots may be arguments. */
  filtered(query: string, ...args: unknown[]): RemoteQuery<T> {
    if (typeof query !== "string") throw typeError("TYPE_MISMATCH", "Expected 'query' to be a string.");
    return this.#step(["filtered", query, ...args.map((arg) => wireOf(arg))]);
  }

  sorted(descriptor: SortDescriptor | readonly SortDescriptor[], reverse: boolean = false): RemoteQuery<T> {
    return this.#step(["sorted", wireOf(descriptor), reverse]);
  }

  /** A part of the result: only that crosses, also live. `total` tells how many there are in all. */
  window(start: number, count: number): RemoteQuery<T> {
    for (const value of [start, count]) if (!Number.isSafeInteger(value) || value < 0) throw new RealmError("ARGUMENT_INVALID", "A window's start and count are whole numbers from 0.");
    return this.#with({ window: { start, count } });
  }

  /** How many links are followed, 0 to 3: objects behind them show their primary key alone. Without it 1. */
  depth(depth: number): RemoteQuery<T> {
    if (!Number.isInteger(depth) || depth < 0 || depth > GREATEST_DEPTH) throw new RealmError("ARGUMENT_INVALID", `A depth is a whole number from 0 to ${GREATEST_DEPTH}.`);
    return this.#with({ depth });
  }

  /** The objects as they are now. */
  async run(): Promise<Snapshots<T>> {
    const { objects, total } = (await this.#answerer.ask({ kind: "run", query: this.#query })) as FirstState;
    return snapshots(objects.map((object) => snapshotOf(object) as T), total);
  }

  /** How many there are, beyond a window. */
  async count(): Promise<number> {
    return (await this.#answerer.ask({ kind: "count", query: this.#query })) as number;
  }

  /** The least value of a property; undefined for nothing. */
  min(property: string): Promise<number | Date | undefined> {
    return this.#aggregate("min", property) as Promise<number | Date | undefined>;
  }
  /** The greatest value of a property; undefined for nothing. */
  max(property: string): Promise<number | Date | undefined> {
    return this.#aggregate("max", property) as Promise<number | Date | undefined>;
  }
  /** The sum of a property; 0 for nothing. */
  sum(property: string): Promise<number> {
    return this.#aggregate("sum", property) as Promise<number>;
  }
  /** The mean of a property; undefined for nothing. */
  avg(property: string): Promise<number | undefined> {
    return this.#aggregate("avg", property) as Promise<number | undefined>;
  }

  /**
   * Calls back with the first state, and with every change after it.
   *
   * @param keyPaths - Only changes under these are told of as modifications.
   * @returns When the first state is there. @throws {Error} If the query is refused.
   */
  async addListener(listener: SnapshotListener<T>, keyPaths?: string | readonly string[]): Promise<void> {
    if (typeof listener !== "function") throw typeError("LISTENER_INVALID", "Expected 'listener' to be a function.");
    if (this.#listeners.has(listener)) throw typeError("LISTENER_INVALID", "Remove callback before adding it again");
    const live = this.live(keyPaths);
    this.#listeners.set(listener, live.listen(listener));
    await live.loaded;
  }

  removeListener(listener: SnapshotListener<T>): void {
    this.#listeners.get(listener)?.();
    this.#listeners.delete(listener);
  }

  removeAllListeners(): void {
    for (const listener of [...this.#listeners.keys()]) this.removeListener(listener);
  }

  /** The live query behind the listeners, one for all who ask the same; for bindings to view libraries. */
  live(keyPaths?: string | readonly string[]): LiveQuery<T> {
    const query = keyPaths === undefined ? this.#query : { ...this.#query, keyPaths: typeof keyPaths === "string" ? [keyPaths] : keyPaths };
    return this.#answerer.live(query) as LiveQuery<T>;
  }

  /** As it travels. @internal */
  _message(): QueryMessage {
    return this.#query;
  }

  #step(step: QueryMessage["steps"][number]): RemoteQuery<T> {
    return this.#with({ steps: [...this.#query.steps, step] });
  }

  #with(change: Partial<QueryMessage>): RemoteQuery<T> {
    return new RemoteQuery<T>(this.#answerer, { ...this.#query, ...change });
  }

  async #aggregate(operation: "min" | "max" | "sum" | "avg", property: string): Promise<unknown> {
    return snapshotOf((await this.#answerer.ask({ kind: "aggregate", query: this.#query, operation, property })) as Wire);
  }
}
