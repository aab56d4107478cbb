/**
 * A volume in memory: one directory tree that any number of stores may share as if they were processes.
 *
 * Locks are per open file. A tree can be forked: files are shared page by page until one side writes, so that thousands
 * of copies of a database are cheap (memory-content.ts). Needs no Node.
 *
 * @module
 */
import { MemoryContent } from "./memory-content.ts";
import { normalizePath, parentOf } from "./memory-path.ts";
import { VolumeError } from "./volume.ts";
import type { FileStatus, OpenMode, StorageFile, Volume } from "./volume.ts";

/** A file without its names. */
interface Inode {
  readonly identity: string;
  readonly content: MemoryContent;
  linkCount: number;
  lockedBy: object | undefined;
}

interface Watcher {
  readonly path: string;
  readonly onChange: () => void;
  isPending: boolean;
  isEnded: boolean;
}

/** Where a volume's time comes from. */
export interface MemoryVolumeOptions {
  /** Milliseconds; `sleep` adds to it, since nobody else can run meanwhile. Default: the real clock. */
  readonly clock?: () => number;
  /** As `Volume.newLogBytes`. */
  readonly newLogBytes?: number | undefined;
}

/** What a volume holds. Paths are absolute. */
export interface MemoryTree {
  readonly directories: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, { readonly identity: string; readonly content: MemoryContent }>;
}

let nextIdentity = 1;

/** Files in memory. The directory `/` is there from the start; a relative path starts at it. */
export class MemoryVolume implements Volume {
  readonly hasKernelLocks = true;
  readonly newLogBytes: number | undefined;
  readonly #clock: () => number;
  readonly #files = new Map<string, Inode>();
  readonly #directories = new Set<string>(["/"]);
  readonly #watchers = new Set<Watcher>();
  #sleptMs = 0;

  constructor(options: MemoryVolumeOptions = {}) {
    this.#clock = options.clock ?? (() => performance.now());
    this.newLogBytes = options.newLogBytes;
  }

  /** A volume with these directories and files. The contents become the volume's own; one identity is one file. */
  static fromTree(tree: MemoryTree, options: MemoryVolumeOptions = {}): MemoryVolume {
    const volume = new MemoryVolume(options);
    for (const directory of tree.directories) volume.#directories.add(normalizePath(directory));
    const inodes = new Map<string, Inode>();
    for (const [path, { identity, content }] of tree.files) {
      const inode = inodes.get(identity) ?? { identity, content, linkCount: 0, lockedBy: undefined };
      inode.linkCount += 1;
      inodes.set(identity, inode);
      volume.#files.set(normalizePath(path), inode);
    }
    return volume;
  }

