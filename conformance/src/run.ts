/**
 * The runner: every suite over every target, a short summary, the report, and an exit code that says whether a check failed.
 *
 *     node --conditions=@holdfast/source conformance/src/run.ts [--json] [--long] [--only SUITE | key-stores | sizes] [--checks PATTERN] [--binding NAME] [--all-bindings] [--target NAME] [--here] [--out FILE] [--seed NUMBER]
 *
 * @module
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { KeyStoreReport } from "./key-stores/case.ts";
import { KEY_STORES } from "./key-stores/registry.ts";
import type { RegisteredKeyStore } from "./key-stores/registry.ts";
import { runKeyStoreCases } from "./key-stores/run-cases.ts";
import { failedCases } from "./key-stores/table.ts";
import type { RealmPlatform } from "./platform.ts";
import type { RemotePlatform } from "./platforms/browser.ts";
import { hasFailed, toMarkdown, type Report, type TargetReport } from "./report.ts";
import { isTooLarge, measureSizes, type PackageSize } from "./sizes/package-sizes.ts";
import { runSuite, type Form, type RunOptions, type Suite, type SuiteResult } from "./suite.ts";
import { SUITES } from "./suites/index.ts";
import { TARGETS } from "./targets.ts";

/** The suite of the key stores: over bindings of its own, not over the targets. */
const KEY_STORE_SUITE = "key-stores";
/** How large the packages are in a bundle: of no target that runs. */
const SIZES_SUITE = "sizes";
/** What can be asked for beside the targets' suites. */
const OTHER_SUITES = [KEY_STORE_SUITE, SIZES_SUITE];
const COMMAND = "node --conditions=@holdfast/source conformance/src/run.ts";

const KEY_STORES_AT_ONCE = 3;
const REPORT_JSON = new URL("../report.json", import.meta.url);

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    checks: { type: "string" },
    binding: { type: "string" },
    // Runs the key stores' bindings that are usually left to the long form, too.
    "all-bindings": { type: "boolean", default: false },
    // Of a process that this program has started for one binding.
    part: { type: "boolean", default: false },
    target: { type: "string" },
    // The targets that this process is, and the key stores: what `npm test` has time for. The report stays as it is.
    here: { type: "boolean", default: false },
    // Also writes what --json prints.
    out: { type: "string" },
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
    if (options.target !== undefined && target.name !== options.target) continue;
    if (options.here && target.isThisRuntime !== true) continue;
    const platform = await target.open();
    if ("reason" in platform) targets.push({ target: target.name, description: undefined, reason: platform.reason, ...(platform.isMissing === true ? { isMissing: true } : {}), suites: [] });
    else targets.push(await runTarget(target.name, platform, suites, seed));
  }
  const keyStores = (options.only ?? (options.target === undefined ? [KEY_STORE_SUITE] : [])).includes(KEY_STORE_SUITE) ? await runKeyStores(seed) : [];
  const sizes = (options.only ?? (options.target === undefined ? [SIZES_SUITE] : [])).includes(SIZES_SUITE) ? await runSizes() : undefined;
  const date = new Date().toISOString().slice(0, 10);
  const command = options.long ? `${COMMAND} --long` : COMMAND;
  const report: Report = {
    date,
    command,
    seed,
    isLong: options.long,
    durationSeconds: Math.round((performance.now() - startMs) / 1000),
    targets,
    ...(sizes === undefined ? {} : { sizes }),
    keyStores: { date, command: suites.length === 0 ? `${command} --only ${KEY_STORE_SUITE}` : command, seed, adapters: keyStores },
  };
  finish(report, partOf());
}

/** What of the report this run replaces. */
type Part = "all" | "the key stores' chapter" | "the sizes' chapter" | "the target's chapter" | "nothing";

function partOf(): Part {
  if (options.here || options.checks !== undefined || options.binding !== undefined) return "nothing";
  if (options.target !== undefined) return options.only === undefined ? "the target's chapter" : "nothing";
  if (options.only === undefined) return "all";
  if (options.only.length > 1) return "nothing";
  return ({ [KEY_STORE_SUITE]: "the key stores' chapter", [SIZES_SUITE]: "the sizes' chapter" } as const)[options.only[0] ?? ""] ?? "nothing";
}

function chosenSuites(): readonly Suite[] {
  const names = options.only;
  if (names === undefined) return SUITES;
  const unknown = names.filter((name) => !OTHER_SUITES.includes(name) && !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new RangeError(`there is no suite "${unknown.join(", ")}"; the suites are ${[...SUITES.map((suite) => suite.name), ...OTHER_SUITES].join(", ")}`);
  }
  return SUITES.filter((suite) => names.includes(suite.name));
}

async function runTarget(name: string, platform: RealmPlatform | RemotePlatform, suites: readonly Suite[], seed: number): Promise<TargetReport> {
  say(`${name} (${platform.description}), seed ${seed}`);
  const results: SuiteResult[] = [];
  const runOptions = { seed, isLong: options.long, ...(options.checks === undefined ? {} : { checks: new RegExp(options.checks) }) };
  for (const suite of suites) {
    for (const form of suite.forms) {
      const startMs = performance.now();
      const result = withoutPaths(await runOn(platform, { suite, form }, runOptions));
      results.push(result);
      summarise(result, (performance.now() - startMs) / 1000);
    }
  }
  await platform.cleanUp();
  return { target: name, description: platform.description, reason: undefined, suites: results };
}

