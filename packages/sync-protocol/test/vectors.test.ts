/**
 * The vectors of conformance/vectors/sync/: what a stranger's implementation is tried with, tried with ours.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { applyOperation, applyOperations, decodeClientMessage, decodeOperation, decodeServerMessage, LIMITS, materialise, objectText, ProtocolError, type ObjectState, type Operation, type PlainObject } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { stateText } from "./support/replica.ts";
import { VECTORS, type FrameVector, type MergeVector, type Vector } from "./vectors/cases.ts";

const folder = resolve(import.meta.dirname, "../../../conformance/vectors/sync");
const vectors = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Vector);
const frames = vectors.filter((vector): vector is FrameVector => vector.kind === "frame");
const merges = vectors.filter((vector): vector is MergeVector => vector.kind === "merge");

it("the files are the cases that are written down", () => {
  const byName = (list: readonly Vector[]): Vector[] => list.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  expect(new Set(VECTORS.map((vector) => vector.name)).size).toBe(VECTORS.length);
  expect(byName(vectors)).toEqual(JSON.parse(JSON.stringify(byName(VECTORS))));
});

it("more must be refused than taken", () => {
  expect(frames.filter(({ expect: { taken } }: { expect: { taken?: unknown } }) => taken === undefined).length).toBeGreaterThan(2 * frames.filter((vector) => "taken" in vector.expect).length);
});

describe("frames", () => {
  it.each(frames)("$name: $about", ({ from, frame, limits, expect: wanted }) => {
    const read = (): unknown => (from === "client" ? decodeClientMessage : decodeServerMessage)(frame, { ...LIMITS, ...limits });
    if ("taken" in wanted) expect(JSON.parse(JSON.stringify(read()))).toEqual(wanted.taken);
    else expect(refusal(read)).toEqual(wanted);
  });
});

describe("merges, in any order, with repeats", () => {
  it.each(merges)("$name: $about", ({ operations: given, shows }) => {
    const operations = given.map((operation) => decodeOperation(operation));
    const expected = applyOperations(undefined, operations);
    expect(shown(expected)).toBe(shows === null ? undefined : objectText(shows as PlainObject));
    const random = new Random(operations.length);
    for (let times = 0; times < 20; times += 1) {
      let state: ObjectState | undefined;
      for (const operation of random.shuffled([...operations, ...operations]) as Operation[]) state = applyOperation(state, operation);
      expect(stateText(state)).toBe(stateText(expected));
    }
  });
});

function shown(state: ObjectState): string | undefined {
  const plain = materialise(state);
  return plain === undefined ? undefined : objectText(plain);
}

function refusal(read: () => unknown): { readonly refused: string; readonly place?: string } {
  try {
    read();
  } catch (error) {
    if (error instanceof ProtocolError) return { refused: error.code, ...(error.place === undefined ? {} : { place: error.place }) };
    throw error;
  }
  throw new Error("it was taken");
}
