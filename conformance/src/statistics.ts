/**
 * Percentiles and the budget's verdict: pure functions over measured numbers.
 *
 * @module
 */

/** The value at a fraction of the sorted numbers, interpolated between neighbours. */
export function percentile(numbers: readonly number[], fraction: number): number {
  if (numbers.length === 0) throw new RangeError("a percentile needs at least one number");
  const sorted = [...numbers].sort((left, right) => left - right);
  const place = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The median with the middle half around it. */
export interface Spread {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly count: number;
}

/** Median and quartiles of the numbers. */
export function spreadOf(numbers: readonly number[]): Spread {
  return {
    median: percentile(numbers, 0.5),
    lowerQuartile: percentile(numbers, 0.25),
    upperQuartile: percentile(numbers, 0.75),
    count: numbers.length,
  };
}

/**
 * What a spread of paired ratios says about a budget.
 *
 * `within`: the median keeps it. `over`: the whole middle half lies above it, so noise does not explain it. `unresolved`: the median
 * is above, but the middle half reaches down to the budget: measure again.
 */
export type Verdict = "within" | "unresolved" | "over";

/** Judges a spread against a budget. */
export function judge(spread: Spread, budget: number): Verdict {
  if (spread.median <= budget) return "within";
  return spread.lowerQuartile > budget ? "over" : "unresolved";
}
