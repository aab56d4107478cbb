/**
 * A disk that fails, runs full or loses its process: clear errors, and nothing lost.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import { StoreError } from "../../src/errors.ts";
import { codeOf } from "../volume/code-of.ts";
import {
  applyToModel, commitChanges, describeDifference, expectVerified, isSameContent, KINDS, openStore, PATH, randomChanges, readContent, valueOf,
} from "./support.ts";
import type { Change, Content } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));


function newDisk(seed: number): CrashDisk {
  const base = new MemoryVolume();
  base.makeDirectory("/db");
  return new CrashDisk({ seed, from: base });
}

const small: Change = { kind: "put", tree: "one", key: "a", value: Uint8Array.of(1) };

describe.each(KINDS)("failing disk, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };

  it("a sync that fails makes the commit unknown, and every handle refuses to write until it is reopened", () => {
    const disk = newDisk(1);
    const volume = new CrashVolume(disk);
    const store = openStore(volume, key);
    commitChanges(store, [small]);
    const other = openStore(volume, key);
    volume.inject({ operation: "sync", pathEnd: ".holdfast" });
    expect(codeOf(() => commitChanges(store, [{ ...small, key: "b" }]))).toBe("COMMIT_UNKNOWN");
    expect(codeOf(() => commitChanges(store, [{ ...small, key: "c" }]))).toBe("COMMIT_UNKNOWN");
    expect(codeOf(() => commitChanges(other, [{ ...small, key: "e" }]))).toBe("COMMIT_UNKNOWN");
    store.close();
    other.close();
    const again = openStore(volume, key);
    const content = readContent(again);
    const without = new Map([["one", new Map([["a", Uint8Array.of(1)]])]]);
    const withUnknown = applyToModel(without, [{ ...small, key: "b" }]);
    expect(isSameContent(content, without) || isSameContent(content, withUnknown)).toBe(true);
    commitChanges(again, [{ ...small, key: "d" }]);
    expect(describeDifference(readContent(again), applyToModel(content, [{ ...small, key: "d" }]))).toBeUndefined();
    expectVerified(again);
    again.close();
  });

  it("what a failed sync left unsynced is safe once the next writer has committed", () => {
    const seed = 21;
    const disk = newDisk(seed);
    const volume = new CrashVolume(disk);
    const store = openStore(volume, key);
    commitChanges(store, [small]);
    volume.inject({ operation: "sync", pathEnd: ".holdfast" });
    expect(codeOf(() => commitChanges(store, [{ ...small, key: "b", value: new Uint8Array(3000).fill(2) }]))).toBe("COMMIT_UNKNOWN");
    store.close();
    const again = openStore(volume, key);
    commitChanges(again, [{ ...small, key: "c" }]);
    const expected = readContent(again);
    for (const image of disk.crashImages({ seed, from: disk.position, to: disk.position, repeat: 30 })) {
      const reopened = openStore(image.volume, key);
      expect(describeDifference(readContent(reopened), expected)).toBeUndefined();
      expectVerified(reopened);
      reopened.close();
    }
    again.close();
  });

  it("a full disk refuses with DISK_FULL, loses nothing, and still lets one delete", () => {
    const seed = 31;
    const disk = newDisk(seed);
    const volume = new CrashVolume(disk);
    const random = new SeededRandom(seed);
    let store = openStore(volume, key);
    let content: Content = new Map();
    const fill = (index: number): Change[] => Array.from({ length: 12 }, (_, at) => ({ kind: "put", tree: "one", key: `k${String(index * 12 + at).padStart(5, "0")}`, value: valueOf(random, 900) }));
    for (let index = 0; index < 8; index += 1) {
      const changes = fill(index);
      commitChanges(store, changes);
      content = applyToModel(content, changes);
    }
    disk.capacityBytes = disk.usedBytes() + 200_000;
    let code: string | undefined;
    for (let index = 8; index < 200 && code === undefined; index += 1) {
      const changes = fill(index);
      code = codeOf(() => commitChanges(store, changes));
      if (code === undefined) content = applyToModel(content, changes);
    }
    expect(code).toBe("DISK_FULL");
    expect(describeDifference(readContent(store), content)).toBeUndefined();
    for (const doomed of [...(content.get("one") ?? new Map<string, Uint8Array>()).keys()].slice(0, 40)) {
      const changes: Change[] = [{ kind: "delete", tree: "one", key: doomed }];
      commitChanges(store, changes);
      content = applyToModel(content, changes);
    }
    expect(describeDifference(readContent(store), content)).toBeUndefined();
    expectVerified(store);
    store.close();
    store = openStore(volume, key);
    expect(describeDifference(readContent(store), content)).toBeUndefined();
    expectVerified(store);
    store.close();
  });

  it("a disk on which not even one more entry fits still takes deletes, one entry at a time", () => {
    const disk = newDisk(32);
    const store = openStore(new CrashVolume(disk), key);
    const keyOf = (index: number): string => `k${String((index * 37) % 4001).padStart(5, "0")}`;
    const put = (index: number): Change => ({ kind: "put", tree: "one", key: keyOf(index), value: new Uint8Array(1900).fill(index) });
    for (let index = 0; index < 400; index += 4) commitChanges(store, [put(index), put(index + 1), put(index + 2), put(index + 3)]);
    disk.capacityBytes = disk.usedBytes();
    let index = 400;
    while (codeOf(() => commitChanges(store, [put(index)])) === undefined) {
      index += 1;
      expect(index).toBeLessThan(3000);
    }
    expect(codeOf(() => commitChanges(store, [put(index)]))).toBe("DISK_FULL");
    const before = readContent(store).get("one")?.size ?? 0;
    for (let doomed = 0; doomed < 30; doomed += 1) commitChanges(store, [{ kind: "delete", tree: "one", key: keyOf(doomed * 11) }]);
    expect(readContent(store).get("one")?.size).toBe(before - 30);
    expectVerified(store);
    store.close();
  });

  it.each([1, 2, 3, 4, 5, 6])("any failing call gives an engine error and loses nothing, seed %i", (seed) => {
    const disk = newDisk(seed);
    const random = new SeededRandom(seed);
    let volume = new CrashVolume(disk);
    let store = openStore(volume, key);
    let content: Content = new Map();
    for (let round = 0; round < 60; round += 1) {
      const changes = randomChanges(random, { maxChanges: random.pick([2, 50]), keys: 100 });
      const operation = random.pick(["write", "sync", "read", "truncate"] as const);
      const outcome = random.pick(operation === "read" ? (["EIO", "short"] as const) : (["EIO", "ENOSPC", "kill"] as const));
      volume.inject({ operation, outcome, after: random.below(6) });
      const expected = applyToModel(content, changes);
      const failure = failureOf(() => commitChanges(store, changes));
      volume.clearFaults();
      if (failure === undefined && !volume.isKilled) {
        content = expected;
        continue;
      }
      // A process that was killed after its last call to the disk has no error to show.
      expect(failure ?? new StoreError("IO_FAILED", "killed")).toBeInstanceOf(StoreError);
      failureOf(() => store.close());
      volume.kill();
      volume = new CrashVolume(disk);
      store = openStore(volume, key);
      const found = readContent(store);
      if (!isSameContent(found, content) && !isSameContent(found, expected)) {
        throw new Error(`seed ${seed}, round ${round}, ${operation} ${outcome}: ${describeDifference(found, content)}; or ${describeDifference(found, expected)}`);
      }
      expectVerified(store);
      content = found;
    }
    store.close();
    expect(content.size).toBeGreaterThan(0);
  });

  it("a process that dies at any call leaves a store that the next one opens", () => {
    const seed = 41;
    for (let after = 0; after < 60; after += 3) {
      const disk = newDisk(seed);
      const volume = new CrashVolume(disk);
      volume.inject({ operation: "write", outcome: "kill", after });
      const random = new SeededRandom(seed);
      let content: Content = new Map();
      let expected: Content = content;
      failureOf(() => {
        const store = openStore(volume, key);
        for (let round = 0; round < 30; round += 1) {
          const changes = randomChanges(random, { maxChanges: 30, keys: 60 });
          expected = applyToModel(content, changes);
          commitChanges(store, changes);
          content = expected;
        }
      });
      const store = openStore(new CrashVolume(disk), key);
      const found = readContent(store);
      expect(isSameContent(found, content) || isSameContent(found, expected)).toBe(true);
      commitChanges(store, [small]);
      expectVerified(store);
      store.close();
    }
  });
});

describe("failed opens", () => {
  it("change no file: wrong key, no key, superfluous key, unreadable disk", () => {
    const { encryptionKey } = KINDS[1] ?? {};
    for (const [made, tried, code] of [
      [{ encryptionKey }, { encryptionKey: new Uint8Array(64).fill(9) }, "KEY_WRONG"],
      [{ encryptionKey }, {}, "KEY_MISSING"],
      [{}, { encryptionKey }, "KEY_SUPERFLUOUS"],
    ] as const) {
      const disk = newDisk(5);
      const store = openStore(new CrashVolume(disk), made as object);
      commitChanges(store, [small]);
      store.close();
      const before = disk.live.readFile(PATH);
      disk.startRecording();
      expect(codeOf(() => openStore(new CrashVolume(disk), tried as object))).toBe(code);
      expect(disk.live.readFile(PATH)).toEqual(before);
      expect(disk.live.paths().filter((path) => path !== `${PATH}.lock`)).toEqual([PATH]);
    }
  });

  it("of a new file leave nothing that stops the next one, whatever call fails", () => {
    for (const operation of ["open", "write", "sync", "name", "syncDirectory"] as const) {
      for (let after = 0; after < 6; after += 1) {
        const disk = newDisk(6);
        const volume = new CrashVolume(disk);
        volume.inject({ operation, after });
        const failure = failureOf(() => openStore(volume).close());
        if (failure === undefined) continue;
        expect(failure).toBeInstanceOf(StoreError);
        const store = openStore(new CrashVolume(disk));
        expectVerified(store);
        store.close();
        expect(disk.live.paths().filter((path) => path !== `${PATH}.lock`)).toEqual([PATH]);
      }
    }
  });
});

function failureOf(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
