/**
 * How much memory V8 gives to what has just been made.
 *
 * It doubles that space while clients connect, to tens of megabytes, and does not give it back as long as nothing happens: what a server
 * full of idle clients holds would be mostly empty. So the space may grow only once there is work that needs it. The flag is read each time
 * V8 would grow it; a V8 that no longer knows it goes on as before.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import type { Metrics } from "../operations/metrics.ts";

/** Operations in a second from which on collecting more often would cost more than the memory. */
const BUSY_OPERATIONS = 500;
const LOOK_MS = 1000;

/** Keeps the young generation small until the server is busy. Of the whole process, so only for one that is a server. */
export function keepYoungGenerationSmall(metrics: Metrics): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  let before = 0;
  const timer = setInterval(() => {
    const operations = metrics.count("holdfast_operations_total");
    if (operations - before >= BUSY_OPERATIONS) {
      setFlagsFromString("--semi-space-growth-factor=2");
      clearInterval(timer);
    }
    before = operations;
  }, LOOK_MS);
  timer.unref();
}
