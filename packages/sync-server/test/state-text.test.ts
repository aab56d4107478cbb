/**
 * Large states are remembered by their texts: what is read is what was written, whoever wrote it.
 *
 * @module
 */
import { applyOperations, HybridClock } from "@holdfast/sync-protocol";
import type { ObjectState, Operation } from "@holdfast/sync-protocol";
import { expect, it } from "vitest";
import { jsonOfText, stateOfText, textOfState } from "../src/store/state-text.ts";
import { clientId } from "./support/operations.ts";

const clock = new HybridClock({ replica: clientId(1), now: () => 1000 });
const pushed = (state: ObjectState | undefined, values: readonly string[]): ObjectState => {
  const operation: Operation = { type: "Task", pk: "a", h: clock.tick(), path: [{ at: "tags", box: "list" }], do: { act: "insert", values } };
  return applyOperations(state, [operation]);
};

it("a large state that was written comes back as it is, a small one and a foreign one as read", () => {
  const small = pushed(undefined, ["x"]);
  const large = pushed(small, Array.from({ length: 500 }, (_each, index) => `element ${String(index)}`));
  expect(stateOfText(textOfState(small))).not.toBe(small);
  const text = textOfState(large);
  expect(stateOfText(`${text} `.trim())).toBe(large);
  const foreign = text.replace("element 7", "element Z");
  expect(jsonOfText(foreign)).toBe(JSON.stringify(large).replace("element 7", "element Z"));
});

it("what is built on a remembered state leaves it as it was", () => {
  const first = pushed(undefined, Array.from({ length: 500 }, (_each, index) => `element ${String(index)}`));
  const text = textOfState(first);
  const one = textOfState(pushed(stateOfText(text), ["one"]));
  const two = textOfState(pushed(stateOfText(text), ["two"]));
  expect(JSON.stringify(stateOfText(text))).toBe(JSON.stringify(first));
  expect([one.includes('"one"'), one.includes('"two"'), two.includes('"one"'), two.includes('"two"')]).toEqual([true, false, false, true]);
});

it("of many large states the oldest are forgotten, and are read again", () => {
  const states = Array.from({ length: 40 }, (_each, index) => pushed(undefined, Array.from({ length: 100 }, () => `${String(index)} ${"x".repeat(10_000)}`)));
  const texts = states.map(textOfState);
  expect(texts.map((text) => jsonOfText(text))).toEqual(states.map((state) => JSON.stringify(state)));
  expect(stateOfText(texts[0] as string)).not.toBe(states[0]);
});
