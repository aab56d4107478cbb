// `npm test`: everything, one step after the other (the steps share the machine's cores), quiet unless
// a step fails. The last line counts the tests of all steps. With CI=true a step that could not run fails.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ name: string, command: string[], missing?: () => string | undefined, count?: (output: string, isOk: boolean) => Counts }} Step
 * @typedef {Counts & { name: string, state: string, seconds: number, note: string }} Row
 */

const root = resolve(import.meta.dirname, "..");
const isCi = process.env.CI === "true" || process.env.CI === "1";
const scratch = mkdtempSync(join(tmpdir(), "holdfast-test-"));
const unitReport = join(scratch, "unit.json");
const conformanceReport = join(scratch, "conformance.json");
const STEP_TIMEOUT_MS = 30 * 60 * 1000;
const node = process.execPath;

/** @type {Step[]} */
const steps = [
  { name: "build", command: bin("typescript/bin/tsc", "--build") },
  { name: "lint", command: bin("oxlint/bin/oxlint", "--deny-warnings") },
  { name: "arrows", command: bin("dependency-cruiser/bin/dependency-cruiser.mjs", "--config", ".dependency-cruiser.mjs", "packages", "conformance", "bench", "demo", "reliability", "test-browser") },
  {
    name: "unit tests",
    command: bin("vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${unitReport}`),
    count: countVitest,
  },
  { name: "simulation", command: [node, "--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "reliability/simulate/main.ts", "--short"], count: countLastLine },
  { name: "kills", command: [node, "--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "reliability/kills/main.ts", "--kills", "100", "--seed", "1"], count: countLastLine },
  // A minute of each target in CI, a taste of it elsewhere; two at once. The seed is fixed so that a failure can be repeated.
  {
    name: "fuzz",
    command: [node, "--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "reliability/fuzz/main.ts", "--seconds", isCi ? "60" : "2", "--seed", "1", "--jobs", "2"],
    count: countLastLine,
  },
  { name: "mutants", command: [node, "--conditions=@holdfast/source", "reliability/mutants/main.ts", "--quick"], count: countLastLine },
  // Every target in CI; elsewhere the runtime that this is. `npm run conformance` runs them all anywhere.
  {
    name: "conformance",
    command: [node, "--conditions=@holdfast/source", "conformance/src/run.ts", "--out", conformanceReport, ...(isCi ? [] : ["--here"])],
    missing: () => fileMissing("conformance/src/run.ts"),
    count: countConformance,
  },
  { name: "attacks", command: [node, "--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "reliability/attacks/main.ts", "--short"], count: countLastLine },
  { name: "secrets", command: [node, "--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "reliability/secrets/main.ts", "--short"], count: countLastLine },
  { name: "sync demo", command: [node, "--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", "demo/src/sync/main.ts"] },
  { name: "documentation", command: [node, "scripts/build-docs.mjs"] },
  { name: "packed packages", command: [node, "scripts/try-packed.mjs"], count: countLastLine },
];

const wanted = process.argv.slice(2);
/** Conformance targets that this run says nothing about. @type {string[]} */
const notRun = [];
/** @type {Row[]} */
const rows = [];
try {
  checkRuntime();
  for (const step of steps) {
    if (wanted.length > 0 && !wanted.some((name) => step.name.startsWith(name))) continue;
    rows.push(runStep(step));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
printTable();
printTargets();
process.exitCode = finish();

/** @param {Step} step @returns {Row} */
function runStep(step) {
  const reason = step.missing?.();
  if (reason !== undefined) return { name: step.name, state: isCi ? "FAILED" : "not run", seconds: 0, note: reason, passed: 0, failed: isCi ? 1 : 0, skipped: isCi ? 0 : 1 };
  process.stdout.write(`${step.name} ...\n`);
  const startedAt = performance.now();
  const [program, ...options] = step.command;
  const run = spawnSync(program, options, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    timeout: STEP_TIMEOUT_MS,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(isCi ? {} : { HOLDFAST_SHORT: "1" }), NO_COLOR: "1", FORCE_COLOR: undefined, TURBO_TELEMETRY_DISABLED: "1" },
  });
  const output = stripVTControlCharacters(`${run.stdout ?? ""}${run.stderr ?? ""}`);
  const isOk = run.status === 0;
  const counts = (step.count ?? countOne)(output, isOk);
  // A program that ends badly without naming a failed test has still failed.
  if (!isOk && counts.failed === 0) counts.failed = 1;
  if (counts.failed > 0) process.stdout.write(`${output.slice(-30_000)}\n`);
  const skippedFails = isCi && counts.skipped > 0;
  if (skippedFails) process.stdout.write(`${output.slice(-30_000)}\n`);
  const note = [describeEnd(run), skippedFails ? "CI=true: nothing may be skipped" : ""].filter((part) => part !== "").join("; ");
  const state = counts.failed > 0 || skippedFails ? "FAILED" : "passed";
  return { name: step.name, state, seconds: (performance.now() - startedAt) / 1000, note, ...counts };
}

/** @param {import("node:child_process").SpawnSyncReturns<string>} run */
function describeEnd(run) {
  if (run.error !== undefined) return run.error.message;
  if (run.signal !== null) return `ended by ${run.signal}`;
  return run.status === 0 ? "" : `exit code ${run.status}`;
}

/** @param {string} _output @param {boolean} isOk @returns {Counts} */
function countOne(_output, isOk) {
  return { passed: isOk ? 1 : 0, failed: isOk ? 0 : 1, skipped: 0 };
}

/** @returns {Counts} */
function countVitest() {
  if (!existsSync(unitReport)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(unitReport, "utf8"));
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests };
}

/**
 * Every check of every suite. A suite that could not run on a target that did counts as skipped; targets
 * without a binding or of another system are listed below the table.
 *
 * @param {string} output @param {boolean} isOk @returns {Counts}
 */
function countConformance(output, isOk) {
  if (!existsSync(conformanceReport)) return countOne(output, isOk);
  if (!isCi) notRun.push("the other runtimes and browsers (npm run conformance), and the tests of the tests (npm run test:unit): CI runs all of them");
  /** @type {{ targets: { target: string, reason?: string, isMissing?: boolean, suites: { status: string, checks: { failure?: string }[] }[] }[], sizes?: { gzipBytes: number, boundBytes: number }[], keyStores: { adapters: { adapter: string, reason?: string, isOtherSystem?: boolean, cases: { status: string }[] }[] } }} */
  const report = JSON.parse(readFileSync(conformanceReport, "utf8"));
  for (const target of report.targets) if (target.reason !== undefined && target.isMissing !== true) notRun.push(`${target.target}: ${target.reason}`);
  const suites = report.targets.flatMap((target) => target.suites);
  const checks = suites.flatMap((suite) => suite.checks);
  const failed = checks.filter((check) => check.failure !== undefined).length;
  for (const store of report.keyStores.adapters) if (store.reason !== undefined && store.isOtherSystem) notRun.push(`${store.adapter}: ${store.reason}`);
  const cases = report.keyStores.adapters.flatMap((store) => store.cases);
  /** @param {string} status */
  const count = (status) => cases.filter((one) => one.status === status).length;
  const sizes = report.sizes ?? [];
  const tooLarge = sizes.filter(({ gzipBytes, boundBytes }) => gzipBytes > boundBytes).length;
  const missingTargets = report.targets.filter((target) => target.isMissing === true);
  for (const target of missingTargets) process.stdout.write(`not run: ${target.target}: ${target.reason}\n`);
  const missing = report.keyStores.adapters.filter((store) => store.reason !== undefined && !store.isOtherSystem);
  for (const store of missing) process.stdout.write(`not run: ${store.adapter}: ${store.reason}\n`);
  return { passed: checks.length - failed + count("passed") + sizes.length - tooLarge, failed: failed + count("failed") + tooLarge, skipped: suites.filter((suite) => suite.status === "not run").length + missing.length + missingTargets.length };
}

/** The last "N passed, N failed[, N skipped]" that a program of ours printed. @param {string} output @param {boolean} isOk @returns {Counts} */
function countLastLine(output, isOk) {
  const last = [...output.matchAll(/(\d+) passed, (\d+) failed(?:, (\d+) (?:skipped|not run))?/g)].at(-1);
  if (last === undefined) return countOne(output, isOk);
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) };
}

function printTable() {
  const width = Math.max(...rows.map((row) => row.name.length), 4);
  process.stdout.write(`\n${"step".padEnd(width)}  result   passed  failed  skipped  seconds\n`);
  for (const row of rows) {
    const numbers = `${String(row.passed).padStart(6)}  ${String(row.failed).padStart(6)}  ${String(row.skipped).padStart(7)}  ${row.seconds.toFixed(1).padStart(7)}`;
    process.stdout.write(`${row.name.padEnd(width)}  ${row.state.padEnd(7)}  ${numbers}${row.note === "" ? "" : `  ${row.note}`}\n`);
  }
}

function printTargets() {
  if (notRun.length === 0) return;
  process.stdout.write("\ntargets not run here:\n");
  for (const line of notRun) process.stdout.write(`  ${line}\n`);
}

/** Prints the last line. @returns {number} The exit code. */
function finish() {
  const total = rows.reduce((sum, row) => ({ passed: sum.passed + row.passed, failed: sum.failed + row.failed, skipped: sum.skipped + row.skipped }), { passed: 0, failed: 0, skipped: 0 });
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}\n`);
  return rows.length > 0 && rows.every((row) => row.state !== "FAILED") ? 0 : 1;
}

/** @param {string} path @param {string[]} options */
function bin(path, ...options) {
  return [node, join(root, "node_modules", path), ...options];
}

/** @param {string} path */
function fileMissing(path) {
  return existsSync(join(root, path)) ? undefined : `${path} is not in this checkout`;
}

function checkRuntime() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  process.stdout.write(`The tests read TypeScript sources, which needs Node 22.18 or newer; this is ${process.version}. Start it as "npm test": on Linux x64 that brings its own Node; elsewhere install one from https://nodejs.org/en/download and run "npm test" again.\n`);
  process.exit(1);
}
