/**
 * The files of one database in the browser's private file system: two bodies and the record that says which of them counts.
 *
 * Getting hold of a file takes a turn of the event loop there and renaming one that is open is impossible, but the engine is
 * synchronous and puts a new file in place with a rename. So both bodies are open before the engine begins, and a rename is one
 * durable record (opfs-names.ts). Why it is safe at each step: docs/decisions/0013-files-in-browsers.md.
 *
 * @module
 */
import { StoreError } from "../errors.ts";
import type { OpfsFileHandle, OpfsFolderHandle, SyncAccessHandle } from "./opfs-api.ts";
import { call } from "./opfs-errors.ts";
import { NamesRecord } from "./opfs-names.ts";
import { parentOf } from "./memory-path.ts";
import { VolumeError } from "./volume.ts";

/** Which of the two. 0 has the database's own name. */
export type BodyIndex = 0 | 1;

const SPARE = ".spare";
const NAMES = ".names";
/** How long the worker before may take to be gone: a browser frees files a moment after their worker has ended, and some a moment after `close`. */
const WAIT_MS = 1000;

/** How often, at most, it is looked whether the user has cleared the storage under an open database. A look costs as much as a few pages. */
const LOOK_MS = 100;

/** A file that is open, and its length: asking the browser each time costs more than reading a page. */
export class OpfsBody {
  readonly #path: string;
  readonly #handle: SyncAccessHandle;
  readonly #beforeWrite: () => void;
  sizeBytes: number;

  /** @param beforeWrite - Throws if what is written could not be found again. */
  constructor(path: string, handle: SyncAccessHandle, beforeWrite: () => void) {
    this.#path = path;
    this.#handle = handle;
    this.#beforeWrite = beforeWrite;
    this.sizeBytes = handle.getSize();
  }

