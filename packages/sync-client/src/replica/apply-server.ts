/**
 * What the server says, applied to the replica: each message in one transaction, so that a crash leaves all of it or nothing.
 *
 * @module
 */
import { applyOperations, laterOf, materialise, NEVER, newestStamp, restamped, withSeen } from "@holdfast/sync-protocol";
import type { AckMessage, DownMessage, ObjectName, ObjectRow, Operation, Reject, Stamp } from "@holdfast/sync-protocol";
import { byObject } from "./by-object.ts";
import { nameText } from "./names.ts";
import { TREES } from "./records.ts";
import type { Meta, OutboxRecord, PendingRecord, RejectedRecord } from "./records.ts";
import type { ReplicaTransaction } from "./transaction.ts";

/** An operation of this device's that the server has acknowledged. */
export interface OwnOperation {
  /** Of its transaction. */
  readonly cseq: number;
  readonly operation: Operation;
}

/** Those of this connection. */
export interface RecentOperations {
  of(name: ObjectName): readonly Operation[];
  /** The objects that there are any of, by their names' texts. */
  names(): Iterable<readonly [text: string, name: ObjectName]>;
  /** Those of transactions behind one, by transaction. */
  after(cseq: number): ReadonlyMap<number, readonly Operation[]>;
}

/**
 * Moves acknowledged transactions from the outbox to the confirmed states, and takes back what was refused.
 *
 * What a bootstrap has in it already is not applied once more: what its pages lack of that the user may not see any more, such as a field that is hidden now.
 *
 * @returns The operations as the server has them, without those that the newest bootstrap has in it.
 */
export function applyAck(tx: ReplicaTransaction, ack: AckMessage): OwnOperation[] {
  const stamps = new Map<Stamp, Stamp>(ack.stamps ?? []);
  const rejects = ack.rejects ?? [];
  const isRejected = (cseq: number, name: ObjectName): boolean => rejects.some((reject) => reject.cseq === cseq && nameText(reject) === nameText(name));
  const numbers = tx.outboxNumbers();
  const acked = numbers.filter((cseq) => cseq <= ack.cseq);
  const seen = new Map((ack.seen ?? []).map((entry) => [nameText(entry), entry.g]));
  // What is written here from now on is later: a delete that was not would be none.
  for (const g of seen.values()) tx.observe(g);
  if (stamps.size > 0 || seen.size > 0) {
    rewriteOutbox(tx, numbers, (operation) => {
      const g = seen.get(nameText(operation));
      return restamped(g === undefined ? operation : withSeen(operation, g), stamps);
    });
  }
  const confirmed: OwnOperation[] = [];
  const inView = tx.meta("view")?.cseq ?? 0;
  const inPages = tx.meta("boot")?.cseq ?? 0;
  const touched = new Map<string, ObjectName>();
  const isStrict = stamps.size > 0 || rejects.length > 0 || seen.size > 0 || acked.some((cseq) => cseq <= inView);
  for (const cseq of acked) {
    const { ops } = tx.outbox(cseq) as OutboxRecord;
    for (const { name, operations } of byObject(ops).values()) {
      touched.set(nameText(name), name);
      if (cseq <= inView || isRejected(cseq, name)) continue;
      confirmed.push(...operations.map((operation) => ({ cseq, operation })));
    }
    tx.setOutbox(cseq, undefined);
    if (hasBoot(tx) && cseq > inPages) tx.writeNumber(TREES.late, cseq, { ops: ops.filter((operation) => !isRejected(cseq, operation)) } satisfies OutboxRecord);
  }
  for (const { name, operations } of byObject(confirmed.map(({ operation }) => operation)).values()) confirm(tx, name, operations);
  for (const name of touched.values()) settlePending(tx, name, ack.cseq, isStrict);
  // That an object is gone comes by itself: there is nothing that an application could do about it.
  noteRejects(tx, rejects.filter((reject) => acked.includes(reject.cseq) && reject.code !== "OBJECT_GONE"));
  rewindClock(tx, stamps);
  const counts = tx.meta("counts") as Meta["counts"];
  if (ack.cseq > counts.acked) tx.setMeta("counts", { ...counts, acked: ack.cseq });
  return confirmed.filter(({ cseq }) => cseq > inPages);
}

