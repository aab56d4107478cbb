/**
 * What the clients write, and what must hold whenever somebody looks.
 *
 * Each client owns a *cell*. Every transaction of its rewrites the cell together with whatever else it does: how many transactions there
 * were, what they add up to, and which transactions of others it had seen. So whoever looks at a replica, at any moment, can tell from
 * its cells which transactions are in it, and everything else must fit: nothing of a transaction may be missing, or there twice.
 *
 * @module
 */
import type Realm from "@holdfast/realm";

/** The classes. */
export const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Cell", primaryKey: "_id", properties: { _id: "string", n: "int", state: "string" } },
  { name: "Group", primaryKey: "_id", properties: { _id: "string", token: "int", body: "string" } },
  { name: "Register", primaryKey: "_id", properties: { _id: "string", value: "string" } },
  { name: "Counter", primaryKey: "_id", properties: { _id: "string", value: { type: "int", presentation: "counter" } as never } },
  { name: "Log", primaryKey: "_id", properties: { _id: "string", entries: "string[]" } },
  { name: "Thing", primaryKey: "_id", properties: { _id: "string", isHidden: "bool", note: "string" } },
  { name: "Secret", primaryKey: "_id", properties: { _id: "string", token: "int", body: "string?", note: "string" } },
  { name: "Shared", primaryKey: "_id", properties: { _id: "string", note: "string", count: { type: "int", presentation: "counter" }, tags: "string<>", byName: "int{}", entries: "string[]" } as never },
];

/** What stands in every secret, and nowhere else. */
export const SECRET_MARKER = "told-to-insiders-only";
/** So long that what a bootstrap shows of the groups is several pages: the first one has 64 KiB. */
export const GROUP_BODY_LENGTH = 9000;

/** What is there for all to write on. */
export const REGISTERS: readonly string[] = names("r", 3);
export const COUNTERS: readonly string[] = names("k", 2);
export const LOGS: readonly string[] = names("l", 2);
export const SHARED: readonly string[] = names("s", 3);

function names(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index}`);
}

/** Which things a client is shown. */
export type ViewName = "all" | "shown";

/** What a user may read: everything; all but the bodies of secrets; no secrets, and no hidden things. */
export const ROLES = ["insider", "clerk", "outsider"] as const;
/** One of them. */
export type Role = (typeof ROLES)[number];

/** What a client's transactions so far come to. */
export interface CellState {
  n: number;
  /** Transactions of the others that were there when the newest one was written. */
  seen: Record<string, number>;
  /** By counter. */
  sums: Record<string, number>;
  /** By log. */
  pushes: Record<string, number>;
  /** The newest value that it wrote, by register. */
  registers: Record<string, RegisterValue>;
  group: number;
  /** Who may read it, reads this of the writer's secrets. */
  secret: number;
  things: string[];
  /** Things that only those see who are shown all. */
  hidden: string[];
  /** Things that were hidden and are not any more. */
  returned: string[];
}

/** A value of a register: unique, with all values of before that its writer could know of. */
export interface RegisterValue {
  readonly writer: string;
  /** For each writer, the newest of its writes to this register that lies behind this one. */
  readonly past: Readonly<Record<string, number>>;
}

export interface CellRow {
  _id: string;
  n: number;
  state: string;
}
export interface SecretRow {
  _id: string;
  token: number;
  body: string | null;
  note: string;
}
export interface ThingRow {
  _id: string;
  isHidden: boolean;
  note: string;
}

/** True if everything that `value` knows of, itself included, lies behind `later`, which is another one. */
export function isBefore(value: RegisterValue, later: RegisterValue): boolean {
  const entries = Object.entries(value.past);
  const isBehind = entries.every(([writer, at]) => at <= (later.past[writer] ?? 0));
  return isBehind && (entries.length < Object.keys(later.past).length || entries.some(([writer, at]) => at < (later.past[writer] ?? 0)));
}

/** A cell before its owner's first transaction. */
export function emptyCell(): CellState {
  return { n: 0, seen: {}, sums: {}, pushes: {}, registers: {}, group: 0, secret: 0, things: [], hidden: [], returned: [] };
}

/** The objects that a client changes together: far from each other in the order of keys, so that pages end between them. */
export function groupNames(id: string): readonly string[] {
  return [0, 1, 2].map((index) => `${index}-${id}`);
}

/** The secrets of a client. */
export function secretNames(id: string): readonly string[] {
  return [0, 1].map((index) => `${index}-${id}`);
}

/** All cells of a replica, by owner. */
export function cellsOf(realm: Realm): Map<string, CellState> {
  const cells = new Map<string, CellState>();
  for (const row of realm.objects<CellRow>("Cell")) cells.set(row._id, JSON.parse(row.state) as CellState);
  return cells;
}