  read(offset: number, target: Uint8Array): number {
    return call(`read ${this.#path}`, () => {
      let done = 0;
      while (done < target.length && offset + done < this.sizeBytes) {
        const count = this.#handle.read(target.subarray(done), { at: offset + done });
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(offset: number, source: Uint8Array): void {
    this.#beforeWrite();
    call(`write ${this.#path}`, () => {
      const count = this.#handle.write(source, { at: offset });
      if (count === source.length) return;
      // Where others throw, Firefox writes less when there is no more room, and Chromium in a private window says absurdly much beyond 2 GiB.
      throw new VolumeError(count < source.length ? "ENOSPC" : "EIO", `write ${this.#path}: ${count} of ${source.length} bytes at ${offset}`);
    });
    this.sizeBytes = Math.max(this.sizeBytes, offset + source.length);
  }

  truncate(sizeBytes: number): void {
    call(`truncate ${this.#path}`, () => this.#handle.truncate(sizeBytes));
    this.sizeBytes = sizeBytes;
  }

  flush(): void {
    call(`sync ${this.#path}`, () => this.#handle.flush());
  }

  /** Nothing of it may come back: what is freed here may have been a plain database. */
  empty(): void {
    if (this.sizeBytes === 0) return;
    this.truncate(0);
    this.flush();
  }

  close(): void {
    this.#handle.close();
  }
}

/** One database's files, open in this worker and in no other. */
export class OpfsPair {
  readonly path: string;
  readonly bodies: readonly [OpfsBody, OpfsBody];
  readonly #folder: OpfsFolderHandle;
  readonly #record: NamesRecord;
  #isCleared = false;
  #isClosed = false;
  #nextLook: ReturnType<typeof setTimeout> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  private constructor(path: string, folder: OpfsFolderHandle, opened: { record: NamesRecord; handles: readonly [SyncAccessHandle, SyncAccessHandle] }) {
    this.path = path;
    this.#folder = folder;
    this.#record = opened.record;
    const [main, spare] = opened.handles;
    const beforeWrite = (): void => this.assertThere();
    this.bodies = [new OpfsBody(path, main, beforeWrite), new OpfsBody(path + SPARE, spare, beforeWrite)];
  }

  /** Gets hold of the files, and first ends what a crash left undone. */
  static async open(root: OpfsFolderHandle, path: string): Promise<OpfsPair> {
    const folder = await makeFolder(root, parentOf(path));
    const name = nameOf(path);
    // Whoever has the record has the database; the bodies follow.
    const recordHandle = await openSync(folder, name + NAMES);
    const opened: SyncAccessHandle[] = [recordHandle];
    try {
      const record = new NamesRecord(recordHandle);
      if (record.state === "spare") await bringHome(folder, name);
      for (const each of [name, name + SPARE]) opened.push(await openSync(folder, each));
      const pair = new OpfsPair(path, folder, { record, handles: [opened[1] as SyncAccessHandle, opened[2] as SyncAccessHandle] });
      // A file that was being written when its worker died.
      pair.bodies[pair.current === 1 ? 0 : 1].empty();
      return pair;
    } catch (error) {
      for (const handle of opened) handle.close();
      throw error;
    }
  }

  /** True once it was seen that the user has cleared the storage. */
  get isCleared(): boolean {
    return this.#isCleared;
  }

  /** The body that counts, by what is durable. */
  get current(): BodyIndex {
    return this.#record.state === "spare" && this.bodies[1].sizeBytes > 0 ? 1 : 0;
  }

  /** Before a new file is written into a body that does not count: nothing may ever take the unfinished one for the database. */
  reserve(body: BodyIndex): void {
    // "spare" means the spare as soon as anything is in it. "main" may be empty: then there is no database.
    if (body === 1 && this.#record.state !== "main") this.#record.write("main");
    if (body === 0 && this.current === 0) throw new VolumeError("EBUSY", `${this.path} has no room for another file`);
  }

  /** This body is the database from now on. Durable when it returns. */
  choose(body: BodyIndex): void {
    this.#record.write(body === 1 ? "spare" : "main");
  }

  /**
   * A file that was cleared away takes what is written to it, and nobody will ever read it again.
   *
   * @throws {StoreError} `STORAGE_CLEARED`.
   */
  assertThere(): void {
    if (this.#isCleared) throw new StoreError("STORAGE_CLEARED", `the browser's storage was cleared while '${this.path}' was open: what it held is gone; close it`);
    // At once after a pause, since that is when a user comes back from the settings; now and then while it goes on.
    this.#nextLook ??= setTimeout(() => void this.#look(), Math.max(0, this.#lookedAt + LOOK_MS - performance.now()));
  }

  async #look(): Promise<void> {
    try {
      this.#isCleared = (await find(this.#folder, nameOf(this.path) + NAMES)) === undefined && !this.#isClosed;
    } catch {
      // That it cannot be found out says nothing about the file.
    }
    this.#lookedAt = performance.now();
    this.#nextLook = undefined;
  }

  /** Gives the files back and leaves the database under its own name, alone: what is removed here is empty. */
  async close(): Promise<void> {
    const { current } = this;
    const name = nameOf(this.path);
    this.#isClosed = true;
    clearTimeout(this.#nextLook);
    for (const body of this.bodies) body.close();
    if (this.#isCleared) return this.#record.close();
    try {
      if (current === 1) await bringHome(this.#folder, name);
      await removeIfEmpty(this.#folder, name);
      const isTidy = await removeIfEmpty(this.#folder, name + SPARE);
      this.#record.close();
      if (isTidy) await patiently(() => this.#folder.removeEntry(name + NAMES));
    } catch {
      // The next one that opens it tidies up.
      this.#record.close();
    }
  }
}

/** Gives the spare the database's name, over whatever has it. The record may go on saying "spare": it is empty or missing then. */
async function bringHome(folder: OpfsFolderHandle, name: string): Promise<void> {
  const spare = await find(folder, name + SPARE);
  if (spare?.move === undefined || (await spare.getFile()).size === 0) return;
  const { move } = spare;
  await patiently(() => move.call(spare, folder, name));
}

/** @returns False if there is something in it. */
async function removeIfEmpty(folder: OpfsFolderHandle, name: string): Promise<boolean> {
  const file = await find(folder, name);
  if (file === undefined) return true;
  if ((await file.getFile()).size > 0) return false;
  await patiently(() => folder.removeEntry(name));
  return true;
}

async function find(folder: OpfsFolderHandle, name: string): Promise<OpfsFileHandle | undefined> {
  try {
    return await folder.getFileHandle(name);
  } catch (error) {
    if ((error as Error).name === "NotFoundError") return undefined;
    throw error;
  }
}

async function makeFolder(root: OpfsFolderHandle, path: string): Promise<OpfsFolderHandle> {
  let folder = root;
  for (const name of path.split("/").filter((part) => part !== "")) folder = await folder.getDirectoryHandle(name, { create: true });
  return folder;
}

async function openSync(folder: OpfsFolderHandle, name: string): Promise<SyncAccessHandle> {
  const file = await folder.getFileHandle(name, { create: true });
  const { createSyncAccessHandle } = file;
  if (createSyncAccessHandle === undefined) throw new StoreError("WORKER_NEEDED", "this browser has synchronous files in dedicated workers alone, or not at all");
  return patiently(() => createSyncAccessHandle.call(file));
}

/** Tries again for a while where another worker has a file that may be just ending, or a file of ours is just being closed. */
async function patiently<Result>(action: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  for (let waitMs = 2; ; waitMs *= 2) {
    try {
      return await action();
    } catch (error) {
      if ((error as Error).name !== "NoModificationAllowedError" || performance.now() - start > WAIT_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
