/**
 * The few things that Realm's API asks of the file system itself, on Node.
 *
 * @module
 */
import { closeSync, existsSync, mkdirSync, openSync, readSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Absolute path of a realm's file; links in its folder are followed, so one file has one name. */
export function absolutePath(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  const folder = dirname(absolute);
  return existsSync(folder) ? join(realpathSync(folder), basename(absolute)) : absolute;
}

/** Makes the folder that a file shall stand in. */
export function makeParentFolder(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
}

/** True if there is a folder for the file. */
export function hasParentFolder(path: string): boolean {
  return existsSync(dirname(path));
}

/** True if there is a file that is not empty. */
export function fileExists(path: string): boolean {
  return existsSync(path);
}

/** True if there is a file with anything in it. */
export function hasContent(path: string): boolean {
  return existsSync(path) && statSync(path).size > 0;
}

/** Length of a file in bytes; 0 if there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The first bytes of a file: fewer if it is shorter. */
export function firstBytes(path: string, count: number): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(count);
    return bytes.subarray(0, readSync(file, bytes, 0, count, 0));
  } finally {
    closeSync(file);
  }
}

/** Removes a realm's file and its side files. */
export function removeRealmFiles(path: string): void {
  for (const suffix of ["", ".lock", ".note", ".fresh.lock", ".management", ".readers", ".presence"]) {
    rmSync(path + suffix, { force: true, recursive: true });
  }
}
