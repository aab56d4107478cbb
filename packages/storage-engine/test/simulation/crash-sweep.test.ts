/**
 * A power cut at every write boundary of a history that does everything: what was acknowledged is there, whole.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import type { CrashImage } from "../../src/simulation.ts";
import {
  commitChanges, describeDifference, expectVerified, isSameContent, KINDS, ModelledHistory, openStore, PATH, randomChanges, readContent, valueOf,
} from "./support.ts";
import type { Change, Content } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));


interface Recording {
  readonly disk: CrashDisk;
  readonly history: ModelledHistory;
}

function newDisk(seed: number): CrashDisk {
  const base = new MemoryVolume();
  base.makeDirectory("/db");
  return new CrashDisk({ seed, from: base });
}

/** Creation, several trees, overwrites, deletes, large values, the log wrapped several times, close and reopen. */
function scriptedHistory(seed: number, encryptionKey?: Uint8Array): Recording {
  const disk = newDisk(seed);
  const volume = new CrashVolume(disk);
  const random = new SeededRandom(seed);
  const history = new ModelledHistory(disk);
  const key = encryptionKey === undefined ? {} : { encryptionKey };
  let store = openStore(volume, key);
  const put = (tree: string, index: number, length: number): Change => ({ kind: "put", tree, key: `k${String(index).padStart(5, "0")}`, value: valueOf(random, length) });
  history.commit(store, [put("one", 1, 10)]);
  history.commit(store, Array.from({ length: 60 }, (_, index) => put("two", index, 100)));
  for (let round = 0; round < 14; round += 1) {
    history.commit(store, Array.from({ length: 8 }, (_, index) => put("one", (round * 7 + index) % 40, 1200)));
    history.commit(store, [put("two", round, 20), { kind: "delete", tree: "two", key: `k${String(round + 20).padStart(5, "0")}` }]);
  }
  history.commit(store, [put("large", 1, 30_000), put("large", 2, 2001)]);
  history.commit(store, [put("large", 1, 9000), { kind: "delete", tree: "large", key: "k00002" }]);
  store.close();
  store = openStore(volume, key);
  history.commit(store, Array.from({ length: 90 }, (_, index) => put("bulk", index * 3, 500)));
  history.commit(store, [{ kind: "clear", tree: "two" }, { kind: "drop", tree: "one" }]);
  for (let round = 0; round < 10; round += 1) history.commit(store, Array.from({ length: 10 }, (_, index) => put("bulk", round * 31 + index, 700)));
  history.commit(store, [{ kind: "clear", tree: "bulk" }, put("one", 5, 5)]);
  store.close();
  return { disk, history };
}

/** Opens what the cut left, compares, verifies, commits once more and opens again. */
function checkImage(image: CrashImage, allowed: readonly Content[], encryptionKey?: Uint8Array): void {
  const key = encryptionKey === undefined ? {} : { encryptionKey };
  const store = openStore(image.volume, key);
  const content = readContent(store);
  if (!allowed.some((candidate) => isSameContent(content, candidate))) {
    throw new Error(`wrong content: ${allowed.map((candidate) => describeDifference(content, candidate)).join("; or ")}`);
  }
  expectVerified(store);
  const change: Change = { kind: "put", tree: "after", key: "crash", value: Uint8Array.of(1) };
  commitChanges(store, [change]);
  // Every second time the process just ends, so that the log written after the crash is replayed as well.
  const isKilled = image.position % 2 === 1;
  const after = isKilled ? image.volume.fork() : image.volume;
  store.close();
  const again = openStore(after, key);
  const expected = new Map([...content, ["after", new Map([["crash", Uint8Array.of(1)]])]]);
  expect(describeDifference(readContent(again), expected)).toBeUndefined();
  expectVerified(again);
  again.close();
}

