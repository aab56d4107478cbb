/**
 * One simulated process on a {@link CrashDisk}: a volume that can be told to fail, to run full and to die.
 *
 * @module
 */
import type { CrashDisk } from "./crash-disk.ts";
import { normalizePath } from "./memory-path.ts";
import { VolumeError } from "./volume.ts";
import type { FileStatus, OpenMode, StorageFile, Volume } from "./volume.ts";

/** The calls that can fail; `name` stands for all that change a directory. */
export type FaultOperation = "open" | "read" | "write" | "truncate" | "sync" | "name" | "syncDirectory";

/** A failure to come. */
export interface Fault {
  readonly operation: FaultOperation;
  /** How many calls of that kind succeed first. Default 0. */
  readonly after?: number;
  /** How many calls fail then. Default 1. */
  readonly times?: number;
  /** Only calls on paths that end like this count. */
  readonly pathEnd?: string;
  /**
   * What happens: an error with this code; `kill`, the process dies before the call; or `short`, a read that gives half
   * of what it should (as from a file that another program cut). Default `EIO`.
   */
  readonly outcome?: "EIO" | "ENOSPC" | "EACCES" | "kill" | "short";
}

interface ArmedFault {
  readonly fault: Fault;
  seen: number;
}

/** A process's view of the disk. Any number may share one disk; locks hold between them. */
export class CrashVolume implements Volume {
  readonly hasKernelLocks = true;
  readonly disk: CrashDisk;
  readonly #faults: ArmedFault[] = [];
  readonly #openFiles = new Set<StorageFile>();
  readonly #watches = new Set<() => void>();
  #isKilled = false;

  constructor(disk: CrashDisk) {
    this.disk = disk;
  }

  /** True after `kill`. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Arms a failure. Several may be armed; each counts for itself. */
  inject(fault: Fault): void {
    this.#faults.push({ fault, seen: 0 });
  }

  /** Disarms all failures. */
  clearFaults(): void {
    this.#faults.length = 0;
  }

