/**
 * What a disk may hold after a power cut: synced bytes and names surely, everything later perhaps.
 *
 * The rules. A file's bytes are durable after its sync, names after the sync of their directory. Before that, each
 * sector may have any of the contents that it had since the last sync, whatever other sectors have; names come in order,
 * up to any of them (a journal). A sector is written whole, or up to some byte if the rest stays the same ("powersafe
 * overwrite"). After a sync that failed, the system calls the bytes clean: a later sync does not bring them to the disk.
 *
 * @module
 */
import { MemoryContent } from "./memory-content.ts";
import { parentOf } from "./memory-path.ts";
import { MemoryVolume } from "./memory-volume.ts";
import type { MemoryTree, MemoryVolumeOptions } from "./memory-volume.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** A change of a directory. Paths are normalized. */
export type NameChange =
  | { readonly kind: "add"; readonly path: string; readonly identity: string }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "makeDirectory"; readonly path: string }
  | { readonly kind: "removeDirectory"; readonly path: string };

/** One thing that a process did to the disk. */
export type DiskEvent =
  | { readonly kind: "write"; readonly identity: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly identity: string; readonly sizeBytes: number }
  | { readonly kind: "sync"; readonly identity: string; readonly isFailed: boolean }
  | { readonly kind: "name"; readonly change: NameChange }
  | { readonly kind: "syncDirectory"; readonly directory: string };

/**
 * Which of the undurable bytes an image has: none, all, a random part in sectors of 512 or 4096 bytes, or all of them
 * but the last write, which is cut off at a random byte.
 */
export type CrashMode = "synced" | "all" | "sectors512" | "sectors4096" | "torn";

type ContentChange = Extract<DiskEvent, { kind: "write" | "truncate" }> & { isLost: boolean };

interface DiskFile {
  readonly durable: MemoryContent;
  pending: ContentChange[];
}

const SMALL_SECTOR_BYTES = 512;
const LARGE_SECTOR_BYTES = 4096;

/** The disk between two events. `apply` moves it on, `image` is what a power cut at this moment may leave. */
export class CrashModel {
  readonly #random: SeededRandom;
  readonly #directories: Set<string>;
  readonly #names = new Map<string, string>();
  readonly #files = new Map<string, DiskFile>();
  readonly #imageOptions: MemoryVolumeOptions;
  #pendingNames: NameChange[] = [];
  #lastEvent: DiskEvent | undefined;

  /** All of `base` is durable. The contents become the model's own; the images' volumes get `imageOptions`. */
  constructor(base: MemoryTree, random: SeededRandom, imageOptions: MemoryVolumeOptions = {}) {
    this.#random = random;
    this.#imageOptions = imageOptions;
    this.#directories = new Set(base.directories);
    for (const [path, { identity, content }] of base.files) {
      this.#names.set(path, identity);
      this.#files.set(identity, { durable: content, pending: [] });
    }
  }

  /** Takes in the next event. */
  apply(event: DiskEvent): void {
    this.#lastEvent = event;
    if (event.kind === "write" || event.kind === "truncate") this.#file(event.identity).pending.push({ ...event, isLost: false });
    else if (event.kind === "sync") this.#sync(this.#file(event.identity), event.isFailed);
    else if (event.kind === "name") this.#pendingNames.push(event.change);
    else this.#syncNames(event.directory);
  }

