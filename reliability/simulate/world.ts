/**
 * One stretch of history between two power cuts: a disk, the processes on it, the model, and who has the next turn.
 *
 * The engine is synchronous, so turns change hands at its calls of the volume: there, other processes may do whole steps
 * of theirs (and within these, further ones), stop for good with their locks, or die. A process that waits for a lock
 * sleeps in virtual time and hands its turn on.
 *
 * @module
 */
import { CrashDisk, CrashVolume } from "@holdfast/storage-engine/simulation";
import type { DiskEvent, MemoryVolume, SeededRandom, Snapshot, Store, VolumeCall } from "./engine.ts";
import type { CommitModel, CommitNode, KeyName } from "./commit-model.ts";
import type { StretchConfig } from "./config.ts";

/** The database of every simulation. */
export const PATH = "/db/store.holdfast";
/** Copies, and those that were never completed: the next copy to the same name takes them away. */
export const IS_COPY: RegExp = /^\/db\/copy-\d(?:\.new-[0-9a-f]{12})?$/u;
const DEEPEST_TURN = 3;

/** A snapshot that a process keeps, and what it must go on to hold. */
export interface Held {
  readonly snapshot: Snapshot;
  readonly node: CommitNode;
}

/** One open store. */
export interface Handle {
  readonly store: Store;
  readonly isReadOnly: boolean;
  /** Identity of the file that it has open. */
  file: string;
  readonly held: Held[];
  /** How many failures there had been when it was opened: a sync that failed since may have shut it. */
  readonly openedAtFault: number;
  /** True from a call of its listener until it has looked. */
  hasHeard: boolean;
  isListening: boolean;
}

/** A copy that was asked for with `writeCopyTo`. */
export interface CopyRecord {
  readonly path: string;
  readonly node: CommitNode;
  readonly key: KeyName;
  readonly startedAt: number;
  /** From this position on it must be there. */
  sureAt: number;
}

/** One simulated process. When it dies, another takes its place. */
export class SimulatedProcess {
  readonly name: string;
  readonly volume: CrashVolume;
  readonly handles: Handle[] = [];
  /** True while it is in a step, perhaps with others' steps inside. */
  isBusy = false;

  constructor(name: string, volume: CrashVolume) {
    this.name = name;
    this.volume = volume;
  }

  /** True if it has died or stopped. */
  get isGone(): boolean {
    return this.volume.isKilled || this.volume.isFrozen;
  }
}

/** A fault planted on purpose, to see that it is noticed: for the tests of the simulation itself. */
export interface PlantedFault {
  /** Changes each process's disk. */
  readonly volume?: (volume: CrashVolume) => void;
  /** Changes each store that a process opens. */
  readonly store?: (store: Store) => void;
}

/** What a world is made of. */
export interface WorldInput {
  readonly seed: number;
  readonly from: MemoryVolume;
  readonly config: StretchConfig;
  readonly model: CommitModel;
  readonly copies: readonly CopyRecord[];
  /** Does one step of a process that is not busy. */
  readonly step: (world: World, process: SimulatedProcess) => void;
  /** Receives what happens, in words. */
  readonly trace: ((line: string) => void) | undefined;
  readonly planted: PlantedFault | undefined;
}

/** The stretch. `random` is set anew for each step of the plan, so that leaving one out does not change the others. */
export class World {
  readonly disk: CrashDisk;
  readonly config: StretchConfig;
  readonly model: CommitModel;
  readonly copies: CopyRecord[];
  readonly processes: SimulatedProcess[] = [];
  readonly trace: ((line: string) => void) | undefined;
  readonly planted: PlantedFault | undefined;
  readonly inFlight: Set<CommitNode> = new Set();
  /** The newest commit whose call came back: from then on every other handle can know of it. */
  acknowledged: CommitNode | undefined;
  random!: SeededRandom;
  /** The first thing that went wrong: kept here because the engine may swallow what is thrown inside one of its calls. */
  failure: unknown;
  faultCount = 0;
  /** True once a failure hit a side file: others may hear of a commit late. */
  isHintBroken = false;
  /** How often a process stopped: its locks are taken for as long as it stands. */
  freezeCount = 0;
  /** What a process that replaces the file would put there. */
  replacing: { readonly process: SimulatedProcess; readonly key: KeyName } | undefined;
  readonly #step: WorldInput["step"];
  #depth = 0;
  #started = 0;
  #isQuiet = false;

