/**
 * A real disk that is full: what was committed stays, deleting goes on, and everything works again when there is room.
 *
 * @module
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Store } from "../../src/store.ts";
import { KINDS } from "../simulation/support.ts";
import { mountSmallDisk, whyNoSmallDisk, type SmallDisk } from "./small-disk.ts";

const MEBIBYTE = 1024 * 1024;
const encoder = new TextEncoder();
const reason = whyNoSmallDisk();

function keyOf(number: number): Uint8Array {
  return encoder.encode(`k${String(number).padStart(7, "0")}`);
}

function valueOf(number: number, length: number): Uint8Array {
  return new Uint8Array(length).fill(number % 251);
}

interface Entries {
  readonly from: number;
  readonly count: number;
  readonly length: number;
}

function put(store: Store, { from, count, length }: Entries): void {
  const transaction = store.beginWrite();
  try {
    for (let number = from; number < from + count; number += 1) transaction.tree("data").put(keyOf(number), valueOf(number, length));
    transaction.commit();
  } finally {
    transaction.abort();
  }
}

function remove(store: Store, from: number, count: number): void {
  const transaction = store.beginWrite();
  try {
    for (let number = from; number < from + count; number += 1) transaction.tree("data").delete(keyOf(number));
    transaction.commit();
  } finally {
    transaction.abort();
  }
}

/** Commits until the disk is full; gives how many entries were committed. */
function putUntilFull(store: Store, count: number, length: number): number {
  for (let from = 0; ; from += count) {
    try {
      put(store, { from, count, length });
    } catch (error) {
      expect(error).toMatchObject({ name: "StoreError", code: "DISK_FULL" });
      return from;
    }
  }
}

