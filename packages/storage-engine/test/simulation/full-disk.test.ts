/**
 * A disk with no free byte: deleting works, however the file was filled and whenever it was opened, until nothing is left.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { CrashDisk, CrashVolume } from "../../src/simulation.ts";
import type { Store } from "../../src/store.ts";
import { expectVerified, KINDS, openStore, PATH } from "./support.ts";

const ENTRIES = 400;

const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`k${String(number).padStart(6, "0")}`);

/** Puts entries of `length` bytes, so many in a transaction. */
function fill(store: Store, length: number, perTransaction: number): void {
  for (let from = 0; from < ENTRIES; from += perTransaction) {
    const transaction = store.beginWrite();
    for (let number = from; number < from + perTransaction; number++) transaction.tree("data").put(keyOf(number), new Uint8Array(length).fill(number));
    transaction.commit();
  }
}

function remove(store: Store, from: number, count: number): void {
  const transaction = store.beginWrite();
  try {
    for (let number = from; number < from + count; number++) transaction.tree("data").delete(keyOf(number));
    transaction.commit();
  } finally {
    transaction.abort();
  }
}

function countOf(store: Store): number {
  const snapshot = store.snapshot();
  const count = snapshot.tree("data")?.count ?? 0;
  snapshot.close();
  return count;
}

const FILLED: readonly { readonly how: string; readonly length: number; readonly perTransaction: number }[] = [
  { how: "in one transaction, too large for the log", length: 1900, perTransaction: ENTRIES },
  { how: "in many commits", length: 1900, perTransaction: 4 },
  { how: "with values that have extents", length: 9000, perTransaction: 5 },
];

/** What happens between filling and deleting; the disk is full from `full` on. */
const MOMENTS: readonly { readonly when: string; readonly pass: (store: Store, steps: { full: () => void; open: () => Store; kill: () => void }) => Store }[] = [
  { when: "by the same handle", pass: (store, { full }) => (full(), store) },
  { when: "after a close and an open", pass: (store, { full, open }) => (store.close(), reopened(open, full)) },
  { when: "opened when the disk is full already", pass: (store, { full, open }) => (store.close(), full(), open()) },
  { when: "after the death of the process", pass: (_store, { full, open, kill }) => (kill(), full(), open()) },
  { when: "of a compacted file", pass: (store, { full, open }) => (store.compact(), store.close(), full(), open()) },
  { when: "of a re-keyed file that was not closed", pass: (store, { full }) => (store.rekey(new Uint8Array(64).fill(3)), full(), store) },
];

function reopened(open: () => Store, full: () => void): Store {
  const store = open();
  full();
  return store;
}

describe.each(KINDS)("a disk with no free byte, $name", ({ name: _name, ...more }) => {
  describe.each(FILLED)("filled $how", ({ length, perTransaction }) => {
    it.each(MOMENTS)("lets one delete all, one by one and many at once, $when", ({ pass }) => {
      const disk = new CrashDisk({ seed: 1 });
      let volume = new CrashVolume(disk);
      volume.makeDirectory("/db");
      const first = openStore(volume, more);
      fill(first, length, perTransaction);
      const full = (): void => void (disk.capacityBytes = disk.usedBytes());
      const kill = (): void => {
        volume.kill();
        volume = new CrashVolume(disk);
      };
      const store = pass(first, { full, kill, open: () => openStore(volume, more) });
      for (let number = 0; number < 60; number++) remove(store, number * 3, 1);
      expect(countOf(store)).toBe(ENTRIES - 60);
      remove(store, ENTRIES / 2, ENTRIES / 2);
      remove(store, 0, ENTRIES / 2);
      expect(countOf(store)).toBe(0);
      expectVerified(store);
      store.close();
    });
  });

  it("lets one delete again and again, though it is closed and the room is gone each time", () => {
    const disk = new CrashDisk({ seed: 2 });
    const volume = new CrashVolume(disk);
    volume.makeDirectory("/db");
    const store = openStore(volume, more);
    fill(store, 1900, 4);
    store.close();
    for (let round = 0; round < 40; round++) {
      disk.capacityBytes = disk.usedBytes();
      const again = openStore(volume, more);
      remove(again, round * 10, 10);
      again.close();
    }
    const last = openStore(volume, more);
    expect(countOf(last)).toBe(0);
    expectVerified(last);
    last.close();
  });

  it("a second writer that finds no room is refused, and takes nothing from the first one's reserve", () => {
    const disk = new CrashDisk({ seed: 3 });
    const volume = new CrashVolume(disk);
    volume.makeDirectory("/db");
    const store = openStore(volume, more);
    fill(store, 1900, ENTRIES);
    disk.capacityBytes = disk.usedBytes();
    const before = volume.stat(PATH)?.sizeBytes;
    expect(() => openStore(new CrashVolume(disk), more)).toThrow(expect.objectContaining({ code: "DISK_FULL" }) as Error);
    expect(volume.stat(PATH)?.sizeBytes).toBe(before);
    remove(store, 0, 200);
    expect(countOf(store)).toBe(200);
    store.close();
  });

  it("a reserve that others use up each time ends in a refusal, never in a page", () => {
    const disk = new CrashDisk({ seed: 6 });
    const volume = new CrashVolume(disk);
    volume.makeDirectory("/db");
    const store = openStore(volume, more);
    fill(store, 1900, 4);
    store.close();
    const open = (): Store | undefined => {
      disk.capacityBytes = disk.usedBytes();
      try {
        return openStore(volume, more);
      } catch (error) {
        expect(error).toMatchObject({ code: "DISK_FULL" });
        return undefined;
      }
    };
    let rounds = 0;
    for (let last = open(); last !== undefined && rounds < 100; last = open(), rounds++) {
      disk.capacityBytes = disk.usedBytes();
      last.close();
    }
    expect(rounds).toBeLessThan(100);
    const reader = openStore(volume, { ...more, readOnly: true });
    expect(countOf(reader)).toBe(ENTRIES);
    expectVerified(reader);
    reader.close();
  });

  it("an open that fails for another reason leaves the reserve as it was", () => {
    const disk = new CrashDisk({ seed: 4 });
    const volume = new CrashVolume(disk);
    volume.makeDirectory("/db");
    const store = openStore(volume, more);
    fill(store, 1900, 4);
    store.close();
    const before = disk.live.readFile(PATH);
    disk.capacityBytes = disk.usedBytes();
    volume.inject({ operation: "write", outcome: "ENOSPC", pathEnd: ".lock", times: 1000 });
    expect(() => openStore(volume, more)).toThrow(expect.objectContaining({ code: "DISK_FULL" }) as Error);
    expect(Buffer.compare(disk.live.readFile(PATH), before)).toBe(0);
  });

  it("a closed file of one entry has a reserve of less than 200 kB, a copy none", () => {
    const disk = new CrashDisk({ seed: 5 });
    const volume = new CrashVolume(disk);
    volume.makeDirectory("/db");
    const store = openStore(volume, more);
    fill(store, 100, ENTRIES);
    store.writeCopyTo({ path: "/db/copy" });
    store.close();
    const reserve = (disk.live.stat(PATH)?.sizeBytes ?? 0) - (disk.live.stat("/db/copy")?.sizeBytes ?? 0);
    expect(reserve).toBeGreaterThan(100_000);
    expect(reserve).toBeLessThan(400_000);
  });
});
