/**
 * Presence files: each open handle has one, locked by the kernel, that names the slots it reads from.
 *
 * A presence file whose lock is free belongs to nobody any more, whatever it says. Process ids are not used. The file
 * holds numbers only: u32 count, u32 zeros, then u64 generations.
 *
 * @module
 */
import { readU32, readU64, writeU32, writeU64 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { removeIfAllowed } from "./temporary-file.ts";
import { NOT_ONES_OWN, type StorageFile, type Volume, VolumeError } from "./volume/volume.ts";

const MAX_PINS = 62;
const FILE_BYTES = 8 + MAX_PINS * 8;
/** Beyond the limit a reader pins everything from its oldest slot on; this number stands for that. */
const ALL_LATER: number = Number.MAX_SAFE_INTEGER;

export class Presence {
  readonly #volume: Volume;
  readonly #directory: string;
  readonly #name: string;
  readonly #file: StorageFile;
  #pins = "";

  private constructor(volume: Volume, directory: string, name: string, file: StorageFile) {
    this.#volume = volume;
    this.#directory = directory;
    this.#name = name;
    this.#file = file;
  }

  /** Creates and locks a presence file of a fresh name. */
  static register(volume: Volume, directory: string): Presence {
    for (let attempt = 0; attempt < 100; attempt++) {
      const name = `reader-${hex(volume.randomBytes(8))}`;
      volume.makeDirectory(directory);
      const file = volume.open(`${directory}/${name}`, "exclusive");
      // Between its creation and its lock somebody may have taken it for a stale one.
      if (file.tryLock() && volume.stat(`${directory}/${name}`)?.identity === file.identity()) return new Presence(volume, directory, name, file);
      file.close();
    }
    throw new StoreError("STORE_LOCKED", "could not register as a reader: presence files vanish as soon as they are made");
  }

  /** Says which generations this handle reads from. */
  pin(generations: readonly number[]): void {
    const key = generations.join();
    if (key === this.#pins) return;
    const kept = generations.length > MAX_PINS ? [Math.min(...generations), ALL_LATER] : generations;
    const bytes = new Uint8Array(FILE_BYTES);
    writeU32(bytes, 0, kept.length);
    kept.forEach((generation, i) => writeU64(bytes, 8 + i * 8, generation));
    this.#file.write(0, bytes);
    this.#pins = key;
  }

  /** Gives pins up. One that stays because it cannot be written keeps pages from being used again, and no more than that. */
  tryPin(generations: readonly number[]): void {
    try {
      this.pin(generations);
    } catch {
      // Closing a snapshot has nothing to report; the next pin that is written tells of this one, too.
    }
  }

  /** The generations that other live handles read from; files of handles that are gone are removed. */
  others(): number[][] {
    const found: number[][] = [];
    // If somebody has put another folder in the place of ours, what stands in it is not ours to remove.
    const mayRemove = this.#volume.stat(`${this.#directory}/${this.#name}`)?.identity === this.#file.identity();
    for (const name of this.#volume.list(this.#directory)) {
      if (name === this.#name || !name.startsWith("reader-")) continue;
      const pins = this.#readOther(`${this.#directory}/${name}`, mayRemove);
      if (pins !== undefined) found.push(pins);
    }
    return found;
  }

  #readOther(path: string, mayRemove: boolean): number[] | undefined {
    let file: StorageFile;
    try {
      file = this.#volume.open(path, "peer");
    } catch (error) {
      const { code } = error as { code?: string };
      // Gone, or not what any handle makes: links, folders and pipes belong to nobody who reads.
      if (code === "ENOENT" || NOT_ONES_OWN.has(code ?? "")) return undefined;
      throw error;
    }
    try {
      if (file.tryLock()) {
        if (mayRemove) this.#volume.remove(path);
        return undefined;
      }
      const bytes = new Uint8Array(FILE_BYTES);
      const length = file.read(0, bytes);
      // Empty while its handle is registering. To go on with fewer pins than it holds would give away pages that are being read.
      if (length > 0 && length < bytes.length) throw new VolumeError("EIO", `${path} ends early`);
      const count = Math.min(readU32(bytes, 0), MAX_PINS);
      return Array.from({ length: count }, (_, i) => readU64(bytes, 8 + i * 8));
    } finally {
      file.close();
    }
  }

  /** Ends the presence; `last` also removes the directory. */
  close(last: boolean): void {
    try {
      removeIfAllowed(this.#volume, `${this.#directory}/${this.#name}`);
    } finally {
      this.#file.close();
    }
    if (last) Presence.removeEmpty(this.#volume, this.#directory);
  }

  /** Removes the directory of presence files if nothing is in it. */
  static removeEmpty(volume: Volume, directory: string): void {
    try {
      volume.removeDirectory(directory);
    } catch {
      // Something that is not ours stands in it, or somebody has just registered: it stays.
    }
  }
}

/** Expands what a reader named: pages of its slot, and those that the next two checkpoints of its process gave places. */
export function reachableGenerations(pins: readonly number[], newest: number): number[] {
  const generations = new Set<number>();
  const oldest = Math.min(...pins);
  const all = pins.includes(ALL_LATER);
  for (const pin of all ? range(oldest, newest) : pins) for (let ahead = 0; ahead < 3; ahead++) generations.add(pin + ahead);
  return [...generations];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
