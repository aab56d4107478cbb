/**
 * Bootstraps: each page is put aside in transactions of its own, and the last one lets the whole of it take effect in one.
 *
 * The pages become the confirmed states of the new view, in a tree that nobody reads yet. A kill or a cut loses no page: the next connection
 * goes on behind the last one. To take over is to change which of two trees is the confirmed one, and to show the objects that differ.
 *
 * Of classes that were empty, the objects are shown aside with each page (next-classes.ts): in the end their trees change places, and what
 * this device has to say of some of them is shown on top. Of the others both trees are in the same order, so one pass finds what differs, and
 * memory holds one object at a time; that takes as long as there is to write.
 *
 * @module
 */
import { applyOperations, laterOf, materialise, NEVER, newestStamp } from "@holdfast/sync-protocol";
import type { BootMessage, ObjectName, ObjectState, Operation } from "@holdfast/sync-protocol";
import type { RecentOperations } from "./apply-server.ts";
import { byObject } from "./by-object.ts";
import { bytesOf, compareBytes, nameText, parseName, textOf, viewOf } from "./names.ts";
import { classesToTake, emptyClasses } from "./next-classes.ts";
import { TREES, wantedOf } from "./records.ts";
import type { Meta, OutboxRecord } from "./records.ts";
import type { ReplicaTransaction } from "./transaction.ts";
import { writeAnew } from "./write-anew.ts";

/** Rows between two looks at the clock. */
const ROWS_AT_ONCE = 16;

/** What is known beside the page. */
export interface BootOptions {
  /** The first row that was not put aside yet: the page goes on there. */
  readonly from: number;
  /** As for `applyDown`. */
  readonly recent: RecentOperations;
  /** True when others should have their turn. */
  readonly isTimeUp: () => boolean;
}

/**
 * What became of a page: it is put aside with those before it; with it, all pages are the view now; or it is of a set of subscriptions that is
 * not wanted any more.
 */
export type BootOutcome = "aside" | "taken" | "unwanted";

/** How far a page is: the next row, or what became of it. */
export type BootStep = { readonly from: number } | BootOutcome;

/** Puts a page of a bootstrap aside, or a part of it. A page that ends in the middle comes once more, whole. */
export function applyBoot(tx: ReplicaTransaction, message: BootMessage, { from, recent, isTimeUp }: BootOptions): BootStep {
  const subs = tx.meta("subs") as Meta["subs"];
  if (message.version !== wantedOf(subs)?.version) return "unwanted";
  if (message.page === 0 && from === 0) beginBoot(tx, message, recent);
  const to = putAside(tx, message, from, isTimeUp);
  // What is written here from now on is later than all that the rows have.
  let newest = NEVER;
  for (let index = from; index < to; index++) newest = laterOf(newest, newestStamp((message.rows[index] as { state: ObjectState }).state));
  if (newest !== NEVER) tx.observe(newest);
  tx.saveClock();
  if (to < message.rows.length) return { from: to };
  const cseq = message.page === 0 ? message.cseq : tx.meta("boot")?.cseq;
  tx.setMeta("boot", { version: message.version, pages: message.page + 1, resume: message.resume, ...(cseq === undefined ? {} : { cseq }) });
  if (!message.last) return "aside";
  finishBoot(tx, message.resume, recent);
  tx.setMeta("down", { ...tx.meta("down"), resume: message.resume, version: message.version });
  tx.setMeta("boot", null);
  if (message.version === subs.version) tx.setMeta("subs", { ...subs, active: { version: subs.version, entries: subs.entries } });
  return "taken";
}

/** @returns Behind the last row that was put aside. */
function putAside(tx: ReplicaTransaction, { rows }: BootMessage, from: number, isTimeUp: () => boolean): number {
  const next = new Set(tx.access.next);
  const incoming = tx.access.tree(tx.incomingTree);
  let to = from;
  tx.aside(() => {
    while (to < rows.length) {
      for (const end = Math.min(rows.length, to + ROWS_AT_ONCE); to < end; to++) {
        const row = rows[to] as BootMessage["rows"][number];
        incoming.put(bytesOf(nameText(row)), encoded(row.state));
        if (next.has(row.type)) tx.showState(row, row.state);
      }
      if (isTimeUp()) break;
    }
  });
  return to;
}

/** Forgets the pages of a bootstrap that will not go on. */
export function dropBoot(tx: ReplicaTransaction): void {
  for (const tree of [tx.incomingTree, TREES.late, TREES.hidden2]) tx.access.tree(tree).clear();
  tx.access.dropNext();
}

/**
 * What was acknowledged before the first page came may still be younger than the pages: they are read while uploads go on. The server does
 * not send it again, so it is kept with the pages, also for another connection.
 */
