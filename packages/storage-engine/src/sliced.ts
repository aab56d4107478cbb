/**
 * Long work in slices, so that an application's other work, its own commits first of all, goes on in between.
 *
 * @module
 */

/** How far a long task has come. */
export interface Progress {
  /** What is counted: `pages`, `entries` or `objects`. */
  readonly unit: string;
  readonly done: number;
  /** An estimate that can be passed a little; it is reached at the end. */
  readonly total: number;
}

/** What a long task needs of an `AbortSignal`; written out so that no platform's types are needed to read this one. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
}

/** What every long task takes. */
export interface LongTaskOptions {
  /** Called after each slice, and at the end. An error that it throws ends the task. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** An `AbortSignal`: ends the task with the signal's reason; nothing of the target is left. */
  readonly signal?: StopSignal | undefined;
}

/** A task that says at each point where it may be interrupted how far it is. */
export type Steps<Result> = Generator<Progress, Result, void>;

/** The longest time that a slice holds the event loop, give or take one step. */
export const SLICE_MS = 4;

/** Runs a task in one go. */
export function runAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Runs a task in slices. If it is given up, the task sees the reason as an error at the point that it had reached. */
export async function runInSlices<Result>(steps: Steps<Result>, options: LongTaskOptions, now: () => number): Promise<Result> {
  const { onProgress, signal } = options;
  let last: Progress | undefined;
  for (;;) {
    try {
      if (last !== undefined) onProgress?.(last);
      await nextTurn();
      signal?.throwIfAborted();
    } catch (error) {
      return endWith(steps, error);
    }
    const end = now() + SLICE_MS;
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        if (last !== undefined) onProgress?.({ ...last, done: last.total });
        return step.value;
      }
      last = step.value;
      if (now() >= end) break;
    }
  }
}

function endWith<Result>(steps: Steps<Result>, error: unknown): Result {
  // The task cleans up after itself and throws the error on.
  const step = steps.throw(error);
  if (step.done === true) return step.value;
  throw error;
}

/** Lets everything else that waits in the event loop run. */
function nextTurn(): Promise<void> {
  const { setImmediate: immediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  return new Promise((resolve) => (immediate === undefined ? setTimeout(resolve, 0) : immediate(resolve)));
}
