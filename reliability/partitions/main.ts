/**
 * `npm run partitions -- --runs N [--seed S] [--seconds S] [--store postgres|sqlite] [--clients N] [--parallel N] [--only KIND,...] [--mutants | --mutant NAME,...] [--trace] [--json]`:
 * real clients and servers over a real database, with everything going wrong that goes wrong between them, and what must hold then.
 * With `--trace`, what each client of a failed run said and heard stands beside its file.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { progress } from "@clack/prompts";
import { MUTANTS } from "./src/mutants.ts";
import type { MutantName } from "./src/mutants.ts";
import { FAULT_KINDS } from "./src/plan.ts";
import type { StoreName } from "./src/plan.ts";
import type { RunResult } from "./src/run.ts";
import { runMany } from "./src/runs.ts";
import { summaryOf } from "./src/summary.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "4" },
    store: { type: "string", default: "postgres" },
    clients: { type: "string", default: "10" },
    parallel: { type: "string", default: "2" },
    patience: { type: "string", default: "120" },
    only: { type: "string", default: "" },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string", default: "" },
    trace: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

function numberOf(name: "runs" | "seed" | "seconds" | "clients" | "parallel" | "patience"): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name}: expected a whole number from 1 on, got "${values[name]}"`);
  return number;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const [runs, seed, seconds, clients] = [numberOf("runs"), numberOf("seed"), numberOf("seconds"), numberOf("clients")];
if (values.store !== "postgres" && values.store !== "sqlite") throw new RangeError(`--store: expected postgres or sqlite, got "${values.store}"`);
const store: StoreName = values.store;
const only = values.only === "" ? [] : values.only.split(",");
for (const kind of only) if (!(FAULT_KINDS as readonly string[]).includes(kind)) throw new RangeError(`--only: there is no fault "${kind}": ${FAULT_KINDS.join(", ")}`);
const all = Object.keys(MUTANTS) as MutantName[];
const mutants = values.mutants ? all : all.filter((name) => values.mutant.split(",").includes(name));
if (!values.mutants && values.mutant !== "" && mutants.length !== values.mutant.split(",").length) throw new RangeError(`--mutant: expected some of ${all.join(", ")}, got "${values.mutant}"`);

const stop = new AbortController();
// Stopped by hand, it says what it has found so far, and where to go on.
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());
const options = { seconds, store, clients, only, parallel: numberOf("parallel"), patienceMs: numberOf("patience") * 1000, signal: stop.signal, isTraced: values.trace };
const rest = `${seconds === 4 ? "" : ` --seconds ${seconds}`}${store === "postgres" ? "" : ` --store ${store}`}${clients === 10 ? "" : ` --clients ${clients}`}${only.length === 0 ? "" : ` --only "${values.only}"`}`;

function tellFailure({ seed: failed, failures, folder }: RunResult): void {
  print(`FAILED, seed ${failed}${folder === undefined ? "" : ` (files: ${folder})`}`);
  for (const failure of failures) print(`  ${failure}`);
  print(`  again: npm run partitions -- --runs 1 --seed ${failed}${rest}`);
}

async function main(): Promise<boolean> {
  const isBar = process.stdout.isTTY && !values.json;
  const bar = isBar ? progress({ max: runs, size: 40 }) : undefined;
  bar?.start(`${runs} runs from seed ${seed}`);
  const startedAt = performance.now();
  const results = await runMany({
    ...options, runs, seed,
    onResult: (result) => {
      bar?.advance(1);
      if (result.failures.length > 0 && !values.json) tellFailure(result);
    },
  });
  const took = Math.round((performance.now() - startedAt) / 1000);
  bar?.stop(`${took} s`);
  const failed = results.filter(({ failures }) => failures.length > 0);
  if (values.json) print(JSON.stringify({ seed, runs: results.length, seconds, store, took, results }, undefined, 2));
  else for (const line of summaryOf(results, { seed, took, store })) print(line);
  const done = new Set(results.map((result) => result.seed));
  const next = Array.from({ length: runs }, (_, index) => seed + index).find((candidate) => !done.has(candidate));
  if (next !== undefined) print(`stopped; goes on with: npm run partitions -- --runs ${seed + runs - next} --seed ${next}${rest}`);
  print(`${results.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0;
}

/** Each deliberate fault has to be found within so many runs. */
async function tryMutants(): Promise<boolean> {
  let missed = 0;
  for (const mutant of mutants) {
    const results = await runMany({ ...options, parallel: 1, runs, seed, mutant, patienceMs: 10_000, isEndedByFailure: true, onResult: () => undefined });
    const found = results.find(({ failures }) => failures.length > 0);
    if (found === undefined) missed++;
    print(`${found === undefined ? "MISSED" : "found"}  ${mutant}: ${MUTANTS[mutant]}; run ${results.length}${found === undefined ? "" : `: ${found.failures[0]?.slice(0, 160)}`}`);
  }
  print(`${mutants.length - missed} passed, ${missed} failed`);
  return missed === 0;
}

const isGood = await (mutants.length > 0 ? tryMutants() : main());
process.exit(isGood ? 0 : 1);
