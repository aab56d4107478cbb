/**
 * What the application's transaction changed, as operations in the outbox: written in that same transaction.
 *
 * @module
 */
import type { ReplicaChange } from "@holdfast/realm/replica";
import { applyOperations, classOf, operationsBetween } from "@holdfast/sync-protocol";
import type { Intent, ObjectName, ObjectState, Operation, PlainObject } from "@holdfast/sync-protocol";
import { toPlainObject, toWireKey } from "../wire/to-plain.ts";
import { PRIMARY_KEY } from "../wire/sync-schema.ts";
import type { Meta } from "./records.ts";
import { mayLink } from "./transaction.ts";
import type { ReplicaTransaction } from "./transaction.ts";

/** Writes the operations of a transaction. @returns Its number; undefined if there is nothing to pass on. */
export function recordChanges(tx: ReplicaTransaction, changes: readonly ReplicaChange[]): number | undefined {
  const counts = tx.meta("counts") as Meta["counts"];
  const cseq = counts.next;
  const operations: Operation[] = [];
  const asymmetric: ReplicaChange[] = [];
  for (const change of changes) {
    const name: ObjectName = { type: change.className, pk: toWireKey(change.key) };
    if (classOf(tx.schema, name.type)?.asymmetric === true) {
      operations.push(...operationsOf(tx, change, name, undefined).ops);
      asymmetric.push(change);
      continue;
    }
    const pending = tx.pending(name);
    const { ops, state } = operationsOf(tx, change, name, pending?.state ?? tx.confirmed(name));
    if (ops.length === 0) continue;
    operations.push(...ops);
    tx.setPending(name, { cseqs: [...(pending?.cseqs ?? []), cseq], state: state as ObjectState });
  }
  // Objects of asymmetric classes are sent and not kept.
  for (const change of asymmetric) tx.access.remove(change.className, change.key);
  settleLinks(tx, changes);
  if (operations.length === 0) return undefined;
  const base = tx.meta("down")?.resume;
  tx.setOutbox(cseq, { ops: operations, ...(base === undefined ? {} : { base }) });
  tx.setMeta("counts", { ...counts, next: cseq + 1 });
  tx.saveClock();
  return cseq;
}

function operationsOf(tx: ReplicaTransaction, change: ReplicaChange, name: ObjectName, before: ObjectState | undefined): { ops: Operation[]; state: ObjectState | undefined } {
  const options = { ...name, schema: tx.schema, clock: tx.clock, isGone: tx.isGone };
  const ops: Operation[] = [];
  let state = before;
  const add = (more: readonly Operation[]): void => {
    ops.push(...more);
    if (more.length > 0) state = applyOperations(state, more);
  };
  if (change.wasThere && (!change.isThere || change.isAnother)) add(operationsBetween(state, undefined, options));
  if (change.isThere) add(operationsBetween(state, wantedOf(change), { ...options, intents: Object.fromEntries(change.intents) as Record<string, Intent> }));
  return { ops, state };
}

/** The properties that were written: what is absent stays as it is. */
function wantedOf(change: ReplicaChange): PlainObject {
  const after = toPlainObject(change.after() ?? {}, PRIMARY_KEY);
  if (!change.wasThere || change.isAnother) return after;
  const before = toPlainObject(change.before() ?? {}, PRIMARY_KEY);
  const assigned = new Set([...change.intents.keys()].map((path) => path.split(".")[0]));
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => assigned.has(name) || JSON.stringify(value) !== JSON.stringify(before[name])));
}

/** Links that lost their target are noted, and those that waited for a new object show. */
function settleLinks(tx: ReplicaTransaction, changes: readonly ReplicaChange[]): void {
  const isAnyGone = changes.some((change) => change.wasThere && (!change.isThere || change.isAnother));
  for (const change of changes) {
    const name: ObjectName = { type: change.className, pk: toWireKey(change.key) };
    if (isAnyGone && change.isThere && mayLink(tx.schema, name.type)) tx.noteHidden(name);
    if (change.isThere && (!change.wasThere || change.isAnother)) tx.showOrigins(name);
  }
}
