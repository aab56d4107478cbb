/**
 * The volume over `expo-file-system`: the whole seam for one process, and plain words for what the module cannot do.
 *
 * It has positioned reads and writes. It has no sync (`durability`), no locks between processes (`hasKernelLocks`; handles of
 * this process lock each other), no truncation (expo-open-file.ts), no links and no identities (known-files.ts), and no rename that replaces:
 * on both systems its `overwrite` deletes first. `rename` therefore goes through a third name that a later start finds.
 *
 * @module
 */
import { VolumeError } from "@holdfast/storage-engine";
import type { FileStatus, OpenMode, StorageFile, Volume } from "@holdfast/storage-engine";
import { ExpoOpenFile } from "./expo-open-file.ts";
import type { ExpoDirectory, ExpoFile, ExpoFileSystem } from "./file-system.ts";
import { knownFilesOf } from "./known-files.ts";
import type { KnownFiles } from "./known-files.ts";
import { call, callWithRoom } from "./native-errors.ts";
import { canonicalPath, nameOf, parentOf, pathOf, uriOf } from "./paths.ts";

/** A complete file that is about to stand under the name before this ending. */
const REPLACING = ".replacing";

/** Any number over one file module are the same volume. */
export class ExpoVolume implements Volume {
  readonly hasKernelLocks = false;
  readonly durability = "process-death";
  readonly #fileSystem: ExpoFileSystem;
  readonly #known: KnownFiles;
  readonly #base: string;
  readonly #randomBytes: (count: number) => Uint8Array;
  #sleptMs = 0;

  constructor(fileSystem: ExpoFileSystem, randomBytes: (count: number) => Uint8Array) {
    this.#fileSystem = fileSystem;
    this.#known = knownFilesOf(fileSystem.File);
    this.#base = canonicalPath(pathOf(fileSystem.Paths.document.uri), "/");
    this.#randomBytes = randomBytes;
  }

