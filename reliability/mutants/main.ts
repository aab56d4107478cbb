/**
 * `npm run mutants`: puts deliberate faults into a copy of the engine and the cipher, one by one, and requires that the tests
 * catch each.
 *
 * `--only NAME` (part of a name), `--json`, `--quick` (the short run of `npm test`), `--check` (only that every fault still applies),
 * `--write` (the results into results.json and docs/reliability.md), `--timeout SECONDS` of one test file, `--skip-baseline` (if the tests have just
 * passed without a fault).
 *
 * @module
 */
import { parseArgs } from "node:util";
import { MUTANTS } from "./src/list.ts";
import { mutate } from "./src/mutant.ts";
import type { Mutant } from "./src/mutant.ts";
import { keepResult, printTable, writeTable } from "./src/report.ts";
import type { Row } from "./src/report.ts";
import type { TestRun } from "./src/run-tests.ts";
import { runTests } from "./src/run-tests.ts";
import { sourceOf, Workspace } from "./src/workspace.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    timeout: { type: "string", default: "400" },
    "skip-baseline": { type: "boolean", default: false },
  },
});

process.exitCode = main();

function main(): number {
  checkAll();
  if (values.check) return say(`${MUTANTS.length} faults still apply`);
  const chosen = MUTANTS.filter(({ name, quickTest }) => (values.only === undefined || name.includes(values.only)) && (!values.quick || quickTest !== undefined));
  if (chosen.length === 0) throw new Error("no fault has such a name");
  const workspace = new Workspace();
  process.on("SIGINT", () => (workspace.close(), process.exit(130)));
  try {
    const broken = values["skip-baseline"] ? undefined : findBroken(workspace, chosen);
    if (broken !== undefined) return say(`the copy fails without any fault: ${broken}`, 1);
    return report(chosen.map((mutant) => tryAndKeep(workspace, mutant)));
  } finally {
    workspace.close();
  }
}

/** Every fault must still apply: a list that has rotted shows nothing. */
function checkAll(): void {
  const names = new Set(MUTANTS.map(({ name }) => name));
  if (names.size !== MUTANTS.length) throw new Error("two faults have one name");
  const problems = MUTANTS.flatMap((mutant) => problemOf(mutant));
  if (problems.length > 0) throw new Error(`\n${problems.join("\n")}`);
}

function problemOf(mutant: Mutant): string[] {
  try {
    mutate(sourceOf(mutant), mutant);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Without a fault the same tests must pass, or a failure would show nothing. */
function findBroken(workspace: Workspace, chosen: readonly Mutant[]): string | undefined {
  const names = values.quick ? chosen.map(({ quickTest }) => quickTest ?? "") : undefined;
  const files = [...new Set(chosen.flatMap(({ tests }) => (values.quick ? tests.slice(0, 1) : tests)))];
  const { passed, failure, problem, isTimeout } = runTests(workspace, { files, names, timeoutSeconds: 1800 });
  if (failure !== undefined) return `${failure.file}: ${failure.test}`;
  if (problem !== undefined || isTimeout) return problem ?? "the tests do not end";
  const unknown = (names ?? [""]).find((name) => !passed.some((full) => full.startsWith(name)));
  return unknown === undefined ? undefined : `no test is called "${unknown}"`;
}

function tryAndKeep(workspace: Workspace, mutant: Mutant): Row {
  const row = tryOne(workspace, mutant);
  if (values.write) keepResult(row);
  return row;
}

function tryOne(workspace: Workspace, mutant: Mutant): Row {
  const selections = values.quick
    ? [{ files: mutant.tests.slice(0, 1), names: [mutant.quickTest ?? ""], timeoutSeconds: 120 }]
    : mutant.tests.map((file) => ({ files: [file], timeoutSeconds: Number(values.timeout) }));
  let seconds = 0;
  for (const selection of selections) {
    const run = workspace.with(mutant, () => runTests(workspace, selection));
    seconds += run.seconds;
    if (run.problem !== undefined) return broken(mutant, run);
    const caught = run.failure ?? (run.isTimeout ? { file: selection.files[0] ?? "", test: "(did not end)" } : undefined);
    if (!values.json) process.stdout.write(`${mutant.name}: ${caught === undefined ? `not caught by ${selection.files.join()}` : `caught by ${caught.test}`} (${run.seconds.toFixed(1)} s)\n`);
    if (caught !== undefined) return { mutant, caught, seconds };
  }
  return { mutant, caught: undefined, seconds };
}

/** A fault that keeps the tests from running shows nothing. */
function broken(mutant: Mutant, { problem, seconds }: TestRun): Row {
  process.stderr.write(`${mutant.name}: the tests did not run: ${problem}\n`);
  return { mutant, caught: undefined, seconds };
}

function report(rows: readonly Row[]): number {
  if (values.json) process.stdout.write(`${JSON.stringify(rows.map(({ mutant, ...rest }) => ({ name: mutant.name, fault: mutant.fault, file: mutant.file, ...rest })), undefined, 2)}\n`);
  else printTable(rows);
  const missed = rows.filter(({ caught }) => caught === undefined);
  const missing = values.write ? writeTable(MUTANTS) : [];
  if (missing.length > 0) say(`no result yet: ${missing.join(", ")}`);
  // The runner of `npm test` counts the last such line.
  return say(`${rows.length - missed.length} passed, ${missed.length} failed`, missed.length === 0 ? 0 : 1);
}

function say(line: string, code = 0): number {
  process.stderr.write(`${line}\n`);
  return code;
}
