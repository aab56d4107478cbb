/**
 * The entry of a process: imports the SDK, waits for a job, does it, speaks in lines.
 *
 * Started before it is needed, so that a round does not wait for the SDK to load: "warm", then one job on standard input,
 * then "go", perhaps "stop".
 *
 * @module
 */
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import type Realm from "@holdfast/realm";
import { ACTORS } from "./actors/index.ts";
import { SCHEMA } from "./content.ts";
import { configurationOf, type ActorContext, type Job } from "./job.ts";

const implementation = process.argv[2] ?? "@holdfast/realm";
const { default: RealmClass } = (await import(implementation)) as { default: typeof Realm };

/** Something to wait for that never comes. */
const cell = new Int32Array(new SharedArrayBuffer(4));
const heard: string[] = [];
let wake: () => void = () => undefined;
const reader = createInterface({ input: process.stdin });
reader.on("line", (line) => {
  heard.push(line);
  wake();
});
// A parent that is gone must not leave processes behind.
reader.on("close", () => process.exit(0));

/** Written with the system's own call: what was said is with the parent even if a kill comes next. */
function say(line: string): void {
  for (;;) {
    try {
      // So short that the pipe takes all of it or nothing.
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      // The parent is behind with reading.
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      Atomics.wait(cell, 0, 0, 2);
    }
  }
}

async function hear(): Promise<string> {
  for (;;) {
    const line = heard.shift();
    if (line !== undefined) return line;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

// A process that is killed keeps nothing by itself.
flushCompileCache();
say("warm");
const job = JSON.parse(await hear()) as Job;
let acks = 0;

const context: ActorContext = {
  job,
  Realm: RealmClass,
  configuration: configurationOf(job.path, job.key, { schema: SCHEMA }),
  get isStopped() {
    return heard.includes("stop");
  },
  ack(what) {
    say(what);
    acks += 1;
    if (acks !== job.restAfter) return;
    say("resting");
    // Not even the event loop runs any more.
    Atomics.wait(cell, 0, 0);
  },
  say,
  async patiently(action) {
    for (;;) {
      try {
        return action();
      } catch (error) {
        if ((error as { code?: unknown }).code !== "STORE_LOCKED") throw error;
        say("waiting");
        await context.breathe(1);
      }
    }
  },
  breathe: (ms) => new Promise((resolve) => void (ms === undefined ? setImmediate(resolve) : setTimeout(resolve, ms))),
  async start() {
    say("ready");
    await hear();
  },
};

await ACTORS[job.actor](context);
say("done");
process.exit(0);
