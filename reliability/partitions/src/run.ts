/**
 * One run: everything is started, clients write, things go wrong, everything is healed, and then all replicas have to be the rows.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "@holdfast/sync-server/testing";
import { checkEnd } from "./end.ts";
import { runFault } from "./faults.ts";
import type { MutantName } from "./mutants.ts";
import type { Plan } from "./plan.ts";
import type { ProcessPool } from "./processes.ts";
import { pause, World } from "./world.ts";
import type { ClientSlot } from "./world.ts";

/** What a run needs. */
export interface RunOptions {
  readonly plan: Plan;
  readonly pool: ProcessPool;
  readonly cluster: Cluster | undefined;
  /** How long everything may take to be quiet after it was healed. Generous: only what is stuck takes so long. */
  readonly patienceMs: number;
  readonly mutant?: MutantName;
  /** True if all frames are to be written down, beside the files of the clients. */
  readonly isTraced?: boolean;
}

/** How a run ended. */
export interface RunResult {
  readonly seed: number;
  readonly clients: number;
  readonly faults: number;
  /** Transactions that returned. */
  readonly writes: number;
  /** Looks at whole replicas. */
  readonly reads: number;
  /** Pages of bootstraps behind the first, and connections that went on with one. */
  readonly pages: number;
  readonly continued: number;
  /** Client resets that were ordered, and those that a client said had ended. */
  readonly orderedResets: number;
  readonly resets: number;
  readonly settledMs: number;
  readonly failures: readonly string[];
  /** Kept after a failure. */
  readonly folder?: string;
}

/** Runs a plan. */
export async function runPlan({ plan, pool, cluster, patienceMs, mutant, isTraced = false }: RunOptions): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-partitions-"));
  const world = new World({ plan, pool, folder, cluster, mutant, isTraced });
  let [reads, settledMs] = [0, 0];
  try {
    await world.start();
    await begin(world, patienceMs);
    await storm(world);
    world.heal();
    await Promise.all([...world.hosts, ...world.servers].map(({ work }) => work));
    const startedAt = performance.now();
    ({ reads } = await checkEnd(world, patienceMs));
    settledMs = performance.now() - startedAt;
  } catch (error) {
    world.failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    world.heal();
    await world.end();
  }
  const { failures } = world;
  const isKept = failures.length > 0 && mutant === undefined;
  if (!isKept) rmSync(folder, { recursive: true, force: true });
  const writes = world.clients.reduce((sum, { own }) => sum + own, 0);
  return { seed: plan.seed, clients: plan.clients.length, faults: plan.faults.length, writes, reads, pages: world.pages, continued: world.continued, orderedResets: world.orderedResets, resets: world.clients.reduce((sum, { resets }) => sum + resets.ended, 0), settledMs, failures, ...(isKept ? { folder } : {}) };
}

/** The first clients get what everybody works on. */
async function begin(world: World, patienceMs: number): Promise<void> {
  const [maker, ...others] = world.clients as [ClientSlot, ...ClientSlot[]];
  await world.open(maker);
  await world.hostOf(maker).process.ask({ do: "uploaded", id: maker.plan.id, patienceMs });
  const early = others.filter(({ plan }) => plan.opensAtMs === 0);
  await Promise.all(early.map((client) => world.open(client)));
  await Promise.all(early.map((client) => world.hostOf(client).process.ask({ do: "downloaded", id: client.plan.id, patienceMs })));
  world.isLoaded = true;
  await Promise.all([maker, ...early].map((client) => world.hostOf(client).process.ask({ do: "load", id: client.plan.id, isOn: true })));
}

/** All that was planned, each at its time, and its end. */
async function storm(world: World): Promise<void> {
  const { faults, forMs } = world.plan;
  const late = world.clients.filter(({ plan }) => plan.opensAtMs > 0);
  await Promise.all([
    ...faults.map(async (fault) => {
      await pause(fault.atMs);
      await runFault(world, fault);
    }),
    ...late.map(async (client) => {
      await pause(client.plan.opensAtMs);
      // Its process may be killed at this moment: then it is opened with the next one.
      await world.open(client).catch(() => undefined);
    }),
    pause(forMs),
  ]);
}