  constructor(input: WorldInput) {
    this.config = input.config;
    this.model = input.model;
    this.copies = [...input.copies];
    this.trace = input.trace;
    this.planted = input.planted;
    this.#step = input.step;
    this.disk = new CrashDisk({ seed: input.seed, from: input.from });
    if (input.config.freeBytes !== undefined) this.disk.capacityBytes = this.disk.usedBytes() + input.config.freeBytes;
    for (let index = 0; index < input.config.processes; index += 1) this.processes.push(this.#newProcess(index));
  }

  /** True inside another process's step. */
  get isNested(): boolean {
    return this.#depth > 1;
  }

  /** Does one step of the process, unless it is in one. */
  turn(index: number): void {
    const process = this.processes[index % this.processes.length] as SimulatedProcess;
    if (process.isBusy || process.volume.isFrozen) return;
    const depth = this.#depth;
    this.#depth = depth + 1;
    process.isBusy = true;
    try {
      this.#step(this, process);
    } catch (error) {
      this.failure ??= error;
    } finally {
      process.isBusy = false;
      this.#depth = depth;
      this.noteFaults(process);
      process.volume.clearFaults();
    }
    this.#replaceDead();
  }

  /** Takes in which armed failures came true. */
  noteFaults(process: SimulatedProcess): void {
    const done = process.volume.faultsDone.splice(0);
    this.faultCount += done.length;
    if (done.some(({ path }) => !path.endsWith(".holdfast"))) this.isHintBroken = true;
    for (const { operation, path, outcome } of done) this.trace?.(`  ${process.name}: ${outcome} in ${operation} ${path}`);
  }

  /** Lets nobody else have a turn while the action runs. */
  quietly<Result>(action: () => Result): Result {
    const before = this.#isQuiet;
    this.#isQuiet = true;
    try {
      return action();
    } finally {
      this.#isQuiet = before;
    }
  }

  /** A place between two calls of the engine where others may have their turn. */
  pause(process: SimulatedProcess): void {
    if (!process.isGone) this.#beforeCall(process, { operation: "status", path: "" });
  }

  /** Ends a process that is not in a step, or the frames of which will notice. */
  kill(process: SimulatedProcess): void {
    this.trace?.(`  ${process.name} is killed`);
    process.volume.kill();
    this.#replaceDead();
  }

  /** Who stopped at some time and still stands in the way. */
  frozen(): SimulatedProcess[] {
    return this.processes.filter((process) => process.volume.isFrozen);
  }

  /** Identity of the file that the path leads to; empty if there is none. */
  liveFile(): string {
    return this.disk.live.stat(PATH)?.identity ?? "";
  }

  #replaceDead(): void {
    this.processes.forEach((process, index) => {
      if (process.volume.isKilled && !process.isBusy) this.processes[index] = this.#newProcess(index);
    });
  }

  #newProcess(index: number): SimulatedProcess {
    const volume = new CrashVolume(this.disk);
    const process = new SimulatedProcess(`process ${index}.${this.#started}`, volume);
    this.#started += 1;
    volume.beforeCall = (call) => this.#beforeCall(process, call);
    this.planted?.volume?.(volume);
    return process;
  }

  #beforeCall(process: SimulatedProcess, call: VolumeCall): "split" | undefined {
    if (this.#isQuiet || this.failure !== undefined) return undefined;
    const { random, config } = this;
    const draw = random.next();
    const turns = call.operation === "sleep" ? 0.15 : config.turnsPerCall;
    let limit = turns;
    if (draw < limit) {
      this.#others();
      return undefined;
    }
    if (draw < (limit += config.killsPerCall)) {
      this.trace?.(`  at ${call.operation} ${call.path} of ${process.name}:`);
      this.kill(random.chance(0.7) ? process : random.pick(this.processes));
    } else if (draw < (limit += config.freezesPerCall)) {
      this.trace?.(`  ${process.name} stops at ${call.operation} ${call.path}`);
      this.freezeCount += 1;
      process.volume.freeze();
    } else if (draw < (limit += config.clockJumpsPerCall)) this.disk.jumpClock(random.pick([-60_000, -1000, 1000, 3_600_000]));
    // The few bytes of a side file are one write to every system: nobody sees half of them.
    else if (call.operation === "write" && call.path.endsWith(".holdfast") && draw < limit + config.splitsPerCall) return "split";
    return undefined;
  }

  #others(): void {
    if (this.#depth >= DEEPEST_TURN) return;
    const rounds = 1 + this.random.below(3);
    for (let round = 0; round < rounds; round += 1) this.turn(this.random.below(this.processes.length));
  }
}

/** True for the event that gives the database its name. */
export function placesDatabase(event: DiskEvent): "created" | "replaced" | undefined {
  if (event.kind !== "name") return undefined;
  const { change } = event;
  if (change.kind === "add" && change.path === PATH) return "created";
  return change.kind === "rename" && change.to === PATH ? "replaced" : undefined;
}
