/**
 * Repeatable random numbers: the same seed gives the same run, and every suite prints its seed.
 *
 * @module
 */

/** A seeded generator. Not for keys. */
export interface Random {
  readonly seed: number;
  /** A fraction in [0, 1). */
  fraction(): number;
  /** An integer in [0, limit). */
  below(limit: number): number;
}

/** Makes a generator (mulberry32: 32 bits of state, enough for choosing moments and places). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, fraction, below: (limit) => Math.floor(fraction() * limit) };
}

/** Bytes that depend on the seed alone: keys for tests, never for users. */
export function seededBytes(seed: number, count: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: count }, () => random.below(256));
}
