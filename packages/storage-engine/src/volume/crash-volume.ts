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
   * What happens: an error with this code; `kill`, the process dies before the call; or `short`: a read that gives half
   * of what it should (as from a file that another program cut), a write that ends with `EIO` when half of it is done.
   * Default `EIO`.
   */
  readonly outcome?: "EIO" | "ENOSPC" | "EACCES" | "kill" | "short";
}

/** A call that a process is about to make; `status` asks without changing anything, `lock` tries to take one. */
export interface VolumeCall {
  readonly operation: FaultOperation | "status" | "lock" | "sleep";
  readonly path: string;
}

interface ArmedFault {
  readonly fault: Fault;
  seen: number;
}

/** A process's view of the disk. Any number may share one disk; locks hold between them. */
export class CrashVolume implements Volume {
  readonly hasKernelLocks = true;
  readonly disk: CrashDisk;
  /**
   * Called before each call of this process. It may let other processes do something, or end this one. If it returns
   * `split` before a write, the write is done in two parts and it is called again between them.
   */
  beforeCall: ((call: VolumeCall) => "split" | undefined) | undefined;
  /** The failures that have come true. */
  readonly faultsDone: { readonly operation: FaultOperation; readonly path: string; readonly outcome: string }[] = [];
  readonly #faults: ArmedFault[] = [];
  readonly #openFiles = new Set<StorageFile>();
  readonly #watches = new Set<() => void>();
  #isKilled = false;
  #isFrozen = false;

  constructor(disk: CrashDisk) {
    this.disk = disk;
  }

  get newLogBytes(): number | undefined {
    return this.disk.live.newLogBytes;
  }

  /** True after `freeze`, until the process dies. */
  get isFrozen(): boolean {
    return this.#isFrozen && !this.#isKilled;
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

  /**
   * The process stops where it is, for as long as the others look: its files stay open and its locks taken until `kill`.
   * Its every further call throws `EFROZEN`, so that the frames above it end; none of them reaches the disk.
   */
  freeze(): void {
    this.#isFrozen = true;
  }

  canonicalPath(path: string): string {
    return normalizePath(path);
  }

  open(path: string, mode: OpenMode): StorageFile {
    this.enter("open", path);
    const isNew = (mode === "create" || mode === "exclusive") && this.disk.live.stat(path) === undefined;
    if (isNew) this.enter("name", path);
    const inner = this.disk.live.open(path, mode);
    if (isNew) this.#recordName({ kind: "add", path: normalizePath(path), identity: inner.identity() });
    const file: StorageFile = new CrashFile(this, { inner, path, onClose: () => this.#openFiles.delete(inner) });
    this.#openFiles.add(inner);
    return file;
  }

  stat(path: string): FileStatus | undefined {
    this.pass({ operation: "status", path });
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
    this.pass({ operation: "status", path: directory });
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
    this.pass({ operation: "status", path });
    const end = this.disk.live.watch(path, onChange);
    this.#watches.add(end);
    return () => {
      this.#watches.delete(end);
      end();
    };
  }

  sleep(milliseconds: number): void {
    this.disk.live.sleep(milliseconds);
    this.pass({ operation: "sleep", path: "" });
  }

  now(): number {
    return this.disk.live.now();
  }

  /** The same bytes in each run: simulated files only. */
  randomBytes(count: number): Uint8Array {
    return this.disk.random.bytes(count);
  }

  /** Every call that can fail passes here first: it throws if the process is dead or a fault is due. */
  enter(operation: FaultOperation, path: string): "short" | "split" | undefined {
    const isSplit = this.pass({ operation, path });
    if (this.#faults.length === 0) return isSplit;
    const due = this.#faults.filter((armed) => isDue(armed, operation, path))[0];
    if (due === undefined) return isSplit;
    const outcome = due.fault.outcome ?? "EIO";
    this.faultsDone.push({ operation, path, outcome });
    if (outcome === "short") return "short";
    if (outcome === "kill") {
      this.kill();
      this.#assertAlive();
    }
    throw new VolumeError(outcome, `injected into ${operation} ${path}`);
  }

  /** Every call passes here: others may have their turn before it. */
  pass(call: VolumeCall): "split" | undefined {
    this.#assertAlive();
    const answer = this.beforeCall?.(call);
    this.#assertAlive();
    return answer;
  }

  #assertAlive(): void {
    if (this.#isKilled) throw new VolumeError("EKILLED", "the simulated process is dead");
    if (this.#isFrozen) throw new VolumeError("EFROZEN", "the simulated process has been stopped");
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
    const isShort = this.#volume.enter("read", this.#path) === "short";
    return this.#inner.read(offset, isShort ? target.subarray(0, Math.floor(target.length / 2)) : target);
  }

  write(offset: number, source: Uint8Array): void {
    const way = this.#volume.enter("write", this.#path);
    if (source.length === 0) return;
    const half = way === undefined ? 0 : Math.floor(source.length / 2);
    if (half > 0) this.#writePart(offset, source.subarray(0, half));
    if (way === "short") throw new VolumeError("EIO", `write ${this.#path}: only a part was written`);
    if (half > 0) this.#volume.pass({ operation: "write", path: this.#path });
    this.#writePart(offset + half, source.subarray(half));
  }

  #writePart(offset: number, source: Uint8Array): void {
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
      if (!this.#volume.isKilled && !this.#volume.isFrozen) this.#record({ kind: "sync", identity, isFailed: true });
      throw error;
    }
    this.#inner.sync();
    this.#record({ kind: "sync", identity, isFailed: false });
  }

  sizeBytes(): number {
    this.#volume.pass({ operation: "status", path: this.#path });
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
    this.#volume.pass({ operation: "status", path: this.#path });
    return this.#inner.identity();
  }

  tryLock(): boolean {
    this.#volume.pass({ operation: "lock", path: this.#path });
    return this.#inner.tryLock();
  }

  unlock(): void {
    if (!this.#volume.isFrozen) this.#inner.unlock();
  }

  close(): void {
    if (this.#volume.isFrozen) return;
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
