/**
 * The C library in Bun.
 *
 * @module
 */
import { createRequire } from "node:module";
import { ERRNO_FUNCTION, openLibc, type Libc } from "./node-libc-locks.ts";

/** The part of `bun:ffi` that is used. */
interface BunFfi {
  dlopen(file: string, functions: Readonly<Record<string, { readonly args: readonly string[]; readonly returns: string }>>): {
    readonly symbols: Readonly<Record<string, (...values: readonly unknown[]) => number>>;
  };
  readonly read: { i32(pointer: number, offset: number): number };
}

/** Opens it. @throws {Error} If it is nowhere. */
export function openBunLibc(): Libc {
  // A name that bundlers for other runtimes do not follow.
  const ffi = createRequire(import.meta.url)("bun:ffi") as BunFfi;
  const functions = {
    fcntl: { args: ["i32", "i32", "ptr"], returns: "i32" },
    flock: { args: ["i32", "i32"], returns: "i32" },
    [ERRNO_FUNCTION]: { args: [], returns: "ptr" },
  };
  const { fcntl, flock, [ERRNO_FUNCTION]: errnoPlace } = openLibc((file) => ffi.dlopen(file, functions).symbols);
  if (fcntl === undefined || flock === undefined || errnoPlace === undefined) throw new Error("no kernel locks: the C library lacks a function");
  return {
    fcntl: (descriptor, command, argument) => fcntl(descriptor, command, argument),
    flock: (descriptor, operation) => flock(descriptor, operation),
    errno: () => ffi.read.i32(errnoPlace(), 0),
  };
}
