/**
 * `npm run attacks`: forgeries without the key on real files, in processes that are watched. Nothing may be wrong, abort or hang.
 *
 *     npm run attacks -- [--seed S] [--flips N] [--tries N] [--file NAME] [--json] [--short]
 *
 * `--flips` is the number of single flips for each file; 0 tries every byte of the small files, and every length that they can be
 * cut to. `--file` takes one of the files alone, such as "closed".
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { jobsOf, type Plan } from "./jobs.ts";
import { printReport, toReport } from "./report.ts";
import { makeVictims, saveVictims } from "./victims.ts";
import { survey } from "./watchdog.ts";

const SHARES = 2;

const { values } = parseArgs({
  options: { seed: { type: "string" }, flips: { type: "string" }, tries: { type: "string" }, file: { type: "string" }, json: { type: "boolean", default: false }, short: { type: "boolean", default: false } },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const plan: Plan = {
    seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
    flips: Number(values.flips ?? (values.short ? 80 : 0)),
    tries: Number(values.tries ?? (values.short ? 8 : 400)),
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
    return report.failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
