/**
 * `npm run attacks`: forgeries without the key on real files, in processes that are watched. Nothing may be wrong, abort or hang.
 *
 *     npm run attacks -- [--seed S] [--flips N] [--tries N] [--file NAME] [--open] [--json] [--short] [--only files|sync]
 *
 * `--flips` is the number of single flips for each file; 0 tries every byte of the small files, and every length that they can be
 * cut to. `--every-byte FOLDER` does that for the smallest files alone, in slices that the folder keeps: stopped (also by `--minutes N`), it goes on where it was.
 * `--only sync [--seeds N] [--messages N] [--minutes N] [--store NAME]` attacks live sessions of the sync server (`sync/main.ts`) and no files; `--short` does both, `--short --only files` the files alone.
 * `--file` takes one of the files alone, such as "closed". `--open` attacks under open handles.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keep, keptIn, victimsIn } from "./every-byte.ts";
import { jobsOf, type Plan } from "./jobs.ts";
import { printReport, toReport } from "./report.ts";
import { makeVictims, saveVictims } from "./victims.ts";
import { attackSync } from "./sync/main.ts";
import { survey } from "./watchdog.ts";

const SHARES = 2;
const SMALLEST = ["smallest", "smallest, killed"];

const { values } = parseArgs({
  options: { seed: { type: "string" }, flips: { type: "string" }, tries: { type: "string" }, file: { type: "string" }, open: { type: "boolean", default: false }, "every-byte": { type: "string" }, minutes: { type: "string" }, json: { type: "boolean", default: false }, short: { type: "boolean", default: false }, only: { type: "string" }, seeds: { type: "string" }, messages: { type: "string" }, store: { type: "string" } },
});

const everyByte = values["every-byte"];
process.exitCode = await (values.only === "sync" ? mainOfSync() : everyByte === undefined ? main() : tryEveryByte(everyByte));
// A database cluster that was started for this would keep the process.
if (values.only === "sync") process.exit();

async function mainOfSync(): Promise<number> {
  const { passed, failed } = await liveSessions();
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function liveSessions(): ReturnType<typeof attackSync> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 20));
  const stores = values.store === "sqlite" || values.store === "postgres" ? [values.store] as const : values.short ? ["sqlite"] as const : ["sqlite", "postgres"] as const;
  return attackSync({ seed, seeds: Number(values.seeds ?? (values.short ? 1 : 40)), messages: Number(values.messages ?? (values.short ? 250 : 400)), stores, endMs: values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(values.minutes) * 60_000 });
}

async function tryEveryByte(folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const { victims, seed } = victimsIn(folder, Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)), values.file === undefined ? SMALLEST : [values.file]);
  const kept = keptIn(folder);
  const endMs = values.minutes === undefined ? Number.MAX_SAFE_INTEGER : Date.now() + Number(values.minutes) * 60_000;
  const plan: Plan = { seed, flips: 0, tries: 0, isOpen: false, everyByte: { done: kept.map(({ job }) => job), endMs } };
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
  const jobs = jobsOf(victims, plan);
  const startMs = performance.now();
  const result = await survey(folder, SHARES, (tally) => keep(folder, tally));
  const tallies = [...kept, ...result.tallies];
  const report = toReport({ plan, isShort: false, file: undefined, jobs, victims, survey: { ...result, tallies }, seconds: Math.round((performance.now() - startMs) / 1000) });
  process.stdout.write(`${tallies.length} of ${jobs.length} slices of ${victims.map(({ name, isEncrypted, bytes }) => `"${name}" (${isEncrypted ? "encrypted" : "plain"}, ${bytes.length} bytes)`).join(", ")}\n`);
  printReport(report);
  return report.failed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const plan: Plan = {
    seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
    flips: Number(values.flips ?? (values.short ? 80 : 0)),
    tries: Number(values.tries ?? (values.short ? 8 : 400)),
    isOpen: values.open,
  };
  const folder = mkdtempSync(join(tmpdir(), "holdfast-attacks-"));
  try {
    if (!values.json) process.stdout.write(`seed ${plan.seed}, flips ${plan.flips === 0 ? "at every byte" : plan.flips}, tries ${plan.tries}\n`);
    const startMs = performance.now();
    const victims = makeVictims(plan.seed, values.short).filter(({ name }) => values.file === undefined || name === values.file);
    if (victims.length === 0) throw new RangeError(`there is no file "${values.file}"`);
    saveVictims(folder, victims);
    writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
    const jobs = jobsOf(victims, plan);
    const result = await survey(folder, SHARES, (tally) => {
      if (!values.json && !values.short) process.stdout.write(`${jobs[tally.job]?.family}: ${victims[jobs[tally.job]?.victim ?? 0]?.name}\n`);
    });
    const report = toReport({ plan, isShort: values.short, file: values.file, jobs, victims, survey: result, seconds: Math.round((performance.now() - startMs) / 1000) });
    if (values.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    else printReport(report);
    if (!values.short || values.json || values.only !== undefined || values.file !== undefined) return report.failed === 0 ? 0 : 1;
    const live = await liveSessions();
    process.stdout.write(`${report.passed + live.passed} passed, ${report.failed + live.failed} failed\n`);
    return report.failed + live.failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
