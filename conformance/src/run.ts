/**
 * The runner: every suite over every target, a short summary, the report, and an exit code that says whether a check failed.
 *
 *     node --conditions=@holdfast/source conformance/src/run.ts [--json] [--long] [--only SUITE] [--checks PATTERN] [--binding NAME] [--seed NUMBER]
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { KeyStoreReport } from "./key-stores/case.ts";
import { KEY_STORES } from "./key-stores/registry.ts";
import { runKeyStoreCases } from "./key-stores/run-cases.ts";
import { failedCases } from "./key-stores/table.ts";
import type { RealmPlatform } from "./platform.ts";
import { hasFailed, toMarkdown, type Report, type TargetReport } from "./report.ts";
import { runSuite, type Suite, type SuiteResult } from "./suite.ts";
import { SUITES } from "./suites/index.ts";
import { TARGETS } from "./targets.ts";

/** The suite of the key stores: over bindings of its own, not over the targets. */
const KEY_STORE_SUITE = "key-stores";
const COMMAND = "node --conditions=@holdfast/source conformance/src/run.ts";

const REPORT_JSON = new URL("../report.json", import.meta.url);

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    checks: { type: "string" },
    binding: { type: "string" },
    seed: { type: "string" },
  },
});

await main();

async function main(): Promise<void> {
  const suites = chosenSuites();
  const seed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed);
  const startMs = performance.now();
  const targets: TargetReport[] = [];
  for (const target of suites.length === 0 ? [] : TARGETS) {
    const platform = await target.open();
    if ("reason" in platform) targets.push({ target: target.name, description: undefined, reason: platform.reason, suites: [] });
    else targets.push(await runTarget(target.name, platform, suites, seed));
  }
  const keyStores = options.only === undefined || options.only.includes(KEY_STORE_SUITE) ? await runKeyStores(seed) : [];
  const date = new Date().toISOString().slice(0, 10);
  const command = options.long ? `${COMMAND} --long` : COMMAND;
  const report: Report = {
    date,
    command,
    seed,
    isLong: options.long,
    durationSeconds: Math.round((performance.now() - startMs) / 1000),
    targets,
    keyStores: { date, command: suites.length === 0 ? `${command} --only ${KEY_STORE_SUITE}` : command, seed, adapters: keyStores },
  };
  const isWhole = options.checks === undefined && options.binding === undefined;
  finish(report, isWhole && options.only === undefined, isWhole && suites.length === 0);
}

function chosenSuites(): readonly Suite[] {
  const names = options.only;
  if (names === undefined) return SUITES;
  const unknown = names.filter((name) => name !== KEY_STORE_SUITE && !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new RangeError(`there is no suite "${unknown.join(", ")}"; the suites are ${[...SUITES.map((suite) => suite.name), KEY_STORE_SUITE].join(", ")}`);
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

/** Every key store with a binding, one after the other. */
async function runKeyStores(seed: number): Promise<KeyStoreReport[]> {
  const reports: KeyStoreReport[] = [];
  for (const { name, load } of KEY_STORES) {
    if (options.binding !== undefined && !name.includes(options.binding)) continue;
    const startMs = performance.now();
    const binding = await load({ isAsked: options.long || options.binding !== undefined });
    if ("reason" in binding) {
      reports.push({ adapter: name, kind: "real", reason: binding.reason, isOtherSystem: binding.isOtherSystem, cases: [] });
      continue;
    }
    const report = withoutPaths(await runKeyStoreCases(binding, { seed, isLong: options.long }));
    reports.push(report);
    const passed = report.cases.filter(({ status }) => status === "passed").length;
    say(`  ${failedCases([report]) === 0 ? "passed " : "failed "} key store ${name}: ${passed} of ${report.cases.length} cases passed, ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
    for (const one of report.cases) if (one.status === "failed") say(`          FAILED ${one.number} ${one.title}\n                 ${one.failure ?? ""}`);
  }
  return reports;
}

/** Error messages name files in temporary folders; the report is checked in and names no path of a machine. */
function withoutPaths<Result>(result: Result): Result {
  const text = JSON.stringify(result);
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const folders = [tmpdir(), "/dev/shm"].map((base) => JSON.stringify(`${base}/holdfast-conformance-`).slice(1, -1));
  const hidden = folders.reduce((whole, folder) => whole.split(folder).map((part, index) => (index === 0 ? part : `<folder>${part.slice(6)}`)).join(""), text);
  return JSON.parse(hidden.replaceAll(root, "<root>/")) as Result;
}

function summarise(result: SuiteResult, seconds: number): void {
  const failed = result.checks.filter((check) => check.failure !== undefined);
  say(`  ${result.status.padEnd(7)} ${result.suite}, ${result.form}: ${result.checks.length - failed.length} of ${result.checks.length} checks, ${seconds.toFixed(1)} s`);
  if (result.reason !== undefined) say(`          ${result.reason}`);
  for (const figure of result.figures) say(`          ${figure.title}: ${figure.text}`);
  for (const miss of result.misses) say(`          miss: ${miss}`);
  for (const check of failed) say(`          FAILED ${check.title}\n                 ${check.failure}`);
}

/** A run of some suites does not replace the report of all; one of the key stores alone replaces their chapter. */
function finish(report: Report, isComplete: boolean, isChapter: boolean): void {
  if (isComplete) writeReport(report);
  else if (isChapter) writeReport({ ...(JSON.parse(readFileSync(REPORT_JSON, "utf8")) as Report), keyStores: report.keyStores });
  for (const target of report.targets) if (target.reason !== undefined) say(`${target.target}: not run: ${target.reason}`);
  for (const store of report.keyStores.adapters) if (store.reason !== undefined) say(`${store.adapter}: not run: ${store.reason}`);
  if (isComplete) say("written: conformance/REPORT.md, conformance/report.json");
  else say(isChapter ? "written: the key stores' chapter of conformance/REPORT.md" : "not all suites were run: the report was left as it is");
  if (options.json) process.stdout.write(toJson(report));
  process.exitCode = hasFailed(report) ? 1 : 0;
}

function writeReport(report: Report): void {
  writeFileSync(new URL("../REPORT.md", import.meta.url), toMarkdown(report));
  writeFileSync(REPORT_JSON, toJson(report));
}

function toJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** With `--json` standard output holds the JSON alone. */
function say(line: string): void {
  if (options.json) process.stderr.write(`${line}\n`);
  else process.stdout.write(`${line}\n`);
}
