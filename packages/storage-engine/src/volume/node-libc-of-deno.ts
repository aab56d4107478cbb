/**
 * The C library in Deno. Needs the right to call it: `--allow-ffi`.
 *
 * @module
 */
import { ERRNO_FUNCTION, openLibc, type Libc } from "./node-libc-locks.ts";

/** The part of the `Deno` namespace that is used. */
interface DenoFfi {
  dlopen(file: string, functions: Readonly<Record<string, { readonly parameters: readonly string[]; readonly result: string }>>): {
    readonly symbols: Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;
  };
  readonly UnsafePointerView: new (pointer: unknown) => { getInt32(offset?: number): number };
}

/** Opens it. @throws {Error} Without the right to, or if it is nowhere. */
export function openDenoLibc(): Libc {
  const deno = (globalThis as { Deno?: DenoFfi }).Deno;
  if (deno === undefined) throw new Error("no kernel locks: the Deno namespace is missing");
  const functions = {
    fcntl: { parameters: ["i32", "i32", "buffer"], result: "i32" },
    flock: { parameters: ["i32", "i32"], result: "i32" },
    [ERRNO_FUNCTION]: { parameters: [], result: "pointer" },
  };
  // Without the right to, the next name would only ask the user again.
  const symbols = openLibc((file) => unlessForbidden(() => deno.dlopen(file, functions).symbols));
  if (symbols === undefined) throw new Error("no kernel locks: Deno needs --allow-ffi for them");
  const { fcntl, flock, [ERRNO_FUNCTION]: errnoPlace } = symbols;
  if (fcntl === undefined || flock === undefined || errnoPlace === undefined) throw new Error("no kernel locks: the C library lacks a function");
  return {
    fcntl: (descriptor, command, argument) => fcntl(descriptor, command, argument) as number,
    flock: (descriptor, operation) => flock(descriptor, operation) as number,
    errno: () => new deno.UnsafePointerView(errnoPlace()).getInt32(),
  };
}

function unlessForbidden<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as Error).name === "NotCapable") return undefined;
    throw error;
  }
}
