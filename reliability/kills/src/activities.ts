/**
 * What the processes are doing when they are killed.
 *
 * @module
 */
import type { ShapeName } from "./content.ts";
import type { ActorName } from "./job.ts";

/** One row of the table. */
export interface Activity {
  readonly name: string;
  readonly shape: ShapeName;
  /** Which processes work on one file together; the first does what the row is about. */
  readonly crews: readonly (readonly ActorName[])[];
  /** Its part of all kills. */
  readonly share: number;
  /** A kill at a random moment comes within so many milliseconds at least: a few of the activity's steps on an idle machine. */
  readonly spanMs: number;
  /** A process at rest has made up to so many steps before. */
  readonly restAfter: number;
}

/** Every activity. The shares add up to 1. */
export const ACTIVITIES: readonly Activity[] = [
  { name: "small commits", shape: "small", crews: [["writer"], ["writer", "writer", "reader"], ["writer", "writer", "writer", "reader"]], share: 0.18, spanMs: 60, restAfter: 6 },
  { name: "checkpoints", shape: "scattered", crews: [["writer"], ["writer", "writer", "reader"], ["writer", "reader", "reader"]], share: 0.18, spanMs: 250, restAfter: 12 },
  { name: "bulk loads", shape: "bulk", crews: [["writer"], ["writer", "writer", "reader"], ["writer", "writer"]], share: 0.12, spanMs: 300, restAfter: 3 },
  { name: "spilling transactions", shape: "spill", crews: [["writer"], ["writer", "reader"], ["writer", "writer"]], share: 0.06, spanMs: 1500, restAfter: 2 },
  { name: "writeCopyTo", shape: "small", crews: [["copier", "writer"], ["copier", "writer", "writer"]], share: 0.1, spanMs: 120, restAfter: 3 },
  { name: "rekey", shape: "small", crews: [["rekeyer"]], share: 0.1, spanMs: 250, restAfter: 4 },
  { name: "compact", shape: "small", crews: [["compacter"], ["compacter", "cycler"], ["compacter", "cycler", "cycler"]], share: 0.08, spanMs: 150, restAfter: 5 },
  { name: "first creation", shape: "small", crews: [["creator"], ["creator", "creator"], ["creator", "creator", "creator"]], share: 0.08, spanMs: 120, restAfter: 2 },
  { name: "migration", shape: "small", crews: [["migrator"]], share: 0.04, spanMs: 400, restAfter: 2 },
  { name: "open and close", shape: "small", crews: [["cycler"], ["cycler", "cycler"], ["cycler", "cycler", "writer"]], share: 0.06, spanMs: 80, restAfter: 6 },
];
