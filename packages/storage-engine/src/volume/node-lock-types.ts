/**
 * The kernel's exclusive lock on an open file, for Node, Bun and Deno.
 *
 * All ways give the same locks, so that processes of different runtimes keep out of each other's way: OFD locks on Linux,
 * `flock` on macOS, `LockFileEx` on Windows. All three belong to the open file and end with it, unlike POSIX record
 * locks, which any `close` of the same file in the process drops.
 *
 * @module
 */
import { constants } from "node:os";

/** Lock and unlock for file descriptors. */
export interface KernelLocks {
  /** @returns False if another open file has the lock. @throws the system's error for anything else. */
  tryLock(descriptor: number): boolean;
  unlock(descriptor: number): void;
}

/** How file systems say that they have no locks. ENOLCK, which NFS says, has no name in the native package. */
const WITHOUT_LOCKS: ReadonlySet<string> = new Set(["ENOLCK", `Unknown system error -${constants.errno.ENOLCK}`, "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);

/** An error with code ENOLCK where the system's code says that a file system has no locks. */
export function withoutLocks(code: string | undefined, cause: unknown): Error | undefined {
  if (code === undefined || !WITHOUT_LOCKS.has(code)) return undefined;
  return Object.assign(new Error(`this file system has no locks (${code})`, { cause }), { code: "ENOLCK" });
}
