/**
 * The few things that Realm's API asks of the file system itself, on whatever platform it runs.
 *
 * @module
 */
import { currentPlatform } from "@holdfast/storage-engine";

/** Absolute path of a realm's file; links in its folder are followed, so one file has one name. */
export function absolutePath(path: string): string {
  return currentPlatform().files.absolutePath(path);
}

/** Makes the folder that a file shall stand in. */
export function makeParentFolder(path: string): void {
  currentPlatform().files.makeParentFolder(path);
}

/** True if there is a folder for the file. */
export function hasParentFolder(path: string): boolean {
  return currentPlatform().files.hasParentFolder(path);
}

/** True if there is something at the path, even if it is empty. */
export function fileExists(path: string): boolean {
  return currentPlatform().files.isThere(path);
}

/** True if there is a file with anything in it. */
export function hasContent(path: string): boolean {
  return sizeOf(path) > 0;
}

/** Length of a file in bytes; 0 if there is none. */
export function sizeOf(path: string): number {
  return currentPlatform().files.sizeOf(path);
}

/** The first bytes of a file: fewer if it is shorter. */
export function firstBytes(path: string, count: number): Uint8Array {
  return currentPlatform().files.firstBytes(path, count);
}

/** Removes a realm's file and its side files. */
export function removeRealmFiles(path: string): void {
  for (const suffix of ["", ".lock", ".note", ".fresh.lock", ".management", ".readers", ".presence", ".sync-lock", ".before-reset"]) {
    currentPlatform().files.removeAll(path + suffix);
  }
}

/**
 * Runs something that opens files, once they are ready. What is open afterwards stays ready until it is closed.
 *
 * @param paths - Absolute ones.
 */
export async function whenReady<T>(paths: readonly string[], run: () => T | Promise<T>): Promise<T> {
  const giveBack = await makeReady(paths);
  try {
    return await run();
  } finally {
    giveBack();
  }
}

/** Obtains files where that takes a turn of the event loop. @returns What gives them back. */
export async function makeReady(paths: readonly string[]): Promise<() => void> {
  return (await currentPlatform().prepare?.(paths)) ?? (() => undefined);
}

/** True where files have to be obtained before they are used. */
export function hasToPrepare(): boolean {
  return currentPlatform().prepare !== undefined;
}
