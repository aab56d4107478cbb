/**
 * Batches: the same as one by one, and a cost for each operation that does not grow with how many there are.
 *
 * Work is counted, not timed: how often the blocks of the merge core were run (as V8 counts them), and what its indexes report of arrays
 * that were searched and moved.
 *
 * @module
 */
import { Session } from "node:inspector/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { applyInOrder, applyOperation, applyOperations, type Action, type ObjectState, type Operation } from "../src/index.ts";
import { indexOf } from "../src/merge/list-index.ts";
import { Random } from "./support/random.ts";
import { L, op, st, WORST_BATCHES } from "./support/worst-batches.ts";

const session = new Session();
let core: typeof import("../src/index.ts");
let indexes: typeof import("../src/merge/list-index.ts");

/** Blocks of the merge core that ran, and steps of the index of the list. */
async function workOf(run: () => ObjectState): Promise<number> {
  await session.post("Profiler.takePreciseCoverage");
  const state = run();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const blocks = result.filter(({ url }) => url.includes("/src/merge/")).flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges));
  const list = state.f?.["l"]?.b?.list;
  return blocks.reduce((sum, { count }) => sum + count, list === undefined ? 0 : indexes.indexOf(list.p).steps);
}

describe("eight times as many operations are about eight times the work", () => {
  beforeAll(async () => {
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    // Blocks are counted of what is compiled from here on.
    vi.resetModules();
    core = await import("../src/index.ts");
    indexes = await import("../src/merge/list-index.ts");
  });
  afterAll(async () => {
    await session.post("Profiler.stopPreciseCoverage");
    session.disconnect();
  });

  it.each(Object.keys(WORST_BATCHES))("%s", async (name) => {
    const make = WORST_BATCHES[name] as (count: number) => Operation[];
    const [few, many] = [make(1500), make(12_000)];
    const apply = (operations: readonly Operation[]) => () => core.applyInOrder({ c: st(0) }, operations).state;
    const fewWork = await workOf(apply(few));
    const manyWork = await workOf(apply(many));
    expect(fewWork).toBeGreaterThan(1500);
    expect(manyWork / fewWork).toBeLessThan(13);
    if (name !== "waitingBackwards") return;
    const dropped = (operations: readonly Operation[]) => () => core.applyWithoutWaiting(undefined, operations);
    expect((await workOf(dropped(many))) / (await workOf(dropped(few)))).toBeLessThan(13);
  });
});

describe("a batch is what its operations are one by one", () => {
  it.each(Object.keys(WORST_BATCHES).filter((name) => name !== "waitingBackwards"))("%s", (name) => {
    const operations = (WORST_BATCHES[name] as (count: number) => Operation[])(1300).filter(({ do: action }) => action.act !== "insert" || action.origin !== "f".repeat(32));
    let state: ObjectState = { c: st(0) };
    for (const operation of operations) state = applyOperation(state, operation);
    expect(applyOperations({ c: st(0) }, operations)).toEqual(state);
    expect(applyInOrder({ c: st(0) }, operations)).toEqual({ state, isAhead: false });
  });

  it("random changes of one list, in two batches and in any order of stamps (seeds 1 to 6)", () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const operations = randomBatch(new Random(seed), 1500);
      let state: ObjectState | undefined;
      for (const operation of operations) state = applyOperation(state, operation);
      const half = applyOperations(undefined, operations.slice(0, 700));
      const before = JSON.stringify(half);
      const whole = applyOperations(half, operations.slice(700));
      expect(JSON.stringify(half), `seed ${seed}: not changed`).toBe(before);
      expect(whole, `seed ${seed}`).toEqual(state);
      const list = whole.f?.["l"]?.b?.list;
      expect(indexOf(list?.p ?? []).isDeferred, `seed ${seed}`).toBe(false);
      // The index that was kept tells the same as one that is built anew.
      const next = randomBatch(new Random(seed + 1000), 30, 5000);
      const anew = JSON.parse(JSON.stringify(whole)) as ObjectState;
      expect(applyOperations(whole, next), `seed ${seed}, again`).toEqual(applyOperations(anew, next));
    }
  });
});

function randomBatch(random: Random, count: number, from = 0): Operation[] {
  const stamps = random.shuffled(Array.from({ length: count }, (_unused, each) => st(from + each)));
  const elements: string[] = [];
  const places: string[] = [];
  return stamps.map((h) => {
    const hangs = places.length === 0 || random.once(6) ? {} : { origin: random.pick(places), ...(random.once(2) ? { side: "left" as const } : {}) };
    const choice = elements.length < 3 ? 0 : random.below(10);
    if (choice < 5) {
      elements.push(h, `${h}.1`);
      places.push(h, `${h}.1`);
      return op(h, L, { act: "insert", ...hangs, values: [1, { $new: "list" }] });
    }
    if (choice < 8) {
      places.push(h);
      return op(h, L, { act: "move", element: random.pick(elements.slice(0, 5)), ...hangs });
    }
    const action: Action = choice === 8 ? { act: "remove", elements: [random.pick(elements), random.pick(elements.slice(0, 10))] } : { act: "set", value: h };
    return op(h, choice === 8 ? L : [...L, random.pick(elements)], action);
  });
}
