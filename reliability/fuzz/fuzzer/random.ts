/**
 * Random numbers from a seed, so that a run can be repeated.
 *
 * The engine has a generator of its own for its tests; this one is apart so that drawing a number is not itself counted
 * as covered code.
 *
 * @module
 */

/** The generator sfc32 (Chris Doty-Humphrey), seeded with one number. */
export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** A 32-bit number. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** From 0 up to, not including, `limit`; 0 for a limit below 2. */
  below(limit: number): number {
    return limit < 2 ? 0 : this.next() % limit;
  }

  /** True once in `count` times. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}
