/**
 * Backups of a database that goes on being written, increments, and what is restored from them.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume, SeededRandom } from "../../src/simulation.ts";
import { PAGE_BYTES } from "../../src/layout.ts";
import { Store } from "../../src/store.ts";
import type { StoreOptions } from "../../src/store.ts";
import type { Volume } from "../../src/simulation.ts";
import { codeOf } from "../volume/code-of.ts";
import { applyToModel, commitChanges, describeDifference, expectVerified, KINDS, openStore, PATH, randomChanges, readContent, TEST_KEY } from "../simulation/support.ts";
import type { Content } from "../simulation/support.ts";
import { fillFile, flip, hasty, keyOf, newVolume, slotOf } from "./support.ts";
import type { Key } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

/** `HOLDFAST_LONG=1`: a cut at every moment. */
const IS_LONG = process.env["HOLDFAST_LONG"] !== undefined;
const OTHER_KEY = Uint8Array.from({ length: 64 }, (_, index) => 255 - index);

/** The content of a file, after a check that it is sound. */
function contentOf(volume: Volume, path: string, key: Key, more: Partial<StoreOptions> = {}): Content {
  const store = Store.open({ path, volume, ...key, ...more });
  try {
    expectVerified(store);
    return readContent(store);
  } finally {
    store.close();
  }
}

function temporaries(volume: MemoryVolume): string[] {
  return volume.paths().filter((path) => path.includes(".new-"));
}

