/**
 * Trees that change places: their entries are not touched, and whatever happens, both are where they were or where they shall be.
 */
import { describe, expect, it, vi } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import { commitChanges, describeDifference, expectVerified, isSameContent, KINDS, ModelledHistory, openStore, randomChanges, readContent, valueOf } from "./support.ts";
import type { Change } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

function newVolume(): MemoryVolume {
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  return volume;
}

const put = (tree: string, key: string, value: string): Change => ({ kind: "put", tree, key, value: new TextEncoder().encode(value) });
const swap: Change = { kind: "swap", tree: "one", other: "two" };

describe.each(KINDS)("swapped trees, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it("hold what the other held, also for another handle and after it was opened again; who read before still reads it", () => {
    const volume = newVolume();
    const store = openStore(volume, key);
    commitChanges(store, [put("one", "a", "1"), put("two", "b", "2"), put("two", "c", "3")]);
    const other = openStore(volume, key);
    const before = store.snapshot();
    const seen = readContent(store);
    expect(commitChanges(store, [swap])).toBe(before.commit + 1);
    expect([before.tree("one")?.count, before.tree("two")?.count]).toEqual([1, 2]);
    // What goes to the log names trees by ids, and these have moved.
    commitChanges(store, [put("one", "d", "4"), put("two", "e", "5")]);
    other.refresh();
    const expected = new Map([["one", new Map([...(seen.get("two") ?? []), ["d", Uint8Array.of(52)]])], ["two", new Map([...(seen.get("one") ?? []), ["e", Uint8Array.of(53)]])]]);
    for (const each of [store, other]) expect(describeDifference(readContent(each), expected)).toBeUndefined();
    const now = store.snapshot();
    const changed = store.changes(before, now).map(({ tree, entries }) => [tree, entries.map((entry) => [Buffer.from(entry.key).toString(), entry.before !== undefined, entry.after !== undefined])]);
    expect(changed).toEqual([
      ["one", [["a", true, false], ["b", false, true], ["c", false, true], ["d", false, true]]],
      ["two", [["a", false, true], ["b", true, false], ["c", true, false], ["e", false, true]]],
    ]);
    before.close();
    now.close();
    other.close();
    store.close();
    const again = openStore(volume, key);
    expect(describeDifference(readContent(again), expected)).toBeUndefined();
    expectVerified(again);
    again.close();
  });

  it("write no page of theirs anew, whatever is in them", () => {
    const store = openStore(newVolume(), key);
    const random = new SeededRandom(3);
    commitChanges(store, Array.from({ length: 2000 }, (_, index): Change => ({ kind: "put", tree: "one", key: `k${String(index).padStart(5, "0")}`, value: valueOf(random, 200) })));
    commitChanges(store, [put("two", "b", "2")]);
    const { usedBytes } = store.stats();
    commitChanges(store, [swap]);
    expect(store.stats().usedBytes - usedBytes).toBeLessThan(100_000);
    expect([...readContent(store)].map(([name, entries]) => [name, entries.size])).toEqual([["one", 1], ["two", 2000]]);
    store.close();
  });

  it("in a transaction with other work: before and behind the swap, taken back, dropped, and one that was not there", () => {
    const store = openStore(newVolume(), key);
    commitChanges(store, [put("one", "a", "1")]);
    const given = store.beginWrite();
    const tree = given.tree("one");
    given.swapTrees("one", "two");
    expect(() => tree.get(Uint8Array.of(97))).toThrow(expect.objectContaining({ code: "TRANSACTION_CLOSED" }));
    expect([given.tree("one").count, given.tree("two").count]).toEqual([0, 1]);
    given.abort();
    expect([...readContent(store)].map(([name, entries]) => [name, entries.size])).toEqual([["one", 1]]);
    commitChanges(store, [put("two", "b", "2"), put("one", "c", "3"), swap, put("one", "d", "4"), put("two", "e", "5"), { kind: "drop", tree: "two" }]);
    expect([...(readContent(store).get("one") ?? new Map()).keys()]).toEqual(["b", "d"]);
    expect(readContent(store).has("two")).toBe(false);
    expectVerified(store);
    store.close();
  });

  it("there and back again: what was written before it stays", () => {
    const store = openStore(newVolume(), key);
    commitChanges(store, [put("one", "a", "1"), put("two", "b", "2")]);
    const transaction = store.beginWrite();
    transaction.tree("one").put(Uint8Array.of(99), Uint8Array.of(3));
    transaction.swapTrees("one", "two");
    transaction.swapTrees("two", "one");
    expect(transaction.tree("one").count).toBe(2);
    transaction.commit();
    expect([...readContent(store)].map(([name, entries]) => [name, entries.size])).toEqual([["one", 2], ["two", 1]]);
    store.close();
  });

  it.each([21, 22, 23])("in a random history: a power cut leaves what was acknowledged, seed %i", (seed) => {
    const disk = new CrashDisk({ seed, from: newVolume() });
    const random = new SeededRandom(seed);
    const history = new ModelledHistory(disk);
    let store = openStore(new CrashVolume(disk), key);
    const places = ["one", "two", "three"];
    for (let round = 0; round < 30; round += 1) {
      const changes = randomChanges(random, { maxChanges: random.pick([1, 4, 60]), keys: 150 });
      const at = random.below(changes.length + 1);
      if (random.chance(0.3)) changes.splice(at, 0, { kind: "swap", tree: random.pick(places.slice(0, 2)), other: "three" });
      history.commit(store, changes);
      if (!random.chance(0.08)) continue;
      store.close();
      store = openStore(new CrashVolume(disk), key);
    }
    store.close();
    for (const image of disk.crashImages({ seed, step: 7 })) {
      const found = openStore(image.volume, key);
      const content = readContent(found);
      if (!history.allowedAt(image.position).some((allowed) => isSameContent(content, allowed))) throw new Error(`seed ${seed}, position ${image.position}, mode ${image.mode}: wrong content`);
      expectVerified(found);
      found.close();
    }
  });
});
