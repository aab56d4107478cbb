/**
 * Bootstraps: each page is put aside in a transaction of its own, and the last one lets the whole of it take effect in one.
 *
 * The pages become the confirmed states of the new view, in a tree that nobody reads yet. A kill or a cut loses no page: the next connection
 * goes on behind the last one. To take over is to change which of two trees is the confirmed one, and to show the objects that differ: both
 * trees are in the same order, so one pass finds them, and memory holds one object at a time.
 *
 * @module
 */
import { applyOperations, laterOf, materialise, NEVER, newestStamp } from "@holdfast/sync-protocol";
import type { BootMessage, ObjectName, ObjectState, Operation } from "@holdfast/sync-protocol";
import type { RecentOperations } from "./apply-server.ts";
import { byObject } from "./by-object.ts";
import { bytesOf, compareBytes, nameText, parseName, textOf } from "./names.ts";
import { TREES } from "./records.ts";
import type { Meta, OutboxRecord } from "./records.ts";
import type { ReplicaTransaction } from "./transaction.ts";
import { writeAnew } from "./write-anew.ts";

/**
 * Puts a page of a bootstrap aside.
 *
 * @param recent - As for `applyDown`.
 * @returns True if it was the last one: all pages are the view now.
 */
export function applyBoot(tx: ReplicaTransaction, message: BootMessage, recent: RecentOperations): boolean {
  const subs = tx.meta("subs") as Meta["subs"];
  if (message.version !== subs.version) return false;
  if (message.page === 0) beginBoot(tx, message, recent);
  const incoming = tx.access.tree(tx.incomingTree);
  for (const row of message.rows) incoming.put(bytesOf(nameText(row)), bytesOf(JSON.stringify(row.state)));
  const cseq = message.page === 0 ? message.cseq : tx.meta("boot")?.cseq;
  tx.setMeta("boot", { version: message.version, pages: message.page + 1, resume: message.resume, ...(cseq === undefined ? {} : { cseq }) });
  // What is written here from now on is later than all that the rows have.
  const newest = message.rows.reduce((last, { state }) => laterOf(last, newestStamp(state)), NEVER);
  if (newest !== NEVER) tx.observe(newest);
  tx.saveClock();
  if (!message.last) return false;
  finishBoot(tx, message.resume, recent);
  tx.setMeta("down", { ...tx.meta("down"), resume: message.resume, version: message.version });
  tx.setMeta("boot", null);
  return true;
}

/** Forgets the pages of a bootstrap that will not go on. */
export function dropBoot(tx: ReplicaTransaction): void {
  for (const tree of [tx.incomingTree, TREES.late]) tx.access.tree(tree).clear();
}

/**
 * What was acknowledged before the first page came may still be younger than the pages: they are read while uploads go on. The server does
 * not send it again, so it is kept with the pages, also for another connection.
 */
function beginBoot(tx: ReplicaTransaction, { cseq }: BootMessage, recent: RecentOperations): void {
  dropBoot(tx);
  if (cseq === undefined) return;
  for (const [number, ops] of recent.after(cseq)) tx.writeNumber(TREES.late, number, { ops } satisfies OutboxRecord);
}

function finishBoot(tx: ReplicaTransaction, resume: string, recent: RecentOperations): void {
  addOwn(tx, recent);
  const former = tx.confirmedTree;
  tx.swapConfirmed(tx.meta("boot")?.cseq);
  const anew = writeAnew(tx, resume);
  // What this device wants to do to an object is shown on top of what the server says of it.
  const hasPending = tx.access.tree(TREES.pending).count > 0;
  for (const { name, state } of differences(tx, former, tx.confirmedTree)) {
    const pending = hasPending ? tx.pending(name) : undefined;
    if (pending === undefined) tx.showState(name, state);
    else {
      tx.rebase(name, pending.cseqs);
      tx.show(name);
    }
  }
  for (const name of anew) tx.show(name);
  tx.access.tree(former).clear();
  tx.access.tree(TREES.late).clear();
}

/** Puts the own operations that the pages may lack on top of them. */
function addOwn(tx: ReplicaTransaction, recent: RecentOperations): void {
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
}

function putIfThere(tree: { put(key: Uint8Array, value: Uint8Array): void }, key: Uint8Array, operations: readonly Operation[]): void {
  const state = applyOperations(undefined, operations);
  if (materialise(state) !== undefined) tree.put(key, encoded(state));
}

/** Objects whose states differ between two trees, with the state in the second one. */
function* differences(tx: ReplicaTransaction, before: string, after: string): IterableIterator<{ readonly name: ObjectName; readonly state: ObjectState | undefined }> {
  const old = tx.access.tree(before).cursor();
  const now = tx.access.tree(after).cursor();
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

function encoded(state: ObjectState): Uint8Array {
  return bytesOf(JSON.stringify(state));
}
