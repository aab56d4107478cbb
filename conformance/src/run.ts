/**
 * The runner: every suite over every target, a short summary, the report, and an exit code that says whether a check failed.
 *
 *     node --conditions=@holdfast/source conformance/src/run.ts [--json] [--long] [--only SUITE] [--checks PATTERN] [--seed NUMBER]
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { RealmPlatform } from "./platform.ts";
import { hasFailed, toMarkdown, type Report, type TargetReport } from "./report.ts";
import { runSuite, type Suite, type SuiteResult } from "./suite.ts";
import { SUITES } from "./suites/index.ts";
import { TARGETS } from "./targets.ts";

const COMMAND = "node --conditions=@holdfast/source conformance/src/run.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    checks: { type: "string" },
    seed: { type: "string" },
  },
});

await main();

async function main(): Promise<void> {
  const suites = chosenSuites();
  const seed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed);
  const startMs = performance.now();
  const targets: TargetReport[] = [];
  for (const target of TARGETS) {
    const platform = await target.open();
    if ("reason" in platform) targets.push({ target: target.name, description: undefined, reason: platform.reason, suites: [] });
    else targets.push(await runTarget(target.name, platform, suites, seed));
  }
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    command: options.long ? `${COMMAND} --long` : COMMAND,
    seed,
    isLong: options.long,
    durationSeconds: Math.round((performance.now() - startMs) / 1000),
    targets,
  };
  finish(report, suites.length === SUITES.length && options.checks === undefined);
}

function chosenSuites(): readonly Suite[] {
  const names = options.only;
  if (names === undefined) return SUITES;
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new RangeError(`there is no suite "${unknown.join(", ")}"; the suites are ${SUITES.map((suite) => suite.name).join(", ")}`);
  }
  return SUITES.filter((suite) => names.includes(suite.name));
}

async function runTarget(name: string, platform: RealmPlatform, suites: readonly Suite[], seed: number): Promise<TargetReport> {
  say(`${name} (${platform.description}), seed ${seed}`);
  const results: SuiteResult[] = [];
  const runOptions = { seed, isLong: options.long, ...(options.checks === undefined ? {} : { checks: new RegExp(options.checks) }) };
  for (const suite of suites) {
    for (const form of suite.forms) {
      const startMs = performance.now();
      const result = withoutPaths(await runSuite(suite, form, platform, runOptions));
      results.push(result);
      summarise(result, (performance.now() - startMs) / 1000);
    }
  }
  await platform.cleanUp();
  return { target: name, description: platform.description, reason: undefined, suites: results };
}

/** Error messages name files in temporary folders; the report is checked in and names no path of a machine. */
function withoutPaths(result: SuiteResult): SuiteResult {
  const text = JSON.stringify(result);
  const folder = JSON.stringify(`${tmpdir()}/holdfast-conformance-`).slice(1, -1);
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const checks = text.split(folder).map((part, index) => (index === 0 ? part : `<folder>${part.slice(6)}`));
  return JSON.parse(checks.join("").replaceAll(root, "<root>/")) as SuiteResult;
}

function summarise(result: SuiteResult, seconds: number): void {
  const failed = result.checks.filter((check) => check.failure !== undefined);
  say(`  ${result.status.padEnd(7)} ${result.suite}, ${result.form}: ${result.checks.length - failed.length} of ${result.checks.length} checks, ${seconds.toFixed(1)} s`);
  if (result.reason !== undefined) say(`          ${result.reason}`);
  for (const figure of result.figures) say(`          ${figure.title}: ${figure.text}`);
  for (const miss of result.misses) say(`          miss: ${miss}`);
  for (const check of failed) say(`          FAILED ${check.title}\n                 ${check.failure}`);
}

/** A run of some suites does not replace the report of all. */
function finish(report: Report, isComplete: boolean): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (isComplete) {
    writeFileSync(new URL("../REPORT.md", import.meta.url), toMarkdown(report));
    writeFileSync(new URL("../report.json", import.meta.url), json);
  }
  for (const target of report.targets) if (target.reason !== undefined) say(`${target.target}: not run: ${target.reason}`);
  say(isComplete ? "written: conformance/REPORT.md, conformance/report.json" : "not all suites were run: the report was left as it is");
  if (options.json) process.stdout.write(json);
  process.exitCode = hasFailed(report) ? 1 : 0;
}

/** With `--json` standard output holds the JSON alone. */
function say(line: string): void {
  if (options.json) process.stderr.write(`${line}\n`);
  else process.stdout.write(`${line}\n`);
}