  canonicalPath(path: string): string {
    return canonicalPath(path, this.#base);
  }

  open(path: string, mode: OpenMode): StorageFile {
    const place = this.#settle(path);
    const file = this.#file(place);
    const isThere = call(`open ${place}`, () => file.exists);
    if (isThere ? mode === "exclusive" : this.#hasFolder(place)) throw new VolumeError(isThere || mode === "exclusive" ? "EEXIST" : "EISDIR", `open ${place}`);
    if (!isThere) this.#create(place, mode);
    const handle = call(`open ${place}`, () => file.open(mode === "read" ? "r" : "rw"));
    return new ExpoOpenFile({
      fileSystem: this.#fileSystem,
      handle,
      known: this.#known.at(place),
      path: place,
      isWritable: mode !== "read",
      empty: () => call(`empty ${place}`, () => this.#file(place).open("wt").close()),
      onChange: () => this.#known.announce(place),
    });
  }

  stat(path: string): FileStatus | undefined {
    const place = this.#settle(path);
    const file = this.#file(place);
    return call(`stat ${place}`, () => {
      if (file.exists) {
        const { identity, endsAt } = this.#known.at(place);
        // The module knows of no further names.
        return { sizeBytes: endsAt ?? file.size ?? 0, identity, linkCount: 1 };
      }
      this.#known.forget(place);
      return this.#folder(place).exists ? { sizeBytes: 0, identity: `folder:${place}`, linkCount: 1 } : undefined;
    });
  }

  remove(path: string): void {
    const place = this.#settle(path);
    const file = this.#file(place);
    call(`remove ${place}`, () => {
      if (file.exists) file.delete();
    });
    this.#known.forget(place);
    this.#known.announce(place);
  }

  rename(from: string, to: string): void {
    const source = this.#settle(from);
    const target = this.#settle(to);
    if (source === target) return;
    if (!call(`rename ${target}`, () => this.#file(target).exists)) return this.placeNew(source, target);
    const between = target + REPLACING;
    // 1. A crash from here on leaves the old file, and the new one under a name that says what it is for.
    this.#move(source, between);
    this.#known.settled.delete(target);
    try {
      // 2. A crash between these two leaves the new one alone: `#settle` ends what was begun, before anything sees that the name is free.
      call(`replace ${target}`, () => this.#file(target).delete());
      this.#known.forget(target);
      this.#move(between, target);
    } finally {
      this.#known.announce(target);
    }
  }

  /** The look and the move are two calls: between processes a file could come between them. */
  placeNew(from: string, to: string): void {
    const source = this.#settle(from);
    const target = this.#settle(to);
    if (this.stat(target) !== undefined) throw new VolumeError("EEXIST", `place ${source} as ${target}`);
    this.#move(source, target);
  }

  list(directory: string): string[] {
    const place = this.canonicalPath(directory);
    return call(`list ${place}`, () => {
      const folder = this.#folder(place);
      return folder.exists ? folder.list().map(({ uri }) => nameOf(uri)) : [];
    });
  }

  makeDirectory(path: string): void {
    const place = this.canonicalPath(path);
    if (this.#hasFolder(place)) return;
    if (call(`make directory ${place}`, () => this.#file(place).exists)) throw new VolumeError("EEXIST", `make directory ${place}`);
    if (!this.#hasFolder(parentOf(place))) throw new VolumeError("ENOENT", `make directory ${place}`);
    call(`make directory ${place}`, () => this.#folder(place).create());
    this.#known.announce(place);
  }

  removeDirectory(path: string): void {
    const place = this.canonicalPath(path);
    if (!this.#hasFolder(place)) {
      if (call(`remove directory ${place}`, () => this.#file(place).exists)) throw new VolumeError("ENOTDIR", `remove directory ${place}`);
      return;
    }
    // The module would take the content along.
    if (this.list(place).length > 0) throw new VolumeError("ENOTEMPTY", `remove directory ${place}`);
    call(`remove directory ${place}`, () => this.#folder(place).delete());
    this.#known.announce(place);
  }

  /** Only says whether there is such a folder: see `durability`. */
  syncDirectory(directory: string): void {
    const place = this.canonicalPath(directory);
    if (!this.#hasFolder(place)) throw new VolumeError("ENOENT", `sync directory ${place}`);
  }

  /** Hears what this process does. */
  watch(path: string, onChange: () => void): () => void {
    const place = this.#settle(path);
    if (this.stat(place) === undefined) throw new VolumeError("ENOENT", `watch ${place}`);
    return this.#known.watch(place, onChange);
  }

  /** Only moves the clock: whoever has the lock is on this very thread, and can do nothing while it waits. */
  sleep(milliseconds: number): void {
    this.#sleptMs += milliseconds;
  }

  now(): number {
    return performance.now() + this.#sleptMs;
  }

  randomBytes(count: number): Uint8Array {
    return this.#randomBytes(count);
  }

  /** Makes the folder of a path, and those above it: the module may not look at folders outside of the application's. */
  makeParentFolder(path: string): void {
    const folder = parentOf(this.canonicalPath(path));
    if (!this.#hasFolder(folder)) call(`make directory ${folder}`, () => this.#folder(folder).create({ intermediates: true, idempotent: true }));
  }

  /** True if there is a folder for the file. */
  hasParentFolder(path: string): boolean {
    return this.#hasFolder(parentOf(this.canonicalPath(path)));
  }

  /**
   * The canonical path, after a replacement that a crash cut short was ended: the old file stands if it is still there, else the new one.
   * Looked for once in a process, before anything else is asked of the name.
   */
  #settle(path: string): string {
    const place = this.canonicalPath(path);
    if (this.#known.settled.has(place) || place.endsWith(REPLACING)) return place;
    const between = this.#file(place + REPLACING);
    call(`settle ${place}`, () => {
      if (!between.exists) return;
      const target = this.#file(place);
      if (target.exists) between.delete();
      else between.moveSync(target);
    });
    this.#known.settled.add(place);
    return place;
  }

  #create(place: string, mode: OpenMode): void {
    const isAsked = mode === "create" || mode === "exclusive";
    if (!isAsked || !this.#hasFolder(parentOf(place))) throw new VolumeError("ENOENT", `open ${place}`);
    // Nothing is there: iOS would delete it first, a folder with all that is in it.
    const file = this.#file(place);
    this.#known.forget(place);
    callWithRoom(this.#fileSystem, 0, `create ${place}`, () => {
      file.create();
      // iOS does not say that it failed.
      if (!file.exists) throw new VolumeError("EIO", `create ${place}`);
    });
    this.#known.announce(place);
  }

  /** Nothing is at `to`. */
  #move(from: string, to: string): void {
    const source = this.#file(from);
    if (!call(`move ${from}`, () => source.exists)) throw new VolumeError("ENOENT", `move ${from} to ${to}`);
    call(`move ${from} to ${to}`, () => source.moveSync(this.#file(to)));
    this.#known.move(from, to);
    this.#known.announce(from);
    this.#known.announce(to);
  }

  #hasFolder(place: string): boolean {
    return call(`look for ${place}`, () => this.#folder(place).exists);
  }

  #file(place: string): ExpoFile {
    return new this.#fileSystem.File(uriOf(place));
  }

  #folder(place: string): ExpoDirectory {
    return new this.#fileSystem.Directory(uriOf(place));
  }
}
