/**
 * The figures: one line for each family and form, the failures, and the last line that the test runner counts.
 *
 * @module
 */
import type { Job, Plan } from "./jobs.ts";
import type { Verdict } from "./judge.ts";
import type { Victim } from "./victims.ts";
import type { Survey } from "./watchdog.ts";

/** One family on all files of one form. */
export interface Row {
  readonly family: string;
  readonly form: "encrypted" | "plain";
  attempts: number;
  readonly counts: Record<Verdict | "ABORT" | "HANG", number>;
  readonly codes: Record<string, number>;
}

export interface Report {
  readonly command: string;
  readonly seed: number;
  readonly date: string;
  readonly seconds: number;
  readonly files: readonly { readonly name: string; readonly form: string; readonly bytes: number }[];
  readonly rows: readonly Row[];
  readonly failures: readonly string[];
  readonly passed: number;
  readonly failed: number;
}

const FAILURES: readonly (Verdict | "ABORT" | "HANG")[] = ["WRONG DATA", "UNEXPECTED ERROR", "CHANGED BY A FAILED OPEN", "MEMORY", "ABORT", "HANG"];

/** Sums up a run. */
export function toReport(run: { plan: Plan; isShort: boolean; file: string | undefined; jobs: readonly Job[]; victims: readonly Victim[]; survey: Survey; seconds: number }): Report {
  const { plan, isShort, file, jobs, victims, survey, seconds } = run;
  const rows = new Map<string, Row>();
  const rowOf = (job: number): Row => {
    const { family, victim } = jobs[job] as Job;
    const form = victims[victim]?.isEncrypted === true ? "encrypted" : "plain";
    const known = rows.get(`${family} ${form}`) ?? { family, form, attempts: 0, codes: {}, counts: emptyCounts() };
    rows.set(`${family} ${form}`, known);
    return known;
  };
  const failures: string[] = [];
  const nameOf = (job: number): string => `${jobs[job]?.family} on "${victims[jobs[job]?.victim ?? 0]?.name}" (${rowOf(job).form})`;
  for (const tally of survey.tallies.toSorted((a, b) => a.job - b.job)) {
    const row = rowOf(tally.job);
    for (const [verdict, count] of Object.entries(tally.counts) as [Verdict, number][]) {
      row.attempts += count;
      row.counts[verdict] += count;
    }
    for (const [code, count] of Object.entries(tally.codes)) row.codes[code] = (row.codes[code] ?? 0) + count;
    for (const { attack, outcome } of tally.failures) failures.push(`${nameOf(tally.job)}: ${attack}: ${outcome.verdict}: ${outcome.detail}`);
  }
  for (const casualty of survey.casualties) {
    const row = rowOf(casualty.job);
    row.attempts++;
    row.counts[casualty.kind]++;
    failures.push(`${nameOf(casualty.job)}: attack ${casualty.attack}: ${casualty.kind}: ${casualty.detail}`);
  }
  const all = [...rows.values()];
  const failed = all.reduce((sum, row) => sum + FAILURES.reduce((part, verdict) => part + row.counts[verdict], 0), 0);
  return {
    command: `npm run attacks -- --seed ${plan.seed} --flips ${plan.flips} --tries ${plan.tries}${plan.isOpen ? " --open" : ""}${isShort ? " --short" : ""}${file === undefined ? "" : ` --file "${file}"`}`,
    seed: plan.seed,
    date: new Date().toISOString().slice(0, 10),
    seconds,
    files: victims.map(({ name, isEncrypted, bytes }) => ({ name, form: isEncrypted ? "encrypted" : "plain", bytes: bytes.length })),
    rows: all,
    failures,
    passed: all.reduce((sum, row) => sum + row.attempts, 0) - failed,
    failed,
  };
}

function emptyCounts(): Row["counts"] {
  return { found: 0, unread: 0, redundant: 0, cut: 0, "WRONG DATA": 0, "UNEXPECTED ERROR": 0, "CHANGED BY A FAILED OPEN": 0, MEMORY: 0, ABORT: 0, HANG: 0 };
}

/** Prints the report for people. */
export function printReport(report: Report): void {
  const lines = ["", `${"attack".padEnd(76)}${"form".padEnd(11)}tried    found   unread redundant  cut  wrong  other  abort  hang`];
  for (const { family, form, attempts, counts } of report.rows) {
    const other = counts["UNEXPECTED ERROR"] + counts["CHANGED BY A FAILED OPEN"] + counts.MEMORY;
    const numbers = [attempts, counts.found, counts.unread, counts.redundant, counts.cut, counts["WRONG DATA"], other, counts.ABORT, counts.HANG];
    const widths = [7, 9, 9, 9, 5, 7, 7, 7, 6];
    lines.push(`${family.padEnd(74)}${form.padEnd(9)}${numbers.map((number, index) => String(number).padStart(widths[index] ?? 8)).join("")}`);
  }
  for (const failure of report.failures.slice(0, 40)) lines.push("", failure);
  const flips = report.rows.filter(({ form }) => form === "encrypted").reduce((sum, row) => sum + row.attempts, 0);
  lines.push("", `${flips} attacks on encrypted files, ${report.passed + report.failed - flips} on plain ones, ${report.seconds} s, seed ${report.seed}`);
  lines.push(`${report.passed} passed, ${report.failed} failed`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
