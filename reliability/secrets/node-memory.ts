/**
 * The memory of another process, as a core dump would hold it: every private, readable page that is there.
 *
 * Linux only. Needs the right to trace the process, which a parent has of its child.
 *
 * @module
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { KeyForm } from "./marks.ts";
import { countIn } from "./node-search.ts";

const PAGE_BYTES = 4096;
/** Searched at a time; what stands across two parts is found by the overlap. */
const PART_PAGES = 4096;
const OVERLAP_BYTES = 64;

/** True where another process's memory can be read this way. */
export function canReadMemory(): boolean {
  try {
    closeSync(openSync("/proc/self/mem", "r"));
    closeSync(openSync("/proc/self/pagemap", "r"));
    return true;
  } catch {
    return false;
  }
}

/** How often each form stands in the memory of a process, and how many bytes were searched. */
export function searchMemory(pid: number, forms: readonly KeyForm[]): { readonly counts: Map<string, number>; readonly bytes: number } {
  const counts = new Map<string, number>();
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const pagemap = openSync(`/proc/${pid}/pagemap`, "r");
  let bytes = 0;
  try {
    for (const { from, to } of regions(pid)) {
      for (const run of presentRuns(pagemap, from, to)) bytes += searchRun(memory, run, forms, counts);
    }
  } finally {
    closeSync(memory);
    closeSync(pagemap);
  }
  return { counts, bytes };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function regions(pid: number): Range[] {
  return readFileSync(`/proc/${pid}/maps`, "latin1")
    .split("\n")
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) r..p .*?(?:\s(\[vvar\]|\[vsyscall\]))?$/u.exec(line))
    .filter((match) => match !== null && match[3] === undefined)
    .map((match) => ({ from: Number.parseInt(match?.[1] ?? "", 16), to: Number.parseInt(match?.[2] ?? "", 16) }));
}

/** Pages in memory (bit 63) or in swap (bit 62), next to each other. */
function* presentRuns(pagemap: number, from: number, to: number): Generator<Range> {
  const entries = new Uint8Array(65_536 * 8);
  let start: number | undefined;
  for (let at = from; at < to; at += 65_536 * PAGE_BYTES) {
    const count = Math.min(65_536, (to - at) / PAGE_BYTES);
    const read = readSync(pagemap, entries, 0, count * 8, (at / PAGE_BYTES) * 8) / 8;
    for (let index = 0; index < count; index++) {
      const isPresent = index < read && ((entries[index * 8 + 7] ?? 0) & 0xc0) !== 0;
      const address = at + index * PAGE_BYTES;
      if (isPresent) start ??= address;
      if ((!isPresent || address - (start ?? address) >= PART_PAGES * PAGE_BYTES) && start !== undefined) {
        yield { from: start, to: isPresent ? address + PAGE_BYTES : address };
        start = isPresent ? address : undefined;
      }
    }
  }
  if (start !== undefined) yield { from: start, to };
}

function searchRun(memory: number, { from, to }: Range, forms: readonly KeyForm[], counts: Map<string, number>): number {
  const bytes = new Uint8Array(to - from + OVERLAP_BYTES);
  try {
    const read = readSync(memory, bytes, 0, to - from, from);
    countIn(bytes.subarray(0, read), forms, counts);
    return read;
  } catch {
    // A page that went meanwhile, or a device: nothing of ours.
    return 0;
  }
}
