/**
 * The kernel's locks on Node: `fs-native-extensions`, which ships OFD locks, `flock` and `LockFileEx` prebuilt.
 *
 * @module
 */
import { createRequire } from "node:module";
import { platform } from "node:process";
import { withoutLocks, type KernelLocks } from "./node-lock-types.ts";

/** The part of `fs-native-extensions` (which ships no types) that is used. */
interface NativeLocks {
  tryLock(descriptor: number, offset: number, length: number): boolean;
  unlock(descriptor: number, offset: number, length: number): void;
}

// On Windows a locked range cannot be read or written by others, so the lock is on one byte that no file reaches. On
// Linux and macOS locks are advisory; macOS knows whole-file locks only (offset 0, length 0: to the end, also as it grows).
const LOCK_RANGE = platform === "win32" ? { offset: 2 ** 52, length: 1 } : { offset: 0, length: 0 };

/** Loads the native package. @throws {Error} If it has no build for this platform. */
export function loadNodeLocks(): KernelLocks {
  const native = load();
  const { offset, length } = LOCK_RANGE;
  return {
    tryLock(descriptor) {
      try {
        return native.tryLock(descriptor, offset, length);
      } catch (error) {
        // Windows reports a lock that is held as EBUSY, some network file systems as EACCES, as fcntl(2) allows.
        const code = (error as NodeJS.ErrnoException).code;
        if (code === "EBUSY" || (code === "EACCES" && platform !== "win32")) return false;
        throw withoutLocks(code, error) ?? error;
      }
    },
    unlock: (descriptor) => native.unlock(descriptor, offset, length),
  };
}

function load(): NativeLocks {
  try {
    return createRequire(import.meta.url)("fs-native-extensions") as NativeLocks;
  } catch (error) {
    throw new Error("no kernel locks on this platform: fs-native-extensions cannot be loaded", { cause: error });
  }
}
