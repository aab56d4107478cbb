/**
 * Counters, gauges and durations, in the text form that Prometheus reads. The only label is the name of a shard: nothing of a user can get into one.
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
  readonly #label: string;
  readonly #parts: Metrics[] = [];
  readonly #counters = new Map<string, number>();
  readonly #gauges = new Map<string, () => number>();
  readonly #histograms = new Map<string, Histogram>();

  /** @param label - In the form `name="value"`; of the configuration, never of a user. */
  constructor(label = "") {
    this.#label = label;
  }

  /** A part of these metrics, shown with a label. */
  labelled(name: string, value: string): Metrics {
    const part = new Metrics(`${name}="${value}"`);
    this.#parts.push(part);
    return part;
  }

  /** Raises a counter. */
  add(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  /** The value of a counter, over all parts. */
  count(name: string): number {
    return this.#parts.reduce((sum, part) => sum + part.count(name), this.#counters.get(name) ?? 0);
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
    const own = [...this.#counters, ...gauges, ...means].map(([name, value]) => [this.#label === "" ? name : `${name} {${this.#label}}`, value] as const);
    return [...own, ...this.#parts.flatMap((part) => part.values())].toSorted(([left], [right]) => (left < right ? -1 : 1));
  }

  /** The exposition format, version 0.0.4. */
  text(): string {
    const families = Map.groupBy([this, ...this.#parts].flatMap((part) => part.#samples()), ({ name }) => name);
    return `${[...families].flatMap(([name, samples]) => [`# TYPE ${name} ${samples[0]?.type ?? ""}`, ...samples.flatMap(({ lines }) => lines)]).join("\n")}\n`;
  }

  #samples(): readonly { readonly name: string; readonly type: string; readonly lines: readonly string[] }[] {
    const label = this.#label === "" ? "" : `{${this.#label}}`;
    const inner = this.#label === "" ? "" : `${this.#label},`;
    return [
      ...[...this.#counters].map(([name, value]) => ({ name, type: "counter", lines: [`${name}${label} ${String(value)}`] })),
      ...[...this.#gauges].map(([name, read]) => ({ name, type: "gauge", lines: [`${name}${label} ${String(read())}`] })),
      ...[...this.#histograms].map(([name, { counts, sum, count }]) => ({
        name,
        type: "histogram",
        lines: [
          ...BUCKETS.map((end, index) => `${name}_bucket{${inner}le="${String(end)}"} ${String(counts[index])}`),
          `${name}_bucket{${inner}le="+Inf"} ${String(count)}`, `${name}_sum${label} ${String(sum)}`, `${name}_count${label} ${String(count)}`,
        ],
      })),
    ];
  }
}
