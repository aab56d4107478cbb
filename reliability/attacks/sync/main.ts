/**
 * `npm run attacks -- --only sync`: live sessions under attack, seed after seed, on both stores.
 *
 *     npm run attacks -- --only sync [--seed S] [--seeds N] [--messages N] [--minutes N] [--store sqlite|postgres] [--short]
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresStore, SqliteStore } from "@holdfast/sync-server";
import type { Store } from "@holdfast/sync-server";
import { postgresMissing, sharedCluster } from "@holdfast/sync-server/testing";
import { runLiveFuzz } from "./live-fuzz.ts";

/** What to try. */
export interface SyncAttackOptions {
  readonly seed: number;
  readonly seeds: number;
  /** Of each of three attackers, for each seed and store. */
  readonly messages: number;
  readonly stores: readonly ("sqlite" | "postgres")[];
  readonly endMs: number;
}

/** What came of it. */
export interface SyncAttackReport {
  readonly passed: number;
  readonly failed: number;
}

/** What was seen on one store. */
interface Tally {
  readonly counts: Record<string, number>;
  readonly seeds: number[];
  canaries: number;
  peakHeapBytes: number;
  seconds: number;
}

/** Runs them and prints what came of it. */
export async function attackSync({ seed, seeds, messages, stores, endMs }: SyncAttackOptions): Promise<SyncAttackReport> {
  let [passed, failed] = [0, 0];
  const present = stores.filter((store) => {
    const missing = store === "postgres" ? postgresMissing() : undefined;
    if (missing === undefined) return true;
    process.stdout.write(`live sessions on ${store}: not run, ${missing}\n`);
    if (process.env["CI"] === "true") failed++;
    return false;
  });
  const tallies = new Map(present.map((store): [string, Tally] => [store, { counts: {}, seeds: [], canaries: 0, peakHeapBytes: 0, seconds: 0 }]));
  for (let each = seed; each < seed + seeds && Date.now() < endMs; each++) {
    for (const store of present) {
      const tally = tallies.get(store) as Tally;
      const startMs = performance.now();
      const result = await withStore(store, (opened) => runLiveFuzz({ seed: each, store: opened, messages, endMs }));
      tally.seconds += (performance.now() - startMs) / 1000;
      tally.seeds.push(each);
      tally.canaries += result.canaryTexts;
      tally.peakHeapBytes = Math.max(tally.peakHeapBytes, result.peakHeapBytes);
      for (const [what, count] of Object.entries(result.counts)) tally.counts[what] = (tally.counts[what] ?? 0) + count;
      for (const failure of result.failures) process.stdout.write(`FAILED on ${store}: ${failure}\n`);
      if (result.failures.length === 0) passed++;
      else failed++;
    }
  }
  for (const [store, tally] of tallies) printTally(store, tally);
  return { passed, failed };
}

function printTally(store: string, { counts, seeds, canaries, peakHeapBytes, seconds }: Tally): void {
  const sum = (end: string): number => Object.entries(counts).reduce((total, [what, count]) => total + (what.endsWith(end) ? count : 0), 0);
  process.stdout.write(`live sessions on ${store}: seeds ${String(seeds.at(0))} to ${String(seeds.at(-1))}, ${String(sum(" sent"))} messages (${String(sum("spoilt sent"))} spoilt) over ${String(counts["connections"] ?? 0)} connections, ${String(sum(" came"))} frames, ${String(canaries)} secrets written, heap at most ${String(Math.round(peakHeapBytes / 1048576))} MiB, ${String(Math.round(seconds))} s\n`);
  process.stdout.write(`  ${Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `${what} ${String(count)}`).join(", ")}\n`);
}

async function withStore<R>(kind: "sqlite" | "postgres", use: (store: Store) => Promise<R>): Promise<R> {
  if (kind === "postgres") return use(new PostgresStore({ connection: await (await sharedCluster()).createDatabase(), connections: 6 }));
  const folder = mkdtempSync(join(tmpdir(), "holdfast-live-"));
  try {
    return await use(new SqliteStore(join(folder, "sync.db")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
