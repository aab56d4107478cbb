/**
 * What a store holds, as one hash: every tree, key and value in order.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Snapshot, Store } from "@holdfast/storage-engine";

/** The tree that the judge writes to; it does not count. */
export const JUDGE_TREE = "judge";

/** @returns A hash over the newest commit that the handle knows. */
export function contentHash(store: Store): string {
  const snapshot = store.snapshot();
  try {
    return hashOf(snapshot);
  } finally {
    snapshot.close();
  }
}

/** The same of one snapshot. */
export function hashOf(snapshot: Snapshot): string {
  const hash = createHash("sha256");
  const lengths = new Uint32Array(3);
  for (const name of snapshot.treeNames()) {
    const tree = name === JUDGE_TREE ? undefined : snapshot.tree(name);
    if (tree === undefined) continue;
    hash.update(`${name}\0${tree.count}\0`);
    const cursor = tree.cursor();
    while (cursor.next()) {
      const value = cursor.value();
      lengths[0] = cursor.keyEnd - cursor.keyStart;
      lengths[1] = value.length;
      hash.update(new Uint8Array(lengths.buffer)).update(cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd)).update(value);
    }
  }
  return hash.digest("hex");
}
