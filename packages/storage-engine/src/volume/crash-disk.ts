/**
 * A disk in memory that remembers everything done to it, so that a power cut can be tried at every moment.
 *
 * Processes reach it through crash-volume.ts; what a cut may leave is crash-model.ts.
 *
 * @module
 */
import { CrashModel } from "./crash-model.ts";
import type { CrashMode, DiskEvent } from "./crash-model.ts";
import { MemoryVolume } from "./memory-volume.ts";
import type { MemoryTree } from "./memory-volume.ts";
import { SeededRandom } from "./seeded-random.ts";

/** How a disk is made. */
export interface CrashDiskOptions {
  /** For the random bytes that processes draw. Print it with a failing test. */
  readonly seed: number;
  /** What is on the disk, durably. Forked. */
  readonly from?: MemoryVolume;
  /** Sum of all file sizes beyond which writing fails with `ENOSPC`. */
  readonly capacityBytes?: number;
  /** Length of the log in new files; small ones wrap after a few commits. As `Volume.newLogBytes`. */
  readonly newLogBytes?: number | undefined;
}

/** The disk as it was at one position of its history. */
export interface DiskMoment {
  /** How many events had been issued. */
  readonly position: number;
  /** The last of them; none at position 0. */
  readonly event: DiskEvent | undefined;
  /** The modes that can differ now. */
  modes(): CrashMode[];
  /** What a power cut may leave. Random choices are drawn anew each time. Valid until the next moment. */
  image(mode: CrashMode): MemoryVolume;
}

/** One possible disk after a power cut. */
export interface CrashImage {
  readonly volume: MemoryVolume;
  /** How many events had been issued: compare with `CrashDisk.position`. */
  readonly position: number;
  readonly mode: CrashMode;
}

/** Which moments to try. */
export interface CrashImageOptions {
  readonly seed: number;
  /** Images with random parts are drawn this many times. Default 1. */
  readonly repeat?: number;
  /** Positions from, to and every how many (defaults: all). */
  readonly from?: number;
  readonly to?: number;
  readonly step?: number;
  /** Default: all that can differ. */
  readonly modes?: readonly CrashMode[];
}

/** The disk: its present content and its history. */
export class CrashDisk {
  /** What the processes see: the system's cache, with everything that was written. */
  readonly live: MemoryVolume;
  readonly random: SeededRandom;
  /** May be changed at any time. */
  capacityBytes: number;
  /** Called after each event, when `position` counts it already. */
  onEvent: ((event: DiskEvent) => void) | undefined;
  #base: MemoryTree;
  #events: DiskEvent[] = [];
  #ticks = 0;

  constructor(options: CrashDiskOptions) {
    this.random = new SeededRandom(options.seed);
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    // Time is simulated, so that a run does the same things each time: a hundredth of a millisecond a question.
    const clock = (): number => (this.#ticks += 1) / 100;
    const newLogBytes = options.newLogBytes ?? options.from?.newLogBytes;
    this.live = MemoryVolume.fromTree((options.from ?? new MemoryVolume()).toTree(), { clock, newLogBytes });
    this.#base = this.live.toTree();
  }

  /** How many events there are since the start of the recording. */
  get position(): number {
    return this.#events.length;
  }

  /** What happened since the start of the recording. */
  get events(): readonly DiskEvent[] {
    return this.#events;
  }

  /** Forgets what happened; what is on the disk now counts as durable. */
  startRecording(): void {
    this.#base = this.live.toTree();
    this.#events = [];
  }

  /** Notes an event; called by the volume, after the event. */
  record(event: DiskEvent): void {
    this.#events.push(event);
    this.onEvent?.(event);
  }

  /** Sets the clock forward, or back: the engine must not hang or fail if it jumps. */
  jumpClock(milliseconds: number): void {
    this.live.sleep(milliseconds);
  }

  /** Bytes of all files together. */
  usedBytes(): number {
    let sum = 0;
    for (const path of this.live.paths()) sum += this.live.stat(path)?.sizeBytes ?? 0;
    return sum;
  }

  /** Every moment of the recording, in order of time. Their images are the same for the same seed. */
  *moments(seed: number): Generator<DiskMoment> {
    const model = new CrashModel(forkTree(this.#base), new SeededRandom(seed), { newLogBytes: this.live.newLogBytes });
    const moment = (position: number, event: DiskEvent | undefined): DiskMoment => ({ position, event, modes: () => model.modes(), image: (mode) => model.image(mode) });
    yield moment(0, undefined);
    for (let position = 1; position <= this.position; position += 1) {
      const event = this.#events[position - 1] as DiskEvent;
      model.apply(event);
      yield moment(position, event);
    }
  }

  /** What a power cut may leave at every moment of the recording, in order of time. The same for the same seed. */
  *crashImages(options: CrashImageOptions): Generator<CrashImage> {
    const { from = 0, to = this.position, step = 1, repeat = 1 } = options;
    for (const { position, modes, image } of this.moments(options.seed)) {
      if (position > to) return;
      if (position < from || (position - from) % step !== 0) continue;
      for (const mode of modes()) {
        if (options.modes !== undefined && !options.modes.includes(mode)) continue;
        const isRandom = mode === "sectors512" || mode === "sectors4096" || mode === "torn";
        for (let round = 0; round < (isRandom ? repeat : 1); round += 1) yield { volume: image(mode), position, mode };
      }
    }
  }
}

function forkTree(tree: MemoryTree): MemoryTree {
  return MemoryVolume.fromTree(tree).toTree();
}
