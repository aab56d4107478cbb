/**
 * What was not uploaded before a client reset, written once more onto what the server has.
 *
 * @module
 */
import { applyOperations, classOf, materialise, operationsBetween } from "@holdfast/sync-protocol";
import type { ObjectName, ObjectState, Operation } from "@holdfast/sync-protocol";
import { byObject } from "./by-object.ts";
import { nameText } from "./names.ts";
import { TREES } from "./records.ts";
import type { CountsRecord, Meta, OutboxRecord } from "./records.ts";
import { renumbered } from "./rename-file.ts";
import type { ReplicaTransaction } from "./transaction.ts";

/** True from the beginning of a reset until what the server has is here. */
export function isStartingAnew(read: <Part extends "reset" | "down">(part: Part) => Meta[Part] | undefined): boolean {
  return (read("reset") ?? null) !== null && read("down")?.version === undefined;
}

/**
 * What was not uploaded, written once more: transaction by transaction, as differences to what the server has now. What it was written onto
 * may be forgotten there: elements that it stands behind, deletes that it had not seen.
 *
 * @param resume - Where the states of the server come from.
 * @returns The objects that it is about.
 */
export function writeAnew(tx: ReplicaTransaction, resume: string): ObjectName[] {
  if (!isStartingAnew((part) => tx.meta(part))) return [];
  const numbers = tx.outboxNumbers();
  const records = numbers.map((cseq) => tx.outbox(cseq) as OutboxRecord);
  const objects = new Map<string, Rewritten>();
  // What the server had all the same is in its states, whatever it made of it.
  const known = tx.meta("reset")?.known ?? 0;
  for (const { ops } of records.slice(0, known)) for (const { name } of byObject(ops).values()) objects.set(nameText(name), { name, old: tx.confirmed(name), anew: tx.confirmed(name) });
  const written = records.slice(known).map(({ ops }) => [...byObject(ops).values()].flatMap((entry) => rewritten(tx, entry, objects))).filter((ops) => ops.length > 0);
  tx.access.tree(TREES.outbox).clear();
  tx.access.tree(TREES.pending).clear();
  written.forEach((ops, index) => tx.setOutbox(index + 1, { ops, base: resume }));
  tx.setMeta("counts", renumbered(tx.meta("counts") as CountsRecord, { first: written.length === 0 ? undefined : numbers[known], count: written.length }));
  for (const { name } of objects.values()) tx.rebase(name, written.flatMap((ops, index) => (ops.some((operation) => nameText(operation) === nameText(name)) ? [index + 1] : [])));
  tx.saveClock();
  return [...objects.values()].map(({ name }) => name);
}

/** An object while its operations are written anew: what the old ones make of it, and what the new ones do. */
interface Rewritten {
  readonly name: ObjectName;
  old: ObjectState | undefined;
  anew: ObjectState | undefined;
}

function rewritten(tx: ReplicaTransaction, { name, operations }: { readonly name: ObjectName; readonly operations: readonly Operation[] }, objects: Map<string, Rewritten>): readonly Operation[] {
  const { type, pk } = name;
  if (classOf(tx.schema, type)?.asymmetric === true) return operations.map((operation) => ({ ...operation, h: tx.clock.tick() }));
  const confirmed = tx.confirmed(name);
  const object = objects.get(nameText(name)) ?? { name, old: confirmed, anew: confirmed };
  objects.set(nameText(name), object);
  object.old = applyOperations(object.old, operations);
  const ops = operationsBetween(object.anew, materialise(object.old), { type, pk, schema: tx.schema, clock: tx.clock });
  object.anew = ops.length === 0 ? object.anew : applyOperations(object.anew, ops);
  return ops;
}
