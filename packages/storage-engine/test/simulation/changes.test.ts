/**
 * Change lists: exactly what differs between two snapshots, over checkpoints, deletions, cleared and dropped trees.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import type { TreeChanges } from "../../src/changes.ts";
import { MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import type { Content } from "./support.ts";
import { commitChanges, KINDS, openStore, randomChanges, readSnapshot } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

const decoder = new TextDecoder();

/** What a change list says, in words that compare. */
function said(changes: readonly TreeChanges[]): string[] {
  const hex = (value: Uint8Array | undefined): string => (value === undefined ? "nothing" : `${value.length}:${value.slice(0, 9).join(".")}`);
  return changes.flatMap(({ tree, entries }) => entries.map(({ key, before, after }) => `${tree} ${decoder.decode(key)}: ${hex(before)} -> ${hex(after)}`));
}

/** The same from two whole contents, the slow way. */
function expected(before: Content, after: Content): string[] {
  const lists: TreeChanges[] = [...new Set([...before.keys(), ...after.keys()])].toSorted().map((tree) => {
    const [old, now] = [before.get(tree), after.get(tree)];
    const keys = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].toSorted();
    const entries = keys.flatMap((key) => {
      const [one, two] = [old?.get(key), now?.get(key)];
      if (one !== undefined && two !== undefined && Buffer.compare(one, two) === 0) return [];
      return [{ key: new TextEncoder().encode(key), ...(one === undefined ? {} : { before: one }), ...(two === undefined ? {} : { after: two }) }];
    });
    return { tree, entries };
  });
  return said(lists);
}

describe.each(KINDS)("change lists, $name", ({ encryptionKey }) => {
  it.each([31, 32, 33])("say exactly what differs between any two snapshots, seed %i", (seed) => {
    const volume = new MemoryVolume();
    volume.makeDirectory("/db");
    const random = new SeededRandom(seed);
    const store = openStore(volume, { encryptionKey, cacheBytes: 200_000 });
    const held = [store.snapshot()];
    let compared = 0;
    for (let round = 0; round < 40; round += 1) {
      commitChanges(store, randomChanges(random, { maxChanges: random.pick([1, 5, 60]), keys: 120 }));
      const snapshot = store.snapshot();
      held.push(snapshot);
      const before = random.pick(held);
      expect(said(store.changes(before, snapshot)).toSorted()).toEqual(expected(readSnapshot(before), readSnapshot(snapshot)).toSorted());
      compared += 1;
      while (held.length > 6) held.splice(random.below(held.length - 1), 1)[0]?.close();
    }
    for (const snapshot of held) snapshot.close();
    store.close();
    expect(compared).toBe(40);
  });
});
