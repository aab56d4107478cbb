/**
 * What the SDK asks of files, answered by any volume.
 *
 * Folders are made on the way and need not be there: a volume without a file system of its own knows files alone.
 *
 * @module
 */
import type { PlatformFiles } from "../platform.ts";
import { parentOf } from "./memory-path.ts";
import type { Volume } from "./volume.ts";

/** @param volume - Its canonical paths have `/` between names and at the start. */
export function filesOfVolume(volume: Volume): PlatformFiles {
  const canonical = (path: string): string => volume.canonicalPath(path);
  return {
    absolutePath: canonical,
    makeParentFolder: (path) => makeFolders(volume, parentOf(canonical(path))),
    hasParentFolder: (path) => hasFolder(volume, parentOf(canonical(path))),
    isThere: (path) => volume.stat(path) !== undefined,
    sizeOf: (path) => volume.stat(path)?.sizeBytes ?? 0,
    firstBytes: (path, count) => {
      const file = volume.open(path, "read");
      try {
        const bytes = new Uint8Array(count);
        return bytes.subarray(0, file.read(0, bytes));
      } finally {
        file.close();
      }
    },
    removeAll: (path) => removeAll(volume, canonical(path)),
  };
}

function makeFolders(volume: Volume, folder: string): void {
  if (folder === "/") return;
  makeFolders(volume, parentOf(folder));
  volume.makeDirectory(folder);
}

/** A name in a folder that is not there cannot be listed or synced; syncing says which of the two it is. */
function hasFolder(volume: Volume, folder: string): boolean {
  try {
    volume.syncDirectory(folder);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

function removeAll(volume: Volume, path: string): void {
  for (const name of volume.list(path)) removeAll(volume, `${path}/${name}`);
  volume.remove(path);
  volume.removeDirectory(path);
}
