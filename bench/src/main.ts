/**
 * `npm run bench`: the command line.
 *
 * @module
 */
import { createCipheriv, createSecretKey, hash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SEED } from "./people.ts";
import { renderJson, renderMarkdown, type RunFacts, unexplained } from "./report.ts";
import { type Repetition, type RowResult, runWorkload } from "./run.ts";
import { createWorkloads, type Scale } from "./workloads.ts";

const USAGE = `npm run bench -- [--short] [--only W3[,W4]] [--json]
  --short   under two minutes: fewer objects and pairs
  --only    some workloads, W1 to W10
  --json    JSON on standard output instead of the table
Results go to bench/RESULTS.md, or bench/RESULTS-SHORT.md for the short form, with JSON beside it.
With --only nothing is written.`;

const FULL: { scale: Scale; repetition: Repetition } = {
  scale: { objects: 100_000, manyObjects: 1_000_000, commits: 1000, reads: 200_000, updates: 10_000, queryRepeats: 5, sharedCommits: 300 },
  repetition: { rounds: 3, pairs: 4, peerPairs: 4, extraRounds: 3, budgetMs: 3_600_000 },
};
const SHORT: { scale: Scale; repetition: Repetition } = {
  scale: { objects: 20_000, manyObjects: 0, commits: 100, reads: 20_000, updates: 2000, queryRepeats: 5, sharedCommits: 20 },
  repetition: { rounds: 1, pairs: 3, peerPairs: 2, extraRounds: 0, budgetMs: 45_000 },
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      short: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const form = values.short ? SHORT : FULL;
  const only = new Set(values.only.flatMap((list) => list.split(",")).map((id) => id.toUpperCase()));
  const all = createWorkloads(form.scale);
  const unknown = [...only].filter((id) => !all.some((workload) => workload.id === id));
  if (unknown.length > 0) throw new RangeError(`no workload is called ${unknown.join(", ")}\n${USAGE}`);
  const workloads = all.filter((workload) => only.size === 0 || only.has(workload.id));

  const results = await runAll(workloads, form.repetition);
  const facts = describeRun(form, values.short);
  const markdown = renderMarkdown(results, facts);
  const json = renderJson(results, facts);
  if (only.size === 0) write(values.short ? "RESULTS-SHORT" : "RESULTS", markdown, json);
  process.stdout.write(values.json ? json : markdown);
  const silent = unexplained(results);
  if (silent.length > 0) process.stderr.write(`No sentence in bench/src/reasons.ts says why these rows lose: ${silent.join(", ")}\n`);
  return results.some(hasFailed) ? 1 : 0;
}

/** A peer that is not installed is no failure; a wrong answer is one, and so is a Holdfast that does not run. */
function hasFailed(result: RowResult): boolean {
  return [...result.failures].some(([id, reason]) => id.startsWith("holdfast") || !reason.startsWith("cannot load"));
}

async function runAll(workloads: ReturnType<typeof createWorkloads>, repetition: Repetition): Promise<RowResult[]> {
  const folder = mkdtempSync(join(process.env["HOLDFAST_BENCH_DIR"] ?? tmpdir(), "holdfast-bench-"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(1);
    });
  }
  const results: RowResult[] = [];
  try {
    for (const [index, workload] of workloads.entries()) {
      const onStep = (step: string): void => showProgress(`[${index + 1}/${workloads.length}] ${step}`);
      results.push(...(await runWorkload(workload, { folder, repetition, onStep })));
    }
  } finally {
    showProgress("");
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

/** One line that is overwritten, on a terminal only. */
function showProgress(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

function describeRun(form: { scale: Scale; repetition: Repetition }, isShort: boolean): RunFacts {
  const { rounds, pairs, peerPairs } = form.repetition;
  const processors = cpus();
  return {
    machine: `${process.platform} ${process.arch}, ${processors.length} x ${processors[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, load average at the end ${(loadavg()[0] ?? 0).toFixed(1)}`,
    runtime: `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    date: new Date().toISOString(),
    command: `npm run bench${isShort ? " -- --short" : ""}`,
    form: `${isShort ? "Short form: fewer objects and pairs than a verdict needs" : "Full form"}: ${form.scale.objects} objects, ${rounds * pairs} pairs in ${rounds} rounds of new processes (peers ${rounds * peerPairs})`,
    seed: SEED,
    seconds: performance.now() / 1000,
    sha256BytesPerMs: speed((bytes) => hash("sha256", bytes)),
    aesBytesPerMs: aesSpeed(),
  };
}

const SPEED_BYTES = 65_536;

/** Bytes per millisecond of the fastest of 200 calls. */
function speed(work: (bytes: Uint8Array) => unknown): number {
  const bytes = new Uint8Array(SPEED_BYTES);
  let fastest = Infinity;
  for (let each = 0; each < 200; each++) {
    const before = performance.now();
    work(bytes);
    fastest = Math.min(fastest, performance.now() - before);
  }
  return SPEED_BYTES / fastest;
}

function aesSpeed(): number {
  const key = createSecretKey(Buffer.alloc(32));
  const iv = Buffer.alloc(16);
  return speed((bytes) => createCipheriv("aes-256-ctr", key, iv).update(bytes));
}

function write(name: string, markdown: string, json: string): void {
  const path = (extension: string): string => fileURLToPath(new URL(`../${name}.${extension}`, import.meta.url));
  writeFileSync(path("md"), markdown);
  writeFileSync(path("json"), json);
}

process.exitCode = await main();
