/**
 * Rights that are missing or get lost, limits of the process, clocks that jump.
 *
 * @module
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Store } from "../../src/store.ts";
import { expectVerified, KINDS } from "../simulation/support.ts";
import { RemoteStore, type RemoteOptions } from "./remote.ts";

const isWindows = process.platform === "win32";
const isRoot = process.getuid?.() === 0;
/** Nobody. */
const USER = 65_534;
const CLOCK = { nodeFlags: ["--import", join(import.meta.dirname, "jumping-clock.ts")] };

describe.skipIf(isWindows).each(KINDS)("rights and limits, $name", ({ encryptionKey }) => {
  let folder = "";
  let path = "";
  const remotes: RemoteStore[] = [];
  const key = encryptionKey === undefined ? {} : { key: [...(encryptionKey as Uint8Array)] };

  function remote(options: RemoteOptions = {}): RemoteStore {
    const made = new RemoteStore(options);
    remotes.push(made);
    return made;
  }

  /** A process that rights apply to. */
  async function userProcess(): Promise<RemoteStore> {
    const made = remote();
    if (isRoot) await made.call("dropRights", { count: USER });
    return made;
  }

  function give(...paths: readonly string[]): void {
    if (isRoot) for (const each of paths) chownSync(each, USER, USER);
  }

  /** A database of the user's with ten entries, closed. */
  async function makeFile(): Promise<void> {
    const maker = await userProcess();
    await maker.call("open", { path, ...key });
    await maker.call("put", { count: 10 });
    await maker.call("close");
  }

  function expectWhole(entries: number): void {
    const store = Store.open({ path, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
    const snapshot = store.snapshot();
    expect(snapshot.tree("data")?.count).toBe(entries);
    snapshot.close();
    expectVerified(store);
    store.close();
    expect(readdirSync(folder)).toEqual(["test.holdfast"]);
  }

  beforeEach(() => {
    const outer = mkdtempSync(join(tmpdir(), "holdfast-rights-"));
    chmodSync(outer, 0o755);
    folder = join(outer, "folder");
    mkdirSync(folder);
    give(folder);
    path = join(folder, "test.holdfast");
  });
  afterEach(async () => {
    for (const each of remotes.splice(0)) await each.kill();
    chmodSync(folder, 0o700);
    rmSync(join(folder, ".."), { recursive: true });
  });

  describe("rights", () => {
    it("a folder that may not be written: writing is refused with a code, reading works, nothing changes", async () => {
      await makeFile();
      const before = readFileSync(path);
      chmodSync(folder, 0o555);
      const user = await userProcess();
      expect(await user.outcome("open", { path, ...key })).toBe("StoreError IO_FAILED");
      expect(await user.outcome("open", { path: join(folder, "new"), ...key })).toBe("StoreError IO_FAILED");
      await user.call("open", { path, ...key, options: { readOnly: true } });
      expect(await user.call("read")).toBe(10);
      await user.call("close");
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(readdirSync(folder)).toEqual(["test.holdfast"]);
    });

    it("a file that may not be written: writing is refused with a code, reading works, nothing changes", async () => {
      await makeFile();
      const before = readFileSync(path);
      chmodSync(path, 0o444);
      const user = await userProcess();
      expect(await user.outcome("open", { path, ...key })).toBe("StoreError IO_FAILED");
      await user.call("open", { path, ...key, options: { readOnly: true } });
      expect(await user.call("read")).toBe(10);
      await user.call("close");
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(readdirSync(folder)).toEqual(["test.holdfast"]);
    });

    it("a file that may not be read is refused with a code, and nothing is made of it", async () => {
      await makeFile();
      chmodSync(path, 0o000);
      const user = await userProcess();
      for (const options of [{}, { readOnly: true }]) expect(await user.outcome("open", { path, ...key, options })).toBe("StoreError IO_FAILED");
      chmodSync(path, 0o600);
      expectWhole(10);
    });

    it("rights to file and folder that are lost while it is open: commits and checkpoints go on, and closing loses nothing", async () => {
      await makeFile();
      const user = await userProcess();
      await user.call("open", { path, ...key });
      chmodSync(path, 0o000);
      chmodSync(folder, 0o555);
      for (let round = 0; round < 12; round += 1) await user.call("put", { from: 10 + round * 20, count: 20, length: 2000 });
      const other = await userProcess();
      expect(await other.outcome("open", { path, ...key })).toBe("StoreError IO_FAILED");
      expect(await user.outcome("rekey", { key: Array.from({ length: 64 }, () => 3) })).toBe("StoreError IO_FAILED");
      expect(await user.outcome("copy", { path: join(folder, "copy") })).toBe("StoreError IO_FAILED");
      expect(await user.outcome("put", { from: 250, count: 1 })).toBe("done");
      expect(await user.outcome("close")).toBe("done");
      chmodSync(folder, 0o755);
      chmodSync(path, 0o600);
      expectWhole(251);
    });

    it("a folder that cannot be entered any more: writing is refused with a code, reading goes on, and so does writing when it is back", async () => {
      await makeFile();
      const user = await userProcess();
      await user.call("open", { path, ...key });
      chmodSync(folder, 0o000);
      expect(await user.outcome("put", { from: 10, count: 1 })).toBe("StoreError IO_FAILED");
      expect(await user.call("read")).toBe(10);
      chmodSync(folder, 0o755);
      expect(await user.outcome("put", { from: 10, count: 1 })).toBe("done");
      await user.call("close");
      expectWhole(11);
    });
  });

  describe("limits of the process", () => {
    it("files that may not grow beyond a size: as on a full disk, nothing is lost and deleting goes on", async () => {
      // In units of 1,024 bytes, for the process and its children.
      const small = remote({ wrapper: ["bash", "-c", 'ulimit -f 4000 && exec "$0" "$@"'] });
      await small.call("open", { path, ...key });
      let entries = 0;
      let outcome = "done";
      for (; entries < 100_000; entries += 100) {
        outcome = await small.outcome("put", { from: entries, count: 100, length: 400 });
        if (outcome !== "done") break;
      }
      expect(outcome).toBe("StoreError DISK_FULL");
      expect(await small.call("read")).toBe(entries);
      for (const call of ["compact", "copy", "rekey"]) {
        expect(await small.outcome(call, { path: join(folder, "copy"), ...(call === "rekey" ? { key: Array.from({ length: 64 }, () => 3) } : {}) })).toBeOneOf(["StoreError DISK_FULL", "done"]);
      }
      for (let from = 0; from < entries - 100; from += 100) await small.call("delete", { from, count: 100 });
      await small.call("close");
      rmSync(join(folder, "copy"), { force: true });
    });

    it("no more open files: what needs one is refused with a code, commits go on, and everything else when there are some", async () => {
      await makeFile();
      const poor = remote();
      const other = remote();
      await poor.call("useDescriptors", { count: 0 });
      expect(await poor.outcome("open", { path, ...key })).toBe("StoreError IO_FAILED");
      await poor.call("freeDescriptors");
      for (const count of [1, 2, 3]) {
        await poor.call("useDescriptors", { count });
        expect(await poor.outcome("open", { path, ...key })).toBeOneOf(["StoreError IO_FAILED", "done"]);
        expect(await poor.outcome("close")).toBe("done");
        await poor.call("freeDescriptors");
      }
      expect(readdirSync(folder)).toEqual(["test.holdfast"]);
      await poor.call("open", { path, ...key });
      await other.call("open", { path, ...key });
      await other.call("snapshot");
      await poor.call("useDescriptors", { count: 0 });
      let entries = 10;
      for (let round = 0; round < 60; round += 1) {
        const outcome = await poor.outcome("put", { from: entries, count: 20, length: 1500 });
        expect(outcome).toBeOneOf(["done", "StoreError IO_FAILED"]);
        if (outcome === "done") entries += 20;
      }
      expect(entries).toBeGreaterThan(10);
      expect(await other.call("readSnapshot")).toBe(10);
      expect(await other.call("read")).toBe(entries);
      await poor.call("freeDescriptors");
      expect(await poor.outcome("put", { from: entries, count: 20 })).toBe("done");
      expect(await poor.call("verify")).toMatchObject({ isClean: true });
      await other.call("close");
      await poor.call("close");
      expectWhole(entries + 20);
    });
  });

  it("clocks that jump by years change nothing, also beside a process whose clock does not", async () => {
    const [jumping, steady] = [remote(CLOCK), remote()];
    await jumping.call("open", { path, ...key });
    await steady.call("open", { path, ...key });
    for (let round = 0; round < 20; round += 1) {
      await (round % 2 === 0 ? jumping : steady).call("put", { from: round * 30, count: 30, length: 1500 });
    }
    await jumping.call("begin", { from: 600, count: 1 });
    expect(await steady.call("read")).toBe(600);
    await jumping.call("commit");
    expect(await steady.call("read")).toBe(601);
    expect(await jumping.call("verify")).toMatchObject({ isClean: true });
    await steady.call("close");
    await jumping.call("compact");
    await jumping.call("close");
    expectWhole(601);
  });
});
