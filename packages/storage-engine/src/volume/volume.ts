/**
 * What the engine needs from the world below it: files in a directory tree, with kernel locks, and a clock.
 *
 * Everything is synchronous, since `write` is. Implementations: node-volume.ts, memory-volume.ts,
 * absent-volume.ts where there are no files and, for tests, crash-volume.ts. Paths are the implementation's own; the engine only appends to them.
 *
 * @module
 */
import type { Durability } from "../durability.ts";

/**
 * How a file is opened. `create` makes it if it is missing, `exclusive` refuses it if it is there. `create` and `peer` are for side
 * files, which stand under names that others may have taken: they open nothing but a regular file with one name, never through
 * a link. `peer` is there already.
 */
export type OpenMode = "read" | "write" | "create" | "peer" | "exclusive";

/** What `create` and `peer` answer to a link, a folder, a pipe, a device, or a file with several names. */
export const NOT_ONES_OWN: ReadonlySet<string> = new Set(["ELOOP", "EMLINK", "EISDIR", "EINVAL", "ENXIO"]);

/** What is known of a file without opening it. */
export interface FileStatus {
  readonly sizeBytes: number;
  /** Equal for two paths that lead to the same file, and only then. Survives a rename. */
  readonly identity: string;
  /** How many names the file has. */
  readonly linkCount: number;
  /** What it is if it is no regular file: a folder, or a pipe, a device or a socket. */
  readonly notAFile?: "folder" | "special file" | undefined;
}

/** One open file. Not usable after `close`. */
export interface StorageFile {
  /** Reads into the whole of `target`. @returns The bytes read: fewer only at the end of the file. */
  read(offset: number, target: Uint8Array): number;
  /** Writes all of `source` or throws; a part of it may be on the disk if it throws. */
  write(offset: number, source: Uint8Array): void;
  /** Returns when everything written to the file, through any handle, is durable. */
  sync(): void;
  sizeBytes(): number;
  /** Cuts the file, or extends it with zeros. */
  truncate(sizeBytes: number): void;
  /** The same as `FileStatus.identity`, of the file that is open, whatever its path leads to now. */
  identity(): string;
  /**
   * Tries to take the file's one exclusive lock. It belongs to this open file and ends with `unlock`, `close` or the
   * death of the process. @returns False if another open file has it; true also if this one has it already.
   * @throws {VolumeError} `ENOLCK` where the platform or the file system has no such locks.
   */
  tryLock(): boolean;
  /** Gives the lock back. Does nothing if this open file does not have it. */
  unlock(): void;
  /** Closes the file and gives its lock back. Does nothing the second time. */
  close(): void;
}

/**
 * A directory tree of files. Every method throws {@link VolumeError} and nothing else; a mode other than `read`
 * needs the right to write.
 */
export interface Volume {
  /** False if nothing but this volume's own handles can be locked out. */
  readonly hasKernelLocks: boolean;
  /** What `sync` achieves: durability.ts. Default `power-loss`. */
  readonly durability?: Durability | undefined;
  /** Length of the log in files that are created here: a multiple of the page length, at least 64 KiB. Default 1 MiB. */
  readonly newLogBytes?: number | undefined;
  /**
   * The one absolute path of what a path leads to: links are followed, also in its folders. Of a file that is not there, the
   * name in its folder; unchanged if the folder is not there either.
   */
  canonicalPath(path: string): string;
  open(path: string, mode: OpenMode): StorageFile;
  /** Follows symbolic links. @returns `undefined` if nothing is there. */
  stat(path: string): FileStatus | undefined;
  /** True if a file of another path shows at this one because it is mounted here. Absent where nothing is known of mounts. */
  isMounted?(path: string): boolean;
  /** No error if the file is missing. */
  remove(path: string): void;
  /** Replaces `to` in one step if it is there. */
  rename(from: string, to: string): void;
  /**
   * Gives a file its final name without ever replacing another. A crash in between may leave both names.
   * @throws {VolumeError} `EEXIST` if `to` is there, even if it is empty.
   */
  placeNew(from: string, to: string): void;
  /** The names in a directory, without order; none if the directory is missing. */
  list(directory: string): string[];
  /** No error if the directory is there. Its parent must be. */
  makeDirectory(path: string): void;
  /** No error if the directory is missing. @throws {VolumeError} `ENOTEMPTY`. */
  removeDirectory(path: string): void;
  /** Returns when the names in the directory are durable. */
  syncDirectory(directory: string): void;
  /**
   * Calls `onChange` from the event loop after the file (or a name in the directory) changed; several changes may
   * give one call, and a call may come without a change. Does not keep the process alive.
   * @returns A function that ends it.
   */
  watch(path: string, onChange: () => void): () => void;
  /** Blocks. */
  sleep(milliseconds: number): void;
  /** Milliseconds of a clock that is never set back. */
  now(): number;
  /** Fresh bytes of the platform's CSPRNG. */
  randomBytes(count: number): Uint8Array;
}

/** A failed call of a volume. `code` is the system's name for it. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
  /** `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`, `EIO`, ...; `EKILLED` is the simulator's. */
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
