/**
 * What every volume owes the engine, over expo-file-system's published JavaScript and a simulated native half of both systems.
 *
 * The same cases as the engine's own volume suite, but for links, which the module does not know.
 *
 * @module
 */
import { VolumeError } from "@holdfast/storage-engine";
import type { StorageFile, Volume } from "@holdfast/storage-engine";
import { CrashDisk, CrashVolume } from "@holdfast/storage-engine/simulation";
import { describe, expect, it } from "vitest";
import type { ExpoFileHandle } from "../src/index.ts";
import { newMemory, newPhone, SANDBOX, startedModule, startedPlatform, SYSTEMS } from "./phones.ts";

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof VolumeError) return error.code;
    throw error;
  }
}

function filled(volume: Volume, path: string, bytes: readonly number[]): StorageFile {
  const file = volume.open(path, "create");
  file.write(0, Uint8Array.from(bytes));
  return file;
}

function contentOf(volume: Volume, path: string): number[] {
  const file = volume.open(path, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(0, bytes);
  file.close();
  return [...bytes];
}

describe.each(SYSTEMS)("volume of expo-file-system: %s, simulated", (system) => {
  const start = (): Volume => {
    newPhone(system);
    return startedPlatform(system).volume;
  };

  it("declares what it lacks", () => {
    const { durability, hasKernelLocks } = start();
    expect([durability, hasKernelLocks]).toEqual(["process-death", false]);
  });

  it("reads back what was written, short only at the end", () => {
    const file = start().open("a", "create");
    const bytes = Uint8Array.from({ length: 50_000 }, (_, index) => index % 251);
    file.write(3, bytes);
    const target = new Uint8Array(60_000).fill(7);
    expect(file.read(0, target)).toBe(50_003);
    expect([...target.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(target.subarray(3, 50_003)).toEqual(bytes);
    expect(target[50_003]).toBe(7);
    expect([file.read(50_003, target), file.read(90_000, target)]).toEqual([0, 0]);
    file.sync();
    file.close();
  });

  it("writes nothing of what surrounds a view", () => {
    const volume = start();
    const file = volume.open("a", "create");
    file.write(0, Uint8Array.of(9, 9, 1, 2, 9).subarray(2, 4));
    file.close();
    expect(contentOf(volume, "a")).toEqual([1, 2]);
  });

  it("gives zeros where a cut file grows again, to every handle", () => {
    const volume = start();
    const file = volume.open("a", "create");
    file.write(0, new Uint8Array(40_000).fill(9));
    const other = volume.open("a", "read");
    file.truncate(100);
    expect([file.sizeBytes(), other.sizeBytes(), volume.stat("a")?.sizeBytes]).toEqual([100, 100, 100]);
    expect(other.read(90, new Uint8Array(50))).toBe(10);
    file.write(30_000, Uint8Array.of(5));
    file.truncate(40_000);
    const target = new Uint8Array(40_000).fill(1);
    expect(other.read(0, target)).toBe(40_000);
    expect(target.subarray(0, 100).every((byte) => byte === 9)).toBe(true);
    expect([...target.entries()].filter(([index, byte]) => index >= 100 && byte !== 0)).toEqual([[30_000, 5]]);
  });

  it("empties a file for good, and cuts one to this process only", () => {
    const phone = newPhone(system);
    const { volume } = startedPlatform(system);
    const file = volume.open("a", "create");
    file.write(0, new Uint8Array(1000).fill(3));
    file.truncate(10);
    file.close();
    expect(startedPlatform(system).volume.stat("a")?.sizeBytes).toBe(1000);
    const again = volume.open("a", "write");
    again.truncate(0);
    expect([again.sizeBytes(), phone.volume.stat(`${SANDBOX[system]}/a`)?.sizeBytes]).toEqual([0, 0]);
  });

  it("opens by mode and names its refusals", () => {
    const volume = start();
    expect(codeOf(() => volume.open("a", "read"))).toBe("ENOENT");
    expect(codeOf(() => volume.open("a", "write"))).toBe("ENOENT");
    expect(codeOf(() => volume.open("a", "peer"))).toBe("ENOENT");
    expect(codeOf(() => volume.open("no/a", "create"))).toBe("ENOENT");
    const file = volume.open("a", "exclusive");
    expect(codeOf(() => volume.open("a", "exclusive"))).toBe("EEXIST");
    const reader = volume.open("a", "read");
    expect(codeOf(() => reader.write(0, Uint8Array.of(1)))).toBe("EBADF");
    file.close();
    file.close();
    expect(codeOf(() => file.read(0, new Uint8Array(1)))).toBe("EBADF");
    expect(codeOf(() => file.sizeBytes())).toBe("EBADF");
  });

  it("never takes a folder for a file, whose creation would delete it on iOS", () => {
    const volume = start();
    volume.makeDirectory("folder");
    filled(volume, "folder/a", [1]).close();
    expect(codeOf(() => volume.open("folder", "create"))).toBe("EISDIR");
    expect(codeOf(() => volume.open("folder", "exclusive"))).toBe("EEXIST");
    expect(codeOf(() => filled(volume, "b", []) && volume.placeNew("b", "folder"))).toBe("EEXIST");
    expect(volume.list("folder")).toEqual(["a"]);
  });

  it("locks per open file, over every platform of the process, and gives the lock back on close", () => {
    newPhone(system);
    const fileSystem = startedModule(system);
    const [one, two] = [startedPlatform(system, { fileSystem }).volume, startedPlatform(system, { fileSystem: { ...fileSystem } }).volume];
    const first = one.open("a", "create");
    const second = two.open(`${SANDBOX[system]}/./x/../a`, "write");
    expect([first.tryLock(), first.tryLock(), second.tryLock()]).toEqual([true, true, false]);
    second.close();
    const third = two.open(`file://${SANDBOX[system]}/a`, "write");
    expect(third.tryLock()).toBe(false);
    first.close();
    expect(third.tryLock()).toBe(true);
  });

  it("knows a file by its identity, not by its name", () => {
    const volume = start();
    const file = volume.open("a", "create");
    const { identity } = volume.stat("a") ?? {};
    expect(file.identity()).toBe(identity);
    volume.rename("a", "b");
    expect([volume.stat("a"), volume.stat("b")?.identity]).toEqual([undefined, identity]);
    filled(volume, "a", [1]).close();
    volume.rename("a", "b");
    expect(volume.stat("b")?.identity).not.toBe(file.identity());
    volume.remove("b");
    filled(volume, "b", [1]).close();
    expect([identity]).not.toContain(volume.stat("b")?.identity);
  });

  it("replaces a file by another and leaves nothing beside it", () => {
    const volume = start();
    filled(volume, "a", [1]).close();
    filled(volume, "b", [2, 2]).close();
    volume.rename("b", "a");
    expect([contentOf(volume, "a"), volume.list("")]).toEqual([[2, 2], ["a"]]);
    volume.rename("a", "a");
    expect(contentOf(volume, "a")).toEqual([2, 2]);
    expect(codeOf(() => volume.rename("none", "c"))).toBe("ENOENT");
  });

  it("places a new file without replacing any", () => {
    const volume = start();
    filled(volume, "a", [1]).close();
    filled(volume, "b", []).close();
    expect(codeOf(() => volume.placeNew("a", "b"))).toBe("EEXIST");
    volume.placeNew("a", "c");
    expect([volume.stat("a"), contentOf(volume, "c"), volume.list("").toSorted()]).toEqual([undefined, [1], ["b", "c"]]);
  });

  it("makes, lists and removes directories", () => {
    const volume = start();
    expect(codeOf(() => volume.makeDirectory("d/e"))).toBe("ENOENT");
    volume.makeDirectory("d");
    volume.makeDirectory("d");
    filled(volume, "d/50 % & #ü", [7]).close();
    expect([volume.list("d"), contentOf(volume, "d/50 % & #ü"), volume.list("none")]).toEqual([["50 % & #ü"], [7], []]);
    expect(codeOf(() => volume.removeDirectory("d"))).toBe("ENOTEMPTY");
    volume.remove("d/50 % & #ü");
    volume.removeDirectory("d");
    volume.removeDirectory("d");
    volume.remove("d/none");
    expect(codeOf(() => volume.syncDirectory("d"))).toBe("ENOENT");
    volume.syncDirectory("");
    filled(volume, "f", []).close();
    expect(codeOf(() => volume.makeDirectory("f"))).toBe("EEXIST");
    expect(codeOf(() => volume.removeDirectory("f"))).toBe("ENOTDIR");
  });

  it("tells a watcher of a write, and no longer once it is ended", async () => {
    const volume = start();
    const file = filled(volume, "a", []);
    let calls = 0;
    const end = volume.watch("a", () => (calls += 1));
    const endFolder = volume.watch("", () => (calls += 10));
    file.write(0, Uint8Array.of(1));
    file.write(1, Uint8Array.of(1));
    await Promise.resolve();
    expect(calls).toBe(11);
    end();
    endFolder();
    file.write(0, Uint8Array.of(1));
    await Promise.resolve();
    expect(calls).toBe(11);
    expect(codeOf(() => volume.watch("none", () => undefined))).toBe("ENOENT");
  });

  it("says that the disk is full, in whatever language", () => {
    const disk = new CrashVolume(new CrashDisk({ seed: 1, from: newMemory(system) }));
    const phone = newPhone(system, disk);
    const file = startedPlatform(system).volume.open("a", "create");
    const write = (outcome: "EIO" | "ENOSPC"): string | undefined => {
      disk.inject({ operation: "write", outcome });
      return codeOf(() => file.write(0, new Uint8Array(100)));
    };
    expect(write("ENOSPC")).toBe("ENOSPC");
    expect(write("EIO")).toBe("EIO");
    phone.availableDiskSpace = 50;
    expect(write("EIO")).toBe("ENOSPC");
  });

  it("reads and writes by the names of version 57, and says so if they are promises", () => {
    newPhone(system);
    const fileSystem = startedModule(system);
    const withHandles = (rename: (handle: ExpoFileHandle) => Pick<ExpoFileHandle, "readBytes" | "writeBytes">): Volume => {
      const File = class extends fileSystem.File {
        override open(mode?: string): ExpoFileHandle {
          const handle = super.open(mode);
          return Object.defineProperties(handle, { readBytesSync: { value: undefined }, writeBytesSync: { value: undefined }, ...Object.getOwnPropertyDescriptors(rename(handle)) });
        }
      };
      return startedPlatform(system, { fileSystem: { ...fileSystem, File } }).volume;
    };
    const older = withHandles((handle) => {
      const [read, write] = [handle.readBytesSync?.bind(handle), handle.writeBytesSync?.bind(handle)];
      return { readBytes: (count) => read?.(count), writeBytes: (bytes) => write?.(bytes) };
    });
    filled(older, "a", [1, 2, 3]).close();
    expect(contentOf(older, "a")).toEqual([1, 2, 3]);
    const promises = withHandles(() => ({ readBytes: () => Promise.resolve(), writeBytes: () => Promise.resolve() }));
    expect(codeOf(() => contentOf(promises, "a"))).toBe("EIO");
    expect(codeOf(() => filled(promises, "b", [1]))).toBe("EIO");
  });

  it("has a clock that sleep moves on without waiting, and random bytes", () => {
    const volume = start();
    const before = volume.now();
    volume.sleep(10_000);
    expect(volume.now() - before).toBeGreaterThanOrEqual(10_000);
    expect(volume.randomBytes(32)).toHaveLength(32);
    expect(volume.randomBytes(32)).not.toEqual(volume.randomBytes(32));
  });
});

it("one file has one spelling, links of the systems included", () => {
  newPhone("ios");
  newPhone("android");
  expect(startedPlatform("ios").volume.canonicalPath("/private/var/mobile/x")).toBe("/var/mobile/x");
  expect(startedPlatform("android").volume.canonicalPath("file:///data/data/org.example/files/a%20b")).toBe("/data/user/0/org.example/files/a b");
  expect(startedPlatform("android").volume.canonicalPath("default.realm")).toBe(`${SANDBOX.android}/default.realm`);
});
