/**
 * Many runs, some at a time, each lane with a database cluster of its own.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresMissing, startCluster } from "@holdfast/sync-server/testing";
import type { Cluster } from "@holdfast/sync-server/testing";
import type { MutantName } from "./mutants.ts";
import { planOf } from "./plan.ts";
import type { StoreName } from "./plan.ts";
import { ProcessPool } from "./processes.ts";
import { runPlan } from "./run.ts";
import type { RunResult } from "./run.ts";

/** Which runs. */
export interface RunsOptions {
  readonly runs: number;
  readonly seed: number;
  readonly seconds: number;
  readonly store: StoreName;
  readonly clients: number;
  readonly only: readonly string[];
  readonly parallel: number;
  readonly patienceMs: number;
  readonly mutant?: MutantName;
  readonly isEndedByFailure?: boolean;
  readonly isTraced?: boolean;
  readonly signal?: AbortSignal;
  readonly onResult: (result: RunResult) => void;
}

/** Runs seed after seed. */
export async function runMany(options: RunsOptions): Promise<readonly RunResult[]> {
  const { runs, seed, parallel, signal, store, mutant, patienceMs, isEndedByFailure = false, isTraced = false, onResult } = options;
  const missing = store === "postgres" ? postgresMissing() : undefined;
  if (missing !== undefined) throw new Error(missing);
  const codeCache = mkdtempSync(join(tmpdir(), "holdfast-partitions-code-"));
  const results: RunResult[] = [];
  let next = 0;
  let isOver = false;
  const lane = async (): Promise<void> => {
    const pool = new ProcessPool(codeCache);
    const cluster: Cluster | undefined = store === "postgres" ? await startCluster({}) : undefined;
    try {
      while (next < runs && !isOver && signal?.aborted !== true) {
        const plan = planOf(seed + next++, options);
        pool.prepare("client", 4);
        pool.prepare("server", 3);
        const result = await runPlan({ plan, pool, cluster, patienceMs, isTraced, ...(mutant === undefined ? {} : { mutant }) });
        results.push(result);
        if (isEndedByFailure && result.failures.length > 0) isOver = true;
        onResult(result);
      }
    } finally {
      await pool.close();
      cluster?.stop();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(parallel, runs) }, lane));
  } finally {
    rmSync(codeCache, { recursive: true, force: true });
  }
  return results.toSorted((left, right) => left.seed - right.seed);
}
