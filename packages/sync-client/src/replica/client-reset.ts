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

/** Begins a reset. The next connection is that of a new client. */
export function beginReset(tx: ReplicaTransaction, { recovers, mode, atMs }: { readonly recovers: boolean; readonly mode: string; readonly atMs: number }): void {
  if (!recovers) dropUnsynced(tx);
  renameFile(tx, randomReplicaId());
  tx.setMeta("file", { ...(tx.meta("file") as Meta["file"]), isProvisional: true });
  tx.setMeta("down", {});
  // Another history may have folded less.
  tx.setFloor(NEVER);
  tx.setMeta("boot", null);
  dropBoot(tx);
  const { version, entries } = tx.meta("subs") as Meta["subs"];
  tx.setMeta("subs", { version: version + 1, entries, state: "pending", resetOf: version });
  tx.setMeta("reset", { mode, atMs });
}

function dropUnsynced(tx: ReplicaTransaction): void {
  const names = tx.names(TREES.pending);
  tx.access.tree(TREES.outbox).clear();
  tx.access.tree(TREES.pending).clear();
  for (const name of names) tx.show(name);
}
