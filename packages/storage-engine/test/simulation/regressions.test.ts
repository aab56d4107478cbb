/**
 * What the simulator found, each as small as it could be made.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume } from "../../src/simulation.ts";
import { codeOf } from "../volume/code-of.ts";
import { applyToModel, commitChanges, describeDifference, expectVerified, openStore, PATH, readContent } from "./support.ts";
import type { Change } from "./support.ts";

function newDisk(seed: number): CrashDisk {
  const base = new MemoryVolume({ newLogBytes: 64 * 1024 });
  base.makeDirectory("/db");
  return new CrashDisk({ seed, from: base });
}

const one: Change = { kind: "put", tree: "one", key: "a", value: Uint8Array.of(1) };

describe("large values", () => {
  it("a delete of one with an extent takes none without: its generation may be the other's number (crash-sweep, seed 20978)", () => {
    const volume = new MemoryVolume();
    volume.makeDirectory("/db");
    const put = (key: string): Change => ({ kind: "put", tree: "large", key, value: new Uint8Array(3000).fill(key.charCodeAt(0)) });
    let store = openStore(volume);
    commitChanges(store, [put("first")]);
    store.close();
    store = openStore(volume);
    const changes: Change[] = [..."abcdefghijklmnop"].map(put);
    changes.push({ kind: "delete", tree: "large", key: "first" });
    commitChanges(store, changes);
    const expected = applyToModel(new Map(), changes);
    expect(describeDifference(readContent(store), expected)).toBeUndefined();
    store.close();
    store = openStore(volume);
    expect(describeDifference(readContent(store), expected)).toBeUndefined();
    expectVerified(store);
    store.close();
  });
});

describe("a tree that is dropped and made again in one transaction", () => {
  it("is empty for the writer too, even if nothing is put into it (shared-disk, seed 202)", () => {
    const volume = new MemoryVolume();
    volume.makeDirectory("/db");
    const store = openStore(volume);
    commitChanges(store, [{ kind: "put", tree: "one", key: "a", value: Uint8Array.of(1) }]);
    commitChanges(store, [{ kind: "drop", tree: "one" }, { kind: "delete", tree: "one", key: "a" }]);
    expect(describeDifference(readContent(store), new Map([["one", new Map()]]))).toBeUndefined();
    expectVerified(store);
    store.close();
  });
});

describe("a commit whose number cannot be published", () => {
  it("has been made, and says so (simulate, seed 24)", () => {
    const disk = newDisk(24);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    volume.inject({ operation: "write", pathEnd: ".lock", outcome: "ENOSPC", times: 100 });
    expect(commitChanges(store, [one])).toBe(1);
    volume.clearFaults();
    const other = openStore(new CrashVolume(disk));
    expect(commitChanges(other, [{ ...one, key: "b" }])).toBe(2);
    expect(describeDifference(readContent(other), applyToModel(new Map(), [one, { ...one, key: "b" }]))).toBeUndefined();
  });
});

describe("a slot whose sync failed", () => {
  it.each([1, 2, 3, 4])("is written again before the other one is overwritten: a power cut never takes both (simulate, seed 24, sync %i)", (syncs) => {
    const disk = newDisk(24);
    const volume = new CrashVolume(disk);
    let store = openStore(volume);
    commitChanges(store, [one]);
    volume.inject({ operation: "sync", pathEnd: ".holdfast", after: syncs - 1 });
    codeOf(() => store.close());
    volume.clearFaults();
    store = openStore(volume);
    commitChanges(store, [{ ...one, key: "b" }]);
    const from = disk.position;
    const expected = readContent(store);
    store.close();
    for (const image of disk.crashImages({ seed: syncs, from, repeat: 6 })) {
      const again = openStore(image.volume);
      expect(describeDifference(readContent(again), expected)).toBeUndefined();
      expectVerified(again);
    }
  });

  it("is still suspect after a reader came and went", () => {
    const disk = newDisk(25);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    commitChanges(store, [one]);
    volume.inject({ operation: "sync", pathEnd: ".holdfast", after: 2 });
    codeOf(() => store.close());
    volume.clearFaults();
    openStore(volume, { readOnly: true }).close();
    expect(disk.live.stat(`${PATH}.lock`)).toBeDefined();
    const writer = openStore(volume);
    commitChanges(writer, [{ ...one, key: "b" }]);
    writer.close();
    expect(disk.live.stat(`${PATH}.lock`)).toBeUndefined();
  });
});

describe("failing calls", () => {
  it("of a volume come out as errors of the engine, whatever the store was doing (simulate, seeds 4, 6 and 28)", () => {
    const disk = newDisk(4);
    const volume = new CrashVolume(disk);
    const other = openStore(new CrashVolume(disk));
    const store = openStore(volume);
    commitChanges(other, [one]);
    volume.inject({ operation: "read" });
    expect(codeOf(() => store.refresh())).toBe("IO_FAILED");
    volume.inject({ operation: "name" });
    expect(codeOf(() => store.writeCopyTo({ path: "/db/copy" }))).toBe("IO_FAILED");
    volume.inject({ operation: "name" });
    expect(codeOf(() => store.close())).toBe("IO_FAILED");
    expect(store.isClosed).toBe(true);
  });

  it("in a listener's turn do not end the process: it hears of the next commit (simulate, seed 14)", async () => {
    const disk = newDisk(14);
    const volume = new CrashVolume(disk);
    const other = openStore(new CrashVolume(disk));
    const store = openStore(volume);
    let calls = 0;
    store.onForeignCommit(() => (calls += 1));
    volume.inject({ operation: "read", pathEnd: ".lock" });
    commitChanges(other, [one]);
    await Promise.resolve();
    expect(calls).toBe(0);
    commitChanges(other, [{ ...one, key: "b" }]);
    await Promise.resolve();
    expect(calls).toBe(1);
  });

  it("a compaction tells its listeners of commits that others made to the new file meanwhile (simulate, seed 1001445)", async () => {
    const disk = newDisk(15);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    commitChanges(store, [one]);
    let calls = 0;
    store.onForeignCommit(() => (calls += 1));
    const watch = volume.watch.bind(volume);
    volume.watch = (path, onChange) => {
      const other = openStore(new CrashVolume(disk));
      commitChanges(other, [{ ...one, key: "b" }]);
      return watch(path, onChange);
    };
    store.compact();
    await Promise.resolve();
    expect(calls).toBe(1);
    store.refresh();
    expect(readContent(store).get("one")?.size).toBe(2);
  });

  it("after a compaction close the store and its listeners", async () => {
    const disk = newDisk(15);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    commitChanges(store, [one]);
    store.onForeignCommit(() => undefined);
    volume.inject({ operation: "open", pathEnd: ".lock" });
    expect(codeOf(() => store.compact())).toBe("IO_FAILED");
    expect(store.isClosed).toBe(true);
    const other = openStore(new CrashVolume(disk));
    commitChanges(other, [{ ...one, key: "b" }]);
    await Promise.resolve();
    expect(readContent(other).get("one")?.size).toBe(2);
  });
});

describe("a file that ends inside its log", () => {
  it("is damaged: what was cut off is not the end of history", () => {
    const disk = newDisk(16);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    commitChanges(store, [one]);
    volume.kill();
    const cut = disk.live.fork();
    cut.open(PATH, "write").truncate(3 * 8192 + 40);
    expect(codeOf(() => openStore(cut))).toBe("LOG_DAMAGED");
  });
});

describe("a file whose name was not synced", () => {
  it.each(["creating", "compacting"])("because its maker died while %s keeps what the next process commits to it", (doing) => {
    const disk = newDisk(17);
    const volume = new CrashVolume(disk);
    let store = doing === "creating" ? undefined : openStore(volume);
    if (store !== undefined) commitChanges(store, [one]);
    volume.inject({ operation: "syncDirectory", outcome: "kill" });
    expect(codeOf(() => (store === undefined ? openStore(volume) : store.compact()))).toBeDefined();
    expect(volume.isKilled).toBe(true);
    store = openStore(new CrashVolume(disk));
    commitChanges(store, [{ ...one, key: "b" }]);
    const expected = readContent(store);
    for (const image of disk.crashImages({ seed: 17, from: disk.position })) {
      expect(describeDifference(readContent(openStore(image.volume)), expected)).toBeUndefined();
    }
  });
});

describe("an open that fails and cannot clean up", () => {
  it("leaves no lock behind: others can still open the file (simulate, seed 1004)", () => {
    const disk = newDisk(18);
    openStore(new CrashVolume(disk)).close();
    const volume = new CrashVolume(disk);
    volume.inject({ operation: "write", pathEnd: ".lock" });
    volume.inject({ operation: "name", after: 2, times: 10 });
    expect(codeOf(() => openStore(volume))).toBe("IO_FAILED");
    const other = openStore(new CrashVolume(disk));
    commitChanges(other, [one]);
    expect(codeOf(() => other.compact())).toBeUndefined();
  });
});

describe("a read that fails while a handle learns of a checkpoint", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("does not leave it between two slots (read %i)", (after) => {
    const disk = newDisk(19);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    const other = openStore(new CrashVolume(disk));
    let content = new Map() as ReturnType<typeof applyToModel>;
    const commit = (by: typeof store, changes: Change[]): void => {
      commitChanges(by, changes);
      content = applyToModel(content, changes);
    };
    const put = (tree: string, key: string): Change => ({ kind: "put", tree, key, value: new Uint8Array(1500).fill(after) });
    for (let round = 0; round < 10; round += 1) commit(other, [put("one", `a${round}`), put(`tree-${round}`, "b"), put("two", `c${round}`)]);
    commit(store, [put("one", "z")]);
    for (let round = 0; round < 40; round += 1) commit(other, [put("one", `a${round % 7}`), put(`tree-${round % 3}`, "b"), { kind: "delete", tree: "two", key: `c${round}` }]);
    volume.inject({ operation: "read", after });
    codeOf(() => store.refresh());
    volume.clearFaults();
    for (let round = 0; round < 40; round += 1) commit(store, [put("three", `d${round}`), put("one", `a${round % 5}`)]);
    expect(describeDifference(readContent(store), content)).toBeUndefined();
    expectVerified(store);
    other.close();
    store.close();
    const again = openStore(new CrashVolume(disk));
    expect(describeDifference(readContent(again), content)).toBeUndefined();
    expectVerified(again);
  });
});

describe("a commit that is too large for the log", () => {
  it.each(["while it is written", "after its process has died"])("is published only when it is durable: others go on %s (simulate, seed 100003)", (when) => {
    const disk = newDisk(20);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    const other = openStore(new CrashVolume(disk));
    commitChanges(store, [one]);
    other.refresh();
    const large = Array.from({ length: 40 }, (_, index): Change => ({ kind: "put", tree: "two", key: `k${index}`, value: new Uint8Array(1000) }));
    volume.beforeCall = ({ operation, path }) => {
      if (operation !== "sync" || !path.endsWith(".holdfast")) return undefined;
      volume.beforeCall = undefined;
      expect(other.refresh()).toBe(false);
      if (when !== "while it is written") volume.kill();
      return undefined;
    };
    codeOf(() => commitChanges(store, large));
    commitChanges(other, [{ ...one, key: "b" }]);
    const hasLarge = when === "while it is written";
    expect(describeDifference(readContent(other), applyToModel(new Map(), [one, ...(hasLarge ? large : []), { ...one, key: "b" }]))).toBeUndefined();
    expectVerified(other);
  });
});

describe("an unsynced commit", () => {
  it("is still known as such when whoever wrote it again has died over it (simulate, seed 300005)", () => {
    const seed = 21;
    const disk = newDisk(seed);
    const [failing, dying] = [new CrashVolume(disk), new CrashVolume(disk)];
    const first = openStore(failing);
    commitChanges(first, [one]);
    failing.inject({ operation: "sync", pathEnd: ".holdfast" });
    expect(codeOf(() => commitChanges(first, [{ ...one, key: "lost?", value: new Uint8Array(1900).fill(7) }]))).toBe("COMMIT_UNKNOWN");
    const second = openStore(dying);
    const third = openStore(new CrashVolume(disk));
    dying.inject({ operation: "write", pathEnd: ".holdfast", outcome: "kill", after: 1 });
    expect(codeOf(() => second.beginWrite())).toBeDefined();
    expect(dying.isKilled).toBe(true);
    commitChanges(third, [{ ...one, key: "b", value: new Uint8Array(900) }]);
    const expected = readContent(third);
    // Which sectors the failed sync has lost is drawn anew with each seed of the images.
    for (let lost = 1; lost <= 10; lost += 1) {
      for (const image of disk.crashImages({ seed: lost, from: disk.position, modes: ["synced"] })) {
        expect(describeDifference(readContent(openStore(image.volume)), expected)).toBeUndefined();
      }
    }
  });
});

describe("a snapshot that is closed", () => {
  it("says nothing of a presence file that cannot be written: its pages are kept a little longer (simulate, seed 800078)", () => {
    const volume = new CrashVolume(newDisk(22));
    const store = openStore(volume);
    commitChanges(store, [one]);
    const snapshot = store.snapshot();
    const { generation } = store.stats();
    for (let round = 0; store.stats().generation === generation; round += 1) commitChanges(store, [{ ...one, key: `k${round}`, value: new Uint8Array(1900) }]);
    volume.inject({ operation: "write", outcome: "ENOSPC" });
    snapshot.close();
    volume.clearFaults();
    commitChanges(store, [{ ...one, key: "later" }]);
    expectVerified(store);
    store.close();
  });
});

describe("a slot that holds a commit too large for the log", () => {
  it.each(["opens", "looks"])("shows it to nobody before it is durable: not to whoever %s between its write and its sync (simulate, seed 26)", (how) => {
    const disk = newDisk(26);
    const volume = new CrashVolume(disk);
    const store = openStore(volume);
    const other = new CrashVolume(disk);
    const reader = openStore(other);
    commitChanges(store, [one]);
    const large: Change[] = Array.from({ length: 40 }, (_, index) => ({ kind: "put", tree: "bulk", key: `k${index}`, value: new Uint8Array(1900).fill(index) }));
    const seen: number[] = [];
    volume.beforeCall = ({ operation }) => {
      if (operation !== "sync") return undefined;
      const looking = how === "opens" ? openStore(other) : reader;
      looking.refresh();
      const { commit } = looking;
      seen.push(commit);
      const images = disk.crashImages({ seed: seen.length, from: disk.position, modes: ["synced"] });
      for (const image of images) expect(openStore(image.volume).commit).toBeGreaterThanOrEqual(commit);
      if (looking !== reader) looking.close();
      return undefined;
    };
    commitChanges(store, large);
    volume.beforeCall = undefined;
    expect(seen).toContain(1);
    const late = openStore(other);
    expect(describeDifference(readContent(late), applyToModel(new Map(), [one, ...large]))).toBeUndefined();
    reader.refresh();
    expect(reader.commit).toBe(2);
    expectVerified(late);
  });
});

describe("a read of the slots that ends early", () => {
  it("is an error: else a writer would go on beside a slot that it has not seen (simulate, seed 2000538)", () => {
    const disk = newDisk(27);
    const [dying, failing] = [new CrashVolume(disk), new CrashVolume(disk)];
    const large: Change[] = Array.from({ length: 40 }, (_, index) => ({ kind: "put", tree: "bulk", key: `k${index}`, value: new Uint8Array(1900).fill(index) }));
    const first = openStore(dying);
    const second = openStore(failing);
    commitChanges(first, [one]);
    dying.inject({ operation: "sync", outcome: "kill", after: 1 });
    expect(codeOf(() => commitChanges(first, large))).toBeDefined();
    expect(dying.isKilled).toBe(true);
    for (const after of [0, 1]) {
      failing.inject({ operation: "read", pathEnd: ".holdfast", outcome: "short", after });
      expect(codeOf(() => second.beginWrite())).toMatch(/_DAMAGED$/);
      failing.clearFaults();
    }
    commitChanges(second, [{ ...one, key: "b" }]);
    expect(describeDifference(readContent(second), applyToModel(new Map(), [one, ...large, { ...one, key: "b" }]))).toBeUndefined();
    expectVerified(second);
  });
});
