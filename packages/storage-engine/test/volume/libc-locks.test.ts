/** Locks by the C library, over a library that answers what a test says: what errno says is not always the lock's. */
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { createLibcLocks, type Libc } from "../../src/volume/node-libc-locks.ts";

const F_OFD_GETLK = 36;
const [F_WRLCK, F_UNLCK] = [1, 2];

/** A kernel that refuses every lock, says `errno`, and names a holder if there is one. */
function refusing(errno: number, holder: "held" | "free" | "unable"): { readonly libc: Libc; readonly asked: number[] } {
  const asked: number[] = [];
  const libc: Libc = {
    fcntl(_descriptor, command, argument) {
      asked.push(command);
      if (command !== F_OFD_GETLK || holder === "unable") return -1;
      new DataView(argument.buffer).setInt16(0, holder === "held" ? F_WRLCK : F_UNLCK, true);
      return 0;
    },
    flock: () => -1,
    errno: () => errno,
  };
  return { libc, asked };
}

describe.skipIf(process.platform !== "linux")("locks by the C library", () => {
  it("are whole-file locks of the open file: type, and nothing else in the structure", () => {
    const seen: [number, number[]][] = [];
    const locks = createLibcLocks({ fcntl: (_descriptor, command, argument) => (seen.push([command, [...argument]]), 0), flock: () => -1, errno: () => 0 });
    expect(locks.tryLock(5)).toBe(true);
    locks.unlock(5);
    const structure = (type: number): number[] => [type, ...Array.from({ length: 31 }, () => 0)];
    expect(seen).toEqual([[37, structure(F_WRLCK)], [37, structure(F_UNLCK)]]);
  });

  it.each(["EAGAIN", "EACCES"] as const)("%s: another has it", (name) => {
    expect(createLibcLocks(refusing(constants.errno[name], "held").libc).tryLock(5)).toBe(false);
  });

  it("errno of another call: the kernel names the holder", () => {
    expect(createLibcLocks(refusing(constants.errno.ENOENT, "held").libc).tryLock(5)).toBe(false);
  });

  it("refused with no holder, again and again: the error, after a bounded number of tries", () => {
    const { libc, asked } = refusing(constants.errno.EIO, "free");
    expect(() => createLibcLocks(libc).tryLock(5)).toThrow(expect.objectContaining({ code: "EIO" }) as Error);
    expect(asked.length).toBeLessThan(100);
  });

  it.each(["ENOLCK", "ENOSYS", "EINVAL", "EOPNOTSUPP"] as const)("%s: a file system without locks", (name) => {
    expect(() => createLibcLocks(refusing(constants.errno[name], "unable").libc).tryLock(5)).toThrow(expect.objectContaining({ code: "ENOLCK" }) as Error);
  });
});
