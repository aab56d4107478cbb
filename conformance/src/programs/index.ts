/**
 * The programs by name.
 *
 * @module
 */
import { bulkCommits, smallCommits } from "./commits.ts";
import { leaveFiles, openFiles } from "./files-of-others.ts";
import { copy, holdOpen, rekey } from "./keys.ts";
import { holdLock, increment, waitForLock } from "./locks.ts";
import type { Program } from "./program.ts";
import { idleClock, listen, tick } from "./ticks.ts";

/** Every program that a suite may start. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  "small-commits": smallCommits,
  "bulk-commits": bulkCommits,
  copy,
  rekey,
  "hold-open": holdOpen,
  "leave-files": leaveFiles,
  "open-files": openFiles,
  "hold-lock": holdLock,
  "wait-for-lock": waitForLock,
  increment,
  tick,
  listen,
  "idle-clock": idleClock,
};
