/**
 * The volume of a browser's origin private file system, in a dedicated worker.
 *
 * Files are obtained asynchronously (`prepare`) and used synchronously. One worker has a file to itself, so the side files of the
 * engine, by which several processes know of each other, are in memory.
 *
 * @module
 */
import { portableBackend } from "@holdfast/core-cipher";
import { StoreError } from "../errors.ts";
import { normalizePath, parentOf } from "./memory-path.ts";
import { MemoryVolume } from "./memory-volume.ts";
import type { OpfsFolderHandle } from "./opfs-api.ts";
import { asPrepareError, openRoot } from "./opfs-errors.ts";
import { OpfsPair, type BodyIndex, type OpfsBody } from "./opfs-pair.ts";
import { VolumeError } from "./volume.ts";
import type { FileStatus, OpenMode, StorageFile, Volume } from "./volume.ts";

/** A path that is ready: as long as somebody holds it or has a file of it open. */
interface Prepared {
  readonly pair: OpfsPair;
  holderCount: number;
  openCount: number;
}

/** What a name leads to. It outlives its name as long as it is open. */
interface Entry {
  readonly home: Prepared;
  readonly body: BodyIndex;
  readonly identity: string;
  openCount: number;
  isNamed: boolean;
  lockedBy: object | undefined;
}

const TEMPORARY = ".new";
/** Says to the engine that whoever had the file last may have gone without a sync. */
const LEFT_BEHIND = Uint8Array.of(0);

let nextIdentity = 1;

