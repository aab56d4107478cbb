/**
 * A browser's private file system in memory, which can be stopped at any step: by the end of its worker, or by a power cut.
 *
 * @module
 */
import type { OpfsFileHandle, OpfsFolderHandle, SyncAccessHandle } from "../../src/volume/opfs-api.ts";

interface FakeFile {
  content: Uint8Array;
  /** As of the last flush. */
  durable: Uint8Array;
  isOpen: boolean;
}

/** `end`: the worker is gone, everything that it wrote is there. `power`: what was not flushed is gone as well. */
export type Stop = "end" | "power";

/** An error as browsers make them. */
function domError(name: string): Error {
  return Object.assign(new Error(name), { name });
}

export class FakeOpfs {
  readonly #files: Map<string, FakeFile>;
  #stepsLeft: number;
  #steps = 0;

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map(), stopAfter = Infinity) {
    this.#files = new Map([...files].map(([path, content]) => [path, { content: content.slice(), durable: content.slice(), isOpen: false }]));
    this.#stepsLeft = stopAfter;
  }

  /** Changes so far. */
  get steps(): number {
    return this.#steps;
  }

  get hasStopped(): boolean {
    return this.#stepsLeft < 0;
  }

  get paths(): string[] {
    return [...this.#files.keys()].toSorted();
  }

  /** What the next worker finds. */
  after(stop: Stop): Map<string, Uint8Array> {
    return new Map([...this.#files].map(([path, file]) => [path, (stop === "end" ? file.content : file.durable).slice()]));
  }

  root(): OpfsFolderHandle {
    return this.#folder("");
  }

  /** As a user does who clears the site's data: names go, whoever has a file open goes on with it. */
  clear(): void {
    this.#files.clear();
  }

  #step(): void {
    this.#stepsLeft -= 1;
    if (this.#stepsLeft < 0) throw domError("InvalidStateError");
    this.#steps += 1;
  }

  #folder(prefix: string): OpfsFolderHandle & { readonly prefix: string } {
    return {
      prefix,
      getDirectoryHandle: (name) => Promise.resolve(this.#folder(`${prefix}/${name}`)),
      getFileHandle: async (name, options = {}) => {
        const path = `${prefix}/${name}`;
        if (!this.#files.has(path)) {
          if (options.create !== true) throw domError("NotFoundError");
          this.#step();
          this.#files.set(path, { content: new Uint8Array(), durable: new Uint8Array(), isOpen: false });
        }
        return this.#handle(prefix, name);
      },
      removeEntry: async (name) => {
        const path = `${prefix}/${name}`;
        if (this.#files.get(path)?.isOpen !== false) throw domError("NoModificationAllowedError");
        this.#step();
        this.#files.delete(path);
      },
    };
  }

  #handle(prefix: string, name: string): OpfsFileHandle {
    const file = this.#files.get(`${prefix}/${name}`) as FakeFile;
    return {
      name,
      createSyncAccessHandle: async () => {
        if (file.isOpen) throw domError("NoModificationAllowedError");
        file.isOpen = true;
        return this.#access(file);
      },
      getFile: async () => ({ size: file.content.length }),
      move: async (folder, target) => {
        const path = `${(folder as unknown as { prefix: string }).prefix}/${target}`;
        if (file.isOpen || this.#files.get(path)?.isOpen === true) throw domError("NoModificationAllowedError");
        this.#step();
        this.#files.delete(`${prefix}/${name}`);
        this.#files.set(path, file);
      },
    };
  }

  #access(file: FakeFile): SyncAccessHandle {
    const open = (): void => {
      if (!file.isOpen) throw domError("InvalidStateError");
    };
    return {
      read: (target, { at }) => {
        open();
        const part = file.content.subarray(at, at + target.length);
        target.set(part);
        return part.length;
      },
      write: (source, { at }) => {
        open();
        this.#step();
        if (at + source.length > file.content.length) file.content = resized(file.content, at + source.length);
        file.content.set(source, at);
        return source.length;
      },
      truncate: (size) => {
        open();
        this.#step();
        file.content = resized(file.content, size);
      },
      getSize: () => file.content.length,
      flush: () => {
        open();
        this.#step();
        file.durable = file.content.slice();
      },
      close: () => {
        file.isOpen = false;
      },
    };
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(bytes.subarray(0, length));
  return result;
}
