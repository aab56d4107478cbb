/**
 * Promises that wait for the network, each with a limit of time.
 *
 * @module
 */
import { SyncError } from "../errors.ts";
import { later } from "./timers.ts";

/** Whether it holds; an error if it never will. */
export type Condition = () => boolean | Error;

/** Promises that are kept when a condition holds. */
export class Waits {
  readonly #open = new Set<{ isDone: Condition; settle: (error?: unknown) => void }>();
  /** Why nothing can be waited for now. */
  #failure: { readonly error: unknown } | undefined;

  /** Waits until the condition holds. @throws {SyncError} `TIMEOUT`, what the condition says, or what `fail` was called with, before or meanwhile. */
  until(isDone: Condition, what: string, timeoutMs?: number): Promise<void> {
    const now = isDone();
    if (now !== false) return now === true ? Promise.resolve() : Promise.reject(now);
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
    for (const entry of this.#open) {
      const isDone = entry.isDone();
      if (isDone !== false) entry.settle(isDone === true ? undefined : isDone);
    }
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
