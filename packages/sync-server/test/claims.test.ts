/**
 * Uploads that claim what never was, or do not fit the schema: refused before anything is written.
 *
 * @module
 */
import type { Operation, WireValue } from "@holdfast/sync-protocol";
import { expect, it } from "vitest";
import { mergeBatch } from "../src/merge/merge-batch.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import type { Upload } from "../src/store/store.ts";
import { clientId, Pen, TASKS, uploadOf } from "./support/operations.ts";

const layout = new SchemaLayout(TASKS);
const ann = clientId(0xa);

/** Codes of what became of the uploads, on an empty database. */
function codes(...transactions: readonly (readonly Operation[])[]): (string | undefined)[] {
  const uploads: Upload[] = transactions.map((ops, index) => uploadOf(ann, index + 1, ops));
  const cursors = new Map([[ann, { client: ann, user: uploads[0]?.user ?? "", lastCseq: 0, last: "" }]]);
  const { results } = mergeBatch(uploads, { version: 1, cursors, receipts: new Map(), objects: new Map(), foreign: [] }, { layout, nowMs: Date.now(), authorize: () => undefined });
  return results.map((result) => (result.kind === "failed" ? result.error.code : result.answer?.rejects?.[0]?.code));
}

it("a delete that an honest client has seen is one that the server has, also from the same transaction", () => {
  const pen = new Pen(ann);
  const made = pen.create("a", { title: "x" });
  const deleted: Operation = { type: "Task", pk: "a", h: pen.clock.tick(), path: [], do: { act: "delete" } };
  const again: Operation = { type: "Task", pk: "a", h: pen.clock.tick(), g: deleted.h, path: [], do: { act: "create" } };
  expect(codes(made, [deleted, again])).toEqual([undefined, undefined]);
  expect(codes(made, [again])).toEqual([undefined, "OPERATION_AHEAD"]);
});

it("a delete that was refused, since somebody else's had come first, does not refuse what its writer made anew before the answer", () => {
  const pen = new Pen(ann);
  const deleted: Operation = { type: "Task", pk: "a", h: pen.clock.tick(), path: [], do: { act: "delete" } };
  const again: Operation = { type: "Task", pk: "a", h: pen.clock.tick(), g: deleted.h, path: [], do: { act: "create" } };
  expect(codes([again])).toEqual([undefined]);
  expect(codes([{ ...again, g: again.h }])).toEqual(["OPERATION_AHEAD"]);
});

it("what one object's operations claim is refused for that object alone", () => {
  const pen = new Pen(ann);
  const made = pen.create("a");
  const forged: Operation = { type: "Task", pk: "a", h: pen.clock.tick(), g: pen.clock.last, path: [], do: { act: "create" } };
  const uploads = [uploadOf(ann, 1, made), uploadOf(ann, 2, [{ ...forged, h: pen.clock.tick() }, ...pen.create("b", { title: "kept" })])];
  const cursors = new Map([[ann, { client: ann, user: uploads[0]?.user ?? "", lastCseq: 0, last: "" }]]);
  const { objects, results } = mergeBatch(uploads, { version: 1, cursors, receipts: new Map(), objects: new Map(), foreign: [] }, { layout, nowMs: Date.now(), authorize: () => undefined });
  expect(results.at(-1)).toMatchObject({ answer: { rejects: [{ pk: "a", code: "OPERATION_AHEAD" }] } });
  expect(objects.filter(({ image }) => image !== undefined).map(({ pk }) => pk)).toEqual(["a", "b"]);
});

it("a clear and an element that the server does not have", () => {
  const pen = new Pen(ann);
  const made = pen.create("a");
  const insert: Operation = { type: "Task", pk: "a", h: pen.clock.tick(), path: [{ at: "tags", box: "list" }], do: { act: "insert", values: ["x"] } };
  const behind: Operation = { type: "Task", pk: "a", h: pen.clock.tick(), path: [{ at: "tags", box: "list" }], do: { act: "insert", origin: insert.h, values: ["y"] } };
  const cleared: Operation = { ...behind, h: pen.clock.tick(), path: [{ at: "tags", box: "list", seen: insert.h }], do: { act: "insert", values: ["z"] } };
  expect(codes(made, [insert, behind])).toEqual([undefined, undefined]);
  expect(codes(made, [behind])).toEqual([undefined, "OPERATION_AHEAD"]);
  expect(codes(made, [cleared])).toEqual([undefined, "OPERATION_AHEAD"]);
});

it.each<[string, string, WireValue, string]>([
  ["a number in a string", "title", 5, "VALUE_INVALID"],
  ["a string in a date", "due", "2026-11-21", "VALUE_INVALID"],
  ["null where there has to be a value", "done", null, "VALUE_INVALID"],
  ["a value in a list's place", "tags", "x", "OPERATION_INVALID"],
])("%s", (_name, property, value, code) => {
  const pen = new Pen(ann);
  expect(codes([...pen.create("a"), pen.set("a", property, value)], pen.create("b"))).toEqual([code, undefined]);
});
