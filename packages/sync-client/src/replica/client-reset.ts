/**
 * Client reset: everything that the file has of the server is fetched anew; what was not uploaded is kept, or dropped.
 *
 * The file stays in use meanwhile. The fresh state is a bootstrap like any other: put aside page by page in the same file, under the same
 * key, and taken over in one transaction.
 *
 * @module
 */
import { NEVER } from "@holdfast/sync-protocol";
import { dropBoot } from "./apply-boot.ts";
import { randomReplicaId } from "./random.ts";
import { TREES } from "./records.ts";
import type { Meta } from "./records.ts";
import { renameFile } from "./rename-file.ts";
import type { ReplicaTransaction } from "./transaction.ts";

/** The mode of a reset that is none: a copy that has not been connected yet. Nobody is told of it. */
export const COPY = "copy";

/** What a reset is to do. */
export interface ResetOptions {
  readonly recovers: boolean;
  /** The application's mode is to discard: whoever waits for what is dropped does not hear of it. */
  readonly isAgreed: boolean;
  readonly mode: string;
  /** Asks the server which of the transactions that are not acknowledged it has all the same. */
  readonly namesFormer: boolean;
}

/** The server has named the file, and said how far it was under its former name. */
export function adoptName(tx: ReplicaTransaction, { client, former }: { readonly client: string; readonly former: number | undefined }): void {
  const reset = tx.meta("reset") ?? null;
  const before = reset?.former;
  // A file that is behind its own former self is an older copy: what it has was written by another one.
  const known = before === undefined || former === undefined || former >= before.next ? 0 : Math.max(0, Math.min(former, before.next - 1) - before.first + 1);
  renameFile(tx, { client, keeps: known });
  if (reset !== null) tx.setMeta("reset", { mode: reset.mode, atMs: reset.atMs, known });
}

/** Begins a reset. The next connection is that of a new client. */
export function beginReset(tx: ReplicaTransaction, { recovers, isAgreed, mode, atMs, namesFormer }: ResetOptions & { readonly atMs: number }): void {
  if (!recovers) dropUnsynced(tx, isAgreed);
  const { client, isProvisional } = tx.meta("file") as Meta["file"];
  const { next } = tx.meta("counts") as Meta["counts"];
  const numbers = tx.outboxNumbers();
  const former = !recovers || !namesFormer || isProvisional === true ? undefined : { client, first: numbers[0] ?? next, next };
  // What the server has already keeps its stamps: later transactions may build on it.
  renameFile(tx, { client: randomReplicaId(), keeps: former === undefined ? 0 : numbers.length });
  tx.setMeta("file", { ...(tx.meta("file") as Meta["file"]), isProvisional: true });
  tx.setMeta("down", {});
  // Another history may have folded less.
  tx.setFloor(NEVER);
  tx.setMeta("boot", null);
  dropBoot(tx);
  const { version, entries } = tx.meta("subs") as Meta["subs"];
  tx.setMeta("subs", { version: version + 1, entries, state: "pending", resetOf: version });
  tx.setMeta("reset", { mode, atMs, ...(former === undefined ? {} : { former }) });
}

function dropUnsynced(tx: ReplicaTransaction, isAgreed: boolean): void {
  const counts = tx.meta("counts") as Meta["counts"];
  const [first] = tx.outboxNumbers();
  if (!isAgreed && first !== undefined) tx.setMeta("counts", { ...counts, dropped: { first: first + (counts.offset ?? 0), last: counts.next - 1 + (counts.offset ?? 0) } });
  const names = tx.names(TREES.pending);
  tx.access.tree(TREES.outbox).clear();
  tx.access.tree(TREES.pending).clear();
  for (const name of names) tx.show(name);
}
