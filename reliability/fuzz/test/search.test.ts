/**
 * A fuzzer that cannot find anything is worthless: it has to find what was planted.
 *
 * @module
 */
import { expect, it } from "vitest";
import { runTarget } from "../fuzzer/run-target.ts";
import { planted } from "./planted/planted.ts";

const SEED = 1;
const EXECUTIONS = 300_000;

it(`a mistake behind five bytes is found with coverage, not without it (seed ${SEED})`, async () => {
  const run = { target: "planted-magic", module: planted("magic-target"), seed: SEED, seconds: 120, executions: EXECUTIONS, isWithCorpus: false };
  const guided = await runTarget(run);
  expect(guided.failures.map((failure) => [...failure.input])).toEqual([[0x48, 0xe1, 0x9c, 0x07, 0xd3]]);
  const blind = await runTarget({ ...run, isGuided: false });
  expect(blind.executions).toBeGreaterThanOrEqual(EXECUTIONS);
  expect(blind.failures).toEqual([]);
});

it.each([["dying", "PROCESS_DIED", 0x66], ["hanging", "HANG", 0x77]])(`a %s process is replaced, and its input is known (seed ${SEED})`, async (name, signature, byte) => {
  const report = await runTarget({ target: `planted-${name}`, module: planted(`${name}-target`), seed: SEED, seconds: 60, hangSeconds: 2, isWithCorpus: false });
  expect(report.failures.map((failure) => [failure.signature, failure.input[0]])).toContainEqual([signature, byte]);
});
