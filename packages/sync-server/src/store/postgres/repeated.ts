/**
 * Transactions that the database wants repeated: it has rolled them back, so doing them again does nothing twice.
 *
 * A lost connection is another matter: there nobody knows. The writer repeats flushes even then, since their transactions are known by their
 * numbers; a session ends, and its client comes back.
 *
 * @module
 */

/** serialization_failure and deadlock_detected. */
const REPEATED: ReadonlySet<unknown> = new Set(["40001", "40P01"]);
const ATTEMPTS = 12;
const PAUSE_MS = 5;

/** Does it until it is through; gives up after a dozen times. */
export async function repeated<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !REPEATED.has((error as { readonly code?: unknown } | undefined)?.code)) throw error;
      // Not all at the same time again.
      await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE_MS * (0.5 + Math.random())));
    }
  }
}
