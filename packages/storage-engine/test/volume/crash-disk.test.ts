/**
 * The simulated disk itself: it must lose all that may be lost, and nothing that was synced.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { CrashDisk, CrashVolume } from "../../src/simulation.ts";
import type { CrashImage, CrashImageOptions } from "../../src/simulation.ts";
import { codeOf } from "./code-of.ts";

function start(capacityBytes?: number): { disk: CrashDisk; volume: CrashVolume } {
  const disk = new CrashDisk({ seed: 5, ...(capacityBytes === undefined ? {} : { capacityBytes }) });
  return { disk, volume: new CrashVolume(disk) };
}

function imagesAt(disk: CrashDisk, position: number, options: Partial<CrashImageOptions> = {}): CrashImage[] {
  return [...disk.crashImages({ seed: 11, from: position, to: position, ...options })];
}

describe("crash disk", () => {
  it("keeps synced bytes under a synced name in every image", () => {
    const { disk, volume } = start();
    const file = volume.open("/a", "create");
    file.write(0, new Uint8Array(5000).fill(1));
    file.sync();
    volume.syncDirectory("/");
    const images = imagesAt(disk, disk.position);
    expect(images.map((image) => image.mode)).toEqual(["synced"]);
    for (const image of images) expect(image.volume.readFile("/a")).toEqual(new Uint8Array(5000).fill(1));
  });

  it("loses a name whose directory was not synced, though the file was", () => {
    const { disk, volume } = start();
    const file = volume.open("/a", "create");
    file.write(0, Uint8Array.of(1));
    file.sync();
    const found = imagesAt(disk, disk.position, { repeat: 20 }).map((image) => image.volume.paths().length);
    expect(found).toContain(0);
    expect(found).toContain(1);
  });

  it("loses and keeps unsynced sectors independently, each as it was at some moment", () => {
    const { disk, volume } = start();
    const file = volume.open("/a", "create");
    file.write(0, new Uint8Array(4096).fill(1));
    file.sync();
    volume.syncDirectory("/");
    file.write(0, new Uint8Array(4096).fill(2));
    file.write(256, new Uint8Array(256).fill(3));
    const seen = new Set<string>();
    for (const { volume: image } of imagesAt(disk, disk.position, { repeat: 200, modes: ["sectors512"] })) {
      const bytes = image.readFile("/a");
      for (let sector = 1; sector < 8; sector += 1) {
        const part = new Set(bytes.subarray(sector * 512, sector * 512 + 512));
        expect(part.size).toBe(1);
        seen.add(`${sector}:${[...part].join()}`);
      }
      seen.add(`first:${bytes[0]},${bytes[256]}`);
    }
    expect([...seen].filter((name) => name.startsWith("first")).toSorted()).toEqual(["first:1,1", "first:2,2", "first:2,3"]);
    expect(seen.size).toBe(7 * 2 + 3);
  });

  it("tears the last write at any byte", () => {
    const { disk, volume } = start();
    const file = volume.open("/a", "create");
    volume.syncDirectory("/");
    file.write(0, new Uint8Array(100).fill(1));
    const lengths = imagesAt(disk, disk.position, { repeat: 100, modes: ["torn"] }).map((image) => image.volume.readFile("/a").length);
    expect(Math.max(...lengths)).toBeLessThan(100);
    expect(new Set(lengths).size).toBeGreaterThan(20);
  });

  it("stops at every event, in order", () => {
    const { disk, volume } = start();
    const file = volume.open("/a", "create");
    volume.syncDirectory("/");
    for (let value = 1; value <= 3; value += 1) {
      file.write(0, Uint8Array.of(value));
      file.sync();
    }
    const finals = [...disk.crashImages({ seed: 1, modes: ["all", "synced"] })]
      .filter((image) => image.volume.paths().length > 0)
      .map((image) => `${image.position}:${image.mode}:${image.volume.readFile("/a").join()}`);
    expect(finals).toEqual([
      "1:all:", "2:synced:", "3:synced:", "3:all:1", "4:synced:1", "5:synced:1", "5:all:2", "6:synced:2", "7:synced:2", "7:all:3", "8:synced:3",
    ]);
  });

  it("gives the same images for the same seed", () => {
    const { disk, volume } = start();
    const file = volume.open("/a", "create");
    for (let index = 0; index < 20; index += 1) file.write(index * 700, new Uint8Array(900).fill(index));
    const draw = (seed: number): string[] =>
      [...disk.crashImages({ seed })].map((image) => image.volume.paths().map((path) => image.volume.readFile(path).join()).join(";"));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  it("does not make durable by a later sync what a failed sync lost", () => {
    const { disk, volume } = start();
    const file = volume.open("/a", "create");
    file.write(0, new Uint8Array(512 * 40));
    file.sync();
    volume.syncDirectory("/");
    file.write(0, new Uint8Array(512 * 40).fill(1));
    volume.inject({ operation: "sync" });
    expect(codeOf(() => file.sync())).toBe("EIO");
    file.write(0, new Uint8Array(10).fill(2));
    file.sync();
    const [image] = imagesAt(disk, disk.position);
    const bytes = image?.volume.readFile("/a") ?? new Uint8Array();
    expect([bytes[0], bytes[10]]).toEqual([2, 1]);
    expect(new Set(bytes.subarray(512))).toEqual(new Set([0, 1]));
    const cached = new Uint8Array(512 * 40);
    file.read(0, cached);
    expect(cached.subarray(10).every((byte) => byte === 1)).toBe(true);
  });

  it("fills up: the part that fits is written, then ENOSPC", () => {
    const { volume } = start(1000);
    const file = volume.open("/a", "create");
    file.write(0, new Uint8Array(900));
    expect(codeOf(() => file.write(900, new Uint8Array(200).fill(1)))).toBe("ENOSPC");
    expect(file.sizeBytes()).toBe(1000);
    file.write(500, new Uint8Array(500));
    expect(codeOf(() => file.truncate(1001))).toBe("ENOSPC");
  });

  it("fails the call that it was told to fail, once", () => {
    const { volume } = start();
    const file = volume.open("/a", "create");
    volume.inject({ operation: "write", after: 1, outcome: "ENOSPC" });
    file.write(0, Uint8Array.of(1));
    expect(codeOf(() => file.write(1, Uint8Array.of(2)))).toBe("ENOSPC");
    file.write(1, Uint8Array.of(2));
    volume.inject({ operation: "read", outcome: "short" });
    expect(file.read(0, new Uint8Array(2))).toBe(1);
    expect(file.read(0, new Uint8Array(2))).toBe(2);
  });

  it("kills a process: its locks are free, its calls throw, the other process goes on", () => {
    const { disk, volume } = start();
    const other = new CrashVolume(disk);
    const file = volume.open("/a", "create");
    expect(file.tryLock()).toBe(true);
    const second = other.open("/a", "write");
    expect(second.tryLock()).toBe(false);
    volume.inject({ operation: "write", outcome: "kill" });
    expect(codeOf(() => file.write(0, Uint8Array.of(1)))).toBe("EKILLED");
    expect(codeOf(() => volume.open("/a", "read"))).toBe("EKILLED");
    expect(second.tryLock()).toBe(true);
    expect(second.sizeBytes()).toBe(0);
  });
});
