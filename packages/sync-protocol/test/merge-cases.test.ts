/**
 * The published outcomes of merging: docs/sync-cases.md, cases 1 to 22. Every case is run in every order of the replicas' transactions.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { applyOperations, materialise, type IsGone, type PathStep, type PlainValue } from "../src/index.ts";
import { Replica, stateText } from "./support/replica.ts";
import { atTime, merged, mergedValue, permutations, put, scene, write } from "./support/scene.ts";

const COUNT: readonly PathStep[] = ["count"];
const inc = (by: number): ((replica: Replica) => void) => write(COUNT, { act: "inc", by });
const set = (value: number | null): ((replica: Replica) => void) => write(COUNT, { act: "set", value });

describe("counters", () => {
  it("case 1: increments of two replicas add up", () => {
    const { one, two, all } = scene({ count: 0 });
    atTime(one, 200, inc(5));
    atTime(two, 300, inc(4));
    expect(mergedValue({ all }, "count")).toBe(9);
  });

  it("case 2: an increment before a set is overwritten, one after it is kept", () => {
    const { one, two, all } = scene({ count: 0 });
    atTime(one, 200, inc(2));
    atTime(two, 210, set(100));
    atTime(one, 220, inc(3));
    expect(mergedValue({ all }, "count")).toBe(103);
  });

  it("case 3: an increment of null is kept, so that a set which comes late slides under it", () => {
    const { one, two, all } = scene({ count: 7 });
    atTime(one, 200, set(null));
    atTime(one, 202, inc(1));
    expect(one.shown()?.["count"]).toBe(null);
    atTime(two, 201, set(10));
    expect(mergedValue({ all }, "count")).toBe(11);
  });

  it("case 20: an increment of what somebody set to a string does nothing", () => {
    const { one, two, all } = scene({ any: 1 });
    atTime(one, 200, write(["any"], { act: "set", value: "text" }));
    atTime(two, 300, write(["any"], { act: "inc", by: 5 }));
    expect(mergedValue({ all }, "any")).toBe("text");
  });

  it("increments before a default do not count, until an explicit value that is older still slides under them", () => {
    const { one, two, all } = scene({});
    atTime(one, 200, inc(2));
    atTime(one, 300, write(COUNT, { act: "set", value: 5, isDefault: true }));
    expect(one.shown()?.["count"]).toBe(5);
    atTime(two, 150, set(1));
    expect(mergedValue({ all }, "count")).toBe(3);
  });

  it("increments wrap around at 64 bits", () => {
    const { one, two, all } = scene({ count: 0 });
    atTime(one, 200, write(COUNT, { act: "set", value: { $int: "9223372036854775807" } }));
    two.receive(one.written);
    atTime(two, 300, inc(1));
    expect(mergedValue({ all }, "count")).toEqual({ $int: "-9223372036854775808" });
  });
});

describe("deletes", () => {
  it("case 4: a delete wins over an update that had not seen it, however late that is", () => {
    const { one, two, all } = scene({ count: 1 });
    atTime(one, 200, (replica) => replica.become(undefined));
    atTime(two, 900, set(5));
    expect(merged({ all })).toBe(undefined);
  });

  it("case 5: an object that is created again after its delete was seen lives", () => {
    const { one, two, all } = scene({ count: 1 });
    atTime(one, 200, (replica) => replica.become(undefined));
    two.receive(one.written);
    atTime(two, 300, (replica) => replica.become({ count: 2 }));
    expect(mergedValue({ all }, "count")).toBe(2);
  });

  it("case 6: create-erase-create against erase-create: the later delete's object is the one", () => {
    const { one, two, all } = scene(undefined);
    atTime(one, 100, (replica) => replica.become({ count: 1 }));
    two.receive(one.written);
    atTime(one, 200, (replica) => replica.become(undefined));
    atTime(one, 210, (replica) => replica.become({ count: 1 }));
    atTime(two, 300, (replica) => replica.become(undefined));
    atTime(two, 310, (replica) => replica.become({ count: 2 }));
    expect(mergedValue({ all }, "count")).toBe(2);
    atTime(one, 900, set(9));
    expect(mergedValue({ all }, "count")).toBe(9);
  });

  it("case 7: the same primary key created twice is one object", () => {
    const { one, two, all } = scene(undefined);
    atTime(one, 100, (replica) => replica.become({ count: 1, text: "one" }));
    atTime(two, 200, (replica) => replica.become({ count: 2, dict: { $dict: { k: "two" } } }));
    expect(merged({ all })).toMatchObject({ count: 2, text: "one", dict: { $dict: { k: "two" } } });
  });
});

describe("collections", () => {
  const LIST: readonly PathStep[] = [{ at: "list", box: "list" }];

  it("case 8: a clear with what came after it against a later one: the later wins", () => {
    const { one, two, all } = scene({ list: [1, 2] });
    atTime(one, 200, (replica) => replica.become({ list: [3, 4] }, { list: "replace" }));
    atTime(two, 300, (replica) => replica.become({ list: [5, 6] }, { list: "replace" }));
    expect(mergedValue({ all }, "list")).toEqual([5, 6]);
  });

  it("case 9: a clear drops what others put in without having seen it", () => {
    const { one, two, all } = scene({ list: [1, 2] });
    atTime(one, 200, write(LIST, { act: "clear" }));
    atTime(two, 300, put("list", [1, 2, 3]));
    expect(mergedValue({ all }, "list")).toEqual([]);
  });

  it("case 10: of taking a value out of a set and putting it in, the later counts", () => {
    const { one, two, all } = scene({ set: { $set: [999, 5] } });
    const path: readonly PathStep[] = [{ at: "set", box: "set" }];
    atTime(one, 200, write(path, { act: "add", value: 999 }));
    atTime(two, 300, write(path, { act: "drop", value: 999 }));
    atTime(one, 310, write(path, { act: "add", value: 7 }));
    atTime(two, 305, write(path, { act: "drop", value: 7 }));
    expect(mergedValue({ all }, "set")).toEqual({ $set: [5, 7] });
  });

  it("case 11: entries of a dictionary are merged by key", () => {
    const { one, two, all } = scene({ dict: { $dict: { a: "0" } } });
    atTime(one, 200, put("dict", { $dict: { a: "0", b: "1", c: "1" } }));
    atTime(two, 300, put("dict", { $dict: { a: "2", c: "2", d: "2" } }));
    expect(mergedValue({ all }, "dict")).toEqual({ $dict: { a: "2", b: "1", c: "2", d: "2" } });
  });

  it("case 12: of two inserts at the same index the earlier one is first", () => {
    const { one, two, all } = scene({ list: ["x"] });
    atTime(one, 300, put("list", ["late", "x"]));
    atTime(two, 200, put("list", ["early", "x"]));
    expect(mergedValue({ all }, "list")).toEqual(["early", "late", "x"]);
  });

  it("case 13: two runs that were appended, or prepended one by one, do not interleave", () => {
    const { one, two, all } = scene({ list: ["x"] });
    for (let index = 1; index <= 4; index += 1) {
      for (const [replica, name] of [[one, "a"], [two, "b"]] as const) {
        atTime(replica, 200 + index, () => {
          const list = replica.shown()?.["list"] as string[];
          replica.become({ list: [`${name}-${index}`, ...list, `${name}${index}`] });
        });
      }
    }
    expect(mergedValue({ all }, "list")).toEqual([..."a-4 a-3 a-2 a-1 b-4 b-3 b-2 b-1 x a1 a2 a3 a4 b1 b2 b3 b4".split(" ")]);
  });

  it("case 14: a default loses to an explicit value, whenever that was", () => {
    const { one, two, all } = scene(undefined);
    atTime(one, 100, (replica) => replica.become({ text: "explicit", count: 3 }));
    atTime(two, 900, (replica) => replica.become({ text: "default", count: 4 }, { text: "default" }));
    expect(merged({ all })).toMatchObject({ text: "explicit", count: 4 });
  });
});

describe("links", () => {
  const link = (pk: number): PlainValue => ({ $link: ["Table", pk] });
  const isGone: IsGone = (_type, pk) => pk === 8;

  it("case 15: links to a deleted object read as null and are left out of lists, on all sides, until it is back", () => {
    const { one, two, all } = scene({ links: [link(7), link(8), link(9)], link: link(8) });
    merged({ all });
    expect(materialise(one.state, { isGone })).toMatchObject({ links: [link(7), link(9)], link: null });
    expect(materialise(two.state, { isGone })).toMatchObject({ links: [link(7), link(9)], link: null });
    expect(materialise(one.state)).toMatchObject({ links: [link(7), link(8), link(9)], link: link(8) });
  });

  it("case 16: a link inserted while its target is erased is left out, and what was inserted around it stays in place", () => {
    const { one, two, all } = scene({ links: [link(7)] });
    atTime(one, 200, put("links", [link(7), link(8)]));
    atTime(two, 300, put("links", [link(7), link(9)]));
    merged({ all });
    expect(materialise(one.state, { isGone })?.["links"]).toEqual([link(7), link(9)]);
  });
});

describe("case 17: moves", () => {
  const start = { list: ["a", "b", "c", "d"] };

  it("moved twice: it is there once, where the later move put it", () => {
    const { one, two, all } = scene(start);
    atTime(one, 200, put("list", ["d", "a", "b", "c"]));
    atTime(two, 300, put("list", ["a", "d", "b", "c"]));
    expect(mergedValue({ all }, "list")).toEqual(["a", "d", "b", "c"]);
  });

  it("moved and erased: it is gone", () => {
    const { one, two, all } = scene(start);
    atTime(one, 300, put("list", ["d", "a", "b", "c"]));
    atTime(two, 200, put("list", ["a", "b", "c"]));
    expect(mergedValue({ all }, "list")).toEqual(["a", "b", "c"]);
  });

  it("moved while something is inserted beside it: the new one stays where it was put", () => {
    const { one, two, all } = scene(start);
    atTime(one, 300, put("list", ["d", "a", "b", "c"]));
    atTime(two, 200, put("list", ["a", "b", "c", "new", "d"]));
    expect(mergedValue({ all }, "list")).toEqual(["d", "a", "b", "c", "new"]);
  });

  it("moved while it is set: both happen", () => {
    const { one, two, all } = scene(start);
    atTime(one, 300, put("list", ["d", "a", "b", "c"]));
    atTime(two, 200, put("list", ["a", "b", "c", "D"]));
    expect(mergedValue({ all }, "list")).toEqual(["D", "a", "b", "c"]);
  });

  it("moved by three replicas: the latest of them counts", () => {
    const { all } = scene({ list: ["a", "b", "c", "d", "e"] }, 3);
    const [one, two, three] = all as [Replica, Replica, Replica];
    atTime(one, 300, put("list", ["e", "a", "b", "c", "d"]));
    atTime(two, 200, put("list", ["a", "e", "b", "c", "d"]));
    atTime(three, 250, put("list", ["a", "b", "e", "c", "d"]));
    expect(mergedValue({ all }, "list")).toEqual(["e", "a", "b", "c", "d"]);
  });
});

describe("case 18: embedded objects", () => {
  const part = (a: number | null, b: number | null): PlainValue => ({ $object: { a, b, items: [] } });

  it("replacing one drops what others change inside the old one, however late", () => {
    const { one, two, all } = scene({ part: part(1, 1) });
    atTime(one, 200, (replica) => replica.become({ part: part(2, null) }, { part: "replace" }));
    atTime(two, 900, put("part", part(1, 9)));
    expect(mergedValue({ all }, "part")).toEqual(part(2, null));
  });

  it("setting it to null drops them too, and they do not come back with the next one", () => {
    const { one, two, all } = scene({ part: part(1, 1) });
    atTime(one, 200, put("part", null));
    atTime(one, 210, put("part", part(5, null)));
    atTime(two, 900, put("part", part(1, 9)));
    expect(mergedValue({ all }, "part")).toEqual(part(5, null));
  });

  it("a container that was there before is empty when it is made again", () => {
    const { one, all } = scene({ any: [1, 2] });
    one.become({ any: 5 });
    one.become({ any: [] });
    expect(mergedValue({ all }, "any")).toEqual([]);
  });

  it("changes inside it are merged property by property", () => {
    const { one, two, all } = scene({ part: part(1, 1) });
    atTime(one, 200, put("part", part(2, 1)));
    atTime(two, 300, put("part", part(1, 3)));
    expect(mergedValue({ all }, "part")).toEqual(part(2, 3));
  });

  it("made on two sides at once it is one object", () => {
    const { one, two, all } = scene({});
    atTime(one, 200, put("part", { $object: { a: 1, b: null, items: [1] } }));
    atTime(two, 300, put("part", { $object: { a: null, b: 2, items: [2] } }));
    expect(mergedValue({ all }, "part")).toEqual({ $object: { a: 1, b: 2, items: [1, 2] } });
  });
});

it("case 21: three replicas, every order of their transactions and every way to group them", () => {
  const { all } = scene({ list: [1, 2, 3], any: null }, 3);
  const [one, two, three] = all as [Replica, Replica, Replica];
  atTime(one, 200, put("list", [3, 1, 2]));
  atTime(two, 210, put("list", [1, 9, 3]));
  atTime(three, 220, put("list", []));
  atTime(one, 230, put("any", [1]));
  atTime(two, 240, put("any", { $dict: { k: 1 } }));
  const bundles = all.map((replica) => replica.written);
  const expected = stateText(applyOperations(undefined, bundles.flat()));
  for (const order of permutations(bundles)) {
    const [first = [], second = [], third = []] = order;
    expect(stateText(applyOperations(applyOperations(applyOperations(undefined, first), second), third))).toBe(expected);
    expect(stateText(applyOperations(applyOperations(undefined, [...first, ...second]), third))).toBe(expected);
    expect(stateText(applyOperations(applyOperations(undefined, first), [...second, ...third]))).toBe(expected);
  }
});

