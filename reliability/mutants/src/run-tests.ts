/**
 * Runs test files in a workspace, and says which test failed first.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Workspace } from "./workspace.ts";

/** What a run showed. */
export interface TestRun {
  readonly seconds: number;
  /** Full names of the tests that passed. */
  readonly passed: readonly string[];
  /** File and name of the first test that failed; undefined if none did. */
  readonly failure: { readonly file: string; readonly test: string } | undefined;
  /** The run did not end by itself. */
  readonly isTimeout: boolean;
  /** What the runner printed, if it ended badly without naming a test. */
  readonly problem: string | undefined;
}

/** How much of the tests. */
export interface TestSelection {
  readonly files: readonly string[];
  /** Beginnings of the full names of the tests. Default: all of them. */
  readonly names?: readonly string[] | undefined;
  readonly timeoutSeconds: number;
}

interface Assertion {
  readonly status: string;
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly startTime?: number;
}

interface Report {
  readonly testResults: readonly { readonly name: string; readonly message: string; readonly assertionResults: readonly Assertion[] }[];
}

/** Runs until the first failure. */
export function runTests(workspace: Workspace, selection: TestSelection): TestRun {
  const report = join(workspace.path, "report.json");
  rmSync(report, { force: true });
  const name = selection.names === undefined ? [] : ["-t", selection.names.map((each) => `^${escapePattern(each)}`).join("|")];
  const files = selection.files.map((file) => `packages/${file}`);
  const startedAt = performance.now();
  const run = spawnSync(process.execPath, [workspace.vitest, "run", "--root", workspace.path, "--bail=1", "--reporter=json", `--outputFile=${report}`, ...name, ...files], {
    cwd: workspace.path,
    encoding: "utf8",
    timeout: selection.timeoutSeconds * 1000,
    killSignal: "SIGKILL",
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, NODE_OPTIONS: "" },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const isTimeout = run.error !== undefined && (run.error as NodeJS.ErrnoException).code === "ETIMEDOUT";
  const result = existsSync(report) ? (JSON.parse(readFileSync(report, "utf8")) as Report) : undefined;
  const failure = result === undefined ? undefined : firstFailure(result, workspace);
  const isExplained = run.status === 0 || failure !== undefined || isTimeout;
  return { seconds, passed: result === undefined ? [] : passedNames(result), failure, isTimeout, problem: isExplained ? undefined : `${run.stdout}\n${run.stderr}\n${result?.testResults.map(({ message }) => message).join("\n") ?? ""}`.slice(-3000) };
}

function passedNames(report: Report): string[] {
  return report.testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === "passed").map(fullName));
}

/** As the runner's own filter sees it. */
function fullName({ ancestorTitles, title }: Assertion): string {
  return [...ancestorTitles, title].join(" > ");
}

function firstFailure(report: Report, workspace: Workspace): TestRun["failure"] {
  const failed = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map((each) => ({ file: name.slice(workspace.path.length + 1 + "packages/".length), test: fullName(each), at: each.startTime ?? 0 })),
  );
  const [first] = failed.toSorted((one, two) => one.at - two.at);
  return first === undefined ? undefined : { file: first.file, test: first.test };
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
