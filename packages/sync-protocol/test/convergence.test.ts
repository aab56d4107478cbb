/**
 * Random histories: whatever the order, the repeats and the batches, replicas end up the same.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { applyOperation, applyOperations, objectText, type Intent, type ObjectState, type Operation } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { Replica, stateText } from "./support/replica.ts";
import { changedThing, NEW_THING } from "./support/things.ts";

const HISTORIES = Number(process.env["HOLDFAST_MERGE_HISTORIES"] ?? 80);
const FIRST_SEED = Number(process.env["HOLDFAST_MERGE_SEED"] ?? 1);
const SEEDS = Array.from({ length: HISTORIES }, (_each, index) => FIRST_SEED + index);

/** One random history; `isCausal`: nobody receives something before what it was based on. */
function history(random: Random, isCausal: boolean): { replicas: Replica[]; log: Operation[] } {
  const replicas = Array.from({ length: 2 + random.below(3) }, (_each, index) => new Replica({ number: index + 1 }));
  const log: Operation[] = [];
  const received = replicas.map(() => 0);
  for (let step = 0; step < 40; step += 1) {
    const which = random.below(replicas.length);
    const replica = replicas[which] as Replica;
    replica.timeMs = 1000 + random.below(60);
    if (random.once(2)) edit(random, replica, log);
    else if (isCausal) {
      replica.receive(log.slice(received[which], log.length), random.once(2));
      received[which] = log.length;
    } else if (log.length > 0) replica.receive(Array.from({ length: 1 + random.below(6) }, () => random.pick(log)), random.once(2));
  }
  return { replicas, log };
}

function edit(random: Random, replica: Replica, log: Operation[]): void {
  const before = replica.shown();
  const wanted = random.once(12) ? undefined : changedThing(random, before ?? NEW_THING);
  const operations = replica.become(wanted, intentsOf(random));
  log.push(...operations);
  const after = replica.shown();
  expect(after === undefined ? undefined : objectText(after), "what was wanted").toBe(wanted === undefined ? undefined : objectText(wanted));
}

function intentsOf(random: Random): Record<string, Intent> | undefined {
  if (!random.once(4)) return undefined;
  return { [random.pick(Object.keys(NEW_THING))]: random.pick<Intent>(["set", "replace"]) };
}

describe("random histories", () => {
  it(`case 22: converge in any order, with repeats and in batches (seeds ${FIRST_SEED} to ${FIRST_SEED + HISTORIES - 1})`, () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const { replicas, log } = history(random, false);
      const expected = stateText(applyOperations(undefined, log));
      for (const replica of replicas) {
        replica.receive(random.shuffled([...log, ...log.slice(0, 5)]), random.once(2));
        expect(stateText(replica.state), `seed ${seed}`).toBe(expected);
      }
      for (let order = 0; order < 3; order += 1) expect(stateText(inBatches(random, random.shuffled([...log, ...log]))), `seed ${seed}, order ${order}`).toBe(expected);
    }
  });

  it("leave nothing waiting once everything has arrived", () => {
    for (const seed of SEEDS.slice(0, 25)) {
      const random = new Random(seed);
      const { log } = history(random, true);
      expect(stateText(applyOperations(undefined, random.shuffled(log))), `seed ${seed}`).not.toContain('"w":');
    }
  });

  it("do not change states in place", () => {
    for (const seed of SEEDS.slice(0, 25)) {
      const { log } = history(new Random(seed), false);
      let state: ObjectState | undefined;
      for (const operation of log) {
        const before = stateText(state);
        const next = applyOperation(state, operation);
        expect(stateText(state), `seed ${seed}`).toBe(before);
        applyOperations(state, [operation, ...log.slice(0, 10)]);
        expect(stateText(state), `seed ${seed}`).toBe(before);
        state = next;
      }
    }
  });

  it("survive JSON between any two operations", () => {
    for (const seed of SEEDS.slice(0, 25)) {
      const { log } = history(new Random(seed), false);
      let state: ObjectState | undefined;
      for (const operation of log) state = JSON.parse(JSON.stringify(applyOperation(state, JSON.parse(JSON.stringify(operation)) as Operation))) as ObjectState;
      expect(stateText(state), `seed ${seed}`).toBe(stateText(applyOperations(undefined, log)));
    }
  });
});

function inBatches(random: Random, operations: readonly Operation[]): ObjectState | undefined {
  let state: ObjectState | undefined;
  for (let start = 0; start < operations.length; ) {
    const end = start + 1 + random.below(8);
    state = applyOperations(state, operations.slice(start, end));
    start = end;
  }
  return state;
}

