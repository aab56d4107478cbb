/**
 * Counters, gauges and durations, in the text form that Prometheus reads. No labels: nothing of a user can get into one.
 *
 * @module
 */

/** Upper ends of the buckets of a duration, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** What a server counts. */
export class Metrics {
  readonly #counters = new Map<string, number>();
  readonly #gauges = new Map<string, () => number>();
  readonly #histograms = new Map<string, Histogram>();

  /** Raises a counter. */
  add(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  /** The value of a counter. */
  count(name: string): number {
    return this.#counters.get(name) ?? 0;
  }

  /** Registers something that is read when it is asked for. */
  gauge(name: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  /** Notes a duration. */
  observe(name: string, seconds: number): void {
    const known = this.#histograms.get(name) ?? { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
    for (const [index, end] of BUCKETS.entries()) if (seconds <= end) known.counts[index] = (known.counts[index] ?? 0) + 1;
    known.sum += seconds;
    known.count++;
    this.#histograms.set(name, known);
  }

  /** Everything by name, for people. */
  values(): readonly (readonly [string, number])[] {
    const gauges = [...this.#gauges].map(([name, read]) => [name, read()] as const);
    const means = [...this.#histograms].map(([name, { sum, count }]) => [`${name} (mean)`, count === 0 ? 0 : sum / count] as const);
    return [...this.#counters, ...gauges, ...means].toSorted(([left], [right]) => (left < right ? -1 : 1));
  }

  /** The exposition format, version 0.0.4. */
  text(): string {
    const lines: string[] = [];
    for (const [name, value] of this.#counters) lines.push(`# TYPE ${name} counter`, `${name} ${String(value)}`);
    for (const [name, read] of this.#gauges) lines.push(`# TYPE ${name} gauge`, `${name} ${String(read())}`);
    for (const [name, { counts, sum, count }] of this.#histograms) {
      lines.push(`# TYPE ${name} histogram`);
      for (const [index, end] of BUCKETS.entries()) lines.push(`${name}_bucket{le="${String(end)}"} ${String(counts[index])}`);
      lines.push(`${name}_bucket{le="+Inf"} ${String(count)}`, `${name}_sum ${String(sum)}`, `${name}_count ${String(count)}`);
    }
    return `${lines.join("\n")}\n`;
  }
}
