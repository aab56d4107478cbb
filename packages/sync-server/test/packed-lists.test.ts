/**
 * Long lists written down in runs: what is read is what was written, to the letter, whoever wrote the list and however.
 *
 * @module
 */
import { applyOperations, compactState, HybridClock } from "@holdfast/sync-protocol";
import type { ObjectState, Operation, PathStep, Position, WireValue } from "@holdfast/sync-protocol";
import { describe, expect, it } from "vitest";
import { PACKED_MIN, packState, unpackState } from "../src/store/packed-lists.ts";
import type { PackedState } from "../src/store/packed-lists.ts";
import { jsonOfText, stateOfText, textOfState } from "../src/store/state-text.ts";
import { clientId } from "./support/operations.ts";
import { seededRandom } from "./support/random.ts";

const LIST = [{ at: "tags", box: "list" }] as const;

/** Through its text and back, without what is remembered by texts. */
function throughText(state: ObjectState): ObjectState {
  const packed = packState(state);
  return packed === undefined ? state : unpackState(JSON.parse(JSON.stringify(packed.packed)) as PackedState);
}

/** The characters of everything but the values. */
function overhead(text: string, values: readonly WireValue[]): number {
  return text.length - values.reduce<number>((sum, value) => sum + JSON.stringify(value).length, 0);
}

/** A list of positions as they are. */
function stateOf(positions: readonly Position[]): ObjectState {
  return { c: "0".repeat(32), f: { tags: { b: { list: { p: positions } } } } };
}