function expectEntries(store: Store, numbers: readonly number[], length: number): void {
  const snapshot = store.snapshot();
  const tree = snapshot.tree("data");
  expect(tree?.count ?? 0).toBe(numbers.length);
  for (const number of numbers) expect(tree?.get(keyOf(number))).toEqual(valueOf(number, length));
  snapshot.close();
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

const SHAPES: readonly { what: string; count: number; length: number }[] = [
  { what: "small commits", count: 1, length: 500 },
  { what: "commits of 50 entries", count: 50, length: 500 },
  { what: "commits too large for the log", count: 1500, length: 400 },
  { what: "values of 60 kB", count: 1, length: 60_000 },
  { what: "values of 200 kB", count: 1, length: 200_000 },
  { what: "values of 1 MB", count: 1, length: 1_000_000 },
];

describe.skipIf(reason !== undefined).each(KINDS)(`a full disk, $name${reason === undefined ? "" : ` (skipped: ${reason})`}`, ({ encryptionKey }) => {
  let disk: SmallDisk;
  let path = "";
  const open = (more: { readOnly?: boolean } = {}): Store => Store.open({ ...more, path, ...(encryptionKey === undefined ? {} : { encryptionKey }) });

  beforeEach(() => {
    disk = mountSmallDisk(5 * MEBIBYTE);
    path = join(disk.path, "test.holdfast");
  });
  afterEach(() => disk.unmount());

  /** Nothing beside the file, and the file is clean and has these entries. */
  function expectWhole(numbers: readonly number[], length: number): void {
    const store = open();
    expectEntries(store, numbers, length);
    expect(store.verify().problems).toEqual([]);
    store.close();
    expect(readdirSync(disk.path).filter((name) => name !== "ballast")).toEqual(["test.holdfast"]);
  }

  it.each(SHAPES)("by $what: nothing that was committed is lost, all of it can be deleted, and there is room again", ({ count, length }) => {
    const store = open();
    const end = putUntilFull(store, count, length);
    expect(end).toBeGreaterThan(0);
    expectEntries(store, range(0, end), length);
    const step = Math.min(Math.max(count, 5), 20);
    const keep = Math.min(step, Math.floor(end / 2));
    for (let from = keep; from < end; from += step) remove(store, from, Math.min(step, end - from));
    expectEntries(store, range(0, keep), length);
    expect(store.verify().problems).toEqual([]);
    put(store, { from: keep, count: 1, length });
    store.close();
    expectWhole(range(0, keep + 1), length);
  });

  it.each(SHAPES)("filled by others after $what: deleting goes on, and so does everything else when there is room", ({ count, length }) => {
    const store = open();
    const committed = Math.max(2, Math.min(count * 3, Math.floor((2 * MEBIBYTE) / length)));
    for (let from = 0; from < committed; from += count) put(store, { from, count: Math.min(count, committed - from), length });
    disk.fill();
    remove(store, 0, 1);
    for (let from = 1; from < committed; from += 20) remove(store, from, Math.min(20, committed - from));
    expectEntries(store, [], length);
    disk.free();
    put(store, { from: 0, count: committed, length });
    store.close();
    expectWhole(range(0, committed), length);
  });

  it("a transaction that does not fit leaves nothing behind, and the handle works on", () => {
    const store = open();
    put(store, { from: 0, count: 100, length: 300 });
    expect(() => put(store, { from: 1000, count: 15_000, length: 300 })).toThrow(expect.objectContaining({ code: "DISK_FULL" }) as Error);
    expectEntries(store, range(0, 100), 300);
    put(store, { from: 100, count: 10, length: 300 });
    store.close();
    expectWhole(range(0, 110), 300);
  });

  it("a transaction that spills and does not fit leaves nothing behind, and cannot be committed", () => {
    const store = Store.open({ path, dirtyBytes: MEBIBYTE, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
    put(store, { from: 0, count: 100, length: 300 });
    const full = expect.objectContaining({ name: "StoreError", code: "DISK_FULL" }) as Error;
    const transaction = store.beginWrite();
    const tree = transaction.tree("data");
    expect(() => {
      for (let number = 1000; number < 20_000; number += 1) tree.put(keyOf(number), valueOf(number, 300));
    }).toThrow(full);
    expect(() => transaction.commit()).toThrow(full);
    expectEntries(store, range(0, 100), 300);
    put(store, { from: 100, count: 10, length: 300 });
    store.close();
    expectWhole(range(0, 110), 300);
  });

  it.each([
    { what: "a copy", run: (store: Store) => store.writeCopyTo({ path: `${store.path}.copy` }) },
    { what: "compaction", run: (store: Store) => store.compact() },
    { what: "another key", run: (store: Store) => store.rekey(new Uint8Array(64).fill(9)) },
  ])("$what that does not fit is refused, the file is as it was, and it works when there is room", ({ run }) => {
    const store = open();
    put(store, { from: 0, count: 1600, length: 400 });
    disk.fill(600_000);
    expect(() => run(store)).toThrow(expect.objectContaining({ name: "StoreError", code: "DISK_FULL" }) as Error);
    expect(readdirSync(disk.path).filter((name) => name.includes(".new-") || name.endsWith(".copy"))).toEqual([]);
    put(store, { from: 1600, count: 1, length: 400 });
    store.close();
    expectWhole(range(0, 1601), 400);
    disk.free();
    const again = open();
    run(again);
    again.close();
  });

  it("a new file that does not fit leaves nothing", () => {
    disk.fill(400_000);
    expect(() => open()).toThrow(expect.objectContaining({ name: "StoreError", code: "DISK_FULL" }) as Error);
    expect(readdirSync(disk.path)).toEqual(["ballast"]);
    disk.free();
    open().close();
    expectWhole([], 1);
  });

  it("a closed file can be read, and opened to delete, and all of it can be deleted", () => {
    const store = open();
    for (let from = 0; from < 1000; from += 20) put(store, { from, count: 20, length: 400 });
    store.close();
    disk.fill();
    const reader = open({ readOnly: true });
    expectEntries(reader, range(0, 1000), 400);
    reader.close();
    expect(readdirSync(disk.path).sort()).toEqual(["ballast", "test.holdfast"]);
    for (let from = 0; from < 1000; from += 200) {
      const writer = open();
      for (let number = from; number < from + 200; number += 10) remove(writer, number, 10);
      writer.close();
      disk.fill();
    }
    const last = open();
    expectEntries(last, [], 400);
    disk.free();
    put(last, { from: 0, count: 100, length: 300 });
    last.close();
    expectWhole(range(0, 100), 300);
  });

  it("a file without a reserve, such as a copy that was never written to, can be read, is refused for writing, and is unchanged", () => {
    const store = open();
    put(store, { from: 0, count: 100, length: 300 });
    store.writeCopyTo({ path: `${path}.copy`, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
    store.close();
    renameSync(`${path}.copy`, path);
    const before = readFileSync(path);
    disk.fill();
    expect(() => open()).toThrow(expect.objectContaining({ name: "StoreError", code: "DISK_FULL" }) as Error);
    const reader = open({ readOnly: true });
    expectEntries(reader, range(0, 100), 300);
    reader.close();
    expect(readdirSync(disk.path).sort()).toEqual(["ballast", "test.holdfast"]);
    expect(readFileSync(path).equals(before)).toBe(true);
    disk.free();
    expectWhole(range(0, 100), 300);
  });

  it("what dead processes have left is taken away before an open gives up", () => {
    const store = open();
    put(store, { from: 0, count: 100, length: 300 });
    store.close();
    const forgotten = leaveCopy(path);
    disk.fill();
    expect(readdirSync(disk.path)).toContain(forgotten);
    const again = open();
    remove(again, 0, 50);
    again.close();
    disk.free();
    expectWhole(range(50, 100), 300);
  });
});

/** What a process leaves that dies while it copies: most of a copy. */
function leaveCopy(path: string): string {
  writeFileSync(`${path}.new-0123456789ab`, new Uint8Array(2 * MEBIBYTE));
  return "test.holdfast.new-0123456789ab";
}
