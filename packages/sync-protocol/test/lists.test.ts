/**
 * Lists: against a plain array, against the tree told naively, and what runs of two writers look like.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { applyOperation, applyOperations, idOf, type ListBox, type ObjectState, type Operation, type PathStep, type WireValue } from "../src/index.ts";
import { commonSubsequence } from "../src/merge/sequence-diff.ts";
import { Random } from "./support/random.ts";
import { exchange, Replica } from "./support/replica.ts";
import { scene, TABLE } from "./support/scene.ts";

const LIST: readonly PathStep[] = [{ at: "list", box: "list" }];
const listOf = (replica: Replica): WireValue[] => [...((replica.shown()?.["list"] as WireValue[] | undefined) ?? [])];

describe("against a plain array", () => {
  it("what was wanted is what is shown, and an edit costs no more operations than it needs (seeds 1 to 100)", () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = new Random(seed);
      const { one } = scene({ list: [] });
      const array: WireValue[] = [];
      for (let step = 0; step < 40; step += 1) {
        const choice = random.below(4);
        if (choice < 2 || array.length === 0) array.splice(random.below(array.length + 1), 0, step);
        else if (choice === 2) array.splice(random.below(array.length), 1);
        else array.splice(random.below(array.length), 0, ...array.splice(random.below(array.length), 1));
        const operations = one.become({ list: array });
        expect(listOf(one), `seed ${seed}, step ${step}`).toEqual(array);
        expect(operations.length, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe("against the tree, told naively", () => {
  it("random histories of several writers read alike (seeds 1 to 60)", () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = new Random(seed);
      const { all } = scene({ list: ["start"] }, 3);
      for (let step = 0; step < 30; step += 1) {
        const replica = random.pick(all);
        replica.timeMs = 200 + random.below(40);
        const list = listOf(replica);
        const index = random.below(list.length + 1);
        if (random.once(5)) exchange(all);
        else if (random.once(4) && list.length > 0) list.splice(random.below(list.length), 1);
        else list.splice(index, 0, ...Array.from({ length: 1 + random.below(3) }, (_each, count) => `${step}.${count}`));
        if (!random.once(5)) replica.become({ list });
      }
      exchange(all);
      const log = all.flatMap((replica) => replica.written);
      for (const replica of all) expect(listOf(replica), `seed ${seed}`).toEqual(naive(log));
    }
  });
});

/** The list of `operations` without moves, by the definition: left side, position, right side; siblings by stamp. */
function naive(operations: readonly Operation[]): WireValue[] {
  interface Leaf {
    readonly id: string;
    readonly h: string;
    readonly origin: string;
    readonly side: string;
    value: WireValue;
    at: string;
  }
  const leaves: Leaf[] = [];
  const dead = new Set<string>();
  for (const operation of operations) {
    const { do: action, h } = operation;
    if (action.act === "remove") for (const element of action.elements) dead.add(element);
    if (action.act !== "insert") continue;
    for (const [count, value] of action.values.entries()) {
      const id = count === 0 ? idOf(operation) : `${idOf(operation)}.${count}`;
      const origin = count === 0 ? (action.origin ?? "") : count === 1 ? idOf(operation) : `${idOf(operation)}.${count - 1}`;
      leaves.push({ id, h, origin, side: count === 0 ? (action.side ?? "right") : "right", value: value as WireValue, at: h });
    }
  }
  for (const { do: action, h, path } of operations) {
    const leaf = leaves.find((each) => each.id === path[1]);
    if (action.act === "set" && leaf !== undefined && leaf.at < h) [leaf.value, leaf.at] = [action.value as WireValue, h];
  }
  const read = (origin: string, side: string): WireValue[] =>
    leaves
      .filter((leaf) => leaf.origin === origin && leaf.side === side)
      .toSorted((one, other) => (one.h < other.h ? -1 : 1))
      .flatMap((leaf) => [...read(leaf.id, "left"), ...(dead.has(leaf.id) ? [] : [leaf.value]), ...read(leaf.id, "right")]);
  return read("", "right");
}

describe("runs of several writers do not interleave", () => {
  it.each(["forward", "backward", "in the middle, forward", "in the middle, backward", "from both ends"] as const)("%s", (direction) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = new Random(seed);
      const { all } = scene({ list: ["first", "gone", "last"] }, 3);
      if (random.once(2)) {
        all[0]?.become({ list: ["first", "last"] });
        exchange(all);
      }
      for (const [number, replica] of all.entries()) {
        for (let count = 0; count < 6; count += 1) {
          replica.timeMs = 200 + random.below(50);
          const list = listOf(replica);
          const mine = list.map((value, index) => ({ value, index })).filter(({ value }) => String(value).startsWith(`w${number}`));
          const isMiddle = direction.startsWith("in the middle");
          const isBackward = direction.endsWith("backward") || (direction === "from both ends" && count % 2 === 1);
          const start = isMiddle ? 1 : direction === "backward" ? 0 : list.length;
          const index = mine.length === 0 ? start : isBackward ? (mine[0] as { index: number }).index : (mine.at(-1) as { index: number }).index + 1;
          list.splice(index, 0, `w${number}-${count}`);
          replica.become({ list });
        }
      }
      exchange(all);
      const writers = listOf(all[0] as Replica).map((value) => String(value).slice(0, 2)).filter((name) => name.startsWith("w"));
      const runs = writers.filter((name, index) => name !== writers[index - 1]);
      expect(runs.length, `seed ${seed}: ${writers.join(" ")}`).toBe(3);
      for (const replica of all) expect(listOf(replica)).toEqual(listOf(all[0] as Replica));
    }
  });
});

