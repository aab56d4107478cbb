/**
 * Every byte of small files flipped, and every length that they can be cut to: in slices that are kept as they end, so that a run can be stopped
 * and goes on where it was.
 *
 * A byte that the judgement never reads can have no effect; of those, every 512th is tried nonetheless.
 *
 * @module
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "@holdfast/storage-engine/simulation";
import type { Attack } from "./families/attack.ts";
import { headBytes } from "./families/bytes.ts";
import type { Job, Plan } from "./jobs.ts";
import { loadVictims, makeVictims, saveVictims, type Victim } from "./victims.ts";
import type { Tally } from "./worker.ts";

/** Attempts in a slice: a few seconds' work. */
const SLICE = 1024;
/** Of the bytes that are not read, one in so many is tried. */
const UNREAD_STRIDE = 512;

/** The slices of every file, in an order that spreads what a stopped run has tried. */
export function slicesOf(victims: readonly Victim[], plan: Plan): Job[] {
  const jobs = victims.flatMap((victim, column) => {
    const heads = headBytes(victim);
    return [
      ...slices({ family: "one bit of every byte flipped", victim: column, count: victim.bytes.length }, (index, random) => flip(victim, index, random.below(8)), plan),
      ...slices({ family: "all bits of header, slots and heads flipped", victim: column, count: heads.length * 8 }, (index) => flip(victim, heads[Math.floor(index / 8)] ?? 0, index % 8), plan),
      ...slices({ family: "cut to every length", victim: column, count: victim.bytes.length }, (index) => ({ what: `cut to ${index}`, edits: [], sizeBytes: index }), plan),
    ];
  });
  return shuffled(jobs, new SeededRandom(plan.seed));
}

function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const rest = [...items];
  return items.map(() => rest.splice(random.below(rest.length), 1)[0] as Item);
}

function slices(of: { family: string; victim: number; count: number }, attackAt: (index: number, random: SeededRandom) => Attack, plan: Plan): Job[] {
  return Array.from({ length: Math.ceil(of.count / SLICE) }, (_, slice) => {
    const end = Math.min(of.count, (slice + 1) * SLICE);
    return {
      family: of.family,
      victim: of.victim,
      *attacks() {
        const random = new SeededRandom(plan.seed + slice);
        for (let index = slice * SLICE; index < end; index++) yield attackAt(index, random);
      },
    };
  });
}

function flip({ bytes }: Victim, offset: number, bit: number): Attack {
  return { what: `bit ${bit} of byte ${offset}`, edits: [{ offset, bytes: Uint8Array.of((bytes[offset] ?? 0) ^ (1 << bit)) }] };
}

/** True for an attack whose bytes are never read and which is not tried for that reason. */
export function isLeftOut(attack: Attack, victim: Victim, isRead: Uint8Array): boolean {
  const at = attack.edits[0]?.offset ?? attack.sizeBytes ?? 0;
  if (at % UNREAD_STRIDE === 0) return false;
  return attack.sizeBytes === undefined ? isRead[at] !== 1 : !isRead.subarray(at, victim.bytes.length).includes(1);
}

/** The files of a folder and the seed that they were made with; made the first time. */
export function victimsIn(folder: string, seed: number, names: readonly string[]): { victims: Victim[]; seed: number } {
  const seedPath = join(folder, "seed");
  if (!existsSync(seedPath)) {
    saveVictims(folder, makeVictims(seed, false).filter(({ name }) => names.includes(name)));
    writeFileSync(seedPath, String(seed));
  }
  return { victims: loadVictims(folder), seed: Number(readFileSync(seedPath, "utf8")) };
}

/** What earlier runs kept. */
export function keptIn(folder: string): Tally[] {
  const path = join(folder, "done.jsonl");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").filter((line) => line.endsWith("}")).map((line) => JSON.parse(line) as Tally);
}

/** Keeps a slice that has ended. */
export function keep(folder: string, tally: Tally): void {
  appendFileSync(join(folder, "done.jsonl"), `${JSON.stringify(tally)}\n`);
}