/** Writes a list like several people who type, insert, take out, move and fold. */
function randomList(seed: number): ObjectState {
  const random = seededRandom(seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  let now = 1000;
  const clocks = [1, 2, 3].map((each) => new HybridClock({ replica: clientId(each), now: () => now }));
  let state: ObjectState = {};
  const stays = random();
  const path: readonly PathStep[] = upTo(3) === 0 ? [{ at: "part", box: "object" }, { at: "tags", box: "list" }] : LIST;
  const positionsOf = (): readonly Position[] => (path.length === 1 ? state.f?.["tags"] : state.f?.["part"]?.b?.object?.f["tags"])?.b?.list?.p ?? [];
  let writer = 0;
  for (let count = 0; count < 60 + upTo(120); count++) {
    if (random() > stays) writer = upTo(3);
    if (upTo(3) === 0) now += upTo(100_000);
    const clock = clocks[writer] as HybridClock;
    const positions = positionsOf();
    for (const { i } of positions.slice(-1)) clock.observe(i.slice(0, 32));
    const some = positions[upTo(positions.length)];
    const place = positions.length === 0 ? {} : upTo(4) === 0 ? { origin: (some as Position).i, ...(upTo(2) === 0 ? { side: "left" as const } : {}) } : { origin: (positions.at(-1) as Position).i };
    const kind = upTo(20);
    const element = some === undefined ? undefined : (some.e ?? some.i);
    const action: Operation["do"] =
      kind === 0 && element !== undefined ? { act: "remove", elements: [element] }
      : kind === 1 && element !== undefined ? { act: "move", element, ...place }
      : { act: "insert", ...place, values: Array.from({ length: upTo(3) === 0 ? 1 + upTo(30) : 1 }, (): WireValue | { $new: "list" } => (upTo(30) === 0 ? { $new: "list" } : ([null, "x", 7, { $int: "9007199254740993" }, "\u2028\"", true][upTo(6)] as WireValue))) };
    const operations: Operation[] = [{ type: "Task", pk: "a", h: clock.tick(), path, do: action }];
    if (kind === 2 && element !== undefined) operations.push({ type: "Task", pk: "a", h: clock.tick(), path: [...path, element], do: { act: "set", value: "set" } });
    state = applyOperations(state, operations);
    if (kind === 3) state = compactState(state, clock.last) ?? state;
  }
  return state;
}

describe("packed lists", () => {
  it.each(Array.from({ length: 60 }, (_each, index) => index))("a list of several writers is read as it was written, seed %i", (seed) => {
    const state = randomList(seed);
    const json = JSON.stringify(state);
    expect(JSON.stringify(throughText(state))).toBe(json);
    expect(jsonOfText(textOfState(state))).toBe(json);
    expect(throughText(state)).toEqual(JSON.parse(json));
  });

  it("random lists are packed, most of them with runs of both kinds in them", () => {
    const texts = Array.from({ length: 20 }, (_each, seed) => packState(randomList(seed))).map((packing) => JSON.stringify(packing?.packed ?? {}));
    expect(texts.filter((text) => text.includes('"runs"')).length).toBeGreaterThan(15);
    expect(texts.filter((text) => /,\[-?\d[\d,-]*\],\[/.test(text)).length).toBeGreaterThan(10);
    expect(texts.filter((text) => /,\d+,\[/.test(text)).length).toBeGreaterThan(10);
  });

  it("ten thousand elements pushed one by one take, beside their values, a tenth of what they take as JSON and less", () => {
    let now = 1000;
    const clock = new HybridClock({ replica: clientId(1), now: () => now });
    let last: string | undefined;
    const values = Array.from({ length: 10_000 }, (_each, index) => `element ${String(index)}`);
    const operations = values.map((value, index): Operation => {
      now += index % 7 === 0 ? 1 + index * 13 : 0;
      const operation: Operation = { type: "Task", pk: "a", h: clock.tick(), path: LIST, do: { act: "insert", ...(last === undefined ? {} : { origin: last }), values: [value] } };
      last = operation.h;
      return operation;
    });
    const state = applyOperations(undefined, operations);
    const text = textOfState(state);
    expect(overhead(text, values)).toBeLessThan(overhead(JSON.stringify(state), values) / 10);
    expect(JSON.stringify(throughText(state))).toBe(JSON.stringify(state));
  });

  it("short lists are written as they are, as are rows that were written before", () => {
    const positions = Array.from({ length: PACKED_MIN }, (_each, index): Position => ({ i: `${"0".repeat(31)}${index === 0 ? "1" : `1.${String(index)}`}`, v: index }));
    expect(textOfState(stateOf(positions.slice(1)))).toBe(JSON.stringify(stateOf(positions.slice(1))));
    const text = textOfState(stateOf(positions));
    expect(text).not.toBe(JSON.stringify(stateOf(positions)));
    expect(stateOfText(JSON.stringify(stateOf(positions)))).toEqual(stateOf(positions));
  });

  const stamp = (ms: number, count: number, replica = "a"): string => `${ms.toString(16).padStart(12, "0")}${count.toString(16).padStart(4, "0")}${replica.repeat(16)}`;
  it.each<[string, readonly Position[]]>([
    ["ids that are none", [{ i: "x", v: 1 }, { i: `${"g".repeat(32)}`, v: 2 }, { i: `${stamp(1, 1)}.01`, v: 3 }, { i: `${stamp(1, 1)}1`, v: 3 }, { i: stamp(1, 1).toUpperCase(), v: 4 }]],
    ["an origin that is none", [{ i: stamp(1, 1), o: "0000000000000000:0", v: 1 }, { i: stamp(1, 2), o: "", v: 1 }]],
    ["an empty origin and a left side", [{ i: stamp(1, 1), o: "", l: 1, v: 1 }, { i: stamp(1, 2), o: stamp(1, 1), l: 1, v: 1 }]],
    ["a clock that goes back", [{ i: stamp(9, 1), v: 1 }, { i: stamp(8, 5), o: stamp(9, 1), v: 1 }]],
    ["a count that goes back", [{ i: stamp(9, 3), v: 1 }, { i: stamp(9, 3), o: stamp(9, 3), v: 1 }, { i: stamp(9, 0), o: stamp(9, 3), v: 1 }]],
    ["a count at its end, and milliseconds of 48 bits", [{ i: stamp(2 ** 48 - 1, 0xfffe), v: 1 }, { i: stamp(2 ** 48 - 1, 0xffff), o: stamp(2 ** 48 - 1, 0xfffe), v: 1 }]],
    ["another replica", [{ i: stamp(1, 1), v: 1 }, { i: stamp(1, 2, "b"), o: stamp(1, 1), v: 1 }, { i: stamp(1, 3), o: stamp(1, 2, "b"), v: 1 }]],
    ["an insert that begins in the middle and has a gap", [{ i: `${stamp(1, 1)}.5`, v: 1 }, { i: `${stamp(1, 1)}.6`, v: 1 }, { i: `${stamp(1, 1)}.8`, v: 1 }]],
    ["an insert behind a chain and a chain behind an insert", [{ i: stamp(1, 1), v: 1 }, { i: stamp(1, 2), o: stamp(1, 1), v: 1 }, { i: `${stamp(1, 2)}.1`, v: 1 }, { i: stamp(1, 3), o: `${stamp(1, 2)}.1`, v: 1 }]],
    ["fields in another order, and more of them", [{ v: 1, i: stamp(1, 1) }, { i: stamp(1, 2), v: 1, o: stamp(1, 1) }, { i: stamp(1, 3), o: stamp(1, 2), h: stamp(2, 1), v: 1 }, { i: stamp(1, 4), r: stamp(2, 2) }, { i: stamp(1, 5), o: stamp(1, 4), v: null }]],
  ])("what is like a run and none: %s", (_what, positions) => {
    const filler = Array.from({ length: PACKED_MIN }, (_each, index): Position => ({ i: `${stamp(5, 5)}.${String(index + 1)}`, v: index }));
    for (const all of [[...filler, ...positions], [...positions, ...filler]]) {
      expect(packState(stateOf(all))).toBeDefined();
      expect(JSON.stringify(throughText(stateOf(all)))).toBe(JSON.stringify(stateOf(all)));
    }
  });

  it("names may be anything", () => {
    const list = stateOf(Array.from({ length: PACKED_MIN }, (_each, index): Position => ({ i: stamp(1, index + 1), ...(index === 0 ? {} : { o: stamp(1, index) }), v: index }))).f?.["tags"];
    const json = `{"f":{"2":{"v":1},"a":{"b":{"dict":{"g":"x","f":{"__proto__":${JSON.stringify(list)},"constructor":${JSON.stringify(list)}}}}},"b":{"v":2}}}`;
    expect(JSON.stringify(throughText(JSON.parse(json) as ObjectState))).toBe(json);
  });
});
