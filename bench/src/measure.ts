/**
 * One measured piece of work: the clocks around it, and the check of its answer.
 *
 * @module
 */

/** What one piece of work took. Unused measures are 0. */
export interface Sample {
  readonly wallMs: number;
  /** CPU of the JavaScript thread alone. */
  readonly threadCpuMs: number;
  /** CPU of the whole process, library threads included. */
  readonly processCpuMs: number;
  /** A figure of another unit: operations done, bytes, a balance. */
  readonly amount: number;
  /** The process's peak memory so far. */
  readonly peakBytes: number;
}

/** Nothing measured. */
export const ZERO: Sample = { wallMs: 0, threadCpuMs: 0, processCpuMs: 0, amount: 0, peakBytes: 0 };

/** Runs the work with a clean heap and the three clocks around it. */
export async function measure(work: () => unknown): Promise<Sample> {
  globalThis.gc?.();
  const threadBefore = threadCpuUsage();
  const processBefore = process.cpuUsage();
  const before = process.hrtime.bigint();
  await work();
  const wallMs = Number(process.hrtime.bigint() - before) / 1e6;
  const threadCpu = threadCpuUsage(threadBefore);
  const processCpu = process.cpuUsage(processBefore);
  return {
    wallMs,
    threadCpuMs: (threadCpu.user + threadCpu.system) / 1000,
    processCpuMs: (processCpu.user + processCpu.system) / 1000,
    amount: 0,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** CPU of this thread; of the whole process where Node is older than 23.9 and cannot tell. */
function threadCpuUsage(before?: NodeJS.CpuUsage): NodeJS.CpuUsage {
  return "threadCpuUsage" in process ? process.threadCpuUsage(before) : globalThis.process.cpuUsage(before);
}

/** @throws {Error} The answer is another one. */
export function check(what: string, answer: number, expected: number): void {
  if (answer !== expected) throw new Error(`wrong answer to ${what}: ${answer} instead of ${expected}`);
}
