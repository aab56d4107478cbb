/**
 * Transactions that do not block: they wait for the lock, and give the event loop its turn, between the steps of their work.
 *
 * @module
 */
import { RealmError } from "./errors.ts";

/** The work of a transaction: a function, an async one, or a generator, whose every `yield` lets others run if it is time. */
export type AsyncWork<R> = () => R | PromiseLike<R> | Generator<unknown, R, void>;

/** What a transaction is made of; a Realm has them. */
export interface AsyncTransaction {
  /** Tries to begin; false if another process or transaction is writing. */
  tryBegin(): boolean;
  commit(): void;
  /** Ends the transaction if it is open still. */
  abort(): void;
  readonly isOpen: boolean;
  /** The realm was closed, which takes an open transaction back. */
  readonly isClosed: boolean;
}

/** How long work runs before others get a turn. */
export const SLICE_MS = 8;
const LOCK_WAITS_MS = [0, 1, 2, 5, 10, 20, 50];
const LOCK_TIMEOUT_MS = 10_000;

/** Runs work in a transaction; an exception or rejection rolls it back. */
export async function runAsync<R>(transaction: AsyncTransaction, work: AsyncWork<R>): Promise<R> {
  await begin(transaction);
  try {
    const started = work();
    const result = isGenerator<R>(started) ? await drive(started) : await started;
    if (transaction.isClosed) throw new RealmError("REALM_CLOSED", "The realm was closed while writeAsync was at work: what it wrote was taken back.");
    if (transaction.isOpen) transaction.commit();
    return result;
  } catch (error) {
    transaction.abort();
    throw error;
  }
}

async function begin(transaction: AsyncTransaction): Promise<void> {
  const startMs = performance.now();
  for (let attempt = 0; ; attempt++) {
    await pause(LOCK_WAITS_MS[Math.min(attempt, LOCK_WAITS_MS.length - 1)] as number);
    if (transaction.tryBegin()) return;
    if (performance.now() - startMs > LOCK_TIMEOUT_MS) throw new RealmError("STORE_LOCKED", `Another writer kept the realm locked for ${LOCK_TIMEOUT_MS} ms.`);
  }
}

function isGenerator<R>(value: unknown): value is Generator<unknown, R, void> {
  return Object.prototype.toString.call(value) === "[object Generator]";
}

async function drive<R>(generator: Generator<unknown, R, void>): Promise<R> {
  let sliceEndMs = performance.now() + SLICE_MS;
  for (;;) {
    const step = generator.next();
    if (step.done === true) return step.value;
    if (performance.now() < sliceEndMs) continue;
    await pause(0);
    sliceEndMs = performance.now() + SLICE_MS;
  }
}

/** Lets the event loop run. */
export function pause(delayMs: number): Promise<void> {
  const immediate = (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate;
  return new Promise((resolve) => {
    if (delayMs === 0 && immediate !== undefined) immediate(resolve);
    else setTimeout(resolve, delayMs);
  });
}