  /** The modes that can differ now. */
  modes(): CrashMode[] {
    const hasBytes = [...this.#files.values()].some((file) => file.pending.length > 0);
    if (!hasBytes && this.#pendingNames.length === 0) return ["synced"];
    const modes: CrashMode[] = ["synced", "all", "sectors512", "sectors4096"];
    return this.#lastEvent?.kind === "write" ? [...modes, "torn"] : modes;
  }

  /** One possible disk. Random choices are drawn anew each time. */
  image(mode: CrashMode): MemoryVolume {
    const names = new Map(this.#names);
    const directories = new Set(this.#directories);
    for (const change of this.#survivingNames(mode)) applyName(change, { names, directories });
    const contents = new Map<string, MemoryContent>();
    const files = new Map<string, { identity: string; content: MemoryContent }>();
    for (const [path, identity] of names) {
      const content = contents.get(identity) ?? this.#survivingContent(this.#file(identity), mode);
      contents.set(identity, content);
      files.set(path, { identity, content });
    }
    return MemoryVolume.fromTree({ directories, files }, this.#imageOptions);
  }

  #file(identity: string): DiskFile {
    const found = this.#files.get(identity) ?? { durable: new MemoryContent(), pending: [] };
    this.#files.set(identity, found);
    return found;
  }

  #sync(file: DiskFile, isFailed: boolean): void {
    if (isFailed) {
      for (const change of file.pending) change.isLost = true;
      return;
    }
    // A sector that was written again after the failed sync takes along what it held before.
    const rewritten = new Set<number>();
    for (const change of file.pending) if (!change.isLost) for (const sector of sectorsOf(change, SMALL_SECTOR_BYTES)) rewritten.add(sector);
    for (const change of file.pending) {
      applyChange(file.durable, change, {
        sectorBytes: SMALL_SECTOR_BYTES,
        keeps: (sector) => !change.isLost || rewritten.has(sector) || this.#random.chance(0.5),
      });
    }
    file.pending = [];
  }

  #syncNames(directory: string): void {
    const later: NameChange[] = [];
    for (const change of this.#pendingNames) {
      if (touches(change, directory)) applyName(change, { names: this.#names, directories: this.#directories });
      else later.push(change);
    }
    this.#pendingNames = later;
  }

  #survivingNames(mode: CrashMode): NameChange[] {
    if (mode === "synced") return [];
    if (mode === "all" || mode === "torn") return this.#pendingNames;
    return this.#pendingNames.slice(0, this.#random.below(this.#pendingNames.length + 1));
  }

  #survivingContent(file: DiskFile, mode: CrashMode): MemoryContent {
    const content = file.durable.fork();
    if (mode === "synced") return content;
    if (mode === "sectors512" || mode === "sectors4096") {
      this.#applySectors(content, file, mode === "sectors512" ? SMALL_SECTOR_BYTES : LARGE_SECTOR_BYTES);
      return content;
    }
    for (const change of file.pending) {
      const isTorn = mode === "torn" && change === file.pending.at(-1) && change.kind === "write" && this.#wasLast(change);
      applyWhole(content, isTorn ? { ...change, bytes: change.bytes.subarray(0, this.#random.below(change.bytes.length)) } : change);
    }
    return content;
  }

  #applySectors(content: MemoryContent, file: DiskFile, sectorBytes: number): void {
    const keepChance = this.#random.pick([0.1, 0.5, 0.9]);
    // A sector on the disk is one of the states that the cached sector went through, so nothing follows a gap.
    const stopped = new Set<number>();
    let sizeBytes = content.sizeBytes;
    for (const change of file.pending) {
      sizeBytes = change.kind === "truncate" ? change.sizeBytes : Math.max(sizeBytes, change.offset + change.bytes.length);
      applyChange(content, change, {
        sectorBytes,
        keeps: (sector) => {
          if (!stopped.has(sector) && this.#random.chance(keepChance)) return true;
          stopped.add(sector);
          return false;
        },
      });
    }
    // The new length may be there before the bytes are.
    if (content.sizeBytes < sizeBytes && this.#random.chance(0.5)) content.truncate(sizeBytes);
  }

  #wasLast(change: ContentChange & { kind: "write" }): boolean {
    return this.#lastEvent?.kind === "write" && this.#lastEvent.bytes === change.bytes;
  }
}

interface SectorChoice {
  readonly sectorBytes: number;
  readonly keeps: (sectorIndex: number) => boolean;
}

function applyChange(content: MemoryContent, change: ContentChange, choice: SectorChoice): void {
  if (change.kind === "truncate") {
    // The length is no sector: it is asked for under an index that no sector has.
    if (choice.keeps(-1)) content.truncate(change.sizeBytes);
    return;
  }
  const end = change.offset + change.bytes.length;
  for (const sector of sectorsOf(change, choice.sectorBytes)) {
    if (!choice.keeps(sector)) continue;
    const from = Math.max(change.offset, sector * choice.sectorBytes);
    const to = Math.min(end, (sector + 1) * choice.sectorBytes);
    content.write(from, change.bytes.subarray(from - change.offset, to - change.offset));
  }
}

function applyWhole(content: MemoryContent, change: ContentChange): void {
  if (change.kind === "truncate") content.truncate(change.sizeBytes);
  else content.write(change.offset, change.bytes);
}

function* sectorsOf(change: ContentChange, sectorBytes: number): Generator<number> {
  if (change.kind === "truncate") {
    yield -1;
    return;
  }
  const last = Math.floor((change.offset + change.bytes.length - 1) / sectorBytes);
  for (let sector = Math.floor(change.offset / sectorBytes); sector <= last; sector += 1) yield sector;
}

function applyName(change: NameChange, tree: { names: Map<string, string>; directories: Set<string> }): void {
  const { names, directories } = tree;
  if (change.kind === "add") names.set(change.path, change.identity);
  else if (change.kind === "remove") names.delete(change.path);
  else if (change.kind === "makeDirectory") directories.add(change.path);
  else if (change.kind === "removeDirectory") directories.delete(change.path);
  else {
    const identity = names.get(change.path);
    names.delete(change.path);
    if (identity !== undefined) names.set(change.to, identity);
  }
}

function touches(change: NameChange, directory: string): boolean {
  return parentOf(change.path) === directory || (change.kind === "rename" && parentOf(change.to) === directory);
}
