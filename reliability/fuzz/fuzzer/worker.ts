/**
 * The child process that fuzzes one target: it may hang or die, its parent watches.
 *
 * Its one argument is a `WorkerTask` as JSON. Before each input it writes that input to the watch file.
 *
 * @module
 */
import { openSync, writeFileSync, writeSync } from "node:fs";
import type { FuzzTarget } from "../target.ts";
import { readCorpus } from "./corpus-file.ts";
import { dictionaryOf } from "./dictionary.ts";
import type { Fault } from "./load-hooks.ts";
import { registerLoadHooks } from "./load-hooks.ts";
import { search } from "./loop.ts";

/** What a worker is told. */
export interface WorkerTask {
  readonly target: string;
  /** The module that exports `target`, as a file URL. */
  readonly module: string;
  readonly seed: number;
  readonly seconds: number;
  readonly executions: number;
  readonly isGuided: boolean;
  /** False: without the inputs that are kept in the repository. */
  readonly isWithCorpus: boolean;
  readonly faults: readonly Fault[];
  readonly maxFailures: number;
  readonly watchFile: string;
  readonly resultFile: string;
}

const WATCH_HEADER_BYTES = 8;

/** Writes the number of the input, its length and its bytes. */
function watcherOf(path: string, maxBytes: number): (input: Uint8Array) => void {
  const file = openSync(path, "w");
  const buffer = new Uint8Array(WATCH_HEADER_BYTES + maxBytes);
  const view = new DataView(buffer.buffer);
  let number = 0;
  return (input) => {
    number++;
    view.setUint32(0, number, true);
    view.setUint32(4, input.length, true);
    buffer.set(input, WATCH_HEADER_BYTES);
    writeSync(file, buffer, 0, WATCH_HEADER_BYTES + input.length, 0);
  };
}

async function work(task: WorkerTask): Promise<void> {
  const loaded = registerLoadHooks({ faults: task.faults });
  const { target } = (await import(task.module)) as { target: FuzzTarget };
  const report = await search({
    target,
    seed: task.seed,
    inputs: task.isWithCorpus ? readCorpus(task.target) : [],
    dictionary: dictionaryOf(target, loaded.literals),
    seconds: task.seconds,
    executions: task.executions,
    isGuided: task.isGuided,
    maxFailures: task.maxFailures,
    onInput: watcherOf(task.watchFile, target.maxBytes),
  });
  const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
  const failures = report.failures.map((failure) => ({ ...failure, input: base64(failure.input) }));
  writeFileSync(task.resultFile, JSON.stringify({ ...report, failures, corpus: report.corpus.map(base64) }));
}

await work(JSON.parse(process.argv[2] ?? "{}") as WorkerTask);
process.exit(0);
