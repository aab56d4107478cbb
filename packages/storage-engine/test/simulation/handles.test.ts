/**
 * Two handles on one file, step by step: who may write, what each sees, and what a snapshot keeps.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { SLOT_OFFSETS } from "../../src/layout.ts";
import { MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import { codeOf } from "../volume/code-of.ts";
import type { Change } from "./support.ts";
import { applyToModel, commitChanges, describeDifference, expectVerified, KINDS, openStore, PATH, readContent, readSnapshot, valueOf } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

function newVolume(): MemoryVolume {
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  return volume;
}

const put = (key: string, length = 20, fill = 1): Change => ({ kind: "put", tree: "one", key, value: new Uint8Array(length).fill(fill) });

describe.each(KINDS)("two handles, $name", ({ encryptionKey }) => {
  it("one writes at a time, and a transaction that is given up gives the lock back", () => {
    const volume = newVolume();
    const one = openStore(volume, { encryptionKey });
    const two = openStore(volume, { encryptionKey });
    const transaction = one.beginWrite();
    expect(codeOf(() => two.beginWrite())).toBe("STORE_LOCKED");
    transaction.abort();
    two.beginWrite().abort();
    commitChanges(one, [put("a")]);
    commitChanges(two, [put("b")]);
    one.refresh();
    expect(readContent(one).get("one")?.size).toBe(2);
    one.close();
    two.close();
  });

  it("a file is not compacted or re-keyed while another handle has it open", () => {
    const volume = newVolume();
    const one = openStore(volume, { encryptionKey });
    commitChanges(one, [put("a")]);
    const two = openStore(volume, { encryptionKey });
    const before = volume.stat(PATH)?.identity;
    expect(codeOf(() => one.compact())).toBe("STORE_IN_USE");
    expect(codeOf(() => one.rekey(new Uint8Array(64).fill(9)))).toBe("STORE_IN_USE");
    expect(volume.stat(PATH)?.identity).toBe(before);
    two.close();
    one.compact();
    expect(readContent(one).get("one")?.size).toBe(1);
    one.close();
  });

  it("a handle writes no more when another file stands at its path, and leaves that one alone", () => {
    const volume = newVolume();
    const store = openStore(volume, { encryptionKey });
    commitChanges(store, [put("a")]);
    volume.rename(PATH, `${PATH}-moved`);
    expect(codeOf(() => store.beginWrite())).toBe("FILE_REPLACED");
    volume.writeFile(PATH, Uint8Array.of(1, 2, 3));
    expect(codeOf(() => store.beginWrite())).toBe("FILE_REPLACED");
    expect(readContent(store).get("one")?.size).toBe(1);
    store.close();
    expect([...volume.readFile(PATH)]).toEqual([1, 2, 3]);
  });

  it("a commit cannot be seen before it was synced", () => {
    const volume = newVolume();
    const other = openStore(volume, { encryptionKey });
    const watched = volume.open.bind(volume);
    const seen: number[] = [];
    volume.open = (path, mode) => {
      const file = watched(path, mode);
      if (path !== PATH) return file;
      const sync = file.sync.bind(file);
      file.sync = () => {
        other.refresh();
        seen.push(other.commit);
        sync();
      };
      return file;
    };
    const writer = openStore(volume, { encryptionKey });
    for (let commit = 1; commit <= 3; commit += 1) {
      seen.length = 0;
      commitChanges(writer, [put(`k${commit}`)]);
      expect(seen[0]).toBe(commit - 1);
      other.refresh();
      expect(other.commit).toBe(commit);
    }
    writer.close();
    other.close();
  });

  it("a page that a handle has cached is not taken for another one in the same place", () => {
    const volume = newVolume();
    const reader = openStore(volume, { encryptionKey });
    const writer = openStore(volume, { encryptionKey });
    let content = readContent(writer);
    for (let round = 0; round < 60; round += 1) {
      const changes = Array.from({ length: 12 }, (_, index) => put(`k${String((round * 5 + index) % 40).padStart(3, "0")}`, 900, round));
      commitChanges(writer, changes);
      content = applyToModel(content, changes);
      reader.refresh();
      expect(describeDifference(readContent(reader), content)).toBeUndefined();
    }
    writer.close();
    reader.close();
  });

  it("a snapshot stays whole while its own handle and another write over many checkpoints", () => {
    const volume = newVolume();
    const one = openStore(volume, { encryptionKey, cacheBytes: 150_000 });
    const two = openStore(volume, { encryptionKey, cacheBytes: 150_000 });
    const changesOf = (round: number): Change[] => Array.from({ length: 12 }, (_, index) => put(`k${String((round * 5 + index) % 60).padStart(3, "0")}`, 900, round));
    for (let round = 0; round < 12; round += 1) commitChanges(one, changesOf(round));
    two.refresh();
    const held = [one.snapshot(), two.snapshot()];
    const content = readContent(one);
    for (let round = 12; round < 90; round += 1) commitChanges(round % 2 === 0 ? one : two, changesOf(round));
    for (const snapshot of held) {
      expect(describeDifference(readSnapshot(snapshot), content)).toBeUndefined();
      snapshot.close();
    }
    expectVerified(one);
    one.close();
    two.close();
  });
});

describe.each(KINDS)("checkpoints of two handles, $name", ({ encryptionKey }) => {
  it("under way at once never leave a slot whose pages the other has overwritten", () => {
    const volume = newVolume();
    const random = new SeededRandom(0xc4ec);
    const keyOf = (index: number): string => `k${String(index).padStart(5, "0")}`;
    const one = openStore(volume, { encryptionKey });
    const two = openStore(volume, { encryptionKey, dirtyBytes: 400 * 8192 });
    const first: Change[] = Array.from({ length: 1600 }, (_, index) => put(keyOf(index), 1500));
    commitChanges(one, first);
    let content = applyToModel(new Map(), first);
    // Each commit is small and touches many pages, so that a checkpoint takes many commits.
    const scatter = (store: typeof one, commits: number): void => {
      for (let commit = 0; commit < commits; commit += 1) {
        const changes: Change[] = Array.from({ length: 10 }, () => put(keyOf(random.below(1600)), 1, random.below(256)));
        commitChanges(store, changes);
        content = applyToModel(content, changes);
      }
    };
    for (let round = 0; round < 6; round += 1) {
      scatter(one, 32 + round);
      scatter(two, 3);
      scatter(one, 25);
      const copy = newVolume();
      copy.writeFile(PATH, volume.readFile(PATH));
      const fresh = openStore(copy, { encryptionKey });
      expect(describeDifference(readContent(fresh), content)).toBeUndefined();
      expectVerified(fresh);
      fresh.close();
    }
    one.close();
    two.close();
  });
});

describe.each(KINDS)("the older slot and the log, $name", ({ encryptionKey }) => {
  it("say at every moment what a damaged newest slot said", () => {
    const volume = newVolume();
    const random = new SeededRandom(0x517);
    let content = new Map() as ReturnType<typeof readContent>;
    const store = openStore(volume, { encryptionKey });
    let generations = 0;
    for (let round = 0; round < 70; round += 1) {
      // Small ones, ones that nearly fill a quarter of the ring, which is the most that a record may, and ones too large for the log.
      const count = round % 20 === 13 ? 40 : round < 35 ? 4 : 12;
      const changes: Change[] = Array.from({ length: count }, () => ({ kind: "put", tree: "one", key: `k${random.below(50)}`, value: valueOf(random, 1200) }));
      commitChanges(store, changes);
      content = applyToModel(content, changes);
      const { generation } = store.stats();
      generations = Math.max(generations, generation);
      const bytes = volume.readFile(PATH);
      bytes.fill(0, SLOT_OFFSETS[(generation % 2) as 0 | 1], (SLOT_OFFSETS[(generation % 2) as 0 | 1]) + 832);
      const copy = newVolume();
      copy.writeFile(PATH, bytes);
      const damaged = openStore(copy, { encryptionKey });
      expect({ round, difference: describeDifference(readContent(damaged), content) }).toEqual({ round, difference: undefined });
      damaged.close();
    }
    expect(generations).toBeGreaterThan(10);
    store.close();
  });
});

describe.each(KINDS)("a transaction larger than memory, $name", ({ encryptionKey }) => {
  it("leaves no trace when it is aborted, and no page behind it is lost", () => {
    const volume = newVolume();
    const store = openStore(volume, { encryptionKey, dirtyBytes: 64 * 8192 });
    const small = Array.from({ length: 30 }, (_, index) => put(`small ${index}`, 500));
    commitChanges(store, small);
    let content = applyToModel(new Map(), small);
    for (let round = 0; round < 3; round += 1) {
      const changes = [put(`before ${round}`, 700)];
      commitChanges(store, changes);
      content = applyToModel(content, changes);
      const used = store.stats().usedBytes;
      const transaction = store.beginWrite();
      const tree = transaction.tree("large");
      for (let index = 0; index < 1200; index += 1) tree.put(new TextEncoder().encode(`k${index * 7}`), new Uint8Array(1500).fill(round));
      transaction.abort();
      expect(describeDifference(readContent(store), content)).toBeUndefined();
      expectVerified(store);
      expect(store.stats().usedBytes - used).toBeLessThan(200 * 8192);
    }
    const crashed = volume.fork();
    store.close();
    for (const place of [volume, crashed]) {
      const again = openStore(place, { encryptionKey });
      expect(describeDifference(readContent(again), content)).toBeUndefined();
      expectVerified(again);
      again.close();
    }
  });
});
