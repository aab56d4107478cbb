/**
 * Waits for something that comes over a network.
 *
 * @module
 */
import { setTimeout as wait } from "node:timers/promises";
import { DemoFailure } from "../stage.ts";

const LONGEST_MS = 30_000;
const STEP_MS = 20;

/** Returns as soon as the condition holds. @throws {DemoFailure} If it does not within half a minute. */
export async function until(sentence: string, condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += STEP_MS) {
    if (waitedMs > LONGEST_MS) throw new DemoFailure(`expected: ${sentence}`);
    await wait(STEP_MS);
  }
}
