/**
 * The child process in which one contender works: takes tasks as messages, answers with what they took.
 *
 * Started by host-process.ts with the contender's id as its argument.
 *
 * @module
 */
import { loadContender } from "./contenders/load.ts";
import type { Sample } from "./measure.ts";
import { runTask, type Task } from "./tasks.ts";

/** What the parent sends. */
export type HostRequest = { readonly task: Task } | { readonly stop: true };

/** What the host answers: first whether it could load, then one answer for each task. */
export type HostAnswer = { readonly ready: true } | { readonly sample: Sample } | { readonly failure: string };

let isStopped = false;
const send = (answer: HostAnswer): void => void process.send?.(answer);
const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

try {
  const contender = await loadContender(process.argv[2] ?? "");
  process.on("message", (request: HostRequest) => {
    if ("stop" in request) {
      isStopped = true;
      return;
    }
    isStopped = false;
    runTask(contender, request.task, () => isStopped).then(
      (sample) => send({ sample }),
      (error: unknown) => send({ failure: describe(error) }),
    );
  });
  send({ ready: true });
} catch (error) {
  send({ failure: `cannot load: ${describe(error).split("\n")[0] ?? ""}` });
  process.disconnect();
}
