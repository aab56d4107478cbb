/**
 * A file on a disk with bad sectors: what cannot be read counts as zeros, so that the rest of it can be.
 *
 * Zeros open under no tag, so whatever they stand in is damaged, and nothing else is.
 *
 * @module
 */
import type { StorageFile } from "./volume/volume.ts";

const SECTOR_BYTES = 4096;

/** The file, read-only. */
export function tolerantFile(file: StorageFile): StorageFile {
  const refuse = (): never => {
    throw new TypeError("a file that is being salvaged is not written");
  };
  return {
    read(offset, target) {
      try {
        return file.read(offset, target);
      } catch {
        return readSectors(file, offset, target);
      }
    },
    write: refuse,
    truncate: refuse,
    sync: refuse,
    sizeBytes: () => file.sizeBytes(),
    identity: () => file.identity(),
    tryLock: () => file.tryLock(),
    unlock: () => file.unlock(),
    close: () => file.close(),
  };
}

function readSectors(file: StorageFile, offset: number, target: Uint8Array): number {
  const length = Math.min(target.length, Math.max(0, file.sizeBytes() - offset));
  for (let at = 0; at < length; ) {
    const step = Math.min(length - at, SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    const part = target.subarray(at, at + step);
    try {
      file.read(offset + at, part);
    } catch {
      part.fill(0);
    }
    at += step;
  }
  return length;
}
