/**
 * The kernel's exclusive lock on an open file, for Node, Bun and Deno.
 *
 * `fs-native-extensions` gives OFD locks on Linux, `flock` on macOS and `LockFileEx` on Windows: all three belong to the
 * open file and end with it, unlike POSIX record locks, which any `close` of the same file in the process drops.
 *
 * @module
 */
import { createRequire } from "node:module";
import { constants } from "node:os";
import { platform } from "node:process";

/** Lock and unlock for file descriptors. */
export interface KernelLocks {
  /** @returns False if another open file has the lock. @throws the system's error for anything else. */
  tryLock(descriptor: number): boolean;
  unlock(descriptor: number): void;
}

/** The part of `fs-native-extensions` (which ships no types) that is used. */
interface NativeLocks {
  tryLock(descriptor: number, offset: number, length: number): boolean;
  unlock(descriptor: number, offset: number, length: number): void;
}

// On Windows a locked range cannot be read or written by others, so the lock is on one byte that no file reaches. On
// Linux and macOS locks are advisory; macOS knows whole-file locks only (offset 0, length 0: to the end, also as it grows).
const LOCK_RANGE = platform === "win32" ? { offset: 2 ** 52, length: 1 } : { offset: 0, length: 0 };

/** How file systems say that they have no locks. ENOLCK, which NFS says, has no name in the native package. */
const WITHOUT_LOCKS: ReadonlySet<string> = new Set(["ENOLCK", `Unknown system error -${constants.errno.ENOLCK}`, "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);

let loaded: { readonly locks: KernelLocks | undefined } | undefined;

/** The kernel's locks, or `undefined` where the native package has no build for this platform. */
export function loadKernelLocks(): KernelLocks | undefined {
  loaded ??= { locks: load() };
  return loaded.locks;
}

function load(): KernelLocks | undefined {
  let native: NativeLocks;
  try {
    native = createRequire(import.meta.url)("fs-native-extensions") as NativeLocks;
  } catch {
    return undefined;
  }
  const { offset, length } = LOCK_RANGE;
  return {
    tryLock(descriptor) {
      try {
        return native.tryLock(descriptor, offset, length);
      } catch (error) {
        // Windows reports a lock that is held as EBUSY, some network file systems as EACCES, as fcntl(2) allows.
        const code = (error as NodeJS.ErrnoException).code;
        if (code === "EBUSY" || (code === "EACCES" && platform !== "win32")) return false;
        if (code !== undefined && WITHOUT_LOCKS.has(code)) throw Object.assign(new Error(`this file system has no locks (${code})`, { cause: error }), { code: "ENOLCK" });
        throw error;
      }
    },
    unlock: (descriptor) => native.unlock(descriptor, offset, length),
  };
}