/** A clock that was far ahead goes back as soon as nothing bears its stamps any more; otherwise every new stamp would be replaced for years. */
function rewindClock(tx: ReplicaTransaction, stamps: ReadonlyMap<Stamp, Stamp>): void {
  if (tx.outboxNumbers().length > 0) return;
  // Stamps that were too old for what is folded were raised: there is nothing to go back from.
  if ([...stamps].every(([ours, theirs]) => ours < theirs)) {
    if (stamps.size > 0) tx.observe([...stamps.values()].reduce(laterOf));
    tx.saveClock();
    return;
  }
  const clock = tx.meta("clock") as Meta["clock"];
  tx.clock.rewind([...stamps.values()].reduce(laterOf, clock.seen));
  tx.saveClock();
}

/** An object that left view meanwhile stays unknown: parts of it are of no use. A delete is kept: what others wrote before they heard of it may still come. */
function confirm(tx: ReplicaTransaction, name: ObjectName, operations: readonly Operation[]): void {
  const before = tx.confirmed(name);
  const state = applyOperations(before, operations);
  if (before !== undefined || state.d !== undefined || materialise(state) !== undefined) tx.setConfirmed(name, state);
}

function hasBoot(tx: ReplicaTransaction): boolean {
  return (tx.meta("boot") ?? null) !== null;
}

/** What the server knows better takes the place of what the client had written, wherever it stands. */
function rewriteOutbox(tx: ReplicaTransaction, numbers: readonly number[], rewrite: (operation: Operation) => Operation): void {
  for (const cseq of numbers) {
    const record = tx.outbox(cseq) as OutboxRecord;
    tx.setOutbox(cseq, { ...record, ops: record.ops.map(rewrite) });
  }
  for (const name of tx.names(TREES.pending)) tx.rebase(name, (tx.pending(name) as PendingRecord).cseqs);
}

function settlePending(tx: ReplicaTransaction, name: ObjectName, ackedCseq: number, isStrict: boolean): void {
  const pending = tx.pending(name);
  if (pending === undefined) return;
  const left = pending.cseqs.filter((cseq) => cseq > ackedCseq);
  // Operations commute: without a refusal and without another stamp the state stays what it is.
  if (!isStrict) tx.setPending(name, { cseqs: left, state: pending.state });
  else {
    tx.rebase(name, left);
    tx.show(name);
  }
}

function noteRejects(tx: ReplicaTransaction, rejects: readonly Reject[]): void {
  if (rejects.length === 0) return;
  const number = (tx.numbers(TREES.rejected).at(-1) ?? 0) + 1;
  tx.writeNumber(TREES.rejected, number, { rejects } satisfies RejectedRecord);
}

/**
 * Applies what others did.
 *
 * @param recent - Own operations that were acknowledged on this connection: the server may have read a row before it had them.
 */
export function applyDown(tx: ReplicaTransaction, message: DownMessage, recent: RecentOperations): void {
  const operations = message.txs.flatMap((entry) => entry.ops);
  observeAll(tx, operations);
  const shown = new Map<string, ObjectName>();
  for (const { name, operations: own } of byObject(operations).values()) {
    tx.setConfirmed(name, applyOperations(tx.confirmed(name), own));
    const pending = tx.pending(name);
    if (pending !== undefined) tx.setPending(name, { cseqs: pending.cseqs, state: applyOperations(pending.state, own) });
    shown.set(nameText(name), name);
  }
  for (const row of message.rows ?? []) {
    enterView(tx, row, recent.of(row));
    shown.set(nameText(row), { type: row.type, pk: row.pk });
  }
  for (const name of message.out ?? []) {
    leaveView(tx, name);
    shown.set(nameText(name), name);
  }
  for (const name of shown.values()) tx.show(name);
  tx.setMeta("down", { ...tx.meta("down"), resume: message.resume });
  tx.saveClock();
}

function observeAll(tx: ReplicaTransaction, operations: readonly Operation[]): void {
  const newest = operations.reduce((last, operation) => laterOf(last, operation.h), NEVER);
  if (newest !== NEVER) tx.observe(newest);
}

function enterView(tx: ReplicaTransaction, row: ObjectRow, own: readonly Operation[]): void {
  // What is written here from now on is later than all that the row has.
  tx.observe(newestStamp(row.state));
  tx.setConfirmed(row, own.length === 0 ? row.state : applyOperations(row.state, own));
  const pending = tx.pending(row);
  if (pending !== undefined) tx.rebase(row, pending.cseqs);
}

/** Nothing of the object is known here any more but what this device wants to do to it. It is not deleted: the outbox stays. */
function leaveView(tx: ReplicaTransaction, name: ObjectName): void {
  tx.setConfirmed(name, undefined);
  const pending = tx.pending(name);
  if (pending !== undefined) tx.rebase(name, pending.cseqs);
}
