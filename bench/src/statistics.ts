/**
 * Medians, quartiles and paired ratios. Pure.
 *
 * @module
 */

/** The middle half of a sorted set of numbers, and how many there were. */
export interface Spread {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly count: number;
}

/** Summarises numbers; `undefined` for none. Quartiles are interpolated linearly. */
export function summarize(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((left, right) => left - right);
  return {
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** The ratios of two series, pair by pair; a pair with a missing or zero half is left out. */
export function pairedRatios(
  numerators: ReadonlyMap<number, number>,
  denominators: ReadonlyMap<number, number>,
): number[] {
  const ratios: number[] = [];
  for (const [pair, numerator] of numerators) {
    const denominator = denominators.get(pair);
    if (denominator !== undefined && denominator > 0) ratios.push(numerator / denominator);
  }
  return ratios;
}

function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const lower = sorted[Math.floor(position)] ?? Number.NaN;
  const upper = sorted[Math.ceil(position)] ?? Number.NaN;
  return lower + (upper - lower) * (position - Math.floor(position));
}