  /** The process dies: its locks are free, its watches silent, and its every further call throws `EKILLED`. */
  kill(): void {
    this.#isKilled = true;
    for (const file of this.#openFiles) file.close();
    for (const end of this.#watches) end();
    this.#openFiles.clear();
    this.#watches.clear();
  }

  open(path: string, mode: OpenMode): StorageFile {
    this.enter("open", path);
    const isNew = mode !== "read" && mode !== "write" && this.disk.live.stat(path) === undefined;
    if (isNew) this.enter("name", path);
    const inner = this.disk.live.open(path, mode);
    if (isNew) this.#recordName({ kind: "add", path: normalizePath(path), identity: inner.identity() });
    const file: StorageFile = new CrashFile(this, { inner, path, onClose: () => this.#openFiles.delete(inner) });
    this.#openFiles.add(inner);
    return file;
  }

  stat(path: string): FileStatus | undefined {
    this.#assertAlive();
    return this.disk.live.stat(path);
  }

  remove(path: string): void {
    this.enter("name", path);
    if (this.disk.live.stat(path) === undefined) return;
    this.disk.live.remove(path);
    this.#recordName({ kind: "remove", path: normalizePath(path) });
  }

  rename(from: string, to: string): void {
    this.enter("name", from);
    this.disk.live.rename(from, to);
    this.#recordName({ kind: "rename", path: normalizePath(from), to: normalizePath(to) });
  }

  placeNew(from: string, to: string): void {
    this.enter("name", to);
    this.disk.live.link(from, to);
    const identity = this.disk.live.stat(to)?.identity ?? "";
    this.#recordName({ kind: "add", path: normalizePath(to), identity });
    this.remove(from);
  }

  list(directory: string): string[] {
    this.#assertAlive();
    return this.disk.live.list(directory);
  }

  makeDirectory(path: string): void {
    this.enter("name", path);
    this.disk.live.makeDirectory(path);
    this.#recordName({ kind: "makeDirectory", path: normalizePath(path) });
  }

  removeDirectory(path: string): void {
    this.enter("name", path);
    this.disk.live.removeDirectory(path);
    this.#recordName({ kind: "removeDirectory", path: normalizePath(path) });
  }

  syncDirectory(directory: string): void {
    this.enter("syncDirectory", directory);
    this.disk.live.syncDirectory(directory);
    this.disk.record({ kind: "syncDirectory", directory: normalizePath(directory) });
  }

  watch(path: string, onChange: () => void): () => void {
    this.#assertAlive();
    const end = this.disk.live.watch(path, onChange);
    this.#watches.add(end);
    return () => {
      this.#watches.delete(end);
      end();
    };
  }

  sleep(milliseconds: number): void {
    this.#assertAlive();
    this.disk.live.sleep(milliseconds);
  }

  now(): number {
    return this.disk.live.now();
  }

  /** The same bytes in each run: simulated files only. */
  randomBytes(count: number): Uint8Array {
    return this.disk.random.bytes(count);
  }

  /** Every call passes here first: it throws if the process is dead or a fault is due. @returns True for a short read. */
  enter(operation: FaultOperation, path: string): boolean {
    this.#assertAlive();
    const due = this.#faults.filter((armed) => isDue(armed, operation, path))[0];
    if (due === undefined) return false;
    const outcome = due.fault.outcome ?? "EIO";
    if (outcome === "short") return true;
    if (outcome === "kill") {
      this.kill();
      this.#assertAlive();
    }
    throw new VolumeError(outcome, `injected into ${operation} ${path}`);
  }

  #assertAlive(): void {
    if (this.#isKilled) throw new VolumeError("EKILLED", "the simulated process is dead");
  }

  #recordName(change: Extract<Parameters<CrashDisk["record"]>[0], { kind: "name" }>["change"]): void {
    this.disk.record({ kind: "name", change });
  }
}

class CrashFile implements StorageFile {
  readonly #volume: CrashVolume;
  readonly #inner: StorageFile;
  readonly #path: string;
  readonly #onClose: () => void;

  constructor(volume: CrashVolume, options: { inner: StorageFile; path: string; onClose: () => void }) {
    this.#volume = volume;
    this.#inner = options.inner;
    this.#path = options.path;
    this.#onClose = options.onClose;
  }

  read(offset: number, target: Uint8Array): number {
    const isShort = this.#volume.enter("read", this.#path);
    return this.#inner.read(offset, isShort ? target.subarray(0, Math.floor(target.length / 2)) : target);
  }

  write(offset: number, source: Uint8Array): void {
    this.#volume.enter("write", this.#path);
    if (source.length === 0) return;
    // As the system does on a full disk: the part that fits is written, then comes the error.
    const fits = source.subarray(0, this.#roomFor(offset, source.length));
    this.#inner.write(offset, fits);
    if (fits.length > 0) this.#record({ kind: "write", identity: this.#inner.identity(), offset, bytes: fits.slice() });
    if (fits.length < source.length) throw new VolumeError("ENOSPC", `write ${this.#path}: the simulated disk is full`);
  }

  sync(): void {
    const identity = this.#inner.identity();
    try {
      this.#volume.enter("sync", this.#path);
    } catch (error) {
      if (!this.#volume.isKilled) this.#record({ kind: "sync", identity, isFailed: true });
      throw error;
    }
    this.#inner.sync();
    this.#record({ kind: "sync", identity, isFailed: false });
  }

  sizeBytes(): number {
    return this.#inner.sizeBytes();
  }

  truncate(sizeBytes: number): void {
    this.#volume.enter("truncate", this.#path);
    const grown = sizeBytes - this.#inner.sizeBytes();
    if (grown > 0 && this.#volume.disk.usedBytes() + grown > this.#volume.disk.capacityBytes) {
      throw new VolumeError("ENOSPC", `truncate ${this.#path}: the simulated disk is full`);
    }
    this.#inner.truncate(sizeBytes);
    this.#record({ kind: "truncate", identity: this.#inner.identity(), sizeBytes });
  }

  identity(): string {
    return this.#inner.identity();
  }

  tryLock(): boolean {
    return this.#inner.tryLock();
  }

  unlock(): void {
    this.#inner.unlock();
  }

  close(): void {
    this.#onClose();
    this.#inner.close();
  }

  #record(event: Parameters<CrashDisk["record"]>[0]): void {
    this.#volume.disk.record(event);
  }

  #roomFor(offset: number, count: number): number {
    const { capacityBytes } = this.#volume.disk;
    if (capacityBytes === Number.POSITIVE_INFINITY) return count;
    const sizeBytes = this.#inner.sizeBytes();
    const free = Math.max(0, capacityBytes - this.#volume.disk.usedBytes());
    return Math.max(0, Math.min(count, sizeBytes + free - offset));
  }
}

/** Counts the call and says whether it is one of those that fail. */
function isDue(armed: ArmedFault, operation: FaultOperation, path: string): boolean {
  const { fault } = armed;
  if (fault.operation !== operation) return false;
  if (fault.pathEnd !== undefined && !path.endsWith(fault.pathEnd)) return false;
  armed.seen += 1;
  const after = fault.after ?? 0;
  return armed.seen > after && armed.seen <= after + (fault.times ?? 1);
}
