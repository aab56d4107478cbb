/**
 * Files that are being written and have not got their name yet: `<path>.new-*`.
 *
 * Each is locked by the kernel until it has its name. So one whose lock is free belongs to a process that died, and the next
 * one that opens or writes the path takes it away.
 *
 * @module
 */
import type { StorageFile, Volume } from "./volume/volume.ts";

const SUFFIX_BYTES = 6;
const SUFFIX = /^[0-9a-f]{12}$/;
const MOST_ATTEMPTS = 100;

/** A file under a temporary name, open and locked. */
export interface TemporaryFile {
  readonly path: string;
  readonly file: StorageFile;
}

/** The folder of a path; "." for a bare name. */
export function directoryOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end < 0 ? "." : path.slice(0, Math.max(end, 1));
}

/** Creates a file beside `path` under a name that nothing else has. */
export function createTemporary(volume: Volume, path: string): TemporaryFile {
  for (let attempt = 1; ; attempt++) {
    const name = `${path}.new-${Array.from(volume.randomBytes(SUFFIX_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    const file = volume.open(name, "exclusive");
    // Between its creation and its lock somebody may have taken it for a forgotten one.
    if (isKept(volume, name, file) || attempt === MOST_ATTEMPTS) return { path: name, file };
    file.close();
  }
}

function isKept(volume: Volume, path: string, file: StorageFile): boolean {
  let isLocked: boolean;
  try {
    isLocked = file.tryLock();
  } catch {
    // A copy may go to a file system without locks; nobody can take the file away there, since that needs the lock too.
    return true;
  }
  return isLocked && volume.stat(path)?.identity === file.identity();
}

/** Takes a temporary file away again. */
export function discardTemporary(volume: Volume, { path, file }: TemporaryFile): void {
  file.close();
  volume.remove(path);
}

/**
 * Removes what processes that died have left beside `path`. What cannot be removed stays: it is in nobody's way.
 *
 * @returns How many files were removed.
 */
export function removeForgotten(volume: Volume, path: string): number {
  let count = 0;
  const directory = directoryOf(path);
  const start = `${path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1)}.new-`;
  for (const name of volume.list(directory)) {
    if (name.startsWith(start) && SUFFIX.test(name.slice(start.length)) && removeIfForgotten(volume, `${directory}/${name}`)) count++;
  }
  return count;
}

/** Removes a file that nobody needs; one that stays, since the rights to its folder are gone, is in nobody's way. */
export function removeIfAllowed(volume: Volume, path: string): void {
  try {
    volume.remove(path);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(String((error as { code?: unknown }).code))) throw error;
  }
}

function removeIfForgotten(volume: Volume, path: string): boolean {
  let file: StorageFile | undefined;
  try {
    file = volume.open(path, "write");
    if (!file.tryLock()) return false;
    volume.remove(path);
    return true;
  } catch {
    // Gone by now, another user's, or on a file system without locks.
    return false;
  } finally {
    file?.close();
  }
}
