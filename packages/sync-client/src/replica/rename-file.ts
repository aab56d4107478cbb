/**
 * Gives a file another name, as the server gives it one: stamps bear the name, so those that were not uploaded yet change theirs.
 *
 * @module
 */
import type { Stamp } from "@holdfast/sync-protocol";
import { TREES } from "./records.ts";
import type { CountsRecord, Meta, OutboxRecord, PendingRecord } from "./records.ts";
import type { ReplicaTransaction } from "./transaction.ts";

const STAMP = /[0-9a-f]{32}/g;
/** The part of a stamp that says who made it. */
const REPLICA_AT = 16;

/** Renames the file; transactions of the outbox are numbered from 1 again. The first ones keep their stamps, as many as `keeps` says. */
export function renameFile(tx: ReplicaTransaction, { client, keeps = 0 }: { readonly client: string; readonly keeps?: number }): void {
  const { isProvisional: _, ...file } = tx.meta("file") as Meta["file"];
  const numbers = tx.outboxNumbers();
  const records = numbers.map((cseq) => tx.outbox(cseq) as OutboxRecord);
  const stamps = new Map<Stamp, Stamp>();
  // Stamps of before that were acknowledged stay what they are: others know them.
  for (const { ops } of records.slice(keeps)) for (const { h } of ops) stamps.set(h, h.slice(0, REPLICA_AT) + client);
  const renamed = <T>(value: T): T => JSON.parse(JSON.stringify(value).replace(STAMP, (text) => stamps.get(text) ?? text)) as T;
  const numberOf = new Map(numbers.map((cseq, index) => [cseq, index + 1]));
  tx.access.tree(TREES.outbox).clear();
  records.forEach(({ ops }, index) => tx.setOutbox(index + 1, { ops: renamed(ops) }));
  for (const name of tx.names(TREES.pending)) {
    const { cseqs, state } = tx.pending(name) as PendingRecord;
    tx.setPending(name, { cseqs: cseqs.map((cseq) => numberOf.get(cseq) as number), state: renamed(state) });
  }
  tx.setMeta("file", { ...file, client });
  tx.setMeta("counts", renumbered(tx.meta("counts") as CountsRecord, { first: numbers[0], count: numbers.length }));
  const view = tx.meta("view");
  if (view !== undefined) tx.setMeta("view", { tree: view.tree });
}

/** The counts when so many transactions are numbered from 1 again, of which one that had a number is the first. */
export function renumbered({ next, offset = 0, dropped }: CountsRecord, { first = next, count }: { readonly first: number | undefined; readonly count: number }): CountsRecord {
  return { next: count + 1, acked: 0, offset: offset + first - 1, ...(dropped === undefined ? {} : { dropped }) };
}
