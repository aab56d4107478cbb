/**
 * How often somebody may try: a bucket of attempts for each address and each account, that fills again with time.
 *
 * Kept in memory, so each server counts for itself: behind N servers an attacker has N buckets.
 *
 * @module
 */
import { AuthError } from "./auth-error.ts";

/** Size of a bucket, and how it fills. */
export interface RateLimitOptions {
  /** Attempts that may come at once. */
  readonly burst: number;
  /** Attempts that are given back each minute. */
  readonly perMinute: number;
}

interface Bucket {
  left: number;
  atMs: number;
}

/** Most buckets that are remembered; the oldest goes first. */
const MAX_BUCKETS = 20_000;

/** Counts attempts by name. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** Takes one attempt. @throws {AuthError} `RATE_LIMITED` if none is left */
  take(name: string): void {
    const { burst, perMinute } = this.#options;
    const nowMs = this.#now();
    const known = this.#buckets.get(name);
    const elapsedMs = known === undefined ? 0 : Math.max(0, nowMs - known.atMs);
    const left = known === undefined ? burst : Math.min(burst, known.left + (elapsedMs * perMinute) / 60_000);
    if (left < 1) throw new AuthError("RATE_LIMITED", "too many attempts: try again later", { retryAfterSeconds: Math.ceil(((1 - left) * 60) / perMinute) });
    // Put at the end, so that the first one is the one that was not used for the longest time.
    this.#buckets.delete(name);
    this.#buckets.set(name, { left: left - 1, atMs: nowMs });
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value as string);
  }
}