function runOn(platform: RealmPlatform | RemotePlatform, { suite, form }: { suite: Suite; form: Form }, runOptions: RunOptions): Promise<SuiteResult> {
  if (!("runSuite" in platform)) return runSuite(suite, form, platform, runOptions);
  const reason = platform.inapplicable[suite.name];
  if (reason === undefined) return platform.runSuite(suite.name, form, runOptions);
  return Promise.resolve({ suite: suite.name, form, seed: runOptions.seed, status: "does not apply", reason, checks: [], figures: [], misses: [] });
}

async function runSizes(): Promise<readonly PackageSize[]> {
  const sizes = await measureSizes();
  for (const size of sizes) say(`  ${isTooLarge(size) ? "FAILED " : "passed "} size of ${size.name} for ${size.target}: ${size.gzipBytes} bytes (gzip) of at most ${size.boundBytes}`);
  return sizes;
}

/** Every key store with a binding. Alone with `--binding`; else each in a process of its own, some at once: most of them wait most of the time. */
async function runKeyStores(seed: number): Promise<readonly KeyStoreReport[]> {
  if (options.binding === undefined) return runInProcesses(KEY_STORES.map(({ name }) => name), seed);
  const reports: KeyStoreReport[] = [];
  for (const { name, load } of KEY_STORES) if (name.includes(options.binding)) reports.push(await runKeyStore(name, load, seed));
  return reports;
}

async function runKeyStore(name: string, load: RegisteredKeyStore["load"], seed: number): Promise<KeyStoreReport> {
  const startMs = performance.now();
  const binding = await load({ isAsked: options.long || options["all-bindings"] || !options.part });
  if ("reason" in binding) return { adapter: name, kind: "real", reason: binding.reason, isOtherSystem: binding.isOtherSystem, cases: [] };
  const report = withoutPaths(await runKeyStoreCases(binding, { seed, isLong: options.long }));
  const passed = report.cases.filter(({ status }) => status === "passed").length;
  say(`  ${failedCases([report]) === 0 ? "passed " : "failed "} key store ${name}: ${passed} of ${report.cases.length} cases passed, ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  for (const one of report.cases) if (one.status === "failed") say(`          FAILED ${one.number} ${one.title}\n                 ${one.failure ?? ""}`);
  return report;
}

/** In the order of the names, whatever ends first. */
async function runInProcesses(names: readonly string[], seed: number): Promise<readonly KeyStoreReport[]> {
  const waiting = [...names.entries()];
  const reports = new Map<number, KeyStoreReport>();
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) reports.set(next[0], await runInProcess(next[1], seed));
  };
  await Promise.all(Array.from({ length: KEY_STORES_AT_ONCE }, worker));
  return [...names.keys()].map((index) => reports.get(index) as KeyStoreReport);
}

function runInProcess(name: string, seed: number): Promise<KeyStoreReport> {
  const flags = ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", fileURLToPath(import.meta.url)];
  const child = spawn(process.execPath, [...flags, "--only", KEY_STORE_SUITE, "--binding", name, "--part", "--seed", String(seed), "--json", ...(options.long ? ["--long"] : []), ...(options["all-bindings"] ? ["--all-bindings"] : [])], { stdio: ["ignore", "pipe", "pipe"] });
  let [output, said] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((resolve) => {
    child.on("close", () => {
      for (const line of said.split("\n")) if (/^ {2}/u.test(line)) say(line);
      resolve(reportIn(output, name, said));
    });
  });
}

/** A process that ended without a report has failed all cases. */
function reportIn(output: string, name: string, said: string): KeyStoreReport {
  try {
    const found = (JSON.parse(output) as Report).keyStores.adapters.find(({ adapter }) => adapter === name);
    if (found !== undefined) return found;
  } catch {
    // Told below.
  }
  const failure = withoutPaths(`the process ended without a report: ${said.slice(-600)}`);
  return { adapter: name, kind: "real", description: "ended early", cases: [{ number: 0, title: "the suite runs to its end", status: "failed", kind: "real", failure, notes: [] }] };
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
function finish(report: Report, part: Part): void {
  if (part === "all") writeReport(report);
  else if (part === "the key stores' chapter") writeReport({ ...writtenReport(), keyStores: report.keyStores });
  else if (part === "the sizes' chapter" && report.sizes !== undefined) writeReport({ ...writtenReport(), sizes: report.sizes });
  else if (part === "the target's chapter") writeReport({ ...writtenReport(), targets: withTargets(writtenReport().targets, report.targets) });
  for (const target of report.targets) if (target.reason !== undefined) say(`${target.target}: not run: ${target.reason}`);
  for (const store of report.keyStores.adapters) if (store.reason !== undefined) say(`${store.adapter}: not run: ${store.reason}`);
  if (part === "all") say("written: conformance/REPORT.md, conformance/report.json");
  else say(part === "nothing" ? "not all suites were run: the report was left as it is" : `written: ${part} of conformance/REPORT.md`);
  if (options.out !== undefined) writeFileSync(options.out, toJson(report));
  const code = hasFailed(report) ? 1 : 0;
  // A native call that waits for a prompt would keep the process for ever (a locked KWallet).
  process.stdout.write(options.json ? toJson(report) : "", () => process.exit(code));
}

function writtenReport(): Report {
  return JSON.parse(readFileSync(REPORT_JSON, "utf8")) as Report;
}

/** Every target that there is, in the usual order: as it was written, or as it has just been run. */
function withTargets(written: readonly TargetReport[], ran: readonly TargetReport[]): readonly TargetReport[] {
  return TARGETS.flatMap(({ name }) => [...ran, ...written].find(({ target }) => target === name) ?? []);
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
