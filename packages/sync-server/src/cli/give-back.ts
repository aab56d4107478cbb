/**
 * Memory that is given back while nothing happens.
 *
 * V8 takes tens of megabytes for what is short-lived while clients connect and write, and keeps them for as long as nobody allocates: what a
 * server full of idle clients holds would be mostly empty. So after some quiet seconds it is told to collect, as browsers tell it when a
 * page is out of sight. A server that works is never stopped for this.
 *
 * @module
 */
import { performance } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { readonly type: "major"; readonly execution: "sync"; readonly flavor: "last-resort" }) => void;

const LOOK_MS = 1000;
const QUIET_LOOKS = 5;
/** The part of the time in which the event loop has work: pings of a thousand clients are about a hundredth. */
const QUIET_UTILIZATION = 0.1;
const WORTH_BYTES = 12 * 1024 * 1024;

/** Looks once a second. Of the whole process, so only for one that is a server and nothing else. */
export function giveBackWhenQuiet(): void {
  const collect = collector();
  if (collect === undefined) return;
  let seen = performance.eventLoopUtilization();
  let quietLooks = 0;
  let keptBytes = 0;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    quietLooks = performance.eventLoopUtilization(now, seen).utilization < QUIET_UTILIZATION ? quietLooks + 1 : 0;
    seen = now;
    if (quietLooks < QUIET_LOOKS || getHeapStatistics().total_heap_size < keptBytes + WORTH_BYTES) return;
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
    keptBytes = getHeapStatistics().total_heap_size;
    quietLooks = 0;
  }, LOOK_MS);
  timer.unref();
}

/** Undefined where the engine has none to give. */
function collector(): Collect | undefined {
  setFlagsFromString("--expose-gc");
  const found: unknown = runInNewContext("globalThis.gc");
  setFlagsFromString("--no-expose-gc");
  return typeof found === "function" ? (found as Collect) : undefined;
}
