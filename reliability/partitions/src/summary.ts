/**
 * What the runs together come to.
 *
 * @module
 */
import type { StoreName } from "./plan.ts";
import type { RunResult } from "./run.ts";

/** Lines to print. */
export function summaryOf(results: readonly RunResult[], { seed, took, store }: { readonly seed: number; readonly took: number; readonly store: StoreName }): readonly string[] {
  const sum = (value: (result: RunResult) => number): number => results.reduce((total, result) => total + value(result), 0);
  const settled = results.filter(({ settledMs }) => settledMs > 0).map(({ settledMs }) => settledMs).toSorted((left, right) => left - right);
  const at = (share: number): string => `${Math.round(settled[Math.min(settled.length - 1, Math.floor(settled.length * share))] ?? 0)} ms`;
  const failed = results.filter(({ failures }) => failures.length > 0).map((result) => result.seed);
  return [
    `seed ${seed}, ${store}, ${took} s, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    `${results.length} runs, ${sum(({ clients }) => clients)} clients, ${sum(({ faults }) => faults)} faults, ${sum(({ writes }) => writes)} transactions, ${sum(({ reads }) => reads)} looks at a whole replica`,
    `${sum(({ pages }) => pages)} pages behind a bootstrap's first, ${sum(({ continued }) => continued)} connections that went on with one; ${sum(({ orderedResets }) => orderedResets)} client resets ordered, ${sum(({ resets }) => resets)} told as ended`,
    `quiet after healing: half of the runs within ${at(0.5)}, 99 of 100 within ${at(0.99)}`,
    ...(failed.length === 0 ? [] : [`failed seeds: ${failed.join(" ")}`]),
  ];
}
