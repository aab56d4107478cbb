/**
 * What this process knows of the files it has touched: the file module has no locks, no identities and cannot cut a file.
 *
 * One list for all platforms over one file module, so that any number of handles in the process see each other. Other
 * processes are not seen, and do not see this list.
 *
 * @module
 */
import { parentOf } from "./paths.ts";

/** A file without its name. */
export interface KnownFile {
  readonly identity: string;
  /** The open file that has the lock. */
  lockedBy: object | undefined;
  /** Where the file ends for this process, if that is before its real end. */
  endsAt: number | undefined;
}

interface Watcher {
  readonly path: string;
  readonly onChange: () => void;
  isPending: boolean;
  isEnded: boolean;
}

/** By canonical path. */
export class KnownFiles {
  /** Paths whose unfinished replacement was looked for. */
  readonly settled: Set<string> = new Set();
  readonly #files = new Map<string, KnownFile>();
  readonly #watchers = new Set<Watcher>();
  #nextIdentity = 1;

  /** The file that is there now, new to this list or not. */
  at(path: string): KnownFile {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file: KnownFile = { identity: `react-native:${this.#nextIdentity}`, lockedBy: undefined, endsAt: undefined };
    this.#nextIdentity += 1;
    this.#files.set(path, file);
    return file;
  }

  /** Nothing is there any more. Handles that are open keep what they know. */
  forget(path: string): void {
    this.#files.delete(path);
  }

  /** The file has another name now. */
  move(from: string, to: string): void {
    const file = this.at(from);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  watch(path: string, onChange: () => void): () => void {
    const watcher: Watcher = { path, onChange, isPending: false, isEnded: false };
    this.#watchers.add(watcher);
    return () => {
      watcher.isEnded = true;
      this.#watchers.delete(watcher);
    };
  }

  /** Calls who watches the path or the folder it is in: once for all changes of this turn. */
  announce(path: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.isPending || (watcher.path !== path && watcher.path !== parentOf(path))) continue;
      watcher.isPending = true;
      // A microtask, which Hermes has, and which keeps nothing alive.
      void Promise.resolve().then(() => {
        watcher.isPending = false;
        if (!watcher.isEnded) watcher.onChange();
      });
    }
  }
}

const lists = new WeakMap<object, KnownFiles>();

/** The one list of a file module, by its `File`: a namespace may be copied, a class is one. */
export function knownFilesOf(fileClass: object): KnownFiles {
  const known = lists.get(fileClass) ?? new KnownFiles();
  lists.set(fileClass, known);
  return known;
}
