/**
 * A live query on a page: the newest state, and who wants to hear of changes.
 *
 * @module
 */
import { compareKeys, isEmptyChange } from "../notifications/change-sets.ts";
import type { CollectionChangeSet } from "../notifications/change-sets.ts";
import type { Connection, Watching } from "./connection.ts";
import type { Delta, FirstState, QueryMessage } from "./messages.ts";
import { isSameValue, referenceOf, snapshotOf } from "./snapshots.ts";

/** The objects of a result at one moment. Neither the array nor what is in it ever changes. */
export type Snapshots<T> = readonly T[] & {
  /** How many there are in the whole result, beyond the window that was asked for. */
  readonly total: number;
  /** False until the first answer: the array is empty then. */
  readonly isLoaded: boolean;
};

/** Hears of the first state, with an empty change set, and of every change after it. */
export type SnapshotListener<T> = (results: Snapshots<T>, changes: CollectionChangeSet) => void;

const NO_CHANGES: CollectionChangeSet = { insertions: [], deletions: [], newModifications: [], oldModifications: [] };

/** How long a query that nobody listens to is kept up to date, for whoever asks for it again. */
const LINGER_MS = 1000;

/** Makes the array of a state. */
export function snapshots<T>(objects: readonly T[], total: number, isLoaded = true): Snapshots<T> {
  return Object.freeze(Object.defineProperties([...objects], { total: { value: total }, isLoaded: { value: isLoaded } })) as Snapshots<T>;
}

const NOTHING_YET: Snapshots<never> = snapshots([], 0, false);

/** Knows the live queries that are kept up to date. */
export interface LiveQueries {
  started(live: LiveQuery): void;
  stopped(live: LiveQuery): void;
}

/** One live query, for all who listen to it. */
export class LiveQuery<T = unknown> implements Watching {
  readonly query: QueryMessage;
  readonly #connection: Connection;
  readonly #registry: LiveQueries;
  readonly #listeners = new Set<SnapshotListener<T>>();
  #current: Snapshots<T> = NOTHING_YET;
  #error: Error | undefined;
  #number: number | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #isLoaded: () => void = () => undefined;
  #hasFailed: (error: Error) => void = () => undefined;
  readonly #loaded: Promise<void>;

  constructor(connection: Connection, query: QueryMessage, registry: LiveQueries) {
    this.#connection = connection;
    this.query = query;
    this.#registry = registry;
    this.#loaded = new Promise((resolve, reject) => {
      this.#isLoaded = resolve;
      this.#hasFailed = reject;
    });
    this.#loaded.catch(() => undefined);
  }

  /** The newest state: another array whenever something has changed. */
  get current(): Snapshots<T> {
    return this.#current;
  }

  /** Why there is none: the query was refused. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Resolved with the first state, rejected if the query is refused. */
  get loaded(): Promise<void> {
    return this.#loaded;
  }

  /** Begins to listen. @returns What ends it. */
  listen(listener: SnapshotListener<T>): () => void {
    this.#listeners.add(listener);
    this.keep();
    if (this.#current.isLoaded) queueMicrotask(() => this.#listeners.has(listener) && listener(this.#current, NO_CHANGES));
    return () => {
      if (this.#listeners.delete(listener)) this.keep();
    };
  }

  /** Keeps the query up to date for a while, also if nobody listens. */
  keep(): void {
    if (this.#number === undefined) {
      this.#number = this.#connection.watch(this);
      this.#registry.started(this as LiveQuery);
    }
    if (this.#linger !== undefined) clearTimeout(this.#linger);
    this.#linger = this.#listeners.size > 0 ? undefined : setTimeout(() => this.stop(), LINGER_MS);
  }

  stop(): void {
    if (this.#linger !== undefined) clearTimeout(this.#linger);
    if (this.#number !== undefined) this.#connection.unwatch(this.#number);
    this.#number = undefined;
    this.#registry.stopped(this as LiveQuery);
  }

  /** From the first owner, or from the next one: then what happened in between is found by comparing. */
  first({ objects, total }: FirstState): void {
    const next = objects.map((object) => snapshotOf(object) as T & object);
    if (!this.#current.isLoaded) {
      this.#current = snapshots<T>(next, total);
      this.#isLoaded();
      return this.#tell(NO_CHANGES);
    }
    const before = new Map(this.#current.map((object) => [keyOf(object), object]));
    const modified = new Set<string>();
    const kept = next.map((object) => {
      const key = keyOf(object);
      const old = before.get(key);
      if (old !== undefined && isSameValue(old, object)) return old;
      modified.add(key);
      return object;
    });
    const changes = compareKeys([...before.keys()], kept.map(keyOf), (key) => modified.has(key));
    if (isEmptyChange(changes) && total === this.#current.total) return;
    this.#current = snapshots<T>(kept, total);
    this.#tell(changes);
  }

  changed({ total, deletions, insertions, inserted, oldModifications, newModifications, modified }: Delta): void {
    const before = this.#current;
    const gone = new Set(deletions);
    const after = new Array<T>(before.length - deletions.length + insertions.length);
    const added = new Map(insertions.map((index, number) => [index, inserted[number]]));
    let next = 0;
    for (let index = 0; index < after.length; index++) {
      if (added.has(index)) {
        after[index] = snapshotOf(added.get(index)) as T;
        continue;
      }
      while (gone.has(next)) next++;
      after[index] = before[next] as T;
      next++;
    }
    newModifications.forEach((index, number) => (after[index] = snapshotOf(modified[number]) as T));
    this.#current = snapshots(after, total);
    this.#tell({ deletions: [...deletions], insertions: [...insertions], oldModifications: [...oldModifications], newModifications: [...newModifications] });
  }

  failed(error: Error): void {
    this.#error = error;
    // Another identity: who compares states has to look again.
    this.#current = snapshots<T>([], 0, false);
    this.#hasFailed(error);
    this.#tell(NO_CHANGES);
  }

  #tell(changes: CollectionChangeSet): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.#current, changes);
      } catch (error) {
        // The others hear of it all the same; the error goes where uncaught ones go.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function keyOf(object: unknown): string {
  return referenceOf(object as object)?.key ?? "";
}
