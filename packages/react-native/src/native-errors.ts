/**
 * The codes of errors that come from the file module, which gives sentences.
 *
 * @module
 */
import { VolumeError } from "@holdfast/storage-engine";
import type { ExpoFileSystem } from "./file-system.ts";

/** Android passes on the kernel's words; Apple's are in the user's language, so the room that is left is asked as well. */
const FULL = /ENOSPC|no space left|out of space/i;

/** Runs a call of the file module. */
export function call<Result>(doing: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof VolumeError) throw error;
    throw new VolumeError(FULL.test(messageOf(error)) ? "ENOSPC" : "EIO", `${doing}: ${messageOf(error)}`, { cause: error });
  }
}

/** Runs a call that needs room. */
export function callWithRoom(fileSystem: ExpoFileSystem, neededBytes: number, doing: string, action: () => void): void {
  try {
    call(doing, action);
  } catch (error) {
    if ((error as VolumeError).code !== "EIO" || (availableBytes(fileSystem) ?? Infinity) > neededBytes) throw error;
    throw new VolumeError("ENOSPC", doing, { cause: error });
  }
}

function availableBytes(fileSystem: ExpoFileSystem): number | undefined {
  try {
    return fileSystem.Paths.availableDiskSpace;
  } catch {
    // It is asked for a better error only; the first one stands.
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
