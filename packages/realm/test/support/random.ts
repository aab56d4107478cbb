/**
 * Random numbers that a seed repeats.
 *
 * @module
 */

/** A function that gives whole numbers from 0 up to, not including, its argument (xorshift32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
