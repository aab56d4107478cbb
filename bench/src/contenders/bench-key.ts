/**
 * Holdfast's key in the benchmark.
 *
 * @module
 */

/** A fixed key: the same for every process of a run. Never one to use. */
export const BENCH_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_unused, index) => (index * 37 + 11) % 256);