function beginBoot(tx: ReplicaTransaction, { cseq }: BootMessage, recent: RecentOperations): void {
  dropBoot(tx);
  // Its pages are gone: nobody may go on behind them if this one ends in the middle.
  tx.setMeta("boot", null);
  const names = emptyClasses(tx);
  if (names.length > 0) tx.access.beginNext(names);
  if (cseq === undefined) return;
  for (const [number, ops] of recent.after(cseq)) tx.writeNumber(TREES.late, number, { ops } satisfies OutboxRecord);
}

function finishBoot(tx: ReplicaTransaction, resume: string, recent: RecentOperations): void {
  const next = classesToTake(tx);
  const own = addOwn(tx, recent).filter(({ type }) => next.has(type));
  tx.aside(() => {
    for (const name of own) tx.show(name);
  });
  const former = tx.confirmedTree;
  tx.swapConfirmed(tx.meta("boot")?.cseq);
  if (next.size > 0) tx.takeNext(next);
  else tx.access.dropNext();
  const anew = writeAnew(tx, resume);
  const hasPending = tx.access.tree(TREES.pending).count > 0;
  for (const name of hasPending && next.size > 0 ? tx.names(TREES.pending) : []) if (next.has(name.type)) showPending(tx, name);
  for (const { name: className } of tx.schema.classes) {
    if (next.has(className)) continue;
    for (const { name, state } of differences(tx, className, { before: former, after: tx.confirmedTree })) {
      // What this device wants to do to an object is shown on top of what the server says of it.
      if (hasPending && tx.pending(name) !== undefined) showPending(tx, name);
      else tx.showState(name, state);
    }
  }
  for (const name of anew) tx.show(name);
  for (const tree of [former, TREES.late, TREES.hidden2]) tx.access.tree(tree).clear();
}

function showPending(tx: ReplicaTransaction, name: ObjectName): void {
  tx.rebase(name, tx.pending(name)?.cseqs ?? []);
  tx.show(name);
}

/** Puts the own operations that the pages may lack on top of them. @returns The objects that have any. */
function addOwn(tx: ReplicaTransaction, recent: RecentOperations): ObjectName[] {
  const incoming = tx.access.tree(tx.incomingTree);
  const late = byObject(tx.numbers(TREES.late).flatMap((cseq) => (tx.readNumber<OutboxRecord>(TREES.late, cseq) as OutboxRecord).ops));
  const names = new Map<string, ObjectName>([...[...late].map(([text, { name }]): [string, ObjectName] => [text, name]), ...recent.names()]);
  for (const [text, name] of names) {
    const key = bytesOf(text);
    const row = incoming.get(key);
    const own = late.get(text)?.operations ?? [];
    if (row !== undefined) incoming.put(key, encoded(applyOperations(decoded(row), [...own, ...recent.of(name)])));
    // What was made here and acknowledged meanwhile is younger than the bootstrap.
    else if (own.length > 0 && tx.confirmed(name) !== undefined) putIfThere(incoming, key, own);
  }
  return [...names.values()];
}

function putIfThere(tree: { put(key: Uint8Array, value: Uint8Array): void }, key: Uint8Array, operations: readonly Operation[]): void {
  const state = applyOperations(undefined, operations);
  if (materialise(state) !== undefined) tree.put(key, encoded(state));
}

/** Objects of a class whose states differ between two trees, with the state in the second one. */
function* differences(tx: ReplicaTransaction, className: string, { before, after }: { readonly before: string; readonly after: string }): IterableIterator<{ readonly name: ObjectName; readonly state: ObjectState | undefined }> {
  const range = { from: bytesOf(`${className}\0`), to: bytesOf(`${className}\u0001`) };
  const old = tx.access.tree(before).cursor(range);
  const now = tx.access.tree(after).cursor(range);
  let hasOld = old.next();
  let hasNow = now.next();
  while (hasOld || hasNow) {
    const order = !hasOld ? 1 : !hasNow ? -1 : compareBytes(old.key(), now.key());
    if (order < 0) yield { name: parseName(textOf(old.key())), state: undefined };
    else if (order > 0 || compareBytes(old.value(), now.value()) !== 0) yield { name: parseName(textOf(now.key())), state: decoded(now.value()) };
    if (order <= 0) hasOld = old.next();
    if (order >= 0) hasNow = now.next();
  }
}

function decoded(bytes: Uint8Array): ObjectState {
  return JSON.parse(textOf(bytes)) as ObjectState;
}

/** Valid until the next call: trees copy it. */
function encoded(state: ObjectState): Uint8Array {
  return viewOf(JSON.stringify(state));
}