  /** The directories and files as they are, contents forked; the other end of `fromTree`. */
  toTree(): MemoryTree {
    const copies = new Map<string, MemoryContent>();
    const files = new Map<string, { identity: string; content: MemoryContent }>();
    for (const [path, { identity, content }] of this.#files) {
      const copy = copies.get(identity) ?? content.fork();
      copies.set(identity, copy);
      files.set(path, { identity, content: copy });
    }
    return { directories: new Set(this.#directories), files };
  }

  /** A copy of the tree: same names, contents and identities; no locks, watchers or open files. */
  fork(): MemoryVolume {
    return MemoryVolume.fromTree(this.toTree(), { clock: this.#clock, newLogBytes: this.newLogBytes });
  }

  /** Every file's path, in order. */
  paths(): string[] {
    return [...this.#files.keys()].toSorted();
  }

  /** The whole of a file, the caller's own. @throws {VolumeError} `ENOENT`. */
  readFile(path: string): Uint8Array {
    const { content } = this.#inode(path);
    const bytes = new Uint8Array(content.sizeBytes);
    content.read(0, bytes);
    return bytes;
  }

  /** Puts a whole file in place of what the path has, in the same inode if there is one. */
  writeFile(path: string, bytes: Uint8Array): void {
    const file = this.open(path, this.#files.has(normalizePath(path)) ? "write" : "create");
    file.truncate(0);
    file.write(0, bytes);
    file.close();
  }

  /** Gives a file a second name. @throws {VolumeError} `EEXIST`, `ENOENT`. */
  link(from: string, to: string): void {
    const inode = this.#inode(from);
    const target = this.#normalizeNew(to);
    if (this.#files.has(target) || this.#directories.has(target)) throw new VolumeError("EEXIST", `link ${from} as ${to}`);
    this.#files.set(target, inode);
    inode.linkCount += 1;
    this.#announceName(target);
  }

  canonicalPath(path: string): string {
    return normalizePath(path);
  }

  open(path: string, mode: OpenMode): StorageFile {
    const place = this.#normalizeNew(path);
    if (this.#directories.has(place)) throw new VolumeError("EISDIR", `open ${path}`);
    const found = this.#files.get(place);
    if (found !== undefined && mode === "exclusive") throw new VolumeError("EEXIST", `open ${path}`);
    if (found === undefined && mode !== "create" && mode !== "exclusive") throw new VolumeError("ENOENT", `open ${path}`);
    if (found !== undefined && found.linkCount > 1 && (mode === "create" || mode === "peer")) throw new VolumeError("EMLINK", `open ${path}`);
    const inode = found ?? this.#create(place);
    return new MemoryFile(inode, { path: place, isWritable: mode !== "read", onChange: () => this.#announceInode(inode) });
  }

  stat(path: string): FileStatus | undefined {
    const place = normalizePath(path);
    const inode = this.#files.get(place);
    if (inode === undefined) return this.#directories.has(place) ? { sizeBytes: 0, identity: `memory:${place}`, linkCount: 1, notAFile: "folder" } : undefined;
    return { sizeBytes: inode.content.sizeBytes, identity: inode.identity, linkCount: inode.linkCount };
  }

  remove(path: string): void {
    const place = normalizePath(path);
    const inode = this.#files.get(place);
    if (inode === undefined) return;
    this.#files.delete(place);
    inode.linkCount -= 1;
    this.#announceName(place);
  }

  rename(from: string, to: string): void {
    const inode = this.#inode(from);
    const source = normalizePath(from);
    const target = this.#normalizeNew(to);
    if (this.#directories.has(target)) throw new VolumeError("EISDIR", `rename ${from} to ${to}`);
    const replaced = this.#files.get(target);
    if (replaced === inode) return;
    if (replaced !== undefined) replaced.linkCount -= 1;
    this.#files.delete(source);
    this.#files.set(target, inode);
    this.#announceName(source);
    this.#announceName(target);
  }

  placeNew(from: string, to: string): void {
    this.link(from, to);
    this.remove(from);
  }

  list(directory: string): string[] {
    const place = normalizePath(directory);
    return [...this.#files.keys(), ...this.#directories]
      .filter((path) => path !== place && parentOf(path) === place)
      .map((path) => path.slice(path.lastIndexOf("/") + 1));
  }

  makeDirectory(path: string): void {
    const place = this.#normalizeNew(path);
    if (this.#files.has(place)) throw new VolumeError("EEXIST", `make directory ${path}`);
    if (this.#directories.has(place)) return;
    this.#directories.add(place);
    this.#announceName(place);
  }

  removeDirectory(path: string): void {
    const place = normalizePath(path);
    if (this.#files.has(place)) throw new VolumeError("ENOTDIR", `remove directory ${path}`);
    if (this.list(place).length > 0) throw new VolumeError("ENOTEMPTY", `remove directory ${path}`);
    if (this.#directories.delete(place)) this.#announceName(place);
  }

  syncDirectory(directory: string): void {
    if (!this.#directories.has(normalizePath(directory))) throw new VolumeError("ENOENT", `sync directory ${directory}`);
  }

  watch(path: string, onChange: () => void): () => void {
    const place = normalizePath(path);
    if (!this.#files.has(place) && !this.#directories.has(place)) throw new VolumeError("ENOENT", `watch ${path}`);
    const watcher: Watcher = { path: place, onChange, isPending: false, isEnded: false };
    this.#watchers.add(watcher);
    return () => {
      watcher.isEnded = true;
      this.#watchers.delete(watcher);
    };
  }

  sleep(milliseconds: number): void {
    this.#sleptMs += milliseconds;
  }

  now(): number {
    return this.#clock() + this.#sleptMs;
  }

  randomBytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    // The platform gives at most 65,536 bytes in one call.
    for (let offset = 0; offset < count; offset += 65_536) crypto.getRandomValues(bytes.subarray(offset, offset + 65_536));
    return bytes;
  }

  #create(place: string): Inode {
    const inode: Inode = { identity: `memory:${nextIdentity}`, content: new MemoryContent(), linkCount: 1, lockedBy: undefined };
    nextIdentity += 1;
    this.#files.set(place, inode);
    this.#announceName(place);
    return inode;
  }

  #inode(path: string): Inode {
    const inode = this.#files.get(normalizePath(path));
    if (inode === undefined) throw new VolumeError("ENOENT", `open ${path}`);
    return inode;
  }

  #normalizeNew(path: string): string {
    const place = normalizePath(path);
    if (!this.#directories.has(parentOf(place))) throw new VolumeError("ENOENT", `no directory for ${path}`);
    return place;
  }

  #announceName(place: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.path === place || watcher.path === parentOf(place)) announce(watcher);
    }
  }

  #announceInode(inode: Inode): void {
    for (const watcher of this.#watchers) {
      if (this.#files.get(watcher.path) === inode) announce(watcher);
      else if (this.#directories.has(watcher.path) && this.#isIn(inode, watcher.path)) announce(watcher);
    }
  }

  #isIn(inode: Inode, directory: string): boolean {
    for (const [path, found] of this.#files) if (found === inode && parentOf(path) === directory) return true;
    return false;
  }
}

class MemoryFile implements StorageFile {
  readonly #inode: Inode;
  readonly #path: string;
  readonly #isWritable: boolean;
  readonly #onChange: () => void;
  #isClosed = false;

  constructor(inode: Inode, options: { path: string; isWritable: boolean; onChange: () => void }) {
    this.#inode = inode;
    this.#path = options.path;
    this.#isWritable = options.isWritable;
    this.#onChange = options.onChange;
  }

  read(offset: number, target: Uint8Array): number {
    this.#assertOpen();
    return this.#inode.content.read(offset, target);
  }

  write(offset: number, source: Uint8Array): void {
    this.#assertWritable();
    if (source.length === 0) return;
    this.#inode.content.write(offset, source);
    this.#onChange();
  }

  sync(): void {
    this.#assertOpen();
  }

  sizeBytes(): number {
    this.#assertOpen();
    return this.#inode.content.sizeBytes;
  }

  truncate(sizeBytes: number): void {
    this.#assertWritable();
    this.#inode.content.truncate(sizeBytes);
    this.#onChange();
  }

  identity(): string {
    this.#assertOpen();
    return this.#inode.identity;
  }

  tryLock(): boolean {
    this.#assertWritable();
    this.#inode.lockedBy ??= this;
    return this.#inode.lockedBy === this;
  }

  unlock(): void {
    if (this.#inode.lockedBy === this) this.#inode.lockedBy = undefined;
  }

  close(): void {
    this.unlock();
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new VolumeError("EBADF", `${this.#path} is closed`);
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (!this.#isWritable) throw new VolumeError("EBADF", `${this.#path} is open for reading only`);
  }
}

/** Calls a watcher once for all changes of this turn. A microtask keeps no process alive. */
function announce(watcher: Watcher): void {
  if (watcher.isPending) return;
  watcher.isPending = true;
  queueMicrotask(() => {
    watcher.isPending = false;
    if (!watcher.isEnded) watcher.onChange();
  });
}
