/**
 * Runs one target in a child process and watches it: a child that hangs is killed, one that dies is replaced, and the
 * input that did it is known in both cases.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Failure } from "./failure.ts";
import type { Fault } from "./load-hooks.ts";
import type { WorkerTask } from "./worker.ts";

/** How to run a target. */
export interface TargetRun {
  readonly target: string;
  /** The module that exports `target`, as a file URL. */
  readonly module: string;
  readonly seed: number;
  readonly seconds: number;
  readonly executions?: number;
  readonly isGuided?: boolean;
  readonly isWithCorpus?: boolean;
  /** Ends after so many different failures. */
  readonly maxFailures?: number;
  readonly faults?: readonly Fault[];
  /** An input that takes longer than this on the clock hangs where steps are not counted, in a regular expression, say. */
  readonly hangSeconds?: number;
}

/** What a run of a target showed. */
export interface TargetReport {
  readonly target: string;
  readonly seed: number;
  readonly executions: number;
  readonly seconds: number;
  readonly edges: number;
  readonly features: number;
  readonly branches: number;
  readonly failures: readonly Failure[];
  readonly corpus: readonly Uint8Array[];
  readonly firstFailureAt: number;
}

const WORKER = join(import.meta.dirname, "worker.ts");
const POLL_MS = 500;
const HANG_SECONDS = 20;
/** Loading and instrumenting the sources, on a busy machine. */
const START_SECONDS = 60;
const MAX_DEATHS = 3;
/** With so many different failures something is very wrong: more tell nothing new. */
const MAX_FAILURES = 12;
const CHILD_HEAP_MEGABYTES = 1024;

interface ChildEnd {
  readonly report: TargetReport | undefined;
  readonly failure: Failure | undefined;
}

/** Runs a target for its time, over the death of children if need be. */
export async function runTarget(run: TargetRun): Promise<TargetReport> {
  const start = performance.now();
  const failures: Failure[] = [];
  for (let attempt = 0; ; attempt++) {
    const left = run.seconds - (performance.now() - start) / 1000;
    const end = await runChild({ ...run, seconds: Math.max(left, 0.5), seed: run.seed + attempt });
    if (end.failure !== undefined) failures.push(end.failure);
    if (end.report !== undefined) return { ...end.report, failures: [...failures, ...end.report.failures] };
    if (attempt + 1 >= MAX_DEATHS || left <= 0) return { ...NOTHING, target: run.target, seed: run.seed, failures };
  }
}

const NOTHING: Omit<TargetReport, "target" | "seed" | "failures"> = { executions: 0, seconds: 0, edges: 0, features: 0, branches: 0, corpus: [], firstFailureAt: 0 };

async function runChild(run: TargetRun): Promise<ChildEnd> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-fuzz-"));
  try {
    const task: WorkerTask = {
      target: run.target,
      module: run.module,
      seed: run.seed,
      seconds: run.seconds,
      executions: run.executions ?? Number.MAX_SAFE_INTEGER,
      isGuided: run.isGuided ?? true,
      isWithCorpus: run.isWithCorpus ?? true,
      faults: run.faults ?? [],
      maxFailures: run.maxFailures ?? MAX_FAILURES,
      watchFile: join(folder, "input"),
      resultFile: join(folder, "result"),
    };
    const { ended, errors } = await watch(task, run.hangSeconds ?? HANG_SECONDS);
    if (ended === "well" && existsSync(task.resultFile)) return { report: readReport(run, task.resultFile), failure: undefined };
    const input = readWatched(task.watchFile)?.input;
    if (input === undefined) throw new Error(`the child of target ${run.target} ended before its first input (${ended}):\n${errors}`);
    const signature = ended === "hung" ? "HANG" : "PROCESS_DIED";
    return { report: undefined, failure: { signature, message: `${signature}: ${ended}\n${errors.slice(-4000)}`, input } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function watch(task: WorkerTask, hangSeconds: number): Promise<{ ended: string; errors: string }> {
  const flags = ["--conditions=@holdfast/source", "--disable-warning=ExperimentalWarning", `--max-old-space-size=${CHILD_HEAP_MEGABYTES}`];
  const child = spawn(process.execPath, [...flags, WORKER, JSON.stringify(task)], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  let isHung = false;
  let lastNumber = 0;
  let changedAt = performance.now();
  const timer = setInterval(() => {
    const number = readWatched(task.watchFile)?.number ?? 0;
    const now = performance.now();
    if (number !== lastNumber) {
      lastNumber = number;
      changedAt = now;
    } else if (now - changedAt > (number === 0 ? START_SECONDS : hangSeconds) * 1000) {
      isHung = true;
      child.kill("SIGKILL");
    }
  }, POLL_MS);
  const ended = await new Promise<string>((resolve) => {
    child.on("close", (code, signal) => resolve(code === 0 ? "well" : signal === null ? `exit code ${String(code)}` : signal));
  });
  clearInterval(timer);
  return { ended: isHung ? "hung" : ended, errors };
}

function readWatched(path: string): { number: number; input: Uint8Array } | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = new Uint8Array(readFileSync(path));
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { number: view.getUint32(0, true), input: bytes.slice(8, 8 + view.getUint32(4, true)) };
}

function readReport(run: TargetRun, path: string): TargetReport {
  const bytesOf = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const raw = JSON.parse(readFileSync(path, "utf8")) as Omit<TargetReport, "failures" | "corpus"> & { failures: (Omit<Failure, "input"> & { input: string })[]; corpus: string[] };
  const failures = raw.failures.map((failure) => ({ ...failure, input: bytesOf(failure.input) }));
  return { ...raw, target: run.target, seed: run.seed, failures, corpus: raw.corpus.map(bytesOf) };
}
