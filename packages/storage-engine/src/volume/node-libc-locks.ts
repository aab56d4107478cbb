/**
 * The kernel's locks through the C library, for runtimes that can call it and cannot load Node's native package.
 *
 * @module
 */
import { constants } from "node:os";
import { platform } from "node:process";
import { withoutLocks, type KernelLocks } from "./node-lock-types.ts";

/** The functions of the C library that are needed. Each answers what the C function answers. */
export interface Libc {
  /** With a pointer as the third argument. Variadic in C: for Linux alone, where that makes no difference to a caller. */
  fcntl(descriptor: number, command: number, argument: Uint8Array): number;
  flock(descriptor: number, operation: number): number;
  /** The calling thread's errno. What the runtime does in between may have changed it. */
  errno(): number;
}

/** Where the C library may be, the likeliest first: glibc, musl; macOS. */
const LIBC_FILES: readonly string[] = platform === "darwin" ? ["/usr/lib/libSystem.B.dylib"] : ["libc.so.6", "libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** The function that says where errno is. */
export const ERRNO_FUNCTION: string = platform === "darwin" ? "__error" : "__errno_location";

const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;
/** `struct flock` with 64-bit offsets: type and whence as shorts, start and length at 8 and 16, a process id that must be 0. */
const FLOCK_BYTES = 32;

const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

const MAX_ATTEMPTS = 8;

/**
 * Opens the C library by the first of its names that works.
 *
 * @throws {Error} If none does.
 */
export function openLibc<Result>(open: (file: string) => Result): Result {
  const failures: unknown[] = [];
  for (const file of LIBC_FILES) {
    try {
      return open(file);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new Error("no kernel locks: the C library cannot be opened", { cause: failures[0] });
}

/**
 * Locks by the C library's functions.
 *
 * @throws {Error} On systems other than Linux and macOS.
 */
export function createLibcLocks(libc: Libc): KernelLocks {
  if (platform === "linux") return createOfdLocks(libc);
  if (platform === "darwin") return createFlocks(libc);
  throw new Error(`no kernel locks in this runtime on ${platform}: use Node there`);
}

/** Open file description locks on the whole file, also as it grows. */
function createOfdLocks(libc: Libc): KernelLocks {
  return {
    tryLock(descriptor) {
      let code = "EIO";
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        if (libc.fcntl(descriptor, F_OFD_SETLK, lockOf(F_WRLCK)) === 0) return true;
        code = nameOf(libc.errno());
        if (isHeld(code)) return false;
        // errno may be another call's: the kernel is asked who has the lock, which it answers in the structure.
        const answer = lockOf(F_WRLCK);
        if (libc.fcntl(descriptor, F_OFD_GETLK, answer) !== 0) break;
        if (new DataView(answer.buffer).getInt16(0, true) !== F_UNLCK) return false;
      }
      throw failure(code);
    },
    unlock(descriptor) {
      if (libc.fcntl(descriptor, F_OFD_SETLK, lockOf(F_UNLCK)) !== 0) throw failure(nameOf(libc.errno()));
    },
  };
}

function createFlocks(libc: Libc): KernelLocks {
  return {
    tryLock(descriptor) {
      if (libc.flock(descriptor, LOCK_EX | LOCK_NB) === 0) return true;
      const code = nameOf(libc.errno());
      if (isHeld(code)) return false;
      throw failure(code);
    },
    unlock(descriptor) {
      if (libc.flock(descriptor, LOCK_UN) !== 0) throw failure(nameOf(libc.errno()));
    },
  };
}

function lockOf(type: number): Uint8Array {
  const bytes = new Uint8Array(FLOCK_BYTES);
  new DataView(bytes.buffer).setInt16(0, type, true);
  return bytes;
}

function isHeld(code: string): boolean {
  return code === "EAGAIN" || code === "EWOULDBLOCK" || code === "EACCES";
}

function nameOf(errno: number): string {
  const found = Object.entries(constants.errno).find(([, number]) => number === errno);
  return found === undefined ? "EIO" : found[0];
}

function failure(code: string): Error {
  const error = Object.assign(new Error(`${code}: the system refused the lock`), { code });
  return withoutLocks(code, error) ?? error;
}
