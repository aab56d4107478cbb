/**
 * One file and what is known of it, through several rounds of kills.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Realm from "@holdfast/realm";
import type { SeededRandom } from "@holdfast/storage-engine/simulation";
import { createNotes, schemaOfVersion } from "./actors/migrator.ts";
import type { Activity } from "./activities.ts";
import { checkAfterKills, type Findings } from "./check.ts";
import { commitNext, LANE_COUNT, SCHEMA, SHAPES } from "./content.ts";
import { configurationOf, keyAfter, type ActorName, type Job } from "./job.ts";
import type { Process, ProcessPool } from "./processes.ts";

/** Plain or encrypted. */
export type Form = "plain" | "encrypted";

/** What is known of a file. */
export interface FileState {
  readonly path: string;
  readonly isEncrypted: boolean;
  /** How often each lane has committed. */
  readonly lanes: number[];
  /** How often the file was re-keyed. */
  rekeys: number;
  /** The number of the next copy. */
  copies: number;
  schemaVersion: number;
}

/** What happened in one round. */
export interface Round {
  readonly crew: readonly Process[];
  readonly victims: ReadonlySet<Process>;
  /** True if the victims stood still when they were killed: then what is there is exactly what was acknowledged. */
  readonly isAtRest: boolean;
}

/** A crew on a file, again and again. */
export class Session {
  readonly #activity: Activity;
  readonly #form: Form;
  readonly #pool: ProcessPool;
  readonly #random: SeededRandom;
  #folder: string;
  #state: FileState;
  #roundCount = 0;

  constructor(activity: Activity, form: Form, tools: { pool: ProcessPool; random: SeededRandom }) {
    this.#activity = activity;
    this.#form = form;
    this.#pool = tools.pool;
    this.#random = tools.random;
    [this.#folder, this.#state] = this.#newFile();
  }

  /** Where the file is, for whoever looks at a failure. */
  get folder(): string {
    return this.#folder;
  }

  /** Removes the file. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A fresh file: after a failure, or when the old one has seen enough. */
  renew(): void {
    [this.#folder, this.#state] = this.#newFile();
  }

  #newFile(): [string, FileState] {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-kills-"));
    const isEncrypted = this.#form === "encrypted";
    const state: FileState = { path: join(folder, "test.realm"), isEncrypted, lanes: Array.from({ length: LANE_COUNT }, () => 0), rekeys: 0, copies: 1, schemaVersion: 1 };
    if (!this.#startsWith("creator")) this.#fill(state);
    return [folder, state];
  }

  /** What is there before the first round. */
  #fill(state: FileState): void {
    const key = keyAfter(0, state.isEncrypted);
    if (this.#startsWith("migrator")) {
      const realm = new Realm(configurationOf(state.path, key, { schema: schemaOfVersion(1), schemaVersion: 1 }));
      createNotes(realm);
      realm.close();
      return;
    }
    const realm = new Realm(configurationOf(state.path, key, { schema: SCHEMA }));
    state.lanes[0] = commitNext(realm, SHAPES[this.#activity.shape], 0);
    realm.close();
  }

  #startsWith(actor: ActorName): boolean {
    return this.#activity.crews[0]?.[0] === actor;
  }

  /** One round: a crew starts, some or all of it are killed, the others go on, all is checked. */
  async round(): Promise<Findings & { kills: number; isAtRest: boolean }> {
    this.#roundCount += 1;
    const isAtRest = this.#roundCount % 2 === 0;
    const actors = this.#random.pick(this.#activity.crews);
    const doomed = this.#chooseVictims(actors.length);
    const crew = await Promise.all(actors.map((actor, lane) => this.#pool.take(this.#jobOf(actor, lane, isAtRest && doomed.has(lane)))));
    const victims = new Set(crew.filter((_, lane) => doomed.has(lane)));
    const round: Round = { crew, victims, isAtRest };
    try {
      await this.#killAndGoOn(round);
    } finally {
      for (const process of crew) process.kill();
      await Promise.all(crew.map((process) => process.ended));
    }
    const findings = checkAfterKills(this.#state, round, { shape: SHAPES[this.#activity.shape], isMigration: this.#startsWith("migrator") });
    if (this.#startsWith("creator")) this.#forgetFile();
    return { ...findings, kills: victims.size, isAtRest };
  }

  #forgetFile(): void {
    this.remove();
    this.renew();
  }

  #jobOf(actor: ActorName, lane: number, rests: boolean): Job {
    const { path, isEncrypted, rekeys, copies, schemaVersion } = this.#state;
    const key = keyAfter(rekeys, isEncrypted);
    const number = { rekeyer: rekeys, copier: copies, migrator: schemaVersion }[actor as string] ?? 0;
    const { shape, restAfter } = this.#activity;
    const seed = this.#random.below(2 ** 31);
    return { actor, path, shape, lane, number, isEncrypted, seed, ...(key === undefined ? {} : { key }), ...(rests ? { restAfter: 1 + this.#random.below(restAfter) } : {}) };
  }

  /** One, some or all; the first of the crew, which the row is about, most often. */
  #chooseVictims(size: number): Set<number> {
    const count = this.#random.pick([1, 1 + this.#random.below(size), size]);
    const order = Array.from({ length: size }, (_, lane) => lane);
    const chosen = new Set<number>(this.#random.chance(0.7) ? [0] : []);
    while (chosen.size < count) chosen.add(this.#random.pick(order));
    return chosen;
  }

  async #killAndGoOn({ crew, victims, isAtRest }: Round): Promise<void> {
    await Promise.all(crew.map((process) => process.until("ready", (lines) => lines.includes("ready"))));
    const start = performance.now();
    for (const process of crew) process.send("go");
    await Promise.all([...victims].map((process) => this.#waitForMoment(process, isAtRest)));
    // A busy machine takes longer for a step than an idle one: the moment falls into one of the next two steps on both.
    const spanMs = Math.max(this.#activity.spanMs, 2 * (performance.now() - start));
    if (!isAtRest) await pause(this.#random.next() * spanMs);
    for (const process of victims) process.kill();
    await Promise.all([...victims].map((process) => process.ended));
    const survivors = crew.filter((process) => !victims.has(process));
    await Promise.all(survivors.map((process) => goOn(process)));
    for (const process of survivors) process.send("stop");
    await Promise.all(survivors.map((process) => process.ended));
  }

  /** Nothing would be shown by a kill before the first step, but for the step that makes the file. */
  async #waitForMoment(process: Process, isAtRest: boolean): Promise<void> {
    if (isAtRest) await process.until("resting", (lines) => lines.includes("resting"));
    else if (process.job?.actor !== "creator") await process.until("a first step", (lines) => stepsIn(lines) > 0);
  }
}

/** A survivor must make steps after the others are dead. */
async function goOn(process: Process): Promise<void> {
  const before = stepsIn(process.lines);
  await process.until("two more steps after the kill", (lines) => stepsIn(lines) >= before + 2);
}

function stepsIn(lines: readonly string[]): number {
  return lines.filter((line) => /^(committed|read|copied|rekeyed|compacted|migrated|opened|closed)\b/.test(line)).length;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}
