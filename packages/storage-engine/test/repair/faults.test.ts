/**
 * Failing disks under backups, restores and salvages: full ones, ones that fail a write or a sync, and bad sectors.
 *
 * @module
 */
import { describe, expect, it, vi } from "vitest";
import { SLOT_OFFSETS, LOG_OFFSET, PAGE_BYTES } from "../../src/layout.ts";
import { CrashDisk, CrashVolume, VolumeError } from "../../src/simulation.ts";
import type { MemoryVolume } from "../../src/simulation.ts";
import { Spans } from "../../src/salvage-scan.ts";
import { Store } from "../../src/store.ts";
import { describeDifference, KINDS, openStore, PATH, readContent, SMALL_LOG_BYTES } from "../simulation/support.ts";
import { fillFile, newVolume, pagePlaces } from "./support.ts";

vi.mock("../../src/layout.ts", async (importOriginal) => ({ ...(await importOriginal<object>()), LOG_BYTES: 64 * 1024 }));

/** Makes reads of a part of the database fail. */
function breakSectors(volume: MemoryVolume, from: number, to: number): void {
  const open = volume.open.bind(volume);
  volume.open = (path, mode) => {
    const file = open(path, mode);
    if (path !== PATH) return file;
    const read = file.read.bind(file);
    file.read = (offset, target) => {
      if (offset < to && offset + target.length > from) throw new VolumeError("EIO", `read ${path}`);
      return read(offset, target);
    };
    return file;
  };
}

describe.each(KINDS)("failing disks, $name", ({ encryptionKey }) => {
  const key = encryptionKey === undefined ? {} : { encryptionKey };
  const from = newVolume();
  const { content } = fillFile(from, { seed: 14, key, entries: 600, rounds: 4 });

  const works: readonly [string, string, (volume: CrashVolume, store: Store) => Promise<unknown>][] = [
    ["backup", "/db/target", (_volume, store) => store.backup({ path: "/db/target" })],
    ["restore", "/db/target", (volume) => Store.restore({ from: ["/db/full"], path: "/db/target", volume, ...key })],
    ["salvage", "/db/target", (volume) => Store.salvage({ from: "/db/full", path: "/db/target", volume, ...key })],
  ];

  it.each(works)("a %s that meets a full disk, a failing write or a failing sync leaves nothing, and works the next time", async (_name, target, work) => {
    const disk = new CrashDisk({ seed: 14, from });
    const volume = new CrashVolume(disk);
    const store = openStore(volume, key);
    await store.backup({ path: "/db/full" });
    const before = disk.live.paths();
    disk.capacityBytes = disk.usedBytes() + 200 * 1024;
    await expect(work(volume, store)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(disk.live.paths()).toEqual(before);
    disk.capacityBytes = Infinity;
    for (const operation of ["write", "sync", "name"] as const) {
      for (const after of [0, 1, 4]) {
        const failures = volume.faultsDone.length;
        volume.inject({ operation, after });
        const outcome = await work(volume, store).then(() => "done", (error: { code?: string }) => error.code);
        if (volume.faultsDone.length === failures) break;
        // A folder whose sync fails, or a name that could not be taken back, leaves a whole file with its name.
        if (outcome !== "done" && disk.live.stat(target) === undefined) expect(disk.live.paths()).toEqual(before);
        else expect((await Store.verify({ path: target, volume: disk.live.fork(), ...key })).isClean).toBe(true);
        disk.live.remove(target);
        for (const path of disk.live.paths()) if (path.includes(".new-")) disk.live.remove(path);
      }
    }
    expect(describeDifference(readContent(store), content)).toBeUndefined();
    // Failures that have not come true yet are still armed: this process ends here.
    volume.kill();
  });

  it("bad sectors are damage like any other: reported by verify, and salvage reads around them", async () => {
    const places = pagePlaces(from, SMALL_LOG_BYTES);
    for (const place of places.filter((_, index) => index % 5 === 0)) {
      const volume = from.fork();
      breakSectors(volume, place * PAGE_BYTES + 4096, place * PAGE_BYTES + 8192);
      const report = await Store.verify({ path: PATH, volume, ...key });
      const salvaged = await Store.salvage({ from: PATH, path: "/db/salvaged", volume, ...key });
      if (report.isClean) expect(salvaged.state).toBe("complete");
      else expect(report.problems.every((problem) => problem.code === "PAGE_DAMAGED")).toBe(true);
      const store = Store.open({ path: "/db/salvaged", volume, ...key });
      const found = readContent(store);
      store.close();
      if (salvaged.state === "complete") expect(describeDifference(found, content)).toBeUndefined();
    }
  });

  it.each([
    ["the header", 0],
    ["a slot", SLOT_OFFSETS[0]],
    ["the log", LOG_OFFSET],
  ])("bad sectors in %s lose nothing", async (_name, offset) => {
    const volume = from.fork();
    breakSectors(volume, offset, offset + 4096);
    const report = await Store.verify({ path: PATH, volume, ...key });
    expect(report).toMatchObject({ opens: false, openErrorCode: "IO_FAILED", trees: 3, damagedTrees: [] });
    const salvaged = await Store.salvage({ from: PATH, path: "/db/salvaged", volume, ...key });
    expect(salvaged.state).not.toBe("nothing");
    const store = Store.open({ path: "/db/salvaged", volume, ...key });
    expect(describeDifference(readContent(store), content)).toBeUndefined();
    store.close();
  });
});

it("spans know which keys they hold, in whatever order they were added", () => {
  const key = (index: number): Uint8Array => Uint8Array.of(index);
  const spans = new Spans();
  for (const [first, last] of [[50, 60], [10, 20], [15, 30], [5, 5], [55, 70], [29, 49]] as const) spans.add(key(first), key(last));
  const held = Array.from({ length: 80 }, (_, index) => index).filter((index) => spans.has(key(index)));
  expect(held).toEqual([5, ...Array.from({ length: 61 }, (_, index) => index + 10)].filter((index) => index === 5 || (index >= 10 && index <= 49) || (index >= 50 && index <= 70)));
});
