/**
 * The entry of a process: waits for requests on its standard input, answers on its standard output, ends with its parent.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import type { Event, Request } from "./messages.ts";

/** Something to wait for that never comes. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Written with the system's own call: what was said is with the parent even if a kill comes next. */
export function say(event: Event): void {
  let rest = Buffer.from(`${JSON.stringify(event)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // The parent is behind with reading.
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      Atomics.wait(never, 0, 0, 2);
    }
  }
}

/** Answers requests, several at once. */
export function serveRequests(answer: (request: Request) => Promise<unknown>): void {
  const reader = createInterface({ input: process.stdin });
  reader.on("line", (line) => {
    const { number, request } = JSON.parse(line) as { number: number; request: Request };
    answer(request).then(
      (value) => say({ say: "reply", number, ...(value === undefined ? {} : { value }) }),
      (error: unknown) => say({ say: "reply", number, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  reader.on("close", () => process.exit(0));
  // A process that is killed keeps nothing by itself.
  flushCompileCache();
  say({ say: "ready" });
}
