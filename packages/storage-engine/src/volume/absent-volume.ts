/**
 * A volume where there are no files: time and random bytes, and one clear error for everything else.
 *
 * @module
 */
import { portableBackend } from "@holdfast/core-cipher";
import { normalizePath } from "./memory-path.ts";
import type { Volume } from "./volume.ts";

/** @param reason - Makes the error that every call for a file throws. */
export function createAbsentVolume(reason: () => Error): Volume {
  const refuse = (): never => {
    throw reason();
  };
  return {
    hasKernelLocks: false,
    canonicalPath: normalizePath,
    open: refuse,
    stat: refuse,
    remove: refuse,
    rename: refuse,
    placeNew: refuse,
    list: refuse,
    makeDirectory: refuse,
    removeDirectory: refuse,
    syncDirectory: refuse,
    watch: refuse,
    sleep: refuse,
    now: () => performance.now(),
    randomBytes: portableBackend.randomBytes,
  };
}