/** Checks every image; the first failure names the seed, the position and the mode that give it again. */
function sweep({ disk, history }: Recording, options: { seed: number; step?: number; encryptionKey?: Uint8Array }): number {
  const { seed, step = 1 } = options;
  let checked = 0;
  for (const image of disk.crashImages({ seed, step })) {
    try {
      checkImage(image, history.allowedAt(image.position), options.encryptionKey);
    } catch (error) {
      throw new Error(`seed ${seed}, position ${image.position} of ${disk.position}, mode ${image.mode}: ${(error as Error).message}`, { cause: error });
    }
    checked += 1;
  }
  return checked;
}

describe.each(KINDS)("power cuts, $name", ({ name, encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it("at every write boundary of a scripted history lose nothing that was acknowledged", () => {
    const seed = 0x51f2;
    const recording = scriptedHistory(seed, encryptionKey);
    const checked = sweep(recording, { seed, ...key });
    console.log(`crash sweep, ${name}, seed ${seed}: ${checked} images of ${recording.disk.position} events`);
    expect(checked).toBeGreaterThan(recording.disk.position);
  });

  it.each([11, 12, 13, 14])("in a random history lose nothing that was acknowledged, seed %i", (seed) => {
    const disk = newDisk(seed);
    const random = new SeededRandom(seed);
    const history = new ModelledHistory(disk);
    const volume = new CrashVolume(disk);
    let store = openStore(volume, key);
    for (let round = 0; round < 40; round += 1) {
      history.commit(store, randomChanges(random, { maxChanges: random.pick([1, 4, 60]), keys: 150 }));
      if (random.chance(0.08)) {
        store.close();
        store = openStore(volume, key);
      }
    }
    store.close();
    expect(sweep({ disk, history }, { seed, step: 7, ...key })).toBeGreaterThan(0);
  });

  it("after a copy has returned lose neither the copy nor its name", () => {
    const disk = newDisk(8);
    const store = openStore(new CrashVolume(disk), key);
    commitChanges(store, [{ kind: "put", tree: "one", key: "k", value: Uint8Array.of(1) }]);
    const content = readContent(store);
    store.writeCopyTo({ path: "/db/copy", ...key });
    for (const { volume } of disk.crashImages({ seed: 8, from: disk.position })) {
      const copy = openStore(volume, { ...key, path: "/db/copy", create: false });
      expect(describeDifference(readContent(copy), content)).toBeUndefined();
      copy.close();
    }
    store.close();
  });

  it("during the recovery from a power cut lose nothing either", () => {
    const seed = 77;
    const { disk, history } = scriptedHistory(seed, encryptionKey);
    const random = new SeededRandom(seed);
    for (const first of disk.crashImages({ seed, step: 29, modes: ["sectors512", "torn"] })) {
      const second = new CrashDisk({ seed, from: first.volume });
      const before = openStore(new CrashVolume(second), key);
      const base = readContent(before);
      const recovery = new ModelledHistory(second, base);
      recovery.commit(before, randomChanges(random, { maxChanges: 5, keys: 20 }));
      recovery.commit(before, randomChanges(random, { maxChanges: 200, keys: 200 }));
      before.close();
      expect(history.allowedAt(first.position).some((candidate) => isSameContent(base, candidate))).toBe(true);
      for (const image of second.crashImages({ seed, step: 5, modes: ["synced", "sectors4096"] })) {
        checkImage(image, recovery.allowedAt(image.position, base), encryptionKey);
      }
    }
  });
});

describe("the sweep itself", () => {
  it("finds a store that acknowledges before it syncs", () => {
    const seed = 3;
    const disk = newDisk(seed);
    const history = new ModelledHistory(disk);
    // A disk that reports every sync as done and does none.
    const volume = new CrashVolume(disk);
    const open = volume.open.bind(volume);
    volume.open = (path, mode) => {
      const file = open(path, mode);
      if (path === PATH) file.sync = () => undefined;
      return file;
    };
    const store = openStore(volume);
    const random = new SeededRandom(seed);
    for (let round = 0; round < 5; round += 1) history.commit(store, randomChanges(random, { maxChanges: 4, keys: 20 }));
    expect(() => sweep({ disk, history }, { seed })).toThrow(/seed 3, position/u);
    store.close();
  });
});
