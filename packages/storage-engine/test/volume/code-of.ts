/**
 * The code of the error that an action throws.
 *
 * @module
 */
import { StoreError } from "../../src/errors.ts";
import { VolumeError } from "../../src/volume/volume.ts";

/** @returns The code, or `undefined` if nothing was thrown. @throws what is neither a store's nor a volume's error. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof VolumeError || error instanceof StoreError) return error.code;
    throw error;
  }
}
