/**
 * What a database must do to take part: the same work for every contender, in loops of its own.
 *
 * The loops are inside the contender, so that no call through this interface is paid per object.
 *
 * @module
 */
import type { Person } from "./people.ts";

/** One open database of a contender. */
export interface Session {
  /** Inserts all in one durable transaction. */
  insertAll(people: Iterable<Person>): void;
  /** Inserts each in a durable transaction of its own. */
  insertEach(people: readonly Person[]): void;
  /** Sets `balance`, or with an index `age`, of each id in one durable transaction. */
  updateAll(ids: Int32Array, value: number): void;
  /** Sum of `wholeChecksum` over the ids, each read by primary key. */
  readWhole(ids: Int32Array): number;
  /** Sum of `pairChecksum` over the ids, each read by primary key. */
  readPair(ids: Int32Array): number;
  /** How many people are older than `age`. */
  countOlder(age: number): number;
  /** Sum of `pairChecksum` over the people older than `age`. */
  sumOlder(age: number): number;
  /** Sum of `wholeChecksum` over everybody. */
  scanAll(): number;
  /** The balance of one person, newly read: another process's commit is seen. */
  readBalance(id: number): number;
  /** Adds 1 to a balance in a durable transaction, reading inside it; safe against other processes. */
  increment(id: number): void;
  close(): Promise<void>;
}

/** One open database of people in teams (W9, W10). */
export interface GraphSession {
  /** Makes people 0 to count-1 and their teams in one transaction. */
  build(count: number): void;
  /** Gets hold of people; each call of the result reads a field of each, as it is now. Without live objects that is a read by key. */
  hold(ids: Int32Array): () => number;
  /** Sum of the points of the members of teams, through their lists. */
  sumTeams(ids: Int32Array): number;
  /** Sum of the lengths of the names three links up. */
  walk(ids: Int32Array): number;
  /** Sum of the points of the best of a city. */
  best(city: string): number;
  /** Listeners on people 0 to count-1; absent where the library has none. */
  listen?(count: number): { readonly ready: Promise<void>; change(id: number, points: number): Promise<void> };
  close(): Promise<void>;
}

/** How a database is opened. */
export interface OpenOptions {
  readonly path: string;
  /** An index on `age` is kept. */
  readonly isIndexed: boolean;
}

/** One database library in one mode. */
export interface Contender {
  /** Opens or creates; called once per measured session. */
  open(options: OpenOptions): Session;
  /** Opens or creates the database of people in teams. */
  openGraph(options: OpenOptions): GraphSession;
}

/** A contender's module must export this function; the module is imported before anything is timed. */
export type LoadContender = () => Promise<Contender>;

/** A contender as the report shows it. */
export interface ContenderEntry {
  readonly id: string;
  readonly title: string;
  readonly isEncrypted: boolean;
  /** What the encryption is, for the reader of the table. */
  readonly note: string;
  /** How to install it, if it is not part of the workspace. */
  readonly install?: string;
}

const PEERS_INSTALL = "npm install --prefix bench/peers";

/** All contenders. The two Holdfast modes come first and are the pair that is judged. */
export const CONTENDERS: readonly ContenderEntry[] = [
  { id: "holdfast-encrypted", title: "Holdfast encrypted", isEncrypted: true, note: "AES-256-CTR + HMAC-SHA-256" },
  { id: "holdfast-plain", title: "Holdfast plain", isEncrypted: false, note: "no key" },
  { id: "lmdb-plain", title: "lmdb", isEncrypted: false, note: "shared structures, durable commits" },
  { id: "lmdb-encrypted", title: "lmdb encrypted", isEncrypted: true, note: "ChaCha8, no authentication" },
  { id: "node-sqlite", title: "node:sqlite", isEncrypted: false, note: "WAL, synchronous=FULL" },
  { id: "better-sqlite3", title: "better-sqlite3", isEncrypted: false, note: "WAL, synchronous=FULL", install: PEERS_INSTALL },
  {
    id: "sqlite3mc",
    title: "SQLite3MC (SQLCipher scheme)",
    isEncrypted: true,
    note: "AES-256-CBC + HMAC-SHA-512, raw key, no KDF, WAL, synchronous=FULL",
    install: PEERS_INSTALL,
  },
];
