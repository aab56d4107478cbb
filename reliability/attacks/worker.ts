/**
 * A child process that attacks: before each attempt it writes into its progress file which one it is, so that the parent knows what it died of.
 *
 *     node worker.ts FOLDER SHARE SHARES SKIPPED-JOBS SKIPPED-ATTACKS
 *
 * @module
 */
import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { MemoryVolume } from "@holdfast/storage-engine/simulation";
import { isLeftOut } from "./every-byte.ts";
import { jobsOf, type Job, type Plan } from "./jobs.ts";
import { judgeOpen } from "./judge-open.ts";
import { judge, readMap, type Outcome, type Verdict } from "./judge.ts";
import { loadVictims, volumeWith, type Victim } from "./victims.ts";

/** What a child says of one job, or of a part of it. */
export interface Tally {
  readonly job: number;
  readonly counts: Partial<Record<Verdict, number>>;
  readonly codes: Record<string, number>;
  readonly failures: readonly { readonly attack: string; readonly outcome: Outcome }[];
}

const GOOD: ReadonlySet<Verdict> = new Set<Verdict>(["found", "unread", "redundant", "cut"]);
const MAX_FAILURES = 20;

const [folder = "", share = 0, shares = 1, skippedJobs = 0, skippedAttacks = 0] = process.argv.slice(2).map((argument, index) => (index === 0 ? argument : Number(argument))) as [string, ...number[]];
const plan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as Plan;
const victims = loadVictims(folder);
const prepared = new Map<number, { pristine: MemoryVolume; isRead: Uint8Array }>();
const progress = openSync(join(folder, `progress-${share}`), "w");

jobsOf(victims, plan).forEach((job, index) => {
  if (index % shares === share && index >= skippedJobs && !isDone(index)) process.send?.(runJob(job, index, index === skippedJobs ? skippedAttacks : 0));
});
process.disconnect?.();

function isDone(index: number): boolean {
  return plan.everyByte !== undefined && (Date.now() > plan.everyByte.endMs || plan.everyByte.done.includes(index));
}

function runJob(job: Job, index: number, skipped: number): Tally {
  const victim = victims[job.victim] as Victim;
  const { pristine, isRead } = prepare(victim, job.victim);
  const counts: Partial<Record<Verdict, number>> = {};
  const codes: Record<string, number> = {};
  const failures: { attack: string; outcome: Outcome }[] = [];
  let number = 0;
  for (const attack of job.attacks()) {
    number++;
    if (number <= skipped) continue;
    if (plan.everyByte !== undefined && isLeftOut(attack, victim, isRead)) {
      counts.unread = (counts.unread ?? 0) + 1;
      continue;
    }
    writeSync(progress, `${index} ${number}`.padEnd(30), 0);
    const outcome = (plan.isOpen ? judgeOpen : judge)(victim, pristine, attack, isRead);
    counts[outcome.verdict] = (counts[outcome.verdict] ?? 0) + 1;
    if (outcome.verdict === "found") codes[outcome.detail] = (codes[outcome.detail] ?? 0) + 1;
    if (!GOOD.has(outcome.verdict) && failures.length < MAX_FAILURES) failures.push({ attack: attack.what, outcome });
  }
  return { job: index, counts, codes, failures };
}

function prepare(victim: Victim, index: number): { pristine: MemoryVolume; isRead: Uint8Array } {
  let known = prepared.get(index);
  if (known === undefined) {
    known = { pristine: volumeWith(victim.bytes), isRead: readMap(victim) };
    prepared.set(index, known);
  }
  return known;
}