describe("the order of arrival", () => {
  it("elements wait for what they hang on, through several levels, and for containers they are in", () => {
    const { one } = scene({ list: [] });
    one.become({ list: ["a"] });
    one.become({ list: ["a", "c"] });
    one.become({ list: ["a", "b", "c"] });
    one.become({ list: ["c", "a", "b"] });
    one.become({ list: ["c", "b"] });
    const backwards = one.written.toReversed();
    const two = new Replica({ number: 2, schema: TABLE, type: "Table" });
    for (const operation of backwards) two.receive([operation]);
    expect(listOf(two)).toEqual(["c", "b"]);
  });

  it("a circle of positions in a stored state is refused, not followed for ever", () => {
    const [a, b] = ["a", "b"].map((digit) => digit.repeat(32)) as [string, string];
    const state: ObjectState = { c: a, f: { list: { b: { list: { p: [{ i: a, o: b, v: 1 }, { i: b, o: a, v: 2 }] } } } } };
    const operation: Operation = { type: "Table", pk: 1, h: "c".repeat(32), path: LIST, do: { act: "insert", values: [1] } };
    expect(() => applyOperation(state, operation)).toThrow(expect.objectContaining({ code: "STATE_INVALID" }) as Error);
  });
});

describe("long lists", () => {
  it("take an insert in the middle, one by one, without building everything anew", () => {
    const { one } = scene({ list: Array.from({ length: 2000 }, (_each, index) => index) });
    const box = (): ListBox => one.state?.f?.["list"]?.b?.list as ListBox;
    const middle = box().p[1000]?.i as string;
    const operations = Array.from({ length: 2000 }, (_each, index): Operation => one.write(LIST, { act: "insert", origin: middle, side: "left", values: [`n${index}`] }));
    expect(listOf(one).slice(1000, 3000)).toEqual(operations.map((_each, index) => `n${index}`));
    expect(box().p.length).toBe(4000);
  });

  it("a run of ten thousand is one operation, and as deep a chain of single appends can be read back", () => {
    const { one } = scene({ list: [] });
    expect(one.become({ list: Array.from({ length: 10_000 }, (_each, index) => index) })).toHaveLength(1);
    const { two } = scene({ list: [] });
    const operations: Operation[] = [];
    for (let index = 0, last: string | undefined; index < 10_000; index += 1) {
      const operation: Operation = { type: "Table", pk: 1, h: two.clock.tick(), path: LIST, do: { act: "insert", ...(last === undefined ? {} : { origin: last }), values: [index] } };
      operations.push(operation);
      last = idOf(operation);
    }
    two.receive(operations, true);
    const stored = JSON.parse(JSON.stringify(two.state)) as ObjectState;
    two.state = applyOperations(stored, []);
    two.become({ list: [...listOf(two), "end"] });
    expect(listOf(two).length).toBe(10_001);
  });
});

describe("the difference of sequences", () => {
  it("is a common subsequence, in order, and as long as the longest where it matters (seeds 1 to 200)", () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = new Random(seed);
      const old = Array.from({ length: random.below(30) }, () => String(random.below(6)));
      const wanted = Array.from({ length: random.below(30) }, () => String(random.below(6)));
      const matched = commonSubsequence(old, wanted);
      const pairs = [...matched.entries()].filter(([, source]) => source >= 0);
      for (const [target, source] of pairs) expect(old[source]).toBe(wanted[target]);
      for (const [index, [, source]] of pairs.entries()) if (index > 0) expect(source).toBeGreaterThan((pairs[index - 1] as [number, number])[1]);
      expect(pairs.length, `seed ${seed}`).toBe(longest(old, wanted));
    }
  });

  it("of long and very different ones still comes from equal texts, in order", () => {
    const random = new Random(5);
    const old = random.shuffled(Array.from({ length: 3000 }, (_each, index) => String(index)));
    const matched = commonSubsequence(old, random.shuffled(old)).filter((source) => source >= 0);
    expect(matched.length).toBeGreaterThan(50);
    expect(matched).toEqual(matched.toSorted((one, other) => one - other));
  });
});

function longest(old: readonly string[], wanted: readonly string[]): number {
  const table = Array.from({ length: old.length + 1 }, () => Array.from<number>({ length: wanted.length + 1 }).fill(0));
  for (let x = 1; x <= old.length; x += 1) {
    for (let y = 1; y <= wanted.length; y += 1) {
      const row = table[x] as number[];
      const above = table[x - 1] as number[];
      row[y] = old[x - 1] === wanted[y - 1] ? (above[y - 1] as number) + 1 : Math.max(above[y] as number, row[y - 1] as number);
    }
  }
  return table[old.length]?.[wanted.length] ?? 0;
}
