/**
 * One seed: stretches of history with a power cut between each two, and after each stretch the crash points.
 *
 * @module
 */
import { findDifference, MemoryVolume, SeededRandom } from "@holdfast/storage-engine/simulation";
import { Store } from "./engine.ts";
import type { DiskEvent } from "./engine.ts";
import { CommitModel } from "./commit-model.ts";
import type { CommitNode, KeyName } from "./commit-model.ts";
import { drawStretch } from "./config.ts";
import { checkImage } from "./image-check.ts";
import { fail, SimulationFailure } from "./failure.ts";
import { keyOption } from "./keys.ts";
import { checkListeners, finish, step } from "./steps.ts";
import { PATH, placesDatabase, World } from "./world.ts";
import type { CopyRecord, PlantedFault } from "./world.ts";

/** The smallest log that the format allows: it wraps after a few commits. */
const SMALL_LOG_BYTES = 64 * 1024;
const STRETCHES = 3;
/** Moments at the start of a stretch that follows a power cut: the recovery, which is cut off more often. */
const RECOVERY_EVENTS = 40;

/** What to run. */
export interface HistoryOptions {
  readonly seed: number;
  readonly form: "plain" | "encrypted";
  /** Crash points to check after each stretch, about. */
  readonly points?: number | undefined;
  /** Steps to leave out, as `stretch.step`. */
  readonly without?: ReadonlySet<string> | undefined;
  /** A fault to be noticed. */
  readonly planted?: PlantedFault | undefined;
  /** Receives what happens, in words. */
  readonly trace?: ((line: string) => void) | undefined;
}

/** What came of it. */
export interface HistoryResult {
  readonly seed: number;
  readonly form: "plain" | "encrypted";
  /** Crash points that were checked. */
  readonly points: number;
  /** Steps that were done, those inside others' steps not counted. */
  readonly steps: readonly string[];
  readonly commits: number;
  readonly failure?: { readonly message: string; readonly where: string; readonly stack: string };
}

interface Start {
  readonly volume: MemoryVolume;
  readonly root: Pick<CommitNode, "file" | "number" | "content" | "key">;
  readonly copies: readonly CopyRecord[];
}

