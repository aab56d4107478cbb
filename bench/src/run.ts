/**
 * Runs workloads: contenders alternate within each pair, in fresh processes for each round.
 *
 * @module
 */
import { CONTENDERS, type ContenderEntry } from "./contender.ts";
import { HostProcess } from "./host-process.ts";
import { pairedRatios, summarize } from "./statistics.ts";
import type { Sample } from "./measure.ts";
import type { Bench, RowSpec, Workload } from "./workloads.ts";

/** How often things are repeated. */
export interface Repetition {
  /** Rounds of fresh processes. */
  readonly rounds: number;
  /** Pairs in each round. */
  readonly pairs: number;
  /** Of them, how many the peers take part in. */
  readonly peerPairs: number;
  /** How many rounds at most are added when a ratio lies within the noise of its limit. */
  readonly extraRounds: number;
  /** After this many milliseconds of the whole run, a workload does one pair and no round is added. */
  readonly budgetMs: number;
}

/** All samples of one row: by contender, then by pair. */
export interface RowResult {
  readonly row: RowSpec;
  readonly samples: Map<string, Map<number, Sample>>;
  /** Why a contender has no samples here. */
  readonly failures: Map<string, string>;
}

/** The pair that is judged. */
export const JUDGED = { encrypted: "holdfast-encrypted", plain: "holdfast-plain" } as const;

/** Runs one workload. `onStep` hears of each repetition before it starts. */
export async function runWorkload(
  workload: Workload,
  options: { readonly folder: string; readonly repetition: Repetition; readonly onStep: (step: string) => void },
): Promise<RowResult[]> {
  const { repetition } = options;
  const results = workload.rows.map((row) => ({ row, samples: new Map(), failures: new Map() }) as RowResult);
  const pairs = Math.min(repetition.pairs, workload.maxPairs ?? Infinity);
  const rounds = workload.maxPairs === undefined ? repetition.rounds : 1;
  for (let round = 0; round < rounds; round++) {
    await runRound(workload, results, { ...options, firstPair: round * pairs, pairs, entries: CONTENDERS });
  }
  if (workload.maxPairs !== undefined) return results;
  for (let extra = 0; extra < repetition.extraRounds; extra++) {
    if (performance.now() > repetition.budgetMs || !results.some(isNoisy)) break;
    const entries = CONTENDERS.filter(({ id }) => id === JUDGED.encrypted || id === JUDGED.plain);
    await runRound(workload, results, { ...options, firstPair: (rounds + extra) * pairs, pairs, entries });
  }
  return results;
}

/** Encrypted over plain, pair by pair, of one measure. */
export function judgedRatios(result: RowResult, measure: (sample: Sample) => number): number[] {
  return ratiosAgainst(result, JUDGED.plain, measure);
}

/** Encrypted Holdfast over another contender, pair by pair. */
export function ratiosAgainst(result: RowResult, otherId: string, measure: (sample: Sample) => number): number[] {
  const series = (id: string): Map<number, number> =>
    new Map([...(result.samples.get(id) ?? [])].map(([pair, sample]) => [pair, measure(sample)]));
  return pairedRatios(series(JUDGED.encrypted), series(otherId));
}

/** Whether the limit lies within the middle half of the ratios. */
function isNoisy(result: RowResult): boolean {
  const spread = summarize(judgedRatios(result, result.row.figure));
  if (spread === undefined) return false;
  return spread.lowerQuartile <= result.row.limit && result.row.limit <= spread.upperQuartile;
}

interface Round {
  readonly folder: string;
  readonly repetition: Repetition;
  readonly onStep: (step: string) => void;
  readonly firstPair: number;
  readonly pairs: number;
  readonly entries: readonly ContenderEntry[];
}

async function runRound(workload: Workload, results: readonly RowResult[], round: Round): Promise<void> {
  const started: HostProcess[] = [];
  try {
    const benches: Bench[] = [];
    for (const { id, title } of round.entries) {
      if (results.some((result) => result.failures.has(id))) continue;
      round.onStep(`${workload.id} ${title}: prepare`);
      await attempt(results, id, async () => {
        const bench = await createBench(id, round.folder, started);
        await workload.prepare(bench);
        benches.push(bench);
      });
    }
    for (let index = 0; index < round.pairs; index++) {
      // Over its time the run goes on with one pair of each workload; the table shows how many there were.
      if (index > 0 && performance.now() > round.repetition.budgetMs) break;
      await runPair(workload, results, { round, benches, index });
    }
  } finally {
    await Promise.all(started.map((host) => host.close()));
  }
}

async function runPair(
  workload: Workload,
  results: readonly RowResult[],
  options: { readonly round: Round; readonly benches: readonly Bench[]; readonly index: number },
): Promise<void> {
  const { round, benches, index } = options;
  const pair = round.firstPair + index;
  // The order turns round from pair to pair, so that drift favours nobody.
  for (const bench of pair % 2 === 0 ? benches : benches.toReversed()) {
    const id = bench.contenderId;
    const isPeer = id !== JUDGED.encrypted && id !== JUDGED.plain;
    if (isPeer && index >= round.repetition.peerPairs) continue;
    if (results.some((result) => result.failures.has(id))) continue;
    round.onStep(`${workload.id} ${id}: pair ${pair + 1}`);
    await attempt(results, id, async () => {
      const samples = await workload.repeat(bench, pair);
      for (const result of results) {
        const sample = samples[result.row.id];
        if (sample === undefined) continue;
        const series = result.samples.get(id) ?? new Map<number, Sample>();
        result.samples.set(id, series.set(pair, sample));
      }
    });
  }
}

/** A contender that fails once is out of the workload, and the table says why. */
async function attempt(results: readonly RowResult[], id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    for (const result of results) {
      result.failures.set(id, reason);
      result.samples.delete(id);
    }
  }
}

async function createBench(contenderId: string, folder: string, started: HostProcess[]): Promise<Bench> {
  const startHost = async (): Promise<HostProcess> => {
    const host = await HostProcess.start(contenderId);
    started.push(host);
    return host;
  };
  return { contenderId, folder: `${folder}/${contenderId}`, host: await startHost(), startHost };
}
