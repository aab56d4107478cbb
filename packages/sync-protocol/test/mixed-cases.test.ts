/**
 * Mixed values that hold lists and dictionaries, against each other and against scalars: docs/sync-cases.md, case 19.
 *
 * The 42 situations of realm-core's suite on collections in mixed, with their outcomes: at the top level and, where it has them, inside a
 * list and inside a dictionary. In six of them ours is another on purpose: docs/decisions/0016-merge-model.md, "Where this differs".
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { plainText, type BoxStep, type FieldsBox, type ListBox, type PlainValue, type Slot } from "../src/index.ts";
import type { Replica } from "./support/replica.ts";
import { atTime, mergedValue, scene } from "./support/scene.ts";

/** Steps of one replica: each is what the value is to become. `replace`: it is cleared first. */
type Step = { readonly value: PlainValue; readonly replace?: true };

interface Case {
  readonly name: string;
  readonly start: PlainValue;
  readonly one: readonly Step[];
  readonly two: readonly Step[];
  /** Who is first. */
  readonly first: "one" | "two";
  readonly expected: PlainValue;
}

const dict = (entries: Readonly<Record<string, PlainValue>>): PlainValue => ({ $dict: entries });
const to = (...values: readonly PlainValue[]): Step[] => values.map((value) => ({ value }));
const cleared = (value: PlainValue): Step => ({ value, replace: true });

const CASES: readonly Case[] = [
  { name: "a list made against a list made and filled", start: dict({}), one: to([]), two: to([], [42]), first: "one", expected: [42] },
  { name: "a list made against an entry of the dictionary that it replaces", start: dict({}), one: to([]), two: to(dict({ key: 42 })), first: "one", expected: [] },
  { name: "the same, the list being first", start: dict({}), one: to(dict({ key: 42 })), two: to([]), first: "two", expected: [] },
  { name: "a dictionary made against one made and filled", start: [], one: to(dict({})), two: to(dict({}), dict({ key: 42 })), first: "two", expected: dict({ key: 42 }) },
  { name: "a dictionary made against an element of the list that it replaces", start: [], one: to(dict({})), two: to([42]), first: "one", expected: dict({}) },
  { name: "an element against a string in the list's place", start: [1, 2], one: to([1, 2, 3]), two: to("value"), first: "one", expected: "value" },
  { name: "the same, the string being first", start: [1, 2], one: to([1, 2, 3]), two: to("value"), first: "two", expected: "value" },
  { name: "a list made, cleared and filled against an entry of the dictionary before", start: dict({}), one: [...to([], [1, 2]), cleared([3])], two: to(dict({ key1: 42 })), first: "one", expected: [3] },
  { name: "a list before an int", start: null, one: to([]), two: to(42), first: "one", expected: 42 },
  { name: "a list after an int", start: null, one: to([]), two: to(42), first: "two", expected: [] },
  { name: "a dictionary before an int", start: null, one: to(dict({})), two: to(42), first: "one", expected: 42 },
  { name: "a dictionary after an int", start: null, one: to(dict({})), two: to(42), first: "two", expected: dict({}) },
  { name: "two lists are one", start: null, one: to(["a", "b"]), two: to(["c", "d"]), first: "one", expected: ["a", "b", "c", "d"] },
  { name: "two dictionaries are one", start: null, one: to(dict({ key1: "a", key2: "b" })), two: to(dict({ key2: "y", key3: "z" })), first: "one", expected: dict({ key1: "a", key2: "y", key3: "z" }) },
  { name: "a list after a dictionary", start: null, one: to(["a", "b"]), two: to(dict({ key1: "a", key2: "b" })), first: "two", expected: ["a", "b"] },
  { name: "a list before a dictionary", start: null, one: to(["a", "b"]), two: to(dict({ key1: "a", key2: "b" })), first: "one", expected: dict({ key1: "a", key2: "b" }) },
  { name: "a list cleared and filled against a string in its place", start: [1, 2], one: [cleared([3])], two: to("some value"), first: "one", expected: "some value" },
  { name: "a list made, cleared and filled against a list made", start: dict({ key1: 1, key2: 2 }), one: [...to([1]), cleared([2])], two: to([4]), first: "one", expected: [2] },
  { name: "a dictionary made, cleared and filled against one made", start: [], one: [...to(dict({ key1: 1 })), cleared(dict({ key2: 2 }))], two: to(dict({ key3: 3 })), first: "one", expected: dict({ key2: 2 }) },
];

/** Realm empties the container that wins; ours keeps what was put into it, since the clear was of another one. */
const DIFFERENT: readonly Case[] = [
  { name: "a list cleared and filled against a dictionary made", start: [], one: [...to([1, 2]), cleared([3])], two: to(dict({ key1: 42 })), first: "one", expected: dict({ key1: 42 }) },
  { name: "a dictionary cleared and filled against a list made", start: dict({ key1: 1, key2: 2 }), one: [...to(dict({ key1: 1, key2: 2, key3: 3 })), cleared(dict({ key4: 4 }))], two: to([1]), first: "one", expected: [1] },
];

/** Where the value stands: as the property, as the only element of a list, as an entry of a dictionary, deeper. */
const PLACES: readonly { readonly name: string; readonly wrap: (value: PlainValue) => PlainValue }[] = [
  { name: "as the property", wrap: (value) => value },
  { name: "inside a list", wrap: (value) => [value] },
  { name: "inside a dictionary", wrap: (value) => dict({ A: value }) },
  { name: "deep inside", wrap: (value) => dict({ A: [dict({ B: value })] }) },
];

describe.each(PLACES)("case 19, $name", ({ name: place, wrap }) => {
  it.each([...CASES, ...DIFFERENT])("$name", ({ start, one, two, first, expected }) => {
    const { one: left, two: right, all } = scene({ any: wrap(start) });
    const times = first === "one" ? [200, 300] : [300, 200];
    play(left, times[0] as number, one, wrap, place === "as the property");
    play(right, times[1] as number, two, wrap, place === "as the property");
    expect(plainText(mergedValue({ all }, "any") ?? null)).toBe(plainText(wrap(expected)));
  });
});

function play(replica: Replica, timeMs: number, steps: readonly Step[], wrap: (value: PlainValue) => PlainValue, isProperty: boolean): void {
  for (const [index, { value, replace }] of steps.entries()) {
    atTime(replica, timeMs + index, () => {
      // Inside containers there are no intents: the clear is written as it is.
      if (replace === true && !isProperty) clearInside(replica);
      replica.become({ any: wrap(value) }, replace === true && isProperty ? { any: "replace" } : undefined);
    });
  }
}

/** Writes a clear of the innermost container. */
function clearInside(replica: Replica): void {
  let slot: Slot | undefined = replica.state?.f?.["any"];
  let name = "any";
  const path: BoxStep[] = [];
  while (slot?.k !== undefined) {
    const { k: kind } = slot;
    const box: ListBox | FieldsBox | undefined = kind === "list" ? slot.b?.list : slot.b?.dict;
    path.push({ at: name, box: kind, ...(box?.g === undefined ? {} : { seen: box.g }) });
    const [inner] = box === undefined ? [] : innerSlots(box);
    if (inner === undefined || inner.slot.k === undefined) break;
    ({ name, slot } = inner);
  }
  replica.write(path, { act: "clear" });
}

function innerSlots(box: ListBox | FieldsBox): { readonly name: string; readonly slot: Slot }[] {
  if ("p" in box) return box.p.filter((item) => item.r === undefined).map((item) => ({ name: item.e ?? item.i, slot: item }));
  return Object.entries(box.f).map(([name, slot]) => ({ name, slot }));
}