/** Runs one seed to its end or to its first failure. */
export async function runHistory(options: HistoryOptions): Promise<HistoryResult> {
  const run = new History(options);
  try {
    await run.run();
    return run.result();
  } catch (error) {
    const isFailure = error instanceof SimulationFailure;
    const stack = error instanceof Error ? `${error.stack ?? ""}${error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? ""}` : ""}` : String(error);
    return { ...run.result(), failure: { message: isFailure ? error.message : String(error), where: run.where, stack } };
  }
}

class History {
  readonly #options: HistoryOptions;
  readonly #steps: string[] = [];
  #points = 0;
  #commits = 0;
  where = "at the start";

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  result(): HistoryResult {
    return { seed: this.#options.seed, form: this.#options.form, points: this.#points, steps: this.#steps, commits: this.#commits };
  }

  async run(): Promise<void> {
    const { seed, form } = this.#options;
    const random = this.#random(0, 0);
    // One history in ten has a log of the usual length, which never wraps here.
    const volume = new MemoryVolume({ newLogBytes: random.chance(0.1) ? undefined : SMALL_LOG_BYTES });
    volume.makeDirectory("/db");
    const key: KeyName = form === "plain" ? "plain" : "key-1";
    let start: Start = { volume, root: { file: "", number: 0, content: new Map(), key }, copies: [] };
    for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
      const world = await this.#live(stretch, start, seed);
      start = this.#cutPower(stretch, world);
    }
  }

  #random(stretch: number, index: number): SeededRandom {
    return new SeededRandom(mix(mix(mix(this.#options.seed, 0x9e37), stretch), index));
  }

  /** The processes do their steps, then all end cleanly. */
  async #live(stretch: number, start: Start, seed: number): Promise<World> {
    const config = drawStretch(this.#random(stretch, 1));
    const model = new CommitModel(start.root);
    const { trace, planted } = this.#options;
    const world = new World({ seed: mix(seed, stretch), from: start.volume, config, model, copies: start.copies, step, trace, planted });
    world.disk.onEvent = (event) => noteDatabase(world, event);
    trace?.(`stretch ${stretch}: ${JSON.stringify(config)}`);
    for (let index = 0; index < config.steps; index += 1) {
      const name = `${stretch}.${index}`;
      if (this.#options.without?.has(name) === true) continue;
      this.#steps.push(name);
      this.where = `step ${name}`;
      world.random = this.#random(stretch, 100 + index);
      for (const process of world.frozen()) if (world.random.chance(0.15)) world.kill(process);
      trace?.(`step ${name}, position ${world.disk.position}`);
      world.turn(world.random.below(config.processes));
      throwFailure(world);
      if (world.processes.some((process) => process.handles.some((handle) => handle.isListening))) {
        // Listeners are called from the event loop.
        for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
        world.random = this.#random(stretch, 10_000 + index);
        checkListeners(world);
      }
    }
    this.where = `end of stretch ${stretch}`;
    world.random = this.#random(stretch, 20_000);
    finish(world);
    throwFailure(world);
    this.#commits += model.newestSure.number;
    return world;
  }

  /** Checks crash points, and returns one of them to go on from. */
  #cutPower(stretch: number, world: World): Start {
    const { points = 100, trace } = this.#options;
    const random = this.#random(stretch, 30_000);
    const weights = world.disk.events.map((event, index) => weightOf(event) * (stretch > 0 && index < RECOVERY_EVENTS ? 3 : 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let next: Start | undefined;
    let count = 0;
    let syncedBefore = "";
    let durable = 0;
    for (const { position, event, modes, image } of world.disk.moments(mix(this.#options.seed, 40_000 + stretch))) {
      if (event !== undefined && (event.kind === "sync" || event.kind === "syncDirectory")) durable += 1;
      const expected = position === 0 ? 0 : ((weights[position - 1] as number) * points) / total;
      const times = Math.floor(expected) + (random.chance(expected % 1) ? 1 : 0);
      for (let time = 0; time < times; time += 1) {
        const mode = random.pick(modes());
        const allowed = world.model.allowedAt(position);
        // Between two syncs the synced bytes stay the same: to look twice is not two crash points.
        const synced = `${durable} ${allowed.map((node) => `${node.file} ${node.number}`).join()}`;
        if (mode === "synced" && synced === syncedBefore) continue;
        if (mode === "synced") syncedBefore = synced;
        this.where = `power cut at position ${position} of ${world.disk.position} in stretch ${stretch}, mode ${mode}, ${event === undefined ? "at the start" : `after ${describeEvent(event)}`}`;
        const volume = image(mode);
        count += 1;
        const kept = random.chance(1 / count) ? volume.fork() : undefined;
        const checked = random.below(2 ** 31);
        const node = checkImage({ volume, position, allowed, copies: world.copies, random: new SeededRandom(checked) });
        this.#points += 1;
        if (kept !== undefined) next = { volume: kept, root: node, copies: survivingCopies(world.copies, kept) };
      }
    }
    trace?.(`${count} crash points after stretch ${stretch}`);
    return next ?? { volume: world.disk.live.fork(), root: world.model.newestSure, copies: survivingCopies(world.copies, world.disk.live) };
  }
}

function survivingCopies(copies: readonly CopyRecord[], volume: MemoryVolume): CopyRecord[] {
  return copies.filter(({ path }) => volume.stat(path) !== undefined).map((copy) => ({ ...copy, startedAt: -2, sureAt: -1 }));
}

function throwFailure(world: World): void {
  if (world.failure !== undefined) throw world.failure;
}

/** Where something new can be found: around syncs, names and slots, rarely among the zeros of a growing file. */
function weightOf(event: DiskEvent): number {
  if (event.kind !== "write") return event.kind === "truncate" ? 2 : 4;
  if (event.bytes.length === 65_536) return 0.2;
  return event.offset === 8192 || event.offset === 16_384 ? 6 : 1;
}

function describeEvent(event: DiskEvent): string {
  if (event.kind === "write") return `write of ${event.bytes.length} bytes at ${event.offset} of ${event.identity}`;
  if (event.kind === "truncate") return `truncate of ${event.identity} to ${event.sizeBytes}`;
  if (event.kind === "sync") return `${event.isFailed ? "failed " : ""}sync of ${event.identity}`;
  return event.kind === "name" ? `${event.change.kind} ${event.change.path}` : `sync of ${event.directory}`;
}

/** A file gets the database's name: an empty new one, or one that holds what the old one held. */
function noteDatabase(world: World, event: DiskEvent): void {
  const how = placesDatabase(event);
  if (how === undefined) return;
  const file = world.liveFile();
  const position = world.disk.position - 1;
  try {
    world.trace?.(`  a file gets its name: ${how}, position ${position}`);
    if (how === "created") {
      const parent = world.model.newestSure;
      if (parent.file !== "") fail("a new database was put where there was one");
      world.model.proposeFile({ file, number: 0, key: parent.key, parent }, position);
      return;
    }
    const key = world.replacing?.key ?? fail("the database was replaced by nobody");
    const store = Store.open({ path: PATH, volume: world.disk.live.fork(), ...keyOption(key) });
    const snapshot = store.snapshot();
    const parent = world.model.allowedNow().find((node) => findDifference(snapshot, node.content) === undefined);
    if (parent === undefined) fail("the file that replaces the database has another content");
    world.model.proposeFile({ file, number: snapshot.commit, key, parent }, position);
    store.close();
  } catch (error) {
    world.failure ??= error;
  }
}

/** Mixes two numbers into a seed. */
export function mix(one: number, two: number): number {
  let mixed = Math.imul(one ^ 0x85eb_ca6b, 0xc2b2_ae35) ^ Math.imul(two + 0x27d4_eb2f, 0x1656_67b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