/** Files of the browser's private file system, as far as they are prepared. */
export class OpfsVolume implements Volume {
  /** The browser keeps a file that is open here from every other worker. */
  readonly hasKernelLocks = true;
  readonly newLogBytes: number | undefined;
  readonly #openRoot: () => Promise<OpfsFolderHandle>;
  readonly #prepared = new Map<string, Prepared>();
  readonly #entries = new Map<string, Entry>();
  readonly #side = new MemoryVolume();
  /** The end of what is being opened or closed for a path. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: { readonly openRoot?: () => Promise<OpfsFolderHandle>; readonly newLogBytes?: number | undefined } = {}) {
    this.#openRoot = options.openRoot ?? openRoot;
    this.newLogBytes = options.newLogBytes;
  }

  /**
   * Opens the files of these paths, for synchronous use until what is returned has been called. Several may hold a path.
   *
   * @throws {StoreError} `STORE_LOCKED` if another worker has one, and what {@link openRoot} throws; nothing is held then.
   */
  async prepare(paths: readonly string[]): Promise<() => void> {
    const places = [...new Set(paths.map(normalizePath))];
    const held: string[] = [];
    try {
      for (const path of places) {
        await this.#inTurn(path, () => this.#hold(path));
        held.push(path);
      }
    } catch (error) {
      for (const path of held) this.#giveBack(path);
      throw error;
    }
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      for (const path of places) this.#giveBack(path);
    };
  }

  canonicalPath(path: string): string {
    return normalizePath(path);
  }

  open(path: string, mode: OpenMode): StorageFile {
    const place = normalizePath(path);
    const home = this.#homeOf(place);
    if (home === "memory") return this.#side.open(place, mode);
    const found = this.#entries.get(place);
    if (found !== undefined && mode === "exclusive") throw new VolumeError("EEXIST", `open ${path}`);
    if (found === undefined && mode !== "create" && mode !== "exclusive") throw new VolumeError("ENOENT", `open ${path}`);
    return new OpfsFile(place, found ?? this.#create(place, home), mode !== "read", (entry) => this.#closed(entry));
  }

  stat(path: string): FileStatus | undefined {
    const place = normalizePath(path);
    if (this.#homeOf(place) === "memory") return this.#side.stat(place);
    const entry = this.#entries.get(place);
    return entry === undefined || entry.home.pair.isCleared ? undefined : { sizeBytes: bodyOf(entry).sizeBytes, identity: entry.identity, linkCount: 1 };
  }

  remove(path: string): void {
    const place = normalizePath(path);
    const home = this.#homeOf(place);
    if (home === "memory") return this.#side.remove(place);
    const entry = this.#entries.get(place);
    if (entry === undefined) return;
    const hasOther = [...this.#entries.values()].some((other) => other !== entry && other.home === home);
    // If the database went first, a crash would leave the unfinished file as the only one.
    if (place === home.pair.path && hasOther) throw new VolumeError("EBUSY", `remove ${path}: a copy is being written there`);
    this.#unname(place, entry);
  }

  rename(from: string, to: string): void {
    const source = normalizePath(from);
    const target = normalizePath(to);
    const home = this.#homeOf(target);
    if (home === "memory" || this.#homeOf(source) !== home) throw new VolumeError("EXDEV", `rename ${from} to ${to}: not files of one database`);
    const entry = this.#entries.get(source);
    if (entry === undefined) throw new VolumeError("ENOENT", `rename ${from} to ${to}`);
    if (source === target) return;
    if (target !== home.pair.path) throw new VolumeError("EXDEV", `rename ${from} to ${to}: only a database's own name can be given`);
    const replaced = this.#entries.get(target);
    home.pair.choose(entry.body);
    this.#entries.delete(source);
    this.#entries.set(target, entry);
    if (replaced === undefined) return;
    replaced.isNamed = false;
    this.#freeIfGone(replaced);
  }

  placeNew(from: string, to: string): void {
    if (this.stat(to) !== undefined) throw new VolumeError("EEXIST", `place ${from} as ${to}`);
    this.rename(from, to);
  }

  list(directory: string): string[] {
    const place = normalizePath(directory);
    const own = [...this.#entries.keys()].filter((path) => parentOf(path) === place).map((path) => path.slice(path.lastIndexOf("/") + 1));
    return [...own, ...this.#side.list(place)];
  }

  makeDirectory(path: string): void {
    const place = normalizePath(path);
    if (this.#entries.has(place)) throw new VolumeError("EEXIST", `make directory ${path}`);
    this.#makeFolders(place);
  }

  removeDirectory(path: string): void {
    const place = normalizePath(path);
    if (this.#entries.has(place)) throw new VolumeError("ENOTDIR", `remove directory ${path}`);
    if ([...this.#prepared.keys()].some((prepared) => prepared.startsWith(`${place}/`))) throw new VolumeError("ENOTEMPTY", `remove directory ${path}`);
    this.#side.removeDirectory(place);
  }

  /** Names have no sync of their own here; what says which file counts is synced by `rename`. */
  syncDirectory(directory: string): void {
    this.#side.syncDirectory(directory);
  }

  watch(path: string, onChange: () => void): () => void {
    if (this.#homeOf(normalizePath(path)) === "memory") return this.#side.watch(path, onChange);
    throw new VolumeError("ENOTSUP", `watch ${path}: no other worker can change it`);
  }

  /** Whoever has a lock is this thread, which sleeps: time passes, nothing else happens. */
  sleep(milliseconds: number): void {
    this.#side.sleep(milliseconds);
  }

  now(): number {
    return this.#side.now();
  }

  randomBytes(count: number): Uint8Array {
    return portableBackend.randomBytes(count);
  }

  // ---- Preparing -----------------------------------------------------------------------------------------------

  async #hold(path: string): Promise<void> {
    const known = this.#prepared.get(path);
    if (known !== undefined) {
      known.holderCount += 1;
      return;
    }
    let pair: OpfsPair;
    try {
      pair = await OpfsPair.open(await this.#openRoot(), path);
    } catch (error) {
      throw asPrepareError(path, error);
    }
    const home: Prepared = { pair, holderCount: 1, openCount: 0 };
    this.#prepared.set(path, home);
    this.#makeFolders(parentOf(path));
    const body = pair.current;
    if (pair.bodies[body].sizeBytes === 0) return;
    this.#name(path, home, body);
    const mark = this.#side.open(`${path}.lock`, "create");
    mark.write(0, LEFT_BEHIND);
    mark.close();
  }

  #giveBack(path: string): void {
    const home = this.#prepared.get(path);
    if (home === undefined) return;
    home.holderCount -= 1;
    this.#releaseSoon(home);
  }

  /** Not at once: what is closed is often opened again in the same breath. */
  #releaseSoon(home: Prepared): void {
    if (isIdle(home)) setTimeout(() => void this.#inTurn(home.pair.path, () => this.#release(home)), 0);
  }

  async #release(home: Prepared): Promise<void> {
    const { path } = home.pair;
    if (this.#prepared.get(path) !== home || !isIdle(home)) return;
    this.#prepared.delete(path);
    for (const [name, entry] of this.#entries) if (entry.home === home) this.#entries.delete(name);
    this.#removeSideFiles(path);
    await home.pair.close();
  }

  #removeSideFiles(path: string): void {
    for (const name of this.#side.list(parentOf(path))) {
      const each = `${parentOf(path) === "/" ? "" : parentOf(path)}/${name}`;
      if (!each.startsWith(`${path}.`)) continue;
      for (const inner of this.#side.list(each)) this.#side.remove(`${each}/${inner}`);
      this.#side.remove(each);
      this.#side.removeDirectory(each);
    }
  }

  /** One after the other for each path, also after a failure. */
  async #inTurn(path: string, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(path) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(work);
    this.#turns.set(path, turn);
    try {
      await turn;
    } finally {
      if (this.#turns.get(path) === turn) this.#turns.delete(path);
    }
  }

  // ---- Names ---------------------------------------------------------------------------------------------------

  /** Where a path is kept: with a prepared database, or, for the engine's side files, in memory. */
  #homeOf(place: string): Prepared | "memory" {
    const own = this.#prepared.get(place);
    if (own !== undefined) return own;
    for (const [path, home] of this.#prepared) if (place.startsWith(path + TEMPORARY)) return home;
    for (const path of this.#prepared.keys()) if (place.startsWith(`${path}.`)) return "memory";
    throw new StoreError("FILE_NOT_PREPARED", `'${place}' has to be obtained from the browser first, which takes a moment: await Realm.open(...), or await Realm.prepare(['${place}']) before calls that do not wait`);
  }

  #create(place: string, home: Prepared): Entry {
    const { pair } = home;
    const named = this.#entries.get(pair.path);
    if (place === pair.path) throw new VolumeError("ENOTSUP", `create ${place}: a new file begins under a temporary name`);
    const body: BodyIndex = named?.body === 1 ? 0 : 1;
    const isTaken = pair.bodies[body].sizeBytes > 0 || [...this.#entries.values()].some((entry) => entry.home === home && entry.body === body);
    if (isTaken) throw new VolumeError("EBUSY", `create ${place}: another new file is being written there`);
    pair.reserve(body);
    return this.#name(place, home, body);
  }

  #name(place: string, home: Prepared, body: BodyIndex): Entry {
    const entry: Entry = { home, body, identity: `opfs:${nextIdentity}`, isNamed: true, openCount: 0, lockedBy: undefined };
    nextIdentity += 1;
    this.#entries.set(place, entry);
    return entry;
  }

  #unname(place: string, entry: Entry): void {
    this.#entries.delete(place);
    entry.isNamed = false;
    this.#freeIfGone(entry);
  }

  #freeIfGone(entry: Entry): void {
    if (!entry.isNamed && entry.openCount === 0) bodyOf(entry).empty();
  }

  #closed(entry: Entry): void {
    this.#freeIfGone(entry);
    this.#releaseSoon(entry.home);
  }

  #makeFolders(place: string): void {
    if (place === "/") return;
    this.#makeFolders(parentOf(place));
    this.#side.makeDirectory(place);
  }
}

function bodyOf({ home, body }: Entry): OpfsBody {
  return home.pair.bodies[body];
}

function isIdle({ holderCount, openCount }: Prepared): boolean {
  return holderCount === 0 && openCount === 0;
}

class OpfsFile implements StorageFile {
  readonly #path: string;
  readonly #entry: Entry;
  readonly #isWritable: boolean;
  readonly #onClose: (entry: Entry) => void;
  #isClosed = false;

  constructor(path: string, entry: Entry, isWritable: boolean, onClose: (entry: Entry) => void) {
    this.#path = path;
    this.#entry = entry;
    this.#isWritable = isWritable;
    this.#onClose = onClose;
    entry.openCount += 1;
    entry.home.openCount += 1;
  }

  read(offset: number, target: Uint8Array): number {
    return this.#body().read(offset, target);
  }

  write(offset: number, source: Uint8Array): void {
    this.#writableBody().write(offset, source);
  }

  sync(): void {
    this.#body().flush();
  }

  sizeBytes(): number {
    return this.#body().sizeBytes;
  }

  truncate(sizeBytes: number): void {
    this.#writableBody().truncate(sizeBytes);
  }

  identity(): string {
    this.#body();
    return this.#entry.identity;
  }

  tryLock(): boolean {
    this.#writableBody();
    // A transaction begins here: refused now, nothing of it is in doubt.
    this.#entry.home.pair.assertThere();
    this.#entry.lockedBy ??= this;
    return this.#entry.lockedBy === this;
  }

  unlock(): void {
    if (this.#entry.lockedBy === this) this.#entry.lockedBy = undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.unlock();
    this.#isClosed = true;
    this.#entry.openCount -= 1;
    this.#entry.home.openCount -= 1;
    this.#onClose(this.#entry);
  }

  #body(): OpfsBody {
    if (this.#isClosed) throw new VolumeError("EBADF", `${this.#path} is closed`);
    return bodyOf(this.#entry);
  }

  #writableBody(): OpfsBody {
    const body = this.#body();
    if (!this.#isWritable) throw new VolumeError("EBADF", `${this.#path} is open for reading only`);
    return body;
  }
}
