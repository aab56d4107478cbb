/**
 * The volume of Node's file system.
 *
 * @module
 */
import { randomFillSync } from "node:crypto";
import {
  closeSync, constants, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, linkSync, lstatSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, realpathSync,
  renameSync, rmdirSync, statSync, unlinkSync, watch, writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { platform } from "node:process";
import { isLoadingSilent, loadKernelLocks } from "./node-locks.ts";
import { VolumeError } from "./volume.ts";
import type { FileStatus, OpenMode, StorageFile, Volume } from "./volume.ts";

/** Rights of a new file: its owner's alone. A database is nobody else's business until its owner says so. */
const NEW_FILE_RIGHTS = 0o600;
const NEW_DIRECTORY_RIGHTS = 0o700;

/** Absent on Windows, where a link needs rights that a program seldom has. A pipe must not keep anybody waiting. */
const SIDE_FLAGS = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const OPEN_FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: SIDE_FLAGS | constants.O_CREAT,
  peer: SIDE_FLAGS,
  exclusive: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

/** The file system that the process sees. Holds no state: any number of them are the same volume. */
export class NodeVolume implements Volume {
  readonly #sleepCell = new Int32Array(new SharedArrayBuffer(4));

  constructor() {
    // Early: loading takes a descriptor, which the process may not have later.
    if (isLoadingSilent) loadKernelLocks();
  }

  get hasKernelLocks(): boolean {
    return "locks" in loadKernelLocks();
  }

  canonicalPath(path: string): string {
    const absolute = resolve(path);
    const folder = dirname(absolute);
    return realPath(absolute) ?? join(realPath(folder) ?? folder, basename(absolute));
  }

  open(path: string, mode: OpenMode): StorageFile {
    const descriptor = call(`open ${path}`, () => openSync(path, OPEN_FLAGS[mode], NEW_FILE_RIGHTS));
    const file = new NodeFile(path, descriptor);
    if (mode === "create" || mode === "peer") requireOnesOwn(file, path, descriptor);
    return file;
  }

  stat(path: string): FileStatus | undefined {
    const status = call(`stat ${path}`, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
    if (status === undefined) return undefined;
    const notAFile = status.isFile() ? undefined : status.isDirectory() ? "folder" : "special file";
    return { sizeBytes: Number(status.size), identity: `${status.dev}:${status.ino}`, linkCount: Number(status.nlink), notAFile };
  }

  isMounted(path: string): boolean {
    if (platform !== "linux") return false;
    try {
      return mountPoints(readFileSync("/proc/self/mountinfo", "latin1")).has(Buffer.from(path).toString("latin1"));
    } catch {
      // No such list (a sandbox): then nothing is known.
      return false;
    }
  }

  remove(path: string): void {
    ignoring("ENOENT", () => call(`remove ${path}`, () => unlinkSync(path)));
  }

  rename(from: string, to: string): void {
    call(`rename ${from} to ${to}`, () => renameSync(from, to));
  }

  placeNew(from: string, to: string): void {
    try {
      call(`place ${from} as ${to}`, () => linkSync(from, to));
    } catch (error) {
      if (!hasNoLinks(error)) throw error;
      // No hard links here (FAT, some network file systems): claim the name with an empty file, which counts as a
      // missing database, then replace one's own claim.
      call(`place ${from} as ${to}`, () => closeSync(openSync(to, OPEN_FLAGS.exclusive, NEW_FILE_RIGHTS)));
      this.rename(from, to);
      return;
    }
    this.remove(from);
  }

  list(directory: string): string[] {
    return ignoring("ENOENT", () => call(`list ${directory}`, () => readdirSync(directory))) ?? [];
  }

  makeDirectory(path: string): void {
    try {
      call(`make directory ${path}`, () => mkdirSync(path, NEW_DIRECTORY_RIGHTS));
    } catch (error) {
      // A link to a folder is not the folder that was asked for: whoever made it chose where files come and go.
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    }
  }

  removeDirectory(path: string): void {
    ignoring("ENOENT", () => call(`remove directory ${path}`, () => rmdirSync(path)));
  }

  syncDirectory(directory: string): void {
    // Windows cannot sync a directory; NTFS writes names to its journal in order.
    if (platform === "win32") return;
    call(`sync directory ${directory}`, () => {
      const descriptor = openSync(directory, constants.O_RDONLY);
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  watch(path: string, onChange: () => void): () => void {
    const watcher = call(`watch ${path}`, () => watch(path, { persistent: false }, () => onChange()));
    // A watcher fails when what it watches goes away, which is itself a change worth a look.
    watcher.on("error", () => {
      watcher.close();
      onChange();
    });
    watcher.unref();
    return () => watcher.close();
  }

  sleep(milliseconds: number): void {
    Atomics.wait(this.#sleepCell, 0, 0, milliseconds);
  }

  now(): number {
    return performance.now();
  }

  randomBytes(count: number): Uint8Array {
    return randomFillSync(new Uint8Array(count));
  }
}

class NodeFile implements StorageFile {
  readonly #path: string;
  #descriptor: number;
  #isLocked = false;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  read(offset: number, target: Uint8Array): number {
    return call(`read ${this.#path}`, () => {
      let done = 0;
      while (done < target.length) {
        const count = readSync(this.#descriptor, target, done, target.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(offset: number, source: Uint8Array): void {
    call(`write ${this.#path}`, () => {
      let done = 0;
      while (done < source.length) {
        const count = writeSync(this.#descriptor, source, done, source.length - done, offset + done);
        if (count === 0) throw new VolumeError("EIO", `write ${this.#path}: no progress at ${offset + done}`);
        done += count;
      }
    });
  }

  sync(): void {
    // fdatasync covers the size; on macOS libuv makes it F_FULLFSYNC, which is what reaches the medium there.
    call(`sync ${this.#path}`, () => fdatasyncSync(this.#descriptor));
  }

  sizeBytes(): number {
    return call(`stat ${this.#path}`, () => fstatSync(this.#descriptor).size);
  }

  truncate(sizeBytes: number): void {
    call(`truncate ${this.#path}`, () => ftruncateSync(this.#descriptor, sizeBytes));
  }

  identity(): string {
    const status = call(`stat ${this.#path}`, () => fstatSync(this.#descriptor, { bigint: true }));
    return `${status.dev}:${status.ino}`;
  }

  tryLock(): boolean {
    if (this.#isLocked) return true;
    const loaded = loadKernelLocks();
    if ("reason" in loaded) throw new VolumeError("ENOLCK", `lock ${this.#path}: ${loaded.reason}`);
    this.#isLocked = call(`lock ${this.#path}`, () => loaded.locks.tryLock(this.#descriptor));
    return this.#isLocked;
  }

  unlock(): void {
    if (!this.#isLocked) return;
    this.#isLocked = false;
    const loaded = loadKernelLocks();
    if ("locks" in loaded) call(`unlock ${this.#path}`, () => loaded.locks.unlock(this.#descriptor));
  }

  close(): void {
    if (this.#descriptor < 0) return;
    const descriptor = this.#descriptor;
    // The number is given away again at once: a late call must fail with EBADF, not reach another file.
    this.#descriptor = -1;
    this.#isLocked = false;
    call(`close ${this.#path}`, () => closeSync(descriptor));
  }
}

/** Runs a call of the system; its error comes out as a {@link VolumeError} with the same code. */
function call<Result>(what: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof VolumeError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    // Node checks a descriptor of -1 itself, before the system can say EBADF.
    const known = code === "ERR_OUT_OF_RANGE" ? "EBADF" : (code ?? "EIO");
    throw new VolumeError(known, `${what}: ${message}`, { cause: error });
  }
}

function ignoring<Result>(code: string, action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof VolumeError && error.code === code) return undefined;
    throw error;
  }
}

function hasNoLinks(error: unknown): boolean {
  return error instanceof VolumeError && ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(error.code);
}

/** The fifth word of each line, where blanks and backslashes stand as octal numbers. */
function mountPoints(list: string): Set<string> {
  const paths = list.split("\n").map((line) => line.split(" ")[4] ?? "");
  return new Set(paths.map((path) => path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))));
}

/** Undefined for a path that leads nowhere. */
function realPath(path: string): string | undefined {
  return ignoring("ENOENT", () => call(`resolve ${path}`, () => realpathSync(path)));
}

/** Refuses what somebody else may have put under a side file's name. */
function requireOnesOwn(file: StorageFile, path: string, descriptor: number): void {
  const status = call(`stat ${path}`, () => fstatSync(descriptor));
  if (status.isFile() && status.nlink <= 1) return;
  file.close();
  throw status.isFile() ? new VolumeError("EMLINK", `open ${path}: the file has ${status.nlink} names`) : new VolumeError("EINVAL", `open ${path}: not a regular file`);
}
