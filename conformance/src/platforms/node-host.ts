/**
 * The entry of a child process on Node: imports the implementation, runs one program, speaks in lines.
 *
 * @module
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { PROGRAMS } from "../programs/index.ts";
import type { ProgramContext } from "../programs/program.ts";
import type { RealmConstructor } from "../realm-api.ts";

interface Job {
  readonly implementation: string;
  readonly program: string;
  readonly values: Record<string, unknown>;
}

const job = JSON.parse(process.argv[2] ?? "{}") as Job;
const program = PROGRAMS[job.program];
if (program === undefined) throw new Error(`there is no program "${job.program}"`);
const { default: Realm } = (await import(job.implementation)) as { default: RealmConstructor };

const heard: string[] = [];
const listeners: ((line: string) => void)[] = [];
const reader = createInterface({ input: process.stdin });
reader.on("line", (line) => {
  const listener = listeners.shift();
  if (listener === undefined) heard.push(line);
  else listener(line);
});

const context: ProgramContext = {
  Realm,
  values: job.values,
  // Written straight to the pipe: a line that was said is in the parent's hands even if a kill comes next.
  say(line) {
    writeSync(1, `${line}\n`);
  },
  hear() {
    const line = heard.shift();
    return line === undefined ? new Promise((resolve) => void listeners.push(resolve)) : Promise.resolve(line);
  },
  sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  sharedClockMs: () => Number(process.hrtime.bigint()) / 1e6,
};

await program(context);
reader.close();
process.stdin.destroy();
