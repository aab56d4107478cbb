/**
 * Operations that claim more than a server has.
 *
 * @module
 */
import { expect, it } from "vitest";
import { applyOperation, isAhead, type ObjectState, type Operation } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { Replica } from "./support/replica.ts";
import { changedThing, NEW_THING } from "./support/things.ts";

const LIST = [{ at: "tags", box: "list" }] as const;

it("nothing that honest writers send in order is ahead; the same in another order mostly is (seeds 1 to 40)", () => {
  let shuffledAhead = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = new Random(seed);
    const replicas = [1, 2, 3].map((number) => new Replica({ number }));
    const log: Operation[] = [];
    for (let step = 0; step < 30; step += 1) {
      const replica = random.pick(replicas);
      if (random.once(3)) replica.receive(log);
      log.push(...replica.become(random.once(10) ? undefined : changedThing(random, replica.shown() ?? NEW_THING)));
    }
    let state: ObjectState | undefined;
    for (const operation of log) {
      expect(isAhead(state, operation), `seed ${seed}`).toBe(false);
      state = applyOperation(state, operation);
      expect(isAhead(state, operation), `seed ${seed}, again`).toBe(false);
    }
    if (random.shuffled(log).some((operation) => isAhead(undefined, operation))) shuffledAhead += 1;
  }
  expect(shuffledAhead).toBeGreaterThan(30);
});

it("a delete, a clear, an element or a position that never was", () => {
  const one = new Replica({ number: 1 });
  one.become({ tags: ["a"] });
  const future = "f".repeat(32);
  const base = { type: "Thing", pk: 1, h: one.clock.tick() };
  const cases: Operation[] = [
    { ...base, g: future, path: ["title"], do: { act: "set", value: "x" } },
    { ...base, path: [{ ...LIST[0], seen: future }], do: { act: "insert", values: ["x"] } },
    { ...base, path: LIST, do: { act: "insert", origin: future, values: ["x"] } },
    { ...base, path: LIST, do: { act: "remove", elements: [future] } },
    { ...base, path: LIST, do: { act: "move", element: future } },
    { ...base, path: [...LIST, future], do: { act: "set", value: "x" } },
  ];
  for (const operation of cases) expect(isAhead(one.state, operation)).toBe(true);
  expect(isAhead(one.state, { ...base, path: LIST, do: { act: "insert", values: ["x"] } })).toBe(false);
});
