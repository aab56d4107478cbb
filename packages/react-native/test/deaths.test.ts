/**
 * The process dies at every moment of a history, and the power fails: what is kept is what is declared, and no more.
 *
 * The simulated native half stands on a disk that remembers every change. Since nothing is ever synced, the image of a process's
 * death is everything that was written ("all"), or all but a part of the last write ("torn").
 *
 * @module
 */
import { setPlatform, Store } from "@holdfast/storage-engine";
import type { Volume } from "@holdfast/storage-engine";
import { applyToModel, applyToTransaction, CrashDisk, CrashVolume, randomChanges, readSnapshot, SeededRandom } from "@holdfast/storage-engine/simulation";
import type { Change, Content } from "@holdfast/storage-engine/simulation";
import { afterEach, describe, expect, it } from "vitest";
import { newMemory, newPhone, SANDBOX, startedPlatform, SYSTEMS, TEST_KEY } from "./phones.ts";
import type { System } from "./phones.ts";

const PATH = "test.holdfast";
const OTHER_KEY = TEST_KEY.toReversed();

afterEach(() => setPlatform(undefined));

/** A process begins: its platform is in place, and knows nothing of an earlier one's. */
function startProcess(system: System, files: Volume): Volume {
  newPhone(system, files);
  const platform = startedPlatform(system);
  setPlatform(platform);
  return platform.volume;
}

/** What may be in the file, and under which keys, from a position of the disk on. */
interface Mark {
  readonly position: number;
  readonly contents: readonly Content[];
  readonly keys: readonly Uint8Array[];
}

function commit(store: Store, changes: readonly Change[]): void {
  const transaction = store.beginWrite();
  for (const change of changes) applyToTransaction(transaction, change);
  transaction.commit();
}

/** Commits, closing and opening, compaction and re-keying, each with what may be found before it returned. */
function history(system: System, seed: number): { disk: CrashDisk; marks: readonly Mark[] } {
  const disk = new CrashDisk({ seed, from: newMemory(system) });
  startProcess(system, new CrashVolume(disk));
  const random = new SeededRandom(seed);
  const marks: Mark[] = [];
  let content: Content = new Map();
  let key = TEST_KEY;
  const mark = (contents: readonly Content[], keys: readonly Uint8Array[]): void => void marks.push({ position: disk.position, contents, keys });
  let store = openUnder(key);
  for (let round = 0; round < 24; round += 1) {
    const changes = randomChanges(random, { maxChanges: 12, keys: 60 });
    const next = applyToModel(content, changes);
    mark([content, next], [key]);
    commit(store, changes);
    content = next;
    mark([content], [key]);
    if (round % 8 === 3) {
      store.close();
      store = openUnder(key);
    }
    if (round % 8 === 5) store.compact();
    if (round === 15) {
      mark([content], [key, OTHER_KEY]);
      store.rekey(OTHER_KEY);
      key = OTHER_KEY;
      mark([content], [key]);
    }
  }
  store.close();
  return { disk, marks };
}

function openUnder(key: Uint8Array): Store {
  return Store.open({ path: PATH, encryptionKey: key, lockTimeoutMs: 100 });
}

/** Opens under one of the keys; never makes a file. */
function reopen(keys: readonly Uint8Array[]): Store {
  for (const key of keys) {
    try {
      return Store.open({ path: PATH, encryptionKey: key, create: false });
    } catch (error) {
      if ((error as { code?: string }).code !== "KEY_WRONG") throw error;
    }
  }
  throw new Error("no key fits");
}

function isSame(one: Content, two: Content): boolean {
  return one.size === two.size && [...one].every(([name, entries]) => {
    const others = two.get(name);
    return others?.size === entries.size && [...entries].every(([key, value]) => Buffer.compare(value, others.get(key) ?? new Uint8Array()) === 0);
  });
}

describe.each(SYSTEMS)("the application ends at any moment: %s, simulated", (system) => {
  it("and no commit that returned is lost", () => {
    const seed = 3;
    const { disk, marks } = history(system, seed);
    const first = marks[0]?.position ?? 0;
    let checked = 0;
    for (const image of disk.crashImages({ seed, from: first, step: 14, modes: ["all", "torn"] })) {
      const { contents, keys } = marks.findLast(({ position }) => position <= image.position) as Mark;
      startProcess(system, image.volume);
      const store = reopen(keys);
      const snapshot = store.snapshot();
      const found = readSnapshot(snapshot);
      snapshot.close();
      if (!contents.some((content) => isSame(content, found))) throw new Error(`seed ${seed}, position ${image.position} of ${disk.position}, mode ${image.mode}: wrong content`);
      expect(store.verify().problems).toEqual([]);
      store.close();
      expect(image.volume.list(SANDBOX[system]).filter((name) => name.includes(".new-") || name.endsWith(".replacing"))).toEqual([]);
      checked += 1;
    }
    console.log(`${system}, seed ${seed}: ${checked} deaths of ${disk.position} events`);
    expect(checked).toBeGreaterThan(40);
  });

  it("and a replacement that was begun leaves the old file or the new one", () => {
    const disk = new CrashDisk({ seed: 1, from: newMemory(system) });
    const volume = startProcess(system, new CrashVolume(disk));
    for (const [name, byte] of [["a", 1], ["b", 2]] as const) {
      const file = volume.open(name, "create");
      file.write(0, Uint8Array.of(byte));
      file.close();
    }
    const from = disk.position;
    volume.rename("b", "a");
    const found = [...disk.crashImages({ seed: 1, from, modes: ["all"] })].map((image) => {
      const started = startProcess(system, image.volume);
      const bytes = new Uint8Array(1);
      started.open("a", "read").read(0, bytes);
      expect(started.list("").filter((name) => name !== "b")).toEqual(["a"]);
      return bytes[0];
    });
    // Before; under the third name; the old one deleted; done.
    expect(found).toEqual([1, 1, 2, 2]);
  });
});

describe.each(SYSTEMS)("the power fails: %s, simulated", (system) => {
  it("and what was never synced may be gone, as declared", () => {
    const { disk } = history(system, 5);
    let lost = 0;
    for (const image of disk.crashImages({ seed: 5, from: disk.position, modes: ["synced", "sectors512"] })) {
      startProcess(system, image.volume);
      try {
        Store.open({ path: PATH, encryptionKey: OTHER_KEY, create: false }).close();
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/FILE_MISSING|DAMAGED|NOT_A_STORE/u);
        lost += 1;
      }
    }
    expect(lost).toBeGreaterThan(0);
  });
});
