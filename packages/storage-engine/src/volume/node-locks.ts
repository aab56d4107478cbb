/**
 * Which way to the kernel's locks this runtime has.
 *
 * @module
 */
import { versions } from "node:process";
import { openBunLibc } from "./node-libc-of-bun.ts";
import { openDenoLibc } from "./node-libc-of-deno.ts";
import type { KernelLocks } from "./node-lock-types.ts";
import { createLibcLocks } from "./node-libc-locks.ts";
import { loadNodeLocks } from "./node-native-locks.ts";

/** The locks, or why there are none. */
export type KernelLocksOrReason = { readonly locks: KernelLocks } | { readonly reason: string };

let loaded: { readonly locks: KernelLocks } | undefined;

/** True where loading is silent. Deno may ask its user for the right to, and shall not before there is a file to lock. */
export const isLoadingSilent: boolean = versions["deno"] === undefined;

/** The kernel's locks in this runtime. What failed is tried again: a process that is out of descriptors can load nothing. */
export function loadKernelLocks(): KernelLocksOrReason {
  try {
    loaded ??= { locks: open() };
    return loaded;
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

function open(): KernelLocks {
  // Bun and Deno load Node's native package and die in it, since they lack functions of libuv that it calls.
  if (versions["bun"] !== undefined) return createLibcLocks(openBunLibc());
  if (versions["deno"] !== undefined) return createLibcLocks(openDenoLibc());
  return loadNodeLocks();
}
