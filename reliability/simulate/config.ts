/**
 * What one stretch of a simulated history is like, drawn from its seed: how many processes, how rough the weather.
 *
 * @module
 */
import type { SeededRandom } from "@holdfast/storage-engine/simulation";

/** Chances are per call of a volume where they say "call", per step otherwise. */
export interface StretchConfig {
  readonly processes: number;
  readonly steps: number;
  /** That others have their turn inside a call. */
  readonly turnsPerCall: number;
  /** That a process, perhaps another one, dies at a call. */
  readonly killsPerCall: number;
  /** That a process stops at a call, with its locks. */
  readonly freezesPerCall: number;
  /** That a write is done in two parts. */
  readonly splitsPerCall: number;
  readonly clockJumpsPerCall: number;
  /** That a failing call is armed before a step. */
  readonly faults: number;
  /** Room on the disk beyond what is used at the start. */
  readonly freeBytes: number | undefined;
  readonly keys: number;
  readonly maxChanges: number;
  readonly maxValueBytes: number;
  /** Values with an extent of their own have up to this many bytes. */
  readonly maxLargeBytes: number;
  /** That a transaction is larger than what may wait in memory, so that its pages go to the file as it grows. */
  readonly spills: number;
}

/** Draws one stretch. */
export function drawStretch(random: SeededRandom): StretchConfig {
  const isCalm = random.chance(0.2);
  const draw = (...choices: readonly number[]): number => (isCalm ? 0 : random.pick(choices));
  return {
    processes: random.pick([1, 2, 2, 3, 3, 4]),
    steps: 12 + random.below(30),
    turnsPerCall: random.pick([0, 0.01, 0.03, 0.1]),
    killsPerCall: draw(0, 0, 0.0005, 0.003),
    freezesPerCall: draw(0, 0, 0.0005, 0.002),
    splitsPerCall: random.pick([0, 0.02, 0.2]),
    clockJumpsPerCall: draw(0, 0.002),
    faults: draw(0, 0, 0.15, 0.5),
    freeBytes: random.chance(0.1) ? random.below(3_000_000) : undefined,
    keys: random.pick([12, 30, 90]),
    maxChanges: random.pick([2, 6, 25]),
    maxValueBytes: random.pick([40, 200, 900]),
    maxLargeBytes: random.pick([2000, 12_000]),
    spills: random.pick([0, 0, 0, 0.02]),
  };
}
