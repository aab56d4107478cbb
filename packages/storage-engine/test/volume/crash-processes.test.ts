/**
 * Simulated processes that take turns inside each other's calls, stop, and are cut off in the middle of a write.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { CrashDisk, CrashVolume, MemoryVolume } from "../../src/simulation.ts";
import { codeOf } from "./code-of.ts";

function processesOf(): { disk: CrashDisk; one: CrashVolume; two: CrashVolume } {
  const disk = new CrashDisk({ seed: 1, newLogBytes: 65_536 });
  return { disk, one: new CrashVolume(disk), two: new CrashVolume(disk) };
}

describe("simulated processes", () => {
  it("may have their turn inside a call of another", () => {
    const { one, two } = processesOf();
    const file = one.open("/a", "create");
    const seen: string[] = [];
    one.beforeCall = ({ operation, path }) => {
      const size = two.open(path, "read").sizeBytes();
      seen.push(`${operation} at ${size}`);
      return "split";
    };
    file.write(0, new Uint8Array(10));
    expect(seen).toEqual(["write at 0", "write at 5"]);
  });

  it("keep their locks while they are stopped, and give them back when they die", () => {
    const { one, two } = processesOf();
    const mine = one.open("/a", "create");
    expect(mine.tryLock()).toBe(true);
    const other = two.open("/a", "write");
    one.freeze();
    mine.unlock();
    mine.close();
    expect(codeOf(() => mine.write(0, new Uint8Array(1)))).toBe("EFROZEN");
    expect(other.tryLock()).toBe(false);
    one.kill();
    expect(codeOf(() => mine.write(0, new Uint8Array(1)))).toBe("EKILLED");
    expect(other.tryLock()).toBe(true);
  });

  it("write a part before a short write fails", () => {
    const { disk, one } = processesOf();
    const file = one.open("/a", "create");
    one.inject({ operation: "write", outcome: "short" });
    expect(codeOf(() => file.write(0, new Uint8Array(10).fill(7)))).toBe("EIO");
    expect(disk.live.readFile("/a")).toEqual(new Uint8Array(5).fill(7));
    expect(one.faultsDone).toEqual([{ operation: "write", path: "/a", outcome: "short" }]);
  });

  it("see the clock jump", () => {
    const { disk, one } = processesOf();
    const before = one.now();
    disk.jumpClock(-5000);
    expect(one.now()).toBeLessThan(before);
  });
});

describe("a small log", () => {
  it("is what the disk says, also for images and forks", () => {
    const { disk, one } = processesOf();
    one.open("/a", "create").write(0, new Uint8Array(1));
    expect(one.newLogBytes).toBe(65_536);
    for (const { volume } of disk.crashImages({ seed: 1 })) expect(volume.newLogBytes).toBe(65_536);
    expect(new MemoryVolume({ newLogBytes: 65_536 }).fork().newLogBytes).toBe(65_536);
  });
});
