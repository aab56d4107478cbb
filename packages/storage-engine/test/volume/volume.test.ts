/**
 * What every volume owes the engine: one suite, run over Node's file system, memory and the simulated disk.
 *
 * @module
 */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume } from "../../src/simulation.ts";
import { NodeVolume } from "../../src/volume/node-volume.ts";
import { codeOf } from "./code-of.ts";
import type { Volume } from "../../src/volume/volume.ts";

interface Place {
  readonly volume: Volume;
  readonly path: (name: string) => string;
  readonly end: () => void;
}

const PLACES: Readonly<Record<string, () => Place>> = {
  node: () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-volume-"));
    return { volume: new NodeVolume(), path: (name) => join(directory, name), end: () => rmSync(directory, { recursive: true }) };
  },
  memory: () => ({ volume: new MemoryVolume(), path: (name) => `/${name}`, end: () => undefined }),
  crash: () => ({ volume: new CrashVolume(new CrashDisk({ seed: 1 })), path: (name) => `/${name}`, end: () => undefined }),
};

describe.each(Object.entries(PLACES))("volume: %s", (_name, makePlace) => {
  let place: Place;
  const start = (): Place => (place = makePlace());
  afterEach(() => place.end());

  it("reads back what was written, short only at the end", () => {
    const { volume, path } = start();
    const file = volume.open(path("a"), "create");
    const bytes = Uint8Array.from({ length: 50_000 }, (_, index) => index % 251);
    file.write(3, bytes);
    const target = new Uint8Array(60_000).fill(7);
    expect(file.read(0, target)).toBe(50_003);
    expect([...target.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(target.subarray(3, 50_003)).toEqual(bytes);
    expect(target[50_003]).toBe(7);
    expect(file.read(50_003, target)).toBe(0);
    expect(file.read(90_000, target)).toBe(0);
    file.sync();
    file.close();
  });

  it("gives zeros where a cut file grows again", () => {
    const { volume, path } = start();
    const file = volume.open(path("a"), "create");
    file.write(0, new Uint8Array(40_000).fill(9));
    file.truncate(100);
    file.truncate(40_000);
    const target = new Uint8Array(40_000);
    expect(file.read(0, target)).toBe(40_000);
    expect(target.subarray(0, 100).every((byte) => byte === 9)).toBe(true);
    expect(target.subarray(100).every((byte) => byte === 0)).toBe(true);
    expect(file.sizeBytes()).toBe(40_000);
    file.close();
  });

  it("opens by mode and names its refusals", () => {
    const { volume, path } = start();
    expect(codeOf(() => volume.open(path("a"), "read"))).toBe("ENOENT");
    expect(codeOf(() => volume.open(path("a"), "write"))).toBe("ENOENT");
    expect(codeOf(() => volume.open(path("no/a"), "create"))).toBe("ENOENT");
    volume.open(path("a"), "exclusive").close();
    expect(codeOf(() => volume.open(path("a"), "exclusive"))).toBe("EEXIST");
    const reader = volume.open(path("a"), "read");
    expect(codeOf(() => reader.write(0, Uint8Array.of(1)))).toBe("EBADF");
    reader.close();
    reader.close();
    expect(codeOf(() => reader.read(0, new Uint8Array(1)))).toBe("EBADF");
  });

  it("locks per open file and gives the lock back on close", () => {
    const { volume, path } = start();
    const one = volume.open(path("a"), "create");
    const two = volume.open(path("a"), "write");
    expect([one.tryLock(), two.tryLock(), one.tryLock()]).toEqual([true, false, true]);
    two.unlock();
    expect(two.tryLock()).toBe(false);
    one.unlock();
    expect([two.tryLock(), one.tryLock()]).toEqual([true, false]);
    two.close();
    expect(one.tryLock()).toBe(true);
    one.close();
  });

  it("keeps a lock when another handle of the same file closes", () => {
    const { volume, path } = start();
    const one = volume.open(path("a"), "create");
    expect(one.tryLock()).toBe(true);
    volume.open(path("a"), "write").close();
    const three = volume.open(path("a"), "write");
    expect(three.tryLock()).toBe(false);
    three.close();
    one.close();
  });

  it("knows a file by its identity, not by its name", () => {
    const { volume, path } = start();
    const file = volume.open(path("a"), "create");
    volume.open(path("b"), "create").close();
    const identity = file.identity();
    expect(volume.stat(path("a"))).toEqual({ sizeBytes: 0, identity, linkCount: 1 });
    expect(volume.stat(path("b"))?.identity).not.toBe(identity);
    volume.rename(path("a"), path("c"));
    expect(volume.stat(path("a"))).toBeUndefined();
    expect(volume.stat(path("c"))?.identity).toBe(identity);
    volume.rename(path("b"), path("c"));
    expect(volume.stat(path("c"))?.identity).not.toBe(identity);
    expect(file.identity()).toBe(identity);
    file.close();
  });

  it("places a new file without replacing any", () => {
    const { volume, path } = start();
    volume.open(path("a"), "create").close();
    volume.open(path("b"), "create").close();
    expect(codeOf(() => volume.placeNew(path("a"), path("b")))).toBe("EEXIST");
    volume.placeNew(path("a"), path("c"));
    expect(volume.list(path(".")).toSorted()).toEqual(["b", "c"]);
    expect(volume.stat(path("c"))?.linkCount).toBe(1);
  });

  it("makes, lists and removes directories", () => {
    const { volume, path } = start();
    expect(volume.list(path("d"))).toEqual([]);
    volume.makeDirectory(path("d"));
    volume.makeDirectory(path("d"));
    volume.open(path("d/a"), "create").close();
    expect(codeOf(() => volume.makeDirectory(path("d/a")))).toBe("EEXIST");
    expect(volume.list(path("d"))).toEqual(["a"]);
    volume.syncDirectory(path("d"));
    expect(codeOf(() => volume.removeDirectory(path("d")))).toBe("ENOTEMPTY");
    volume.remove(path("d/a"));
    volume.remove(path("d/a"));
    volume.removeDirectory(path("d"));
    volume.removeDirectory(path("d"));
    expect(codeOf(() => volume.makeDirectory(path("no/d")))).toBe("ENOENT");
  });

  it("tells a watcher of a write, and no longer once it is ended", async () => {
    const { volume, path } = start();
    const file = volume.open(path("a"), "create");
    let end = (): void => undefined;
    await new Promise<void>((resolve) => {
      end = volume.watch(path("a"), resolve);
      file.write(0, Uint8Array.of(1));
      file.sync();
    });
    end();
    file.close();
    expect(codeOf(() => volume.watch(path("no"), () => undefined))).toBe("ENOENT");
  });

  it("has a clock that sleep moves on, and random bytes", () => {
    const { volume } = start();
    const before = volume.now();
    volume.sleep(2);
    expect(volume.now() - before).toBeGreaterThanOrEqual(1.5);
    expect(volume.randomBytes(70_000)).toHaveLength(70_000);
    expect(volume.randomBytes(16)).not.toEqual(volume.randomBytes(16));
  });
});

describe("volume: node alone", () => {
  it("follows a symbolic link to the file's identity and counts hard links", () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-volume-"));
    const volume = new NodeVolume();
    const path = join(directory, "a");
    volume.open(path, "create").close();
    symlinkSync(path, join(directory, "s"));
    expect(volume.stat(join(directory, "s"))).toEqual(volume.stat(path));
    rmSync(directory, { recursive: true });
  });

  it("finds nothing, and says so, behind a path through a file", () => {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-volume-"));
    const volume = new NodeVolume();
    volume.open(join(directory, "a"), "create").close();
    expect(codeOf(() => volume.open(join(directory, "a", "b"), "create"))).toBe("ENOTDIR");
    expect(volume.stat(join(directory, "a", "b"))).toBeUndefined();
    rmSync(directory, { recursive: true });
  });
});

describe("volume: memory alone", () => {
  it("forks: neither copy sees what the other writes later", () => {
    const volume = new MemoryVolume();
    volume.writeFile("/a", Uint8Array.of(1, 2, 3));
    volume.link("/a", "/b");
    const copy = volume.fork();
    volume.writeFile("/a", Uint8Array.of(9));
    const file = copy.open("/a", "write");
    file.write(1, Uint8Array.of(5));
    file.close();
    expect([...volume.readFile("/a")]).toEqual([9]);
    expect([...copy.readFile("/b")]).toEqual([1, 5, 3]);
    expect(copy.stat("/b")?.linkCount).toBe(2);
  });
});
