/**
 * The side file `<path>.lock`: numbers of the newest synced commit, as hints for other processes, and the lock under
 * which handles come and go. Never synced, never believed by a writer.
 *
 * Layout: magic u32 | flags u32 | commit u64 | generation u64 | checkpointer u32 | CRC-32 of the bytes before it and
 * of the database's file id.
 *
 * @module
 */
import { readU32, readU64, writeU32, writeU64 } from "./bytes.ts";
import { portableCrc32 } from "./plain-seal.ts";
import { StoreError } from "./errors.ts";
import { NOT_ONES_OWN, type StorageFile } from "./volume/volume.ts";

const MAGIC = 0x424b4c48;
const FILE_BYTES = 32;
const CHECKSUM_OFFSET = 28;
const ID_BYTES = 16;
const UNKNOWN_FLAG = 1;

export interface PublishedNumbers {
  readonly commit: number;
  readonly generation: number;
  /** A sync failed: what stands in the log behind `commit` may not be on the disk. */
  readonly isUnknown: boolean;
  /** Random number of the handle that is giving places to pages of the next generation; 0 if none is. */
  readonly checkpointer: number;
}

export class PublishedFile {
  readonly file: StorageFile;
  readonly #buffer = new Uint8Array(FILE_BYTES);
  /** What the checksum is over: the numbers, then the id of the database that they belong to. */
  readonly #checked = new Uint8Array(CHECKSUM_OFFSET + ID_BYTES);

  /** @param fileId - Of the database. Numbers of another one, which stood at this path before, count as none. */
  constructor(file: StorageFile, fileId: Uint8Array) {
    this.file = file;
    this.#checked.set(fileId, CHECKSUM_OFFSET);
  }

  #checksum(bytes: Uint8Array): number {
    this.#checked.set(bytes.subarray(0, CHECKSUM_OFFSET));
    return portableCrc32(this.#checked);
  }

  /** Undefined if the file is new, was read while it was being written, or is about another database. */
  read(): PublishedNumbers | undefined {
    const bytes = this.#buffer;
    if (this.file.read(0, bytes) !== FILE_BYTES || readU32(bytes, 0) !== MAGIC) return undefined;
    if (readU32(bytes, CHECKSUM_OFFSET) !== this.#checksum(bytes)) return undefined;
    return {
      commit: readU64(bytes, 8),
      generation: readU64(bytes, 16),
      isUnknown: (readU32(bytes, 4) & UNKNOWN_FLAG) !== 0,
      checkpointer: readU32(bytes, 24),
    };
  }

  /** True if it tells of a commit after this one. A hint that cannot be read is none: the next commit gives another. */
  tellsOfLater(commit: number): boolean {
    try {
      return (this.read()?.commit ?? 0) > commit;
    } catch {
      return false;
    }
  }

  write(numbers: PublishedNumbers): void {
    const bytes = new Uint8Array(FILE_BYTES);
    writeU32(bytes, 0, MAGIC);
    writeU32(bytes, 4, numbers.isUnknown ? UNKNOWN_FLAG : 0);
    writeU64(bytes, 8, numbers.commit);
    writeU64(bytes, 16, numbers.generation);
    writeU32(bytes, 24, numbers.checkpointer);
    writeU32(bytes, CHECKSUM_OFFSET, this.#checksum(bytes));
    this.file.write(0, bytes);
  }
}

/** Names what stands where the side file should, if it is not ours; any other error passes unchanged. */
export function asSideFileError(path: string, error: unknown): unknown {
  if (!NOT_ONES_OWN.has(String((error as { code?: unknown }).code))) return error;
  return new StoreError("FILE_LINKED", `'${path}' is a link, or no regular file, and not ours; remove it`, { cause: error });
}
