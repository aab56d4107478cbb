/**
 * Writing a whole database anew, in order and without gaps: for copies, compaction and another key.
 *
 * @module
 */
import { asStoreError, StoreError } from "./errors.ts";
import { writeEmptyDatabase } from "./file-creation.ts";
import { Cursor } from "./cursor.ts";
import { Database } from "./database.ts";
import { checkFile } from "./file-opening.ts";
import type { Platform } from "./platform.ts";
import { createPlainSeal } from "./plain-seal.ts";
import { createTemporary, directoryOf, discardTemporary, removeForgotten, type TemporaryFile } from "./temporary-file.ts";
import { WriteTransaction } from "./transaction.ts";
import type { View } from "./view.ts";
import type { UnitFile } from "./unit-file.ts";
import type { SecretKey, UnitSeal } from "@holdfast/core-cipher";

export interface CopyTarget {
  readonly path: string;
  readonly key: SecretKey | undefined;
  readonly platform: Platform;
}

/** The seal of a file that is about to be written. */
export function sealOf(key: SecretKey | undefined, platform: Platform): UnitSeal {
  return key === undefined ? createPlainSeal(platform.crc32, (count) => platform.volume.randomBytes(count)) : platform.createSeal(key);
}

/**
 * Writes a finished, synced copy under a temporary name. The caller puts it in place and closes it.
 *
 * @throws {StoreError} `DIRECTORY_MISSING`, `DISK_FULL`, `IO_FAILED`: nothing is left behind.
 */
export function writeTemporaryCopy(source: { units: UnitFile; view: View }, target: CopyTarget): TemporaryFile {
  const { volume } = target.platform;
  removeForgotten(volume, target.path);
  let temporary: TemporaryFile;
  try {
    temporary = createTemporary(volume, target.path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw asStoreError(error, "creating the copy");
    throw new StoreError("DIRECTORY_MISSING", `the parent directory of '${target.path}' does not exist`, { cause: error });
  }
  try {
    fillCopy(source, temporary, target);
  } catch (error) {
    discardTemporary(volume, temporary);
    throw asStoreError(error, "writing the copy");
  }
  return temporary;
}

function fillCopy(source: { units: UnitFile; view: View }, { path, file }: TemporaryFile, target: CopyTarget): void {
  const { platform, key } = target;
  const seal = sealOf(key, platform);
  writeEmptyDatabase(file, seal, { logBytes: platform.volume.newLogBytes });
  seal.close();
  const database = new Database({
    volume: platform.volume,
    path,
    file,
    checked: checkFile(file, path, key, platform, false),
    presence: undefined,
    published: undefined,
    cacheBytes: 1024 * 1024,
    dirtyBytes: 4 * 1024 * 1024,
    lockTimeoutMs: 0,
    readOnly: false,
  });
  database.load(Infinity, true);
  const transaction = new WriteTransaction(database, () => {});
  for (const root of source.view.trees.values()) {
    const tree = transaction.tree(root.name);
    const cursor = new Cursor(source.units, root, {}, () => {});
    while (cursor.next()) tree.put(cursor.key(), cursor.value());
  }
  transaction.commit();
  database.checkpointForClose();
  database.input.checked.seal.close();
}

/** Gives a temporary copy its name. */
export function placeCopy(temporary: TemporaryFile, target: CopyTarget): void {
  const { volume } = target.platform;
  try {
    volume.placeNew(temporary.path, target.path);
  } catch (error) {
    discardTemporary(volume, temporary);
    if ((error as { code?: unknown }).code === "EEXIST") throw targetExists(target.path, error);
    throw asStoreError(error, "placing the copy");
  }
  temporary.file.close();
  volume.syncDirectory(directoryOf(target.path));
}

export function targetExists(path: string, cause?: unknown): StoreError {
  return new StoreError("TARGET_EXISTS", `'${path}' exists; a copy never replaces a file`, { cause });
}
