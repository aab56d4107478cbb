/**
 * A store that is written once, in one transaction, under a temporary name: what copies, backups and salvage have in common.
 *
 * @module
 */
import type { SecretKey, UnitSeal } from "@holdfast/core-cipher";
import { Database } from "./database.ts";
import { requireDurability } from "./durability.ts";
import { asStoreError, StoreError } from "./errors.ts";
import { writeEmptyDatabase, type NewFileOptions } from "./file-creation.ts";
import { checkFile } from "./file-opening.ts";
import { PAGE_BYTES } from "./layout.ts";
import type { Platform } from "./platform.ts";
import { createPlainSeal } from "./plain-seal.ts";
import { createTemporary, directoryOf, discardTemporary, removeForgotten, type TemporaryFile } from "./temporary-file.ts";
import { WriteTransaction } from "./transaction.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

export interface CopyTarget {
  readonly path: string;
  readonly key: SecretKey | undefined;
  readonly platform: Platform;
}

export interface NewStoreOptions extends NewFileOptions {
  /** Refuses a target that is there. One that is replaced gets the reserve of a file that is written to. */
  readonly isNew?: boolean;
  /** Bound of what is held in memory. Small: no single `put` takes long. Large: entries may come in any order. */
  readonly dirtyBytes?: number;
}

/** Bytes put between two syncs, so that no sync at the end has to wait for the whole file. */
const SYNC_BYTES = 1024 * 1024;
/** Few pages are written in one go, so that no single `put` takes long. */
const DIRTY_BYTES = 1024 * 1024;

/** The seal of a file that is about to be written. */
export function sealOf(key: SecretKey | undefined, platform: Platform): UnitSeal {
  return key === undefined ? createPlainSeal(platform.crc32, (count) => platform.volume.randomBytes(count)) : platform.createSeal(key);
}

export class NewStore {
  readonly transaction: WriteTransaction;
  readonly #target: CopyTarget;
  readonly #temporary: TemporaryFile;
  readonly #database: Database;
  readonly #keepsReserve: boolean;
  #unsyncedBytes = 0;

  private constructor(target: CopyTarget, temporary: TemporaryFile, { database, keepsReserve }: { database: Database; keepsReserve: boolean }) {
    this.#target = target;
    this.#keepsReserve = keepsReserve;
    this.#temporary = temporary;
    this.#database = database;
    this.transaction = new WriteTransaction(database, () => {});
  }

  /**
   * Creates the temporary file.
   *
   * @throws {StoreError} `TARGET_EXISTS` (with `isNew`), `DIRECTORY_MISSING`, `DISK_FULL`, `IO_FAILED`: nothing is left behind.
   */
  static begin(target: CopyTarget, options: NewStoreOptions = {}): NewStore {
    const { path, key, platform } = target;
    const { volume } = platform;
    requireDurability(platform, path);
    if (options.isNew === true && volume.stat(path) !== undefined) throw targetExists(path);
    const temporary = beginTemporary(volume, path);
    try {
      const seal = sealOf(key, platform);
      try {
        writeEmptyDatabase(temporary.file, seal, { logBytes: options.logBytes ?? volume.newLogBytes, origin: options.origin });
      } finally {
        seal.close();
      }
      const checked = checkFile(temporary.file, temporary.path, key, platform, false);
      const database = new Database({
        volume,
        path: temporary.path,
        file: temporary.file,
        checked,
        presence: undefined,
        published: undefined,
        cacheBytes: options.dirtyBytes ?? DIRTY_BYTES,
        dirtyBytes: options.dirtyBytes ?? DIRTY_BYTES,
        lockTimeoutMs: 0,
        readOnly: false,
      });
      database.load(Infinity, true);
      return new NewStore(target, temporary, { database, keepsReserve: options.isNew === false });
    } catch (error) {
      discardTemporary(volume, temporary);
      throw asStoreError(error, `writing '${path}'`);
    }
  }

  get fileId(): Uint8Array {
    return this.#database.units.fileId;
  }

  /** Open and locked until the file has its name. */
  get file(): StorageFile {
    return this.#temporary.file;
  }

  get sizeBytes(): number {
    return this.#temporary.file.sizeBytes();
  }

  /** Notes that so many bytes were put, and syncs now and then. */
  wrote(byteCount: number): void {
    this.#unsyncedBytes += byteCount;
    if (this.#unsyncedBytes < SYNC_BYTES) return;
    this.#unsyncedBytes = 0;
    this.#temporary.file.sync();
  }

  /** Commits, and makes everything durable under the temporary name. */
  finish(): void {
    this.transaction.commit();
    this.#database.checkpointForClose();
    if (this.#keepsReserve) this.#database.keepReserve();
    else this.#cut();
    this.#database.input.checked.seal.close();
  }

  /** Takes off what was reserved and not needed; a file that is longer after a crash is as good. */
  #cut(): void {
    const sizeBytes = this.#database.space().pageCount * PAGE_BYTES;
    if (this.sizeBytes > sizeBytes) this.file.truncate(sizeBytes);
  }

  /** Gives the finished file its name, without ever replacing another. @throws {StoreError} `TARGET_EXISTS`; nothing is left behind then. */
  place(): void {
    const { path, platform } = this.#target;
    try {
      platform.volume.placeNew(this.#temporary.path, path);
    } catch (error) {
      discardTemporary(platform.volume, this.#temporary);
      if ((error as { code?: unknown }).code === "EEXIST") throw targetExists(path, error);
      throw asStoreError(error, `placing '${path}'`);
    }
    this.#end();
  }

  /** Puts the finished file in place of the one that is there, once `announce` has returned. If either fails, nothing is left behind. */
  replace(announce: () => void): void {
    const { path, platform } = this.#target;
    try {
      announce();
      platform.volume.rename(this.#temporary.path, path);
    } catch (error) {
      discardTemporary(platform.volume, this.#temporary);
      throw error;
    }
    this.#end();
  }

  #end(): void {
    this.#temporary.file.close();
    this.#target.platform.volume.syncDirectory(directoryOf(this.#target.path));
  }

  /** Gives everything up. */
  drop(): void {
    this.#database.input.checked.seal.close();
    discardTemporary(this.#target.platform.volume, this.#temporary);
  }
}

function beginTemporary(volume: Volume, path: string): TemporaryFile {
  try {
    removeForgotten(volume, path);
    return createTemporary(volume, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw asStoreError(error, `creating a file beside '${path}'`);
    throw new StoreError("DIRECTORY_MISSING", `the parent directory of '${path}' does not exist`, { cause: error });
  }
}

function targetExists(path: string, cause?: unknown): StoreError {
  return new StoreError("TARGET_EXISTS", `'${path}' exists; a copy never replaces a file`, { cause });
}
