/**
 * `npm run fuzz`: coverage-guided inputs for everything that is parsed.
 *
 *     npm run fuzz -- [--target NAME]... [--seconds N] [--seed S] [--jobs N] [--keep] [--json]
 *
 * Failing inputs are saved, as short as they get, under crashes/TARGET, where the unit tests try them from then on. `--keep`
 * adds what reached something new to the corpus.
 *
 * @module
 */
import { crashName } from "./fuzzer/failure.ts";
import { readCorpus, writeCorpus, writeCrash } from "./fuzzer/corpus-file.ts";
import { readOptions } from "./fuzzer/options.ts";
import type { FuzzOptions } from "./fuzzer/options.ts";
import { runTarget } from "./fuzzer/run-target.ts";
import type { TargetReport } from "./fuzzer/run-target.ts";
import { moduleOf, TARGETS } from "./targets/index.ts";

const options = readOptions(process.argv.slice(2), TARGETS);
const reports = await runAll(options);
if (options.isJson) process.stdout.write(`${JSON.stringify(reports.map(jsonOf), undefined, 2)}\n`);
const failed = reports.filter((report) => report.failures.length > 0 || report.executions === 0).length;
process.stdout.write(`${reports.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs the targets, a few at once. */
async function runAll({ targets, jobs }: FuzzOptions): Promise<TargetReport[]> {
  say(`seed ${options.seed}, ${options.seconds} s each, ${jobs} at once\n`);
  say(`${"target".padEnd(14)}${["executions", "per second", "edges", "of", "inputs", "failures"].map((title) => title.padStart(12)).join("")}\n`);
  const results: TargetReport[] = [];
  const waiting = [...targets];
  const work = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      const report = await runTarget({ target, module: moduleOf(target), seed: options.seed, seconds: options.seconds });
      settle(report);
      results.push(report);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

/** Prints a report and saves what it found. */
function settle(report: TargetReport): void {
  const { target, executions, seconds, edges, branches, corpus, failures } = report;
  const numbers = [executions, Math.round(executions / Math.max(seconds, 0.001)), edges, branches, corpus.length, failures.length];
  say(`${target.padEnd(14)}${numbers.map((number) => String(number).padStart(12)).join("")}\n`);
  for (const { signature, message, input } of failures) {
    const path = writeCrash(target, crashName(signature), input);
    say(`\n  ${target}, seed ${report.seed}: ${signature}\n${message.replaceAll(/^/gm, "    ")}\n  input of ${input.length} bytes saved as ${path.slice(path.indexOf("reliability"))}\n\n`);
  }
  if (options.isKept && executions > 0) {
    const before = readCorpus(target).length;
    writeCorpus(target, corpus);
    say(`  corpus of ${target}: ${before} inputs before, ${corpus.length} now\n`);
  }
}

function jsonOf({ corpus, failures, ...numbers }: TargetReport): object {
  return { ...numbers, inputs: corpus.length, failures: failures.map(({ signature, message }) => ({ signature, message })) };
}

/** With `--json`, standard output holds the report alone but for the last line. */
function say(text: string): void {
  (options.isJson ? process.stderr : process.stdout).write(text);
}
