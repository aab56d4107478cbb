/** The independent reader against the engine: for every kind of file, both see the same trees. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Store } from "@holdfast/storage-engine";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStore } from "../reader/reader.ts";
import { createRandom, seededBytes, type Random } from "../src/random.ts";

const KEY = seededBytes(42, 64);
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "holdfast-reader-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

type Dump = Record<string, [string, string][]>;

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function engineDump(store: Store): Dump {
  const snapshot = store.snapshot();
  const dump: Dump = {};
  for (const name of snapshot.treeNames()) {
    const entries: [string, string][] = [];
    const cursor = snapshot.tree(name)?.cursor();
    while (cursor?.next() === true) entries.push([hex(cursor.key()), hex(cursor.value())]);
    dump[name] = entries;
  }
  snapshot.close();
  return dump;
}

function readerDump(path: string, key: Uint8Array | undefined): Dump {
  const { trees } = readStore(new Uint8Array(fs.readFileSync(path)), key);
  return Object.fromEntries([...trees].map(([name, entries]) => [name, entries.map(([entryKey, value]) => [hex(entryKey), hex(value)])]));
}

/** A history with several trees, large values, long keys, updates, deletes and a dropped tree. */
function writeHistory(store: Store, random: Random, commits: number, largestValue: number): void {
  for (let commit = 0; commit < commits; commit += 1) {
    const transaction = store.beginWrite();
    for (let change = 0; change < 40; change += 1) {
      const tree = transaction.tree(`tree ${random.below(4)}`);
      const key = seededBytes(random.below(300), 1 + random.below(random.below(20) === 0 ? 1024 : 24));
      if (random.below(4) === 0) tree.delete(key);
      else tree.put(key, seededBytes(random.below(1e9), random.below(random.below(30) === 0 ? largestValue : 200)));
    }
    if (commit === commits - 2) transaction.dropTree("tree 3");
    transaction.commit();
  }
}

describe.each([
  ["plain", undefined],
  ["encrypted", KEY],
] as const)("a %s file", (_, key) => {
  const options = key === undefined ? {} : { encryptionKey: key };

  it("that was closed reads as the engine reads it", () => {
    const path = join(folder, "closed.store");
    const store = Store.open({ path, ...options });
    writeHistory(store, createRandom(11), 30, 60_000);
    store.close();
    const again = Store.open({ path, ...options });
    const expected = engineDump(again);
    again.close();
    expect(Object.values(expected).flat().length).toBeGreaterThan(100);
    expect(readerDump(path, key)).toEqual(expected);
  });

  it("with log records to replay reads as the engine reads it", () => {
    const path = join(folder, "open.store");
    const store = Store.open({ path, ...options });
    writeHistory(store, createRandom(12), 20, 5000);
    const expected = engineDump(store);
    // A copy of the bytes while the store is open is what a killed process leaves.
    const copy = join(folder, "killed.store");
    fs.copyFileSync(path, copy);
    store.close();
    expect(readerDump(copy, key)).toEqual(expected);
    const { replayedCount } = readStore(new Uint8Array(fs.readFileSync(copy)), key);
    expect(replayedCount).toBeGreaterThan(0);
  });

  it("with checkpoints behind it and log records after them reads as the engine reads it", () => {
    const path = join(folder, "mixed.store");
    for (const seed of [13, 14, 15]) {
      const store = Store.open({ path, ...options });
      writeHistory(store, createRandom(seed), 10, 40_000);
      if (seed === 15) fs.copyFileSync(path, join(folder, "killed.store"));
      const expected = engineDump(store);
      store.close();
      expect(readerDump(path, key)).toEqual(expected);
      if (seed === 15) expect(readerDump(join(folder, "killed.store"), key)).toEqual(expected);
    }
  });

  it("without any entry reads as empty", () => {
    const path = join(folder, "empty.store");
    Store.open({ path, ...options }).close();
    expect(readerDump(path, key)).toEqual({});
  });

  it("with many pages reads as the engine reads it", () => {
    const path = join(folder, "many.store");
    const store = Store.open({ path, ...options });
    const transaction = store.beginWrite();
    const tree = transaction.tree("many");
    for (let index = 0; index < 20_000; index += 1) tree.put(seededBytes(index, 12), seededBytes(index, 40));
    transaction.commit();
    const expected = engineDump(store);
    fs.copyFileSync(path, join(folder, "killed.store"));
    store.close();
    expect(readerDump(path, key)).toEqual(expected);
    expect(readerDump(join(folder, "killed.store"), key)).toEqual(expected);
  });

  it("is dumped as JSON lines by the command", () => {
    const path = join(folder, "command.store");
    const store = Store.open({ path, ...options });
    const transaction = store.beginWrite();
    transaction.tree("t").put(Uint8Array.of(1), Uint8Array.of(2, 3));
    transaction.commit();
    store.close();
    const command = fileURLToPath(new URL("../reader/dump.ts", import.meta.url));
    const { stdout, status } = spawnSync(process.execPath, [command, path, ...(key === undefined ? [] : [hex(key)])], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: '{"tree":"t","key":"01","value":"0203"}\n', status: 0 });
  });
});
