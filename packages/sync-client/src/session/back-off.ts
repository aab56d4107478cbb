/**
 * How long to wait before the next attempt to connect: from one second, doubled up to five minutes, each shortened by up to a quarter at random.
 *
 * Without the random part a thousand clients that a server lost would come back at the same instant.
 *
 * @module
 */

/** The limits of the waits. */
export interface BackOffOptions {
  readonly firstMs: number;
  readonly maximumMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Realm's values. */
export const BACK_OFF: BackOffOptions = { firstMs: 1000, maximumMs: 300_000, random: Math.random };

/** Counts failures. */
export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions = BACK_OFF) {
    this.#options = options;
  }

  /** The wait after one more failure; `atLeastMs` is the server's wish. */
  next(atLeastMs = 0): number {
    const { firstMs, maximumMs, random } = this.#options;
    const whole = Math.max(atLeastMs, Math.min(maximumMs, firstMs * 2 ** Math.min(this.#failures++, 30)));
    // A server's wish is lengthened, never shortened.
    return atLeastMs > 0 ? whole * (1 + 0.25 * random()) : whole * (1 - 0.25 * random());
  }

  /** A connection has lasted. */
  reset(): void {
    this.#failures = 0;
  }
}
