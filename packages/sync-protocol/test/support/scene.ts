/**
 * Two or three replicas that know an object and then change it without each other.
 *
 * @module
 */
import { objectText, type ObjectState, type Operation, type PathStep, type PlainObject, type PlainValue, type SyncSchema } from "../../src/index.ts";
import { applyOperations } from "../../src/index.ts";
import { expect } from "vitest";
import { Replica, stateText } from "./replica.ts";

/** A class with one property of mixed type and one of each kind that cases are about. */
export const TABLE: SyncSchema = {
  classes: [
    {
      name: "Table",
      primaryKey: "id",
      properties: [
        { name: "any", type: "mixed", optional: true },
        { name: "count", type: "int", optional: true },
        { name: "text", type: "string", optional: true },
        { name: "list", type: "mixed", optional: true, collection: "list" },
        { name: "links", type: "object", objectType: "Table", collection: "list" },
        { name: "link", type: "object", objectType: "Table", optional: true },
        { name: "set", type: "int", collection: "set" },
        { name: "dict", type: "string", optional: true, collection: "dict" },
        { name: "part", type: "object", objectType: "Part", optional: true },
      ],
    },
    {
      name: "Part",
      embedded: true,
      properties: [
        { name: "a", type: "int", optional: true },
        { name: "b", type: "int", optional: true },
        { name: "items", type: "int", collection: "list" },
      ],
    },
  ],
};

/** The replicas of a case. */
export interface Scene {
  readonly one: Replica;
  readonly two: Replica;
  readonly all: readonly Replica[];
}

/** Replicas that all have the object, made at time 100. */
export function scene(start: PlainObject | undefined = {}, count = 2): Scene {
  const all = Array.from({ length: count }, (_each, index) => new Replica({ number: index + 1, schema: TABLE, type: "Table" }));
  const [one, two] = all as [Replica, Replica];
  for (const replica of all) replica.timeMs = 100;
  if (start !== undefined) {
    one.become(start);
    for (const replica of all) if (replica !== one) replica.receive(one.written);
  }
  return { one, two, all };
}

/** Does something at a time. */
export function atTime(replica: Replica, timeMs: number, change: (replica: Replica) => void): void {
  replica.timeMs = timeMs;
  change(replica);
}

/** Sets one property, as a difference. */
export function put(name: string, value: PlainValue): (replica: Replica) => void {
  return (replica) => {
    replica.become({ [name]: value });
  };
}

/** Writes one operation. */
export function write(path: readonly PathStep[], action: Operation["do"]): (replica: Replica) => void {
  return (replica) => {
    replica.write(path, action);
  };
}

/**
 * What all replicas show in the end: every order of what they wrote has to lead to the same state.
 *
 * @returns undefined: the object is not there.
 */
export function merged({ all }: Pick<Scene, "all">): PlainObject | undefined {
  const bundles = all.map((replica) => [...replica.written]);
  const expected = applyOperations(undefined, bundles.flat());
  for (const order of permutations(bundles)) expectSame(applyOperations(undefined, order.flat()), expected);
  const log = bundles.flat();
  if (log.length <= 6) for (const order of permutations(log)) expectSame(applyOperations(undefined, order), expected);
  for (const replica of all) {
    replica.receive(log.toReversed());
    expectSame(replica.state, expected);
  }
  return all[0]?.shown();
}

/** What one property shows in the end. */
export function mergedValue(given: Pick<Scene, "all">, name: string): PlainValue | undefined {
  return merged(given)?.[name];
}

function expectSame(state: ObjectState | undefined, expected: ObjectState): void {
  expect(stateText(state)).toBe(stateText(expected));
}

/** All orders of some values. */
export function permutations<T>(values: readonly T[]): T[][] {
  if (values.length <= 1) return [[...values]];
  return values.flatMap((value, index) => permutations([...values.slice(0, index), ...values.slice(index + 1)]).map((rest) => [value, ...rest]));
}

/** An object as text, for comparisons. */
export function textOf(object: PlainObject | undefined): string | undefined {
  return object === undefined ? undefined : objectText(object);
}
