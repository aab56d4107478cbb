/**
 * Power cuts with an anchor: what was acknowledged is there, and no crash is ever taken for an older copy.
 *
 * The anchor of these tests is durable at the very moment at which it is written, which is the strictest there can be: it is
 * never behind what a real one could be.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { FileAnchor, MemoryAnchor } from "../../src/freshness-anchors.ts";
import type { FreshnessAnchor, FreshnessOptions } from "../../src/freshness.ts";
import { decodeAnchor, encodeAnchor } from "../../src/freshness-state.ts";
import { CrashDisk, CrashVolume, MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import type { CrashImage, CrashMode } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import { commitChanges, describeDifference, expectVerified, isSameContent, KINDS, ModelledHistory, openStore, PATH, readContent, valueOf } from "../simulation/support.ts";
import type { Change, Content } from "../simulation/support.ts";
import { stateOf } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

/** Remembers at which event of the disk it was written. */
class RecordingAnchor extends MemoryAnchor {
  readonly writes: { readonly position: number; readonly text: string }[] = [];
  readonly #disk: CrashDisk;

  constructor(disk: CrashDisk) {
    super();
    this.#disk = disk;
  }

  override write(text: string): void {
    super.write(text);
    this.writes.push({ position: this.#disk.position, text });
  }

  /** The newest text at a position, or an older one: up to `lag` writes of the same file, but never behind an announcement. */
  textAt(position: number, lag = 0): string | undefined {
    const written = this.writes.filter((write) => write.position <= position).map((write) => write.text);
    const newest = written.at(-1);
    if (newest === undefined || decodeAnchor(newest).successor !== undefined) return newest;
    const id = (text: string): string => text.slice(0, 42);
    return written.filter((text) => id(text) === id(newest)).at(-1 - lag) ?? newest;
  }
}

interface Recording {
  readonly disk: CrashDisk;
  readonly history: ModelledHistory;
  readonly anchor: RecordingAnchor;
}

/** The usual run tries each moment in two ways, under an anchor that every commit writes; `HOLDFAST_LONG=1` tries all of them under both. */
const IS_LONG: boolean = process.env["HOLDFAST_LONG"] === "1";
const modes = (...usual: CrashMode[]): { modes?: readonly CrashMode[] } => (IS_LONG ? {} : { modes: usual });

function stepOf(every: FreshnessOptions["every"], lag: number): number {
  if (lag > 0) return IS_LONG ? 5 : 7;
  return IS_LONG || every === "commit" ? 1 : 4;
}

const KEY_OF_REKEY = new Uint8Array(64).fill(0x5e);

/** Creation, commits over several laps of the log, large values and transactions, compaction, a key and back, closes. */
function record(seed: number, every: FreshnessOptions["every"], encryptionKey: Uint8Array | undefined): Recording {
  const base = new MemoryVolume();
  base.makeDirectory("/db");
  const disk = new CrashDisk({ seed, from: base });
  const volume = new CrashVolume(disk);
  const random = new SeededRandom(seed);
  const history = new ModelledHistory(disk);
  const anchor = new RecordingAnchor(disk);
  const freshness = { anchor, every };
  const open = (): Store => openStore(volume, { encryptionKey, freshness });
  const put = (tree: string, index: number, length: number): Change => ({ kind: "put", tree, key: `k${String(index).padStart(5, "0")}`, value: valueOf(random, length) });
  let store = open();
  for (let round = 0; round < 12; round += 1) history.commit(store, Array.from({ length: 5 }, (_, index) => put("one", (round * 5 + index) % 30, 1300)));
  history.commit(store, Array.from({ length: 14 }, (_, index) => put("large", index, 2400)));
  store.close();
  store = open();
  history.commit(store, [put("one", 1, 10)]);
  store.compact();
  for (let round = 0; round < 4; round += 1) history.commit(store, [put("one", round, 900)]);
  store.close();
  Store.rekey({ path: PATH, volume, encryptionKey, freshness, newEncryptionKey: KEY_OF_REKEY });
  Store.rekey({ path: PATH, volume, encryptionKey: KEY_OF_REKEY, freshness, newEncryptionKey: encryptionKey });
  store = open();
  history.commit(store, [put("two", 1, 100)]);
  store.close();
  return { disk, history, anchor };
}

/** Under the first or the second key: between two re-keyings either opens. */
function openImage(volume: MemoryVolume, anchor: FreshnessAnchor, keys: readonly (Uint8Array | undefined)[]): Store {
  let failure: unknown;
  for (const encryptionKey of keys) {
    try {
      return openStore(volume, { encryptionKey, freshness: { anchor } });
    } catch (error) {
      if (!["KEY_WRONG", "KEY_MISSING", "KEY_SUPERFLUOUS"].includes((error as { code: string }).code)) throw error;
      failure = error;
    }
  }
  throw failure;
}

function checkImage(image: CrashImage, anchor: FreshnessAnchor, allowed: readonly Content[], keys: readonly (Uint8Array | undefined)[]): void {
  // Before the file itself had its name there is nothing to open, and no anchor either.
  if (image.volume.stat(PATH) === undefined) return expect(anchor.read()).toBeUndefined();
  const store = openImage(image.volume, anchor, keys);
  const content = readContent(store);
  if (!allowed.some((candidate) => isSameContent(content, candidate))) throw new Error(`wrong content: ${describeDifference(content, allowed[0] ?? new Map())}`);
  expectVerified(store);
  commitChanges(store, [{ kind: "put", tree: "after", key: "crash", value: Uint8Array.of(1) }]);
  store.close();
  const { commit } = stateOf(anchor);
  const again = openImage(image.volume, anchor, keys);
  expect(again.commit).toBe(commit);
  again.close();
}

describe.each(KINDS)("a power cut under an anchor, $name", ({ name, encryptionKey }) => {
  const keys = [encryptionKey, KEY_OF_REKEY];

  it.each([["checkpoint", 0], ["commit", 0], ["checkpoint", 1], ["commit", 3]] as const)("is never taken for an older copy, anchored at every %s and %i writes behind", (every, lag) => {
    const seed = 0xf4e5;
    const { disk, history, anchor } = record(seed, every, encryptionKey);
    let checked = 0;
    for (const image of disk.crashImages({ seed, step: stepOf(every, lag), ...modes("synced", "sectors512") })) {
      try {
        checkImage(image, new MemoryAnchor(anchor.textAt(image.position, lag)), history.allowedAt(image.position), keys);
      } catch (error) {
        throw new Error(`seed ${seed}, position ${image.position} of ${disk.position}, mode ${image.mode}: ${(error as Error).message}`, { cause: error });
      }
      checked += 1;
    }
    console.log(`power cuts under an anchor, ${name}, at every ${every}, ${lag} behind, seed ${seed}: ${checked} images of ${disk.position} events, ${anchor.writes.length} anchors`);
    expect(checked).toBeGreaterThan(100);
  });

  it("loses neither file nor anchor when both stand on the same disk", () => {
    const seed = 0xf4e6;
    const base = new MemoryVolume();
    base.makeDirectory("/db");
    const disk = new CrashDisk({ seed, from: base });
    const volume = new CrashVolume(disk);
    const history = new ModelledHistory(disk);
    const store = openStore(volume, { encryptionKey, freshness: { anchor: new FileAnchor({ path: "/db/anchor", volume }), every: "commit" } });
    for (let round = 0; round < 6; round += 1) history.commit(store, [{ kind: "put", tree: "one", key: `k${round}`, value: new Uint8Array(3000).fill(round) }]);
    store.compact();
    history.commit(store, [{ kind: "put", tree: "one", key: "last", value: new Uint8Array(10) }]);
    store.close();
    let checked = 0;
    for (const image of disk.crashImages({ seed, ...modes("synced", "torn") })) {
      try {
        checkImage(image, new FileAnchor({ path: "/db/anchor", volume: image.volume }), history.allowedAt(image.position), keys);
      } catch (error) {
        throw new Error(`seed ${seed}, position ${image.position} of ${disk.position}, mode ${image.mode}: ${(error as Error).message}`, { cause: error });
      }
      checked += 1;
    }
    expect(checked).toBeGreaterThan(100);
  });

  it("during the acceptance of a restored file leaves one that is accepted, or asks again", () => {
    const seed = 0xf4e7;
    const { disk, anchor } = record(seed, "checkpoint", encryptionKey);
    const newest = anchor.read();
    // A backup of the last file: the same id, one commit less.
    const before = disk.position;
    const volume = new CrashVolume(disk);
    const next = openStore(volume, { encryptionKey, freshness: { anchor } });
    const backup = disk.live.fork();
    commitChanges(next, [{ kind: "put", tree: "two", key: "later", value: Uint8Array.of(2) }]);
    next.close();
    expect(before).toBeLessThan(disk.position);
    expect(anchor.read()).not.toBe(newest);
    backup.remove(`${PATH}.lock`);
    const restored = new CrashDisk({ seed, from: backup });
    const accepted = new RecordingAnchor(restored);
    accepted.write(anchor.read() ?? "");
    openStore(new CrashVolume(restored), { encryptionKey, freshness: { anchor: accepted, accept: "restored" } }).close();
    for (const image of restored.crashImages({ seed })) {
      const at = new MemoryAnchor(accepted.textAt(image.position));
      const again = openStore(image.volume, { encryptionKey, freshness: { anchor: at, accept: "restored" } });
      expect(readContent(again).get("two")?.size).toBe(1);
      expectVerified(again);
      again.close();
      openStore(image.volume, { encryptionKey, freshness: { anchor: at } }).close();
    }
    expect(decodeAnchor(accepted.read() ?? "").restoredCount).toBe(1);
  });
});

describe("a process that is killed while it accepts a restored file", () => {
  it("leaves another handle on that file able to write", () => {
    let killed = 0;
    for (let after = 0; after < 24; after += 1) {
      const base = new MemoryVolume();
      base.makeDirectory("/db");
      const disk = new CrashDisk({ seed: 0xf4e9, from: base });
      const other = openStore(new CrashVolume(disk));
      commitChanges(other, [{ kind: "put", tree: "one", key: "a", value: Uint8Array.of(1) }]);
      const newer = { fileId: new Uint8Array(16).fill(9), isEncrypted: false, commit: 90, generation: 9, tag: new Uint8Array(16), slotTag: new Uint8Array(16), restoredCount: 0 };
      const volume = new CrashVolume(disk);
      volume.inject({ operation: "write", outcome: "kill", after });
      try {
        openStore(volume, { freshness: { anchor: new MemoryAnchor(encodeAnchor(newer)), accept: "restored" } });
      } catch {
        killed += 1;
      }
      volume.kill();
      other.refresh();
      commitChanges(other, [{ kind: "put", tree: "one", key: "b", value: Uint8Array.of(2) }]);
      expect(readContent(other).get("one")?.size).toBe(2);
      expectVerified(other);
      other.close();
    }
    expect(killed).toBeGreaterThan(5);
  });
});

describe("after a failed sync", () => {
  it.each([0, 1, 2, 3, 4, 5])("nothing is anchored that a power cut takes away, failing after %i", (after) => {
    const pathEnd = "holdfast";
    const seed = 0xf4e8 + after;
    const base = new MemoryVolume();
    base.makeDirectory("/db");
    const disk = new CrashDisk({ seed, from: base });
    const anchor = new RecordingAnchor(disk);
    const life = (volume: CrashVolume): void => {
      const store = openStore(volume, { freshness: { anchor, every: "commit" } });
      try {
        for (let round = 0; round < 8; round += 1) commitChanges(store, [{ kind: "put", tree: "one", key: `k${round % 4}`, value: new Uint8Array(9000).fill(round) }]);
      } finally {
        store.close();
      }
    };
    life(new CrashVolume(disk));
    const failing = new CrashVolume(disk);
    failing.inject({ operation: "sync", after: after * 2, pathEnd });
    try {
      life(failing);
    } catch (error) {
      expect((error as { code: string }).code).toMatch(/COMMIT_UNKNOWN|IO_FAILED/);
    }
    failing.kill();
    life(new CrashVolume(disk));
    openStore(new CrashVolume(disk), { freshness: { anchor } }).close();
    for (const image of disk.crashImages({ seed, ...modes("synced", "all") })) {
      const at = new MemoryAnchor(anchor.textAt(image.position));
      if (image.volume.stat(PATH) === undefined) continue;
      try {
        openStore(image.volume, { freshness: { anchor: at } }).close();
      } catch (error) {
        const { code } = error as { code: string };
        if (["ROLLED_BACK", "FORKED", "FILE_REPLACED", "FILE_MISSING"].includes(code)) throw new Error(`seed ${seed}, position ${image.position}, mode ${image.mode}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
});

describe("a handle that opens beside others", () => {
  it("does not take the file for an older copy because the side file could not be told of the newest commit", () => {
    const base = new MemoryVolume();
    base.makeDirectory("/db");
    const disk = new CrashDisk({ seed: 91, from: base });
    const volume = new CrashVolume(disk);
    const anchor = new MemoryAnchor();
    const store = openStore(volume, { freshness: { anchor, every: "commit" } });
    const put = (key: string): Change => ({ kind: "put", tree: "one", key, value: new Uint8Array(1900) });
    commitChanges(store, [put("told")]);
    volume.inject({ operation: "write", pathEnd: ".lock", outcome: "ENOSPC", times: 1000 });
    commitChanges(store, [put("untold")]);
    const { commit } = store;
    const other = openStore(new CrashVolume(disk), { freshness: { anchor } });
    expect(other.commit).toBe(commit);
    expect(describeDifference(readContent(other), readContent(store))).toBeUndefined();
  });
});
