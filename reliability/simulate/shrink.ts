/**
 * A failing seed with as few steps as can be found in a while: halves, quarters and single steps are left out as long as
 * it still fails.
 *
 * @module
 */
import { runHistory } from "./history.ts";
import type { HistoryResult } from "./history.ts";

const MOST_RUNS = 120;

/** What is left of a failing seed. */
export interface Shrunk {
  /** Steps to leave out. */
  readonly without: readonly string[];
  readonly result: HistoryResult;
}

/** Each step has random numbers of its own, so that leaving one out does not change the others. */
export async function shrink(failing: HistoryResult): Promise<Shrunk> {
  let kept = [...failing.steps];
  let result = failing;
  const without = new Set<string>();
  let runs = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = kept.length - size; start > -size && runs < MOST_RUNS; start -= size) {
      const out = kept.slice(Math.max(0, start), start + size);
      runs += 1;
      const tried = await runHistory({ seed: failing.seed, form: failing.form, without: new Set([...without, ...out]) });
      if (tried.failure === undefined) continue;
      for (const step of out) without.add(step);
      kept = kept.filter((step) => !without.has(step) && tried.steps.includes(step));
      result = tried;
    }
  }
  return { without: [...without], result };
}
