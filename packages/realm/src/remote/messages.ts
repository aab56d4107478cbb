/**
 * The messages between pages and workers.
 *
 * A page talks to its own worker over a port, to all workers of the database over the hub, and to the owner over a session's channel.
 *
 * @module
 */
import type { Failure } from "./failures.ts";
import type { Wire, WireObject } from "./wire.ts";

/** A step of a query: the name of the method of a result, and its arguments. */
export type QueryStep = readonly [name: "filtered" | "sorted", ...args: Wire[]];

/** A query as it travels. */
export interface QueryMessage {
  readonly type: string;
  /** In place of steps: the one object with this primary key. */
  readonly primaryKey?: Wire;
  readonly steps: readonly QueryStep[];
  /** The part of the result that is asked for. */
  readonly window?: { readonly start: number; readonly count: number };
  /** How many links are followed. */
  readonly depth: number;
  readonly keyPaths?: readonly string[];
}

/** One change of a transaction. */
export type Operation =
  | { readonly kind: "create"; readonly type: string; readonly values: Wire; readonly mode?: string | boolean }
  | { readonly kind: "update"; readonly subject: Wire; readonly values: Wire }
  | { readonly kind: "delete"; readonly subject: Wire | QueryMessage };

/** What an owner is asked to do. */
export type Request =
  | { readonly kind: "run"; readonly query: QueryMessage }
  | { readonly kind: "count"; readonly query: QueryMessage }
  | { readonly kind: "aggregate"; readonly query: QueryMessage; readonly operation: "min" | "max" | "sum" | "avg"; readonly property: string }
  | { readonly kind: "watch"; readonly watch: number; readonly query: QueryMessage }
  | { readonly kind: "write"; readonly operations: readonly Operation[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Wire[] };

/** What a page says to an owner. */
export type ToOwner =
  /** `startBefore`: a write that has not begun by then (`Date.now()`) never does. */
  | { readonly kind: "request"; readonly id: number; readonly request: Request; readonly startBefore?: number }
  | { readonly kind: "unwatch"; readonly watch: number }
  /** A change of a live query has arrived: the next may come. */
  | { readonly kind: "arrived"; readonly watch: number }
  | { readonly kind: "ping" }
  | { readonly kind: "leave" };

/** The first state of a live query. */
export interface FirstState {
  readonly objects: readonly WireObject[];
  readonly total: number;
}

/** A change of a live query: its change set, and the objects that are new or changed. */
export interface Delta {
  readonly total: number;
  readonly deletions: readonly number[];
  readonly insertions: readonly number[];
  readonly inserted: readonly WireObject[];
  readonly oldModifications: readonly number[];
  readonly newModifications: readonly number[];
  readonly modified: readonly WireObject[];
}

/** What an owner says to a page. */
export type FromOwner =
  | { readonly kind: "welcome" }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly failure: Failure }
  /** The request was not begun and never will be. */
  | { readonly kind: "not-started"; readonly id: number }
  | { readonly kind: "delta"; readonly watch: number; readonly delta: Delta }
  | { readonly kind: "pong" }
  /** The last word: what has no answer by now was not begun. */
  | { readonly kind: "bye" };

/** Shows that two workers have the same key, without telling anything about it; null for a plain file. */
export interface KeyProof {
  readonly nonce: Uint8Array;
  readonly check: Uint8Array;
}

/** What is said on the hub. */
export type HubMessage =
  | { readonly kind: "who" }
  /** `since`: when it became the owner (`Date.now()`), by which an announcement that comes late is known. */
  | { readonly kind: "owner"; readonly owner: string; readonly since: number; readonly proof: KeyProof | null; readonly schemaVersion: number }
  | { readonly kind: "join"; readonly owner: string; readonly client: string; readonly session: string };

/** The first message of a page to its worker. Port and key are transferred. */
export interface StartMessage {
  readonly holdfast: "start";
  readonly port: unknown;
  /** The worker's name among all. */
  readonly worker: string;
  readonly path?: string;
  readonly key?: Uint8Array;
}

/** What a page says to its own worker. */
export type ToWorker = { readonly kind: "stand" } | { readonly kind: "close" };

/** What a worker says to its own page. */
export type FromWorker =
  | { readonly kind: "hello"; readonly path: string; readonly isAlone: boolean }
  /** The worker has the lock and opens the file: this may take a while. */
  | { readonly kind: "opening" }
  /** The worker owns the file; the port is the session's. */
  | { readonly kind: "owner"; readonly port: unknown }
  /** Another tab's worker owns the file, and it is the same database to it. */
  | { readonly kind: "fits"; readonly owner: string }
  /** Another tab's worker owns the file, with another key or for another version of the application. */
  | { readonly kind: "misfits"; readonly owner: string; readonly since: number; readonly failure: Failure }
  /** The worker cannot open the file. */
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "closed" };
