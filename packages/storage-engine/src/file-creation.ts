/**
 * A new database file: complete and synced under a temporary name before it gets its own.
 *
 * @module
 */
import { UNIT_KIND, type UnitSeal } from "@holdfast/core-cipher";
import { StoreError } from "./errors.ts";
import { encodeHeader, type BackupOrigin } from "./header.ts";
import { extentPages, firstPage, LOG_BYTES, LOG_OFFSET, PAGE_BYTES } from "./layout.ts";
import { encodeSlot, slotOffset, type Slot } from "./slot.ts";
import { Space } from "./space.ts";
import { createTemporary, directoryOf, discardTemporary, type TemporaryFile } from "./temporary-file.ts";
import { UnitFile } from "./unit-file.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

/** Zeros are written in calls of this length: one long call makes later syncs of the log slower. */
const ZERO_CALL_BYTES = 64 * 1024;

/** Writes `count` bytes of zeros, so that the space is really there. */
export function writeZeros(file: StorageFile, offset: number, count: number): void {
  const zeros = new Uint8Array(Math.min(count, ZERO_CALL_BYTES));
  for (let done = 0; done < count; done += zeros.length) {
    file.write(offset + done, zeros.subarray(0, Math.min(zeros.length, count - done)));
  }
}

/** What is not the same in every new file. */
export interface NewFileOptions {
  readonly logBytes?: number | undefined;
  readonly origin?: BackupOrigin | undefined;
}

/** Fills an empty file with a header, two slots of an empty database and a log of zeros, and syncs it. */
export function writeEmptyDatabase(file: StorageFile, seal: UnitSeal, options: NewFileOptions = {}): void {
  const { logBytes = LOG_BYTES, origin } = options;
  const fileId = seal.randomBytes(16);
  const header = encodeHeader({ isEncrypted: seal.isEncrypted, logBytes, fileId, keyCheck: seal.keyCheck(fileId), origin });
  writeZeros(file, 0, LOG_OFFSET + logBytes);
  const units = new UnitFile(file, seal, fileId, 0);
  const space = Space.create(firstPage(logBytes));
  const place = space.take(extentPages(space.encodedBytes + 1));
  const plaintext = space.encode();
  const ref = units.writeExtent(UNIT_KIND.space, plaintext, { place, birth: 1, iv: seal.randomBytes(16) });
  file.write(0, header);
  for (const generation of [1, 2]) {
    const slot: Slot = {
      generation,
      commit: 0,
      logPosition: 0,
      logTag: new Uint8Array(16),
      catalogCount: 0,
      catalog: undefined,
      nextTreeId: 1,
      space: ref,
      spaceBytes: plaintext.length,
    };
    file.write(slotOffset(generation), encodeSlot(slot, header, seal, fileId));
  }
  const end = (place + ref.pages) * PAGE_BYTES;
  if (file.sizeBytes() < end) writeZeros(file, file.sizeBytes(), end - file.sizeBytes());
  file.sync();
}

/** Creates the database file; does nothing if another process was faster. */
export function createDatabase(volume: Volume, path: string, seal: UnitSeal): void {
  let temporary: TemporaryFile;
  try {
    temporary = createTemporary(volume, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    throw new StoreError("DIRECTORY_MISSING", `the folder of '${path}' does not exist`, { cause: error });
  }
  try {
    // Throws where there are no locks: a file that could not be opened must not be made.
    temporary.file.tryLock();
    writeEmptyDatabase(temporary.file, seal, { logBytes: volume.newLogBytes });
    placeDatabase(volume, temporary.path, path);
  } catch (error) {
    discardTemporary(volume, temporary);
    throw error;
  }
  temporary.file.close();
}

/** Gives a finished file its name, over an empty file at most. Whoever opens it syncs the folder before the first commit, as he does for a file of another's making. */
function placeDatabase(volume: Volume, temporary: string, path: string): void {
  try {
    volume.placeNew(temporary, path);
  } catch (error) {
    const isThere = (error as { code?: unknown }).code === "EEXIST";
    const found = isThere ? volume.stat(path) : undefined;
    if (found?.sizeBytes === 0 && found.notAFile === undefined) volume.rename(temporary, path);
    else {
      volume.remove(temporary);
      if (!isThere) throw error;
    }
  }
}

/**
 * Refuses a folder, a pipe, a device: what is empty there is no missing database.
 *
 * @throws {StoreError} `NOT_A_FILE`.
 */
export function refuseNoFile(volume: Volume, path: string): void {
  const what = volume.stat(path)?.notAFile;
  if (what !== undefined) throw new StoreError("NOT_A_FILE", `'${path}' is a ${what}, not a file`);
}

/**
 * Refuses a file with several names: its locks and side files go by the name. A crash while a file was put in place
 * leaves its temporary name behind; that one is taken away.
 *
 * @throws {StoreError} `FILE_LINKED`.
 */
export function refuseLinks(volume: Volume, path: string): void {
  if (volume.isMounted?.(path) === true) throw new StoreError("FILE_LINKED", `'${path}' is a file that is mounted there and has another path; open that one, or mount its folder`);
  const status = volume.stat(path);
  if (status === undefined || status.linkCount <= 1) return;
  const directory = directoryOf(path);
  const name = path.slice(path.lastIndexOf("/") + 1);
  for (const other of volume.list(directory)) {
    const otherPath = `${directory}/${other}`;
    if (other.startsWith(`${name}.new-`) && volume.stat(otherPath)?.identity === status.identity) volume.remove(otherPath);
  }
  const links = volume.stat(path)?.linkCount ?? 0;
  if (links > 1) throw new StoreError("FILE_LINKED", `'${path}' has ${links} names (hard links); open a file that has one`);
}
