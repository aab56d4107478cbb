/**
 * A disk that is full when a file is opened for writing: the side files find no room. A part of the reserve behind the file's last
 * page is given back to the disk for them.
 *
 * @module
 */
import { UNIT_KIND, type SecretKey } from "@holdfast/core-cipher";
import { writeZeros } from "./file-creation.ts";
import { assertLogIsThere, checkFile, newestSlot, readSlots, type CheckedFile } from "./file-opening.ts";
import { firstPage, PAGE_BYTES } from "./layout.ts";
import { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { Space } from "./space.ts";
import { UnitFile } from "./unit-file.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

/** A folder and two small files, each of which takes a block of the file system, with room to spare. */
const TRADED_PAGES = 4;

/** Which file, and how to read where its pages end. */
export interface ReserveOwner {
  readonly path: string;
  readonly sidePath: string;
  readonly key: SecretKey | undefined;
  readonly platform: Platform;
}

/**
 * Cuts a few pages off a file that no handle has open, if it is longer than both slots need.
 *
 * @returns How many bytes the file was cut by; 0 if it has no reserve, if another handle may be at work, or if it cannot be read: then
 * what was wrong before is still wrong, and is what the caller reports.
 */
export function releaseReserve(owner: ReserveOwner): number {
  const { volume } = owner.platform;
  let file: StorageFile | undefined;
  try {
    file = volume.open(owner.path, "write");
    // Under the writer's lock nobody writes pages; without a side file nobody has chosen places for any.
    if (!file.tryLock() || (volume.stat(owner.sidePath)?.sizeBytes ?? 0) > 0) return 0;
    return cut(file, owner);
  } catch {
    return 0;
  } finally {
    file?.close();
  }
}

function cut(file: StorageFile, { path, key, platform }: ReserveOwner): number {
  const checked = checkFile(file, path, key, platform, false);
  try {
    const sizeBytes = file.sizeBytes();
    const end = endOfPages(file, checked);
    const kept = Math.max(end, sizeBytes - TRADED_PAGES * PAGE_BYTES);
    if (end === 0 || kept >= sizeBytes) return 0;
    file.truncate(kept);
    return sizeBytes - kept;
  } finally {
    checked.seal.close();
  }
}

/** Where the pages of both slots end; 0 unless both are whole and no commit waits in the log, for which the reserve may be meant. */
function endOfPages(file: StorageFile, checked: CheckedFile): number {
  assertLogIsThere(file, checked);
  const newest = newestSlot(readSlots(file, checked));
  const log = new Log(file, checked.seal, checked.header.fileId, checked.header.logBytes);
  if (newest === undefined || log.next({ position: newest.logPosition, commit: newest.commit, tag: newest.logTag }) !== undefined) return 0;
  const units = new UnitFile(file, checked.seal, checked.header.fileId, 0);
  const ends = readSlots(file, checked).map((slot) => {
    if (slot === undefined) return 0;
    const map = units.readExtent(UNIT_KIND.space, slot.space, slot.spaceBytes);
    return Space.decode(map, { firstPage: firstPage(checked.header.logBytes), filePages: units.filePages }).pageCount * PAGE_BYTES;
  });
  return ends.includes(0) ? 0 : Math.max(...ends);
}

/** Gives a file back what was cut off, if there is still room for it. */
export function restoreReserve(volume: Volume, path: string, byteCount: number): void {
  try {
    const file = volume.open(path, "write");
    try {
      if (file.tryLock()) writeZeros(file, file.sizeBytes(), byteCount);
    } finally {
      file.close();
    }
  } catch {
    // The reserve is smaller until the next close on a disk with room; what made the open fail says more.
  }
}
