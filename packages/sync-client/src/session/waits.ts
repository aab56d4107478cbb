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
  /** Why nothing can be waited for now. */
  #failure: { readonly error: unknown } | undefined;

  /** Waits until the condition holds. @throws {SyncError} `TIMEOUT`, or what `fail` was called with, before or meanwhile. */
  until(isDone: () => boolean, what: string, timeoutMs?: number): Promise<void> {
    if (isDone()) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error as Error);
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

  /** Ends all waits with an error, and those that begin before `revive`. */
  fail(error: unknown): void {
    this.#failure = { error };
    for (const entry of this.#open) entry.settle(error);
  }

  /** Ends the waits of now with an error; others may begin. */
  cancel(error: unknown): void {
    for (const entry of this.#open) entry.settle(error);
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** There is something to wait for again. */
  revive(): void {
    this.#failure = undefined;
  }
}
