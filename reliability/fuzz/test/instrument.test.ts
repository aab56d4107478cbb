/**
 * Instrumented code does what it did, and its counters tell where it was.
 *
 * @module
 */
import { beforeAll, expect, it } from "vitest";
import { instrument } from "../fuzzer/instrument.ts";
import { LimitError, runtime } from "../fuzzer/runtime.ts";

const SOURCE = `
export function classify(list) {
  let text = "";
  for (const value of list) {
    if (value === 0) text += "zero "; else if (value < 0 && list.length > 1) text += "below "
    else text += value > 100 ? "many " : "some ";
    switch (value) { case 1: case 2: text += "small "; break; default: text += "" }
  }
  try { if (text === "") throw new Error("nothing"); } catch (error) { text = error.message ?? "?"; }
  const double = (value) => ({ value: value * 2 });
  do text += double(1).value; while (false)
  label: for (;;) { while (true) break label }
  return text;
}
export class Holder { #bytes; constructor(size) { this.#bytes = new Uint8Array(size); } get size() { return this.#bytes.length; } }
export function forever() { for (;;); }
`;

interface Sample {
  classify(list: readonly number[]): string;
  Holder: new (size: number) => { readonly size: number };
  forever(): void;
}

const counters = runtime();
let first = 0;
let branches = 0;
let literals: readonly (string | number)[] = [];
let plain: Sample;
let counted: Sample;

beforeAll(async () => {
  const result = instrument(SOURCE, (count) => (first = counters.reserve(count)));
  ({ branches, literals } = result);
  plain = (await import(`data:text/javascript,${encodeURIComponent(SOURCE)}`)) as Sample;
  counted = (await import(`data:text/javascript,${encodeURIComponent(result.code)}`)) as Sample;
});

const trace = (list: readonly number[]): string => {
  counters.start({ steps: 10_000, bytes: 10_000 });
  counted.classify(list);
  counters.finish();
  return [...counters.hits.slice(first, first + branches)].join();
};

it("gives the results of the code as it was", () => {
  for (const list of [[], [0], [-1], [-1, 5], [1, 2, 3, 1000]]) expect(counted.classify(list)).toBe(plain.classify(list));
  expect(new counted.Holder(5).size).toBe(5);
});

it("tells inputs apart that take other branches, and not those that take the same", () => {
  expect(trace([5])).toBe(trace([6]));
  expect(new Set([[], [0], [-1], [-1, 5], [5], [5, 5], [1], [1000]].map(trace)).size).toBe(8);
});

it("finds the literals that the code compares with", () => {
  expect(literals).toEqual(expect.arrayContaining(["zero ", 100, "nothing"]));
});

it("ends code that takes too many steps or too much memory, the same way each time", () => {
  counters.start({ steps: 1000, bytes: 1000 });
  expect(() => counted.forever()).toThrow(LimitError);
  expect(counters.finish()?.code).toBe("STEPS_EXCEEDED");
  counters.start({ steps: 1000, bytes: 1000 });
  expect(() => new counted.Holder(1001)).toThrow(LimitError);
  expect(counters.finish()?.code).toBe("BYTES_EXCEEDED");
});
