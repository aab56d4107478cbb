/**
 * Batches of the worst kinds: one transaction on one property, in the orders that cost most.
 *
 * @module
 */
import { stampOf, type Action, type Operation, type PathStep } from "../../src/index.ts";

/** The n-th stamp. */
export function st(count: number): string {
  return stampOf({ ms: 1_700_000_000_000 + Math.floor(count / 60_000), counter: count % 60_000, replica: "0123456789abcdef" });
}

/** The list that they change. */
export const L: readonly [{ readonly at: "l"; readonly box: "list" }] = [{ at: "l", box: "list" }];
/** An operation on the one object. */
export function op(h: string, path: readonly PathStep[], action: Action): Operation {
  return { type: "T", pk: 1, h, path, do: action };
}


function seq(n: number, each: (i: number) => Operation): Operation[] {
  return Array.from({ length: n }, (_unused, i) => each(i));
}


function ins(h: number, origin?: string, side?: "left"): Operation {
  return op(st(h), L, { act: "insert", ...(origin === undefined ? {} : { origin }), ...(side === undefined ? {} : { side }), values: [h] });
}

/** By name: `n` operations. */
export const WORST_BATCHES: Readonly<Record<string, (n: number) => Operation[]>> = {
  chainRight: (n) => seq(n, (i) => ins(i, i === 0 ? undefined : st(i - 1))),
  chainLeft: (n) => seq(n, (i) => ins(i, i === 0 ? undefined : st(i - 1), i === 0 ? undefined : "left")),
  rootAscending: (n) => seq(n, (i) => ins(i)),
  rootDescending: (n) => seq(n, (i) => ins(n - i)),
  rootEnds: (n) => seq(n, (i) => ins(i % 2 === 0 ? n + i : n - i)),
  siblingsLeftDescending: (n) => seq(n, (i) => i === 0 ? ins(0) : ins(2 * n - i, st(0), "left")),
  chainThenBefore: (n) => seq(n, (i) => i === 0 ? ins(3*n) : i < n / 2 ? ins(3 * n+i, st(3 * n + i - 1), "left") : ins(3 * n - i)),
  setEnds: (n) => seq(n, (i) => i < n / 2 ? ins(i) : op(st(i), [...L, st(i % 2 === 0 ? 1 : Math.floor(n / 2) - 2)], { act: "set", value: i })),
  moveOneAscending: (n) => seq(n, (i) => i === 0 ? ins(0) : op(st(i), L, { act: "move", element: st(0) })),
  moveOneDescending: (n) => seq(n, (i) => i === 0 ? ins(0) : op(st(n + 1 - i), L, { act: "move", element: st(0) })),
  moveBackForth: (n) => seq(n, (i) => i < n / 2 ? ins(i) : op(st(i), L, { act: "move", element: st(i % 2), ...(i % 4 < 2 ? {} : { origin: st(Math.floor(n / 2) - 1) }) })),
  moveRemove: (n) => seq(n, (i) => i === 0 ? ins(0) : i < n / 2 ? op(st(i), L, { act: "move", element: st(0) }) : op(st(n - i), L, { act: "remove", elements: [st(0)] })),
  moveRemoveHigh: (n) => seq(n, (i) => i === 0 ? ins(0) : i < n / 2 ? op(st(2 * i), L, { act: "move", element: st(0) }) : op(st(2 * n - 2 * i + 1), L, { act: "remove", elements: [st(0)] })),
  removeEnds: (n) => seq(n, (i) => i < n / 2 ? ins(i) : op(st(i), L, { act: "remove", elements: [st(i % 2 === 0 ? Math.floor((i - n / 2) / 2) : n / 2 - 1 - Math.floor((i - n / 2) / 2))] })),
  aheadInserts: (n) => seq(n, (i) => i % 2 === 0 ? ins(i) : ins(i, "f".repeat(32))),
  waitingBackwards: (n) => seq(n, (i) => ins(n - i, i === n - 1 ? undefined : st(n - i - 1))),
  nestedOne: (n) => seq(n, (i) => i === 0 ? op(st(0), L, { act: "insert", values: [{ $new: "list" }] }) : op(st(i), [...L, { at: st(0), box: "list" }], { act: "insert", values: [i] })),
  nestedMany: (n) => seq(n, (i) => i < n / 2 ? op(st(i), L, { act: "insert", values: [{ $new: "list" }] }) : op(st(i), [L[0], { at: st(i % 2 === 0 ? 1 : n / 2 - 2), box: "list" }], { act: "insert", values: [i] })),
  dict: (n) => seq(n, (i) => op(st(i), [{ at: "d", box: "dict" }, `k${i}`], { act: "set", value: i })),
  dictUnset: (n) => seq(n, (i) => op(st(i), [{ at: "d", box: "dict" }, `k${i % 100}`], i % 2 === 0 ? { act: "set", value: i } : { act: "unset" })),
  set: (n) => seq(n, (i) => op(st(i), [{ at: "s", box: "set" }], { act: i % 3 === 0 ? "drop" : "add", value: Math.floor(i / 2) })),
  property: (n) => seq(n, (i) => op(st(i), ["p"], { act: "set", value: i })),
  inc: (n) => seq(n, (i) => op(st(i), ["p"], { act: "inc", by: 1 })),
  incThenSets: (n) => seq(n, (i) => i < n / 2 ? op(st(n + i), ["p"], { act: "inc", by: 1 }) : op(st(i), ["p"], { act: "set", value: i })),
  incSetInterleaved: (n) => seq(n, (i) => i % 2 === 0 ? op(st(3 * n - i), ["p"], { act: "inc", by: 1 }) : op(st(i), ["p"], { act: "set", value: i })),
  incBigSet: (n) => seq(n, (i) => i < n / 2 ? op(st(n + i), ["p"], { act: "inc", by: 1 }) : op(st(n / 2 + i + 0), ["p"], { act: "set", value: i })),
  sameStamp: (n) => seq(n, (i) => i === 0 ? op(st(1), ["p"], { act: "set", value: "z".repeat(100 * n) }) : op(st(1), ["p"], { act: "set", value: `a${i}` })),
  clears: (n) => seq(n, (i) => i % 2 === 0 ? op(st(i), [{ at: "l", box: "list", ...(i === 0 ? {} : { seen: st(i - 1) }) }], { act: "insert", values: [1, 2, 3] }) : op(st(i), L, { act: "clear" })),
  createDelete: (n) => seq(n, (i) => ({ ...op(st(i), [], { act: i % 2 === 0 ? "create" : "delete" }), ...(i < 2 ? {} : { g: st(i - 1 - (i % 2)) }) })),
};
