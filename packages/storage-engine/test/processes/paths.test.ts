/**
 * One file under several paths, and a file that is moved, deleted or replaced while it is open.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, linkSync, lstatSync, mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Store } from "../../src/store.ts";
import { expectVerified, KINDS } from "../simulation/support.ts";

const encoder = new TextEncoder();
const whyNoMounts = process.platform === "linux" ? (process.getuid?.() === 0 ? undefined : "only root may mount") : "bind mounts are Linux's";

function put(store: Store, ...keys: readonly string[]): void {
  const transaction = store.beginWrite();
  try {
    for (const key of keys) transaction.tree("data").put(encoder.encode(key), encoder.encode(`value of ${key}`));
    transaction.commit();
  } finally {
    transaction.abort();
  }
}

function keysOf(store: Store): string[] {
  store.refresh();
  const snapshot = store.snapshot();
  const keys: string[] = [];
  const cursor = snapshot.tree("data")?.cursor();
  while (cursor?.next() === true) keys.push(new TextDecoder().decode(cursor.key()));
  snapshot.close();
  return keys;
}

function coded(code: string): Error {
  return expect.objectContaining({ name: "StoreError", code }) as Error;
}

describe.each(KINDS)("paths, $name", ({ encryptionKey }) => {
  let folder = "";
  let path = "";
  const opened: Store[] = [];

  function open(at: string, more: { readOnly?: boolean } = {}): Store {
    const store = Store.open({ ...more, path: at, lockTimeoutMs: 200, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
    opened.push(store);
    return store;
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-paths-"));
    path = join(folder, "test.holdfast");
  });
  afterEach(() => {
    for (const store of opened.splice(0)) store.close();
    rmSync(folder, { recursive: true });
  });

  describe("two paths to one file", () => {
    const WAYS: readonly { what: string; other: () => string }[] = [
      {
        what: "a symbolic link to the file",
        other: () => {
          symlinkSync(path, join(folder, "link"));
          return join(folder, "link");
        },
      },
      {
        what: "a link to a link to its folder",
        other: () => {
          symlinkSync(folder, `${folder}-a`);
          symlinkSync(`${folder}-a`, `${folder}-b`);
          return `${folder}-b/test.holdfast`;
        },
      },
      {
        what: "a path with ..",
        other: () => {
          mkdirSync(join(folder, "sub"));
          return `${folder}/sub/../test.holdfast`;
        },
      },
      { what: "a relative path", other: () => relative(process.cwd(), path) },
    ];

    afterEach(() => {
      for (const extra of ["-a", "-b"]) rmSync(`${folder}${extra}`, { force: true });
    });

    it.each(WAYS)("$what is the same store: one writer, one set of side files, and no compaction beside the other", ({ other }) => {
      const first = open(path);
      put(first, "a");
      const second = open(other());
      expect(second.path).toBe(first.path);
      expect(keysOf(second)).toEqual(["a"]);
      expect(readdirSync(join(folder, "test.holdfast.management"))).toHaveLength(2);
      const transaction = first.beginWrite();
      expect(() => second.beginWrite()).toThrow(coded("STORE_LOCKED"));
      transaction.abort();
      put(second, "b");
      expect(keysOf(first)).toEqual(["a", "b"]);
      expect(() => second.compact()).toThrow(coded("STORE_IN_USE"));
      second.close();
      put(first, "c");
      expectVerified(first);
      first.close();
      expect(readdirSync(folder).filter((name) => name.startsWith("test.holdfast"))).toEqual(["test.holdfast"]);
    });

    it("compaction through a symbolic link replaces the file, not the link", () => {
      symlinkSync(path, join(folder, "link"));
      put(open(path), "a");
      opened.pop()?.close();
      const store = open(join(folder, "link"));
      store.compact();
      put(store, "b");
      store.close();
      expect(keysOf(open(path))).toEqual(["a", "b"]);
    });

    it.skipIf(process.platform !== "linux")("a path below /proc/self/fd leads to the same store", () => {
      const first = open(path);
      put(first, "a");
      const descriptor = openSync(path, "r");
      const second = open(`/proc/self/fd/${descriptor}`);
      expect(second.path).toBe(first.path);
      put(second, "b");
      expect(keysOf(first)).toEqual(["a", "b"]);
      closeSync(descriptor);
    });

    it.skipIf(process.platform !== "linux")("names that differ in case are two files where the file system says so", () => {
      put(open(path), "a");
      put(open(path.replace("test", "TEST")), "b");
      expect(opened.map(keysOf)).toEqual([["a"], ["b"]]);
    });

    it("a symbolic link to nothing is refused, and nothing is made", () => {
      symlinkSync(join(folder, "nowhere"), path);
      expect(() => open(path)).toThrow(coded("FILE_MISSING"));
      expect(readdirSync(folder)).toEqual(["test.holdfast"]);
    });

    it("a second hard link is refused, before and while the file is open, and the handle that is open goes on", () => {
      const first = open(path);
      put(first, "a");
      linkSync(path, join(folder, "second"));
      expect(() => open(join(folder, "second"))).toThrow(coded("FILE_LINKED"));
      expect(() => open(path)).toThrow(coded("FILE_LINKED"));
      put(first, "b");
      first.close();
      expect(() => open(path)).toThrow(coded("FILE_LINKED"));
      rmSync(join(folder, "second"));
      expect(keysOf(open(path))).toEqual(["a", "b"]);
    });

    it.skipIf(whyNoMounts !== undefined)(`a file that is mounted at a second path is refused there, whoever has it open, and a mounted folder is the same store${whyNoMounts === undefined ? "" : ` (skipped: ${whyNoMounts})`}`, () => {
      const first = open(path);
      put(first, "a");
      const second = join(folder, "mounted here");
      writeFileSync(second, "");
      execFileSync("mount", ["--bind", path, second]);
      try {
        for (const readOnly of [false, true]) expect(() => open(second, { readOnly })).toThrow(coded("FILE_LINKED"));
        first.close();
        expect(() => open(second)).toThrow(coded("FILE_LINKED"));
        put(open(path), "b");
      } finally {
        execFileSync("umount", [second]);
      }
      const other = join(folder, "sub");
      mkdirSync(other);
      execFileSync("mount", ["--bind", folder, other]);
      try {
        const store = open(path);
        const beside = open(join(other, "test.holdfast"));
        expect(readdirSync(`${path}.management`)).toHaveLength(3);
        expect(keysOf(beside)).toEqual(["a", "b"]);
        expect(() => beside.compact()).toThrow(coded("STORE_IN_USE"));
        put(beside, "c");
        expect(keysOf(store)).toEqual(["a", "b", "c"]);
        for (const each of opened.splice(0)) each.close();
      } finally {
        execFileSync("umount", [other]);
      }
      expect(readdirSync(folder).filter((name) => name.startsWith("test."))).toEqual(["test.holdfast"]);
    });

    it("a folder, a pipe or a device is no file, and stays what it is", async () => {
      mkdirSync(join(folder, "empty"));
      const special = process.platform === "linux" ? [join(folder, "pipe")] : [];
      for (const pipe of special) execFileSync("mkfifo", [pipe]);
      for (const at of [folder, join(folder, "empty"), `${folder}/`, ...special]) {
        for (const readOnly of [false, true]) expect(() => open(at, { readOnly })).toThrow(coded("NOT_A_FILE"));
        await expect(Store.verify({ path: at })).rejects.toThrow(coded("NOT_A_FILE"));
        await expect(Store.salvage({ from: at, path: join(folder, "new") })).rejects.toThrow(coded("NOT_A_FILE"));
        expect(() => Store.rekey({ path: at })).toThrow(coded("NOT_A_FILE"));
      }
      for (const pipe of special) expect(lstatSync(pipe).isFIFO()).toBe(true);
      expect(readdirSync(folder).toSorted()).toEqual(["empty", ...special.map(() => "pipe")]);
    });

    it("a process that changes its folder goes on with the file that it opened", () => {
      const before = process.cwd();
      try {
        process.chdir(folder);
        const store = open("test.holdfast");
        put(store, "a");
        process.chdir(tmpdir());
        put(store, "b");
        store.close();
        expect(readdirSync(folder)).toEqual(["test.holdfast"]);
        expect(keysOf(open(path))).toEqual(["a", "b"]);
      } finally {
        process.chdir(before);
      }
    });
  });

  describe("a file that goes away while it is open", () => {
    const WAYS: readonly { what: string; act: () => void }[] = [
      { what: "moved", act: () => renameSync(path, join(folder, "moved")) },
      { what: "deleted", act: () => rmSync(path) },
      {
        what: "replaced by a file that is no database",
        act: () => {
          rmSync(path);
          writeFileSync(path, "something else");
        },
      },
      {
        what: "replaced by another database",
        act: () => {
          const other = join(folder, "other");
          put(open(other), "other");
          opened.pop()?.close();
          renameSync(other, path);
        },
      },
      {
        what: "replaced by a copy of itself",
        act: () => {
          copyFileSync(path, join(folder, "copy"));
          renameSync(join(folder, "copy"), path);
        },
      },
    ];

    it.each(WAYS)("$what: reading goes on, every write is refused with a code, nothing is written to what is there now", ({ act }) => {
      const store = open(path);
      put(store, "a", "b");
      const snapshot = store.snapshot();
      act();
      const isThere = readdirSync(folder).includes("test.holdfast");
      const before = isThere ? readFileSync(path) : undefined;
      expect(keysOf(store)).toEqual(["a", "b"]);
      expect(snapshot.tree("data")?.count).toBe(2);
      expect(() => store.beginWrite()).toThrow(coded("FILE_REPLACED"));
      expect(() => store.verify()).toThrow(coded("FILE_REPLACED"));
      snapshot.close();
      expect(() => store.compact()).toThrow(coded("FILE_REPLACED"));
      expect(() => store.rekey(new Uint8Array(64).fill(3))).toThrow(coded("FILE_REPLACED"));
      store.close();
      if (before !== undefined) expect(Buffer.compare(readFileSync(path), before)).toBe(0);
      expect(readdirSync(folder).filter((name) => /lock|management|new-/.test(name))).toEqual([]);
    });

    it("moved in the middle of a transaction: what is committed is in the moved file", () => {
      const store = open(path);
      put(store, "a");
      const transaction = store.beginWrite();
      transaction.tree("data").put(encoder.encode("b"), encoder.encode("value"));
      renameSync(path, join(folder, "moved"));
      transaction.commit();
      expect(() => store.beginWrite()).toThrow(coded("FILE_REPLACED"));
      store.close();
      const moved = open(join(folder, "moved"));
      expect(keysOf(moved)).toEqual(["a", "b"]);
      expectVerified(moved);
    });

    it("replaced by another database that was not closed: who opens that one sees all of it, beside the handle of the old one", () => {
      const old = open(path);
      put(old, "old");
      const otherPath = join(folder, "other");
      const other = open(otherPath);
      for (let count = 0; count < 20; count += 1) put(other, `k${count}`);
      // As a process that is killed leaves it: what was committed stands in the log only.
      renameSync(otherPath, path);
      other.close();
      const fresh = open(path);
      expect(fresh.commit).toBe(20);
      expect(keysOf(fresh)).toHaveLength(20);
      put(fresh, "more");
      expect(keysOf(fresh)).toHaveLength(21);
      expect(keysOf(old)).toEqual(["old"]);
      expect(() => old.beginWrite()).toThrow(coded("FILE_REPLACED"));
      old.close();
      put(fresh, "and more");
      expectVerified(fresh);
      fresh.close();
      expect(keysOf(open(path))).toHaveLength(22);
    });
  });
});
