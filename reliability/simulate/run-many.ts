/**
 * Many seeds on one or several processors.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import { runHistory } from "./history.ts";
import type { HistoryResult } from "./history.ts";
import type { Form } from "./options.ts";

/** Which histories to run. */
export interface ManyOptions {
  readonly seeds: number;
  readonly from: number;
  readonly points: number | undefined;
  readonly forms: readonly Form[];
  readonly jobs: number;
  /** Called after each history. */
  readonly onResult: (result: HistoryResult) => void;
  /** Asked before each history: true ends the run early. */
  readonly isStopped: () => boolean;
}

interface Task {
  readonly seed: number;
  readonly form: Form;
}

/** Runs them all. Results come in any order if there are several jobs; each is the same as alone. */
export async function runMany(options: ManyOptions): Promise<void> {
  const tasks = tasksOf(options);
  let points = 0;
  const next = (): Task | undefined => {
    if (options.isStopped() || (options.points !== undefined && points >= options.points)) return undefined;
    return tasks.next().value ?? undefined;
  };
  const take = (result: HistoryResult): void => {
    points += result.points;
    options.onResult(result);
  };
  if (options.jobs > 1) {
    await Promise.all(Array.from({ length: options.jobs }, () => runWorker(next, take)));
    return;
  }
  for (let task = next(); task !== undefined; task = next()) {
    take(await runHistory(task));
    // Listeners of signals and the terminal get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function* tasksOf({ seeds, from, forms }: ManyOptions): Generator<Task, undefined> {
  for (let seed = from; seed < from + seeds; seed += 1) for (const form of forms) yield { seed, form };
  return undefined;
}

function runWorker(next: () => Task | undefined, take: (result: HistoryResult) => void): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  return new Promise((resolve, reject) => {
    const send = (): void => {
      const task = next();
      if (task === undefined) void worker.terminate().then(() => resolve());
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of this process, not a window
      else worker.postMessage(task);
    };
    worker.on("error", reject);
    worker.on("message", (result: HistoryResult) => {
      take(result);
      send();
    });
    send();
  });
}
