/**
 * Any number of names over a few prepared files: the suites make files wherever they like, and do not wait for them.
 *
 * Below it is the volume that applications have, unchanged. What a suite wrote first gives way when all files are taken.
 *
 * @module
 */
import type { FileStatus, OpenMode, StorageFile, Volume } from "@holdfast/storage-engine";

/** A database's own name, and what the engine appends to it. */
const NAME = /^(?<base>.*?)(?<rest>\.lock|\.management(?:\/.*)?|\.new-[0-9a-f]{12}|\.note|\.fresh\.lock|\.readers|\.presence)?$/u;

export class PooledVolume implements Volume {
  readonly hasKernelLocks = true;
  readonly newLogBytes: number | undefined;
  readonly #inner: Volume;
  readonly #free: string[];
  /** In the order of their last use. */
  readonly #taken = new Map<string, string>();

  /** @param pool - Paths that are prepared, all of one length. */
  constructor(inner: Volume, pool: readonly string[]) {
    this.#inner = inner;
    this.newLogBytes = inner.newLogBytes;
    this.#free = [...pool];
  }

  /** Removes every file. */
  clear(): void {
    for (const [base, path] of this.#taken) {
      this.#inner.remove(path);
      this.#taken.delete(base);
      this.#free.push(path);
    }
  }

  canonicalPath(path: string): string {
    return this.#inner.canonicalPath(path);
  }

  open(path: string, mode: OpenMode): StorageFile {
    return this.#inner.open(this.#place(path, mode === "create" || mode === "exclusive"), mode);
  }

  stat(path: string): FileStatus | undefined {
    return this.#inner.stat(this.#place(path));
  }

  remove(path: string): void {
    this.#inner.remove(this.#place(path));
  }

  rename(from: string, to: string): void {
    this.#inner.rename(this.#place(from), this.#place(to));
  }

  placeNew(from: string, to: string): void {
    this.#inner.placeNew(this.#place(from), this.#place(to));
  }

  list(directory: string): string[] {
    const folder = this.canonicalPath(directory);
    if (folder.includes(".management")) return this.#inner.list(this.#place(folder));
    const found: string[] = [];
    for (const [base, path] of this.#taken) {
      if (folderOf(base) !== folder) continue;
      const own = nameOf(path);
      for (const name of this.#inner.list(folderOf(path))) if (name === own || name.startsWith(`${own}.`)) found.push(nameOf(base) + name.slice(own.length));
    }
    return found;
  }

  makeDirectory(path: string): void {
    this.#inner.makeDirectory(this.#folder(path));
  }

  removeDirectory(path: string): void {
    this.#inner.removeDirectory(this.#folder(path));
  }

  syncDirectory(directory: string): void {
    this.#inner.syncDirectory(directory);
  }

  watch(path: string, onChange: () => void): () => void {
    return this.#inner.watch(this.#place(path), onChange);
  }

  sleep(milliseconds: number): void {
    this.#inner.sleep(milliseconds);
  }

  now(): number {
    return this.#inner.now();
  }

  randomBytes(count: number): Uint8Array {
    return this.#inner.randomBytes(count);
  }

  /** Folders of side files move with their database. */
  #folder(path: string): string {
    return path.endsWith(".management") ? this.#place(path) : path;
  }

  /** Where something is kept. Of what is not there, and of folders, the path itself, in a folder of memory. */
  #place(path: string, isNew = false): string {
    const { base = "", rest = "" } = NAME.exec(this.canonicalPath(path))?.groups ?? {};
    const known = this.#taken.get(base);
    if (known !== undefined) {
      this.#taken.delete(base);
      this.#taken.set(base, known);
      return known + rest;
    }
    if (isNew) return this.#take(base) + rest;
    return `${NOWHERE}${base}${rest}`;
  }

  #take(base: string): string {
    const [oldest] = this.#taken;
    const path = this.#free.pop() ?? oldest?.[1];
    if (path === undefined) throw new RangeError("the pool is empty");
    if (oldest?.[1] === path) {
      this.#inner.remove(path);
      this.#taken.delete(oldest[0]);
    }
    this.#taken.set(base, path);
    return path;
  }
}

/** A side file's name of a file that is prepared and never made: whatever is looked for there is missing. */
export const MISSING = "/pool/missing";
const NOWHERE = `${MISSING}.side`;

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
