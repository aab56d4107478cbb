/**
 * `npm run simulate`: seeded histories of several processes on one simulated disk, with power cuts; a model checks them.
 *
 * @module
 */
import { runHistory } from "./history.ts";
import type { HistoryResult } from "./history.ts";
import { readOptions, USAGE, UsageError } from "./options.ts";
import type { SimulateOptions } from "./options.ts";
import { runMany } from "./run-many.ts";
import { shrink } from "./shrink.ts";

/** Failures that are made smaller; of the others the seed is enough. */
const MOST_SHRUNK = 3;

interface Totals {
  histories: number;
  points: number;
  steps: number;
  commits: number;
  readonly failures: HistoryResult[];
}

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.isHelp) {
      print(USAGE);
      return 0;
    }
    return options.seed === undefined ? await runRange(options) : await runOne(options, options.seed);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

/** One seed, told step by step. */
async function runOne({ forms, without, isJson }: SimulateOptions, seed: number): Promise<number> {
  const results: HistoryResult[] = [];
  for (const form of forms) {
    if (!isJson) print(`seed ${seed}, ${form}`);
    const trace = isJson ? undefined : print;
    results.push(await runHistory({ seed, form, without, trace }));
  }
  const failed = results.filter(({ failure }) => failure !== undefined);
  if (isJson) print(JSON.stringify(results, undefined, 2));
  else for (const { form, failure, points } of results) print(failure === undefined ? `${form}: ${points} crash points, nothing lost` : `${form}, ${failure.where}: ${failure.stack}`);
  if (!isJson) print(`${results.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

async function runRange(options: SimulateOptions): Promise<number> {
  const totals: Totals = { histories: 0, points: 0, steps: 0, commits: 0, failures: [] };
  const startedAt = performance.now();
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  // Whoever ends a long run gets its figures so far.
  process.once("SIGINT", stop).once("SIGTERM", stop);
  await runMany({
    ...options,
    isStopped: () => isStopped,
    onResult: (result) => {
      add(totals, result);
      if (result.failure !== undefined && !options.isJson) print(describeFailure(result));
      showProgress(totals, options);
    },
  });
  if (process.stdout.isTTY) process.stdout.write("\r\u001B[K");
  const seconds = (performance.now() - startedAt) / 1000;
  if (!options.isJson) for (const failure of totals.failures.slice(0, MOST_SHRUNK)) await printShrunk(failure);
  report(totals, { options, seconds, isStopped });
  return totals.failures.length === 0 ? 0 : 1;
}

function add(totals: Totals, result: HistoryResult): void {
  totals.histories += 1;
  totals.points += result.points;
  totals.steps += result.steps.length;
  totals.commits += result.commits;
  if (result.failure !== undefined) totals.failures.push(result);
}

function describeFailure({ seed, form, failure }: HistoryResult): string {
  return `FAILED seed ${seed}, ${form}, ${failure?.where}: ${failure?.message}\n  again: npm run simulate -- --seed ${seed} --form ${form}`;
}

async function printShrunk(failing: HistoryResult): Promise<void> {
  const { without, result } = await shrink(failing);
  const left = result.steps.filter((step) => !without.includes(step));
  print(`seed ${failing.seed}, ${failing.form}, fails with ${left.length} of its ${failing.steps.length} steps, ${result.failure?.where}: ${result.failure?.message}`);
  print(`  again: npm run simulate -- --seed ${failing.seed} --form ${failing.form} --without ${without.join(",")}`);
}

function report(totals: Totals, run: { options: SimulateOptions; seconds: number; isStopped: boolean }): void {
  const { options, seconds, isStopped } = run;
  const { histories, points, steps, commits, failures } = totals;
  if (options.isJson) {
    print(JSON.stringify({ from: options.from, forms: options.forms, histories, points, steps, commits, seconds, isStopped, failures }, undefined, 2));
    return;
  }
  print(`${points} crash points after ${commits} commits in ${steps} steps of ${histories} histories, seeds from ${options.from} (${options.forms.join(" and ")}), ${seconds.toFixed(1)} s, ${Math.round(points / seconds)} a second${isStopped ? "; stopped early" : ""}`);
  print(`${histories - failures.length} passed, ${failures.length} failed`);
}

function showProgress(totals: Totals, options: SimulateOptions): void {
  if (!process.stdout.isTTY || options.isJson) return;
  process.stdout.write(`\r\u001B[K${totals.points} crash points, ${totals.histories} histories, ${totals.failures.length} failed`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
