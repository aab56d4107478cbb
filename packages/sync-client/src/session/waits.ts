/**
 * Promises that wait for the network, each with a limit of time.
 *
 * @module
 */
import { SyncError } from "../errors.ts";
import { later } from "./timers.ts";

/** Promises that are kept when a condition holds. */
export class Waits {
  readonly #open = new Set<{ isDone: () => boolean; settle: (error?: unknown) => void }>();

  /** Waits until the condition holds. @throws {SyncError} `TIMEOUT`, or what `fail` is called with. */
  until(isDone: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = timeoutMs === undefined ? () => undefined : later(() => entry.settle(new SyncError("TIMEOUT", `${what} could not be completed in ${timeoutMs} ms.`)), timeoutMs, { keepsAlive: true });
      const entry = {
        isDone,
        settle: (error?: unknown) => {
          stop();
          this.#open.delete(entry);
          if (error === undefined) resolve();
          else reject(error as Error);
        },
      };
      this.#open.add(entry);
    });
  }

  /** Looks again at all conditions. */
  check(): void {
    for (const entry of this.#open) if (entry.isDone()) entry.settle();
  }

  /** Ends all waits with an error. */
  fail(error: unknown): void {
    for (const entry of this.#open) entry.settle(error);
  }
}
