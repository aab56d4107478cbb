/**
 * One live query of a page, on the owner's side: sends what changed since the page's last state.
 *
 * At most one change is under way; what happens until it has arrived is put into the next. So a page that does not listen for
 * a while costs nothing, and what is sent is found by comparing row keys, whatever happened in between.
 *
 * @module
 */
import type { Results } from "../collections/results.ts";
import { compareKeys, isEmptyChange } from "../notifications/change-sets.ts";
import type { CollectionChangeSet } from "../notifications/change-sets.ts";
import type { Realm } from "../realm.ts";
import type { AnyRealmObject } from "../types.ts";
import type { Delta, FirstState, QueryMessage } from "./messages.ts";
import { readWindow, resultsOf, windowOf } from "./queries.ts";
import { objectToWire } from "./worker-values.ts";
import type { WireObject } from "./wire.ts";

/** What a watch is made of. */
export interface WatchOptions {
  readonly realm: Realm;
  readonly query: QueryMessage;
  /** Sends a change to the page. */
  send(delta: Delta): void;
  /** Runs something when no transaction is open. */
  soon(run: () => void): void;
}

/** A live query. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #results: Results<AnyRealmObject>;
  #keys: readonly string[] = [];
  #total = 0;
  #isUnderWay = false;
  #isDue = false;
  #isStopped = false;
  readonly #modified = new Set<string>();
  #listener: ((results: unknown, changes: CollectionChangeSet) => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#results = resultsOf(options.realm, options.query);
  }

  /** Begins to listen. @returns The first state, once listening has begun: no change can come between. */
  start(): Promise<FirstState> {
    return new Promise((resolve, reject) => {
      let isFirst = true;
      this.#listener = (_results, changes) => {
        if (!isFirst) return this.#changed(changes);
        isFirst = false;
        try {
          resolve(this.#first());
        } catch (error) {
          reject(error as Error);
        }
      };
      this.#results.addListener(this.#listener as never, this.#options.query.keyPaths as string[] | undefined);
    });
  }

  #first(): FirstState {
    const state = readWindow(this.#results, this.#options.query);
    this.#keys = this.#windowKeys();
    this.#total = state.total;
    return state;
  }

  #changed(changes: CollectionChangeSet): void {
    for (const index of changes.newModifications) {
      const object = this.#results._at(index);
      if (object !== undefined) this.#modified.add(object._objectKey());
    }
    if (this.#isUnderWay) this.#isDue = true;
    else this.#send();
  }

  /** The page has the last change. */
  arrived(): void {
    this.#isUnderWay = false;
    if (!this.#isDue) return;
    this.#options.soon(() => {
      if (!this.#isUnderWay && !this.#isStopped) this.#send();
    });
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (this.#listener !== undefined && !this.#options.realm.isClosed) this.#results.removeListener(this.#listener as never);
  }

  #send(): void {
    this.#isDue = false;
    const before = this.#keys;
    const after = this.#windowKeys();
    const total = this.#results.length;
    const changes = compareKeys(before, after, (key) => this.#modified.has(key));
    const delta = isEmptyChange(changes) && total === this.#total ? undefined : this.#delta(changes, total);
    this.#keys = after;
    this.#total = total;
    this.#modified.clear();
    if (delta === undefined) return;
    this.#isUnderWay = true;
    this.#options.send(delta);
  }

  #delta(changes: CollectionChangeSet, total: number): Delta {
    const { query } = this.#options;
    const [start] = windowOf(query, total);
    const objectAt = (index: number): WireObject => objectToWire(this.#results._at(start + index) as object, query.depth);
    return { total, ...changes, inserted: changes.insertions.map(objectAt), modified: changes.newModifications.map(objectAt) };
  }

  #windowKeys(): readonly string[] {
    const { query } = this.#options;
    if (query.window === undefined) return this.#results._watch().read() as readonly string[];
    const [start, end] = windowOf(query, this.#results.length);
    const keys: string[] = [];
    for (let index = start; index < end; index++) keys.push((this.#results._at(index) as AnyRealmObject)._objectKey());
    return keys;
  }
}