describe.each(KINDS)("backup, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };
  const base = newVolume();
  fillFile(base, { seed: 3, key });

  it("holds the commit at which it began, while this handle and another one go on writing", async () => {
    const volume = hasty(base);
    const store = openStore(volume, key);
    const other = openStore(volume, key);
    const expected = readContent(store);
    let commits = 0;
    const report = await store.backup({
      path: "/db/copy",
      onProgress: () => {
        commits += 1;
        for (let index = 0; index < 20; index += 1) {
          const value = new Uint8Array(400).fill(commits);
          const name = keyOf(((commits * 20 + index) * 61) % 1200);
          // Every page is replaced again and again: what the backup has still to read would be used anew if it were not pinned.
          commitChanges(index % 3 === 0 ? other : store, ["large", "one", "two"].map((tree) => ({ kind: "put", tree, key: name, value })));
        }
      },
    });
    console.log(`${commits * 20} commits during a backup`);
    expect(commits).toBeGreaterThan(10);
    expect(describeDifference(contentOf(volume, "/db/copy", key), expected)).toBeUndefined();
    expect(report).toMatchObject({ kind: "full", path: "/db/copy", sequence: 0, trees: 3, entries: [...expected.values()].reduce((sum, tree) => sum + tree.size, 0) });
    expect(report.fileBytes).toBe(volume.stat("/db/copy")?.sizeBytes);
    expectVerified(store);
    expect(temporaries(volume)).toEqual([]);
    store.close();
    other.close();
  });

  it("also holds what is in the log and in memory only", async () => {
    const volume = newVolume();
    const { store, content } = fillFile(volume, { seed: 4, key, isClosed: false });
    await store.backup({ path: "/db/copy" });
    expect(describeDifference(contentOf(volume, "/db/copy", key), content)).toBeUndefined();
    store.close();
  });

  it("an increment of a few changes is small, however large the database is, and no file ends in unused pages", async () => {
    const volume = newVolume();
    const { store } = fillFile(volume, { seed: 6, key, entries: 4000, isClosed: false });
    await store.backup({ path: "/db/full" });
    commitChanges(store, Array.from({ length: 100 }, (_, index) => ({ kind: "put", tree: "one", key: keyOf(index * 31), value: new Uint8Array(200).fill(7) })));
    const report = await store.backup({ path: "/db/inc", since: ["/db/full"] });
    expect(report.entries).toBe(100);
    for (const path of ["/db/full", "/db/inc"]) {
      const file = Store.open({ path, volume, ...key });
      expect(file.stats().fileBytes - file.stats().usedBytes).toBeLessThan(8 * PAGE_BYTES);
      file.close();
    }
    expect(report.fileBytes).toBeLessThan((volume.stat("/db/full")?.sizeBytes ?? 0) / 8);
    store.close();
  });

  it("has another file id, and the key that was asked for", async () => {
    const volume = base.fork();
    const store = openStore(volume, key);
    const expected = readContent(store);
    await store.backup({ path: "/db/copy", encryptionKey: OTHER_KEY });
    expect(codeOf(() => Store.open({ path: "/db/copy", volume, encryptionKey: TEST_KEY }))).toBe("KEY_WRONG");
    expect(describeDifference(contentOf(volume, "/db/copy", { encryptionKey: OTHER_KEY }), expected)).toBeUndefined();
    expect(Buffer.compare(volume.readFile(PATH).subarray(40, 56), volume.readFile("/db/copy").subarray(40, 56))).not.toBe(0);
    store.close();
  });

  it("leaves nothing when it is given up, when the store closes, or when the target is there", async () => {
    const volume = hasty(base);
    const before = volume.paths();
    const store = openStore(volume, key);
    const controller = new AbortController();
    const aborted = store.backup({ path: "/db/copy", signal: controller.signal, onProgress: ({ done }) => done > 100 && controller.abort(new Error("enough")) });
    await expect(aborted).rejects.toThrow("enough");
    volume.writeFile("/db/there", Uint8Array.of(1));
    await expect(store.backup({ path: "/db/there" })).rejects.toMatchObject({ code: "TARGET_EXISTS" });
    expect(volume.readFile("/db/there")).toEqual(Uint8Array.of(1));
    volume.remove("/db/there");
    await expect(store.backup({ path: "/none/copy" })).rejects.toMatchObject({ code: "DIRECTORY_MISSING" });
    await expect(store.backup({ path: "/db/copy", onProgress: () => store.close() })).rejects.toMatchObject({ code: "STORE_CLOSED" });
    expect(volume.paths()).toEqual(before);
  });

  it.each([31, 32, 33])("increments restore every moment of a random history, seed %i", async (seed) => {
    const random = new SeededRandom(seed);
    const volume = hasty(newVolume());
    let store = openStore(volume, key);
    const contents: Content[] = [];
    const chain: string[] = [];
    let content: Content = new Map();
    for (let round = 0; round < 7; round += 1) {
      for (let commit = 0; commit < random.pick([0, 1, 8]); commit += 1) {
        const changes = randomChanges(random, { maxChanges: random.pick([3, 120]), keys: 300 });
        content = applyToModel(content, changes);
        commitChanges(store, changes);
      }
      if (random.chance(0.3)) {
        store.close();
        store = openStore(volume, key);
      }
      const path = `/db/backup-${round}`;
      const report = await store.backup({ path, ...(round === 0 ? {} : { since: chain }) });
      expect(report.sequence).toBe(round);
      chain.push(path);
      contents.push(content);
    }
    store.close();
    for (const [last, expected] of contents.entries()) {
      const path = `/db/restored-${last}`;
      const from = chain.slice(0, last + 1);
      const report = await Store.restore({ from, path, volume, ...key });
      expect(describeDifference(contentOf(volume, path, key), expected), `seed ${seed}, increment ${last}`).toBeUndefined();
      expect(report.entries).toBe([...expected.values()].reduce((sum, tree) => sum + tree.size, 0));
    }
    expect(temporaries(volume)).toEqual([]);
  });

  describe("a chain", () => {
    const volume = newVolume();
    const names = ["/db/full", "/db/inc1", "/db/inc2", "/db/inc3"];
    const ready = (async () => {
      const { store } = fillFile(volume, { seed: 8, key, rounds: 4, isClosed: false });
      for (const [index, path] of names.entries()) {
        await store.backup({ path, ...(index === 0 ? {} : { since: names.slice(0, index) }) });
        commitChanges(store, [{ kind: "put", tree: "one", key: keyOf(index), value: Uint8Array.of(index) }]);
      }
      await store.backup({ path: "/db/other-inc2", since: names.slice(0, 2) });
      await store.backup({ path: "/db/other-full" });
      await store.backup({ path: "/db/foreign-inc1", since: ["/db/other-full"] });
      store.close();
    })();

    const restore = async (from: string[], more: Key = key, on: MemoryVolume = volume): Promise<unknown> => {
      const before = on.paths();
      const bytes = before.map((path) => on.readFile(path));
      try {
        await Store.restore({ from, path: "/db/restored", volume: on, ...more });
        on.remove("/db/restored");
        return "restored";
      } catch (error) {
        expect(on.paths()).toEqual(before);
        before.forEach((path, index) => expect(Buffer.compare(on.readFile(path), bytes[index] as Uint8Array)).toBe(0));
        return (error as { code?: unknown }).code;
      }
    };

    it("is refused in a wrong order, with one missing, twice, or foreign: each with its own code, and nothing changes", async () => {
      await ready;
      const [full, one, two, three] = names as [string, string, string, string];
      expect(await restore(names)).toBe("restored");
      expect(await restore([full, two, one])).toBe("BACKUP_ORDER");
      expect(await restore([full, one, three])).toBe("BACKUP_MISSING");
      expect(await restore([full, two])).toBe("BACKUP_MISSING");
      expect(await restore([full, one, one])).toBe("BACKUP_MISSING");
      expect(await restore([full, one, "/db/other-inc2"])).toBe("restored");
      expect(await restore([full, one, "/db/other-inc2", three])).toBe("BACKUP_MISSING");
      expect(await restore([full, "/db/foreign-inc1"])).toBe("BACKUP_FOREIGN");
      expect(await restore([one])).toBe("BACKUP_INVALID");
      expect(await restore([full, "/db/other-full"])).toBe("BACKUP_INVALID");
      expect(await restore([PATH])).toBe("BACKUP_INVALID");
      expect(await restore([full, "/db/none"])).toBe("FILE_MISSING");
      expect(await restore([])).toBe("BACKUP_INVALID");
      if (encryptionKey !== undefined) expect(await restore(names, { encryptionKey: OTHER_KEY })).toBe("KEY_WRONG");
      else expect(await restore(names, { encryptionKey: OTHER_KEY })).toBe("KEY_SUPERFLUOUS");
    });

    it("is refused when any page of any of its files that holds content is damaged", async () => {
      await ready;
      for (const path of names) {
        const { catalog } = slotOf(volume, key, path);
        const damaged = volume.fork();
        flip(damaged, (catalog?.place ?? 0) * PAGE_BYTES + 4000, path);
        expect(await restore(names, key, damaged)).toBe("PAGE_DAMAGED");
      }
    });

    it("is refused when its full backup was written to", async () => {
      await ready;
      const changed = volume.fork();
      const store = Store.open({ path: "/db/full", volume: changed, ...key });
      commitChanges(store, [{ kind: "put", tree: "one", key: "new", value: Uint8Array.of(1) }]);
      store.close();
      expect(await restore(names, key, changed)).toBe("BACKUP_FOREIGN");
    });

    it("goes on after a restore, and ends when the database gets a new file", async () => {
      await ready;
      const later = volume.fork();
      await Store.restore({ from: names, path: "/db/restored", volume: later, ...key });
      const restored = Store.open({ path: "/db/restored", volume: later, ...key });
      const report = await restored.backup({ path: "/db/inc4", since: names });
      expect(report).toMatchObject({ sequence: 4, entries: 0, trees: 0 });
      restored.compact();
      await expect(restored.backup({ path: "/db/inc5", since: names })).rejects.toMatchObject({ code: "BACKUP_FOREIGN" });
      restored.close();
    });
  });

  it("a power cut at any moment leaves no target or a whole one, and the next try works and cleans up", async () => {
    const seed = 17;
    const from = newVolume();
    fillFile(from, { seed, key, entries: 60, rounds: 3 });
    const disk = new CrashDisk({ seed, from });
    const crashVolume = new CrashVolume(disk);
    const store = openStore(crashVolume, key);
    const content = readContent(store);
    disk.startRecording();
    await store.backup({ path: "/db/full" });
    const fullAt = disk.position;
    commitChanges(store, [{ kind: "put", tree: "one", key: "later", value: new Uint8Array(50) }]);
    const after = readContent(store);
    await store.backup({ path: "/db/inc", since: ["/db/full"] });
    await Store.restore({ from: ["/db/full", "/db/inc"], path: "/db/restored", volume: crashVolume, ...key });
    await Store.salvage({ from: "/db/full", path: "/db/salvaged", volume: crashVolume, ...key });
    const end = disk.position;
    store.close();
    let images = 0;
    let partial = 0;
    for (const { volume, position, mode } of disk.crashImages({ seed, to: end, step: IS_LONG ? 1 : 5 })) {
      const where = `seed ${seed}, position ${position} of ${end}, mode ${mode}`;
      images += 1;
      const source = contentOf(volume, PATH, key);
      if (position <= fullAt) expect(describeDifference(source, content), `${where}:`).toBeUndefined();
      partial += temporaries(volume).length;
      for (const path of ["/db/full", "/db/inc", "/db/restored", "/db/salvaged"]) {
        if (volume.stat(path) === undefined) continue;
        const report = await Store.verify({ path, volume, ...key });
        expect(report.problems, `${where}, ${path}`).toEqual([]);
      }
      if (volume.stat("/db/restored") !== undefined) expect(describeDifference(contentOf(volume, "/db/restored", key), after), `${where}:`).toBeUndefined();
      if (volume.stat("/db/full") === undefined) {
        const again = openStore(volume, key);
        await again.backup({ path: "/db/full" });
        expect(describeDifference(contentOf(volume, "/db/full", key), readContent(again)), `${where}:`).toBeUndefined();
        again.close();
        expect(temporaries(volume).filter((path) => path.startsWith("/db/full")), `${where}:`).toEqual([]);
      }
    }
    console.log(`backup crash sweep, seed ${seed}: ${images} images, ${partial} leftovers`);
    expect(partial).toBeGreaterThan(0);
  });
});
