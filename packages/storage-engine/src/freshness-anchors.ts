/**
 * Places for a freshness anchor: memory, and a file of its own.
 *
 * @module
 */
import { directoryOf } from "./temporary-file.ts";
import type { FreshnessAnchor } from "./freshness.ts";
import { MAX_ANCHOR_TEXT } from "./freshness-state.ts";
import { currentPlatform } from "./current-platform.ts";
import type { StorageFile, Volume } from "./volume/volume.ts";

/** An anchor that lives as long as the process: for tests, and for a file that is opened several times in one run. */
export class MemoryAnchor implements FreshnessAnchor {
  #text: string | undefined;

  constructor(text?: string) {
    this.#text = text;
  }

  read(): string | undefined {
    return this.#text;
  }

  write(text: string): void {
    this.#text = text;
  }

  remove(): void {
    this.#text = undefined;
  }
}

/** Where a {@link FileAnchor} stands. */
export interface FileAnchorOptions {
  readonly path: string;
  /** Node's file system unless said otherwise. */
  readonly volume?: Volume | undefined;
}

/**
 * An anchor in a file that only its owner may read and write.
 *
 * It protects only if it stands where whoever can change the database cannot write: another disk, another user's folder, a
 * file that backups and synchronised folders leave out. Beside the database it finds mistakes, not attackers.
 */
export class FileAnchor implements FreshnessAnchor {
  readonly path: string;
  readonly #volume: Volume;

  constructor({ path, volume = currentPlatform().volume }: FileAnchorOptions) {
    this.path = path;
    this.#volume = volume;
  }

  read(): string | undefined {
    if (this.#volume.stat(this.path) === undefined) return undefined;
    const file = this.#volume.open(this.path, "read");
    try {
      const bytes = new Uint8Array(MAX_ANCHOR_TEXT + 2);
      const count = file.read(0, bytes);
      return String.fromCharCode(...bytes.subarray(0, count)).replace(/\n$/, "");
    } finally {
      file.close();
    }
  }

  /** Durable when it returns: a crash leaves the old text or the new one. */
  write(text: string): void {
    const temporary = `${this.path}.new`;
    const file = this.#volume.open(temporary, "create");
    try {
      fill(file, Uint8Array.from(`${text}\n`, (character) => character.charCodeAt(0)));
    } finally {
      file.close();
    }
    this.#volume.rename(temporary, this.path);
    this.#volume.syncDirectory(directoryOf(this.path));
  }

  remove(): void {
    this.#volume.remove(this.path);
    this.#volume.syncDirectory(directoryOf(this.path));
  }
}

/** The name must not lead to the new text before that is durable: sync, then rename. */
function fill(file: StorageFile, bytes: Uint8Array): void {
  file.truncate(0);
  file.write(0, bytes);
  file.sync();
}
