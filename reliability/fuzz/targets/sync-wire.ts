/**
 * Frames of sync, and what the merge core does with what came through: operations in any order, states from elsewhere.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { applyOperation, applyOperations, compactState, decodeClientMessage, decodeServerMessage, decodeState, encodeMessage, materialise } from "@holdfast/sync-protocol";
import type { ClientMessage, Limits as WireLimits, ObjectState, Operation, ServerMessage } from "@holdfast/sync-protocol";
import { LIMITS } from "@holdfast/sync-protocol";
import type { Random } from "../fuzzer/random.ts";
import { codeOf } from "../fuzzer/failure.ts";
import { PromiseBroken } from "../target.ts";
import type { FuzzTarget } from "../target.ts";
import type { JsonWords } from "./json-mutations.ts";
import { mutateJson } from "./json-mutations.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const VECTORS = new URL("../../../conformance/vectors/sync/", import.meta.url);
const WIRE: WireLimits = { ...LIMITS, frameBytes: 8192, depth: 48, elementsPerOperation: 20, valueLength: 200 };
const [H1, H2, H3] = ["000000000064000000000000000000a1", "0000000000c8000000000000000000b2", "00000000012c000000000000000000a1"] as const;

const WORDS: JsonWords = {
  names: ["msg", "txs", "ops", "cseq", "type", "pk", "h", "id", "g", "path", "do", "act", "at", "box", "seen", "value", "values", "origin", "side", "elements", "element", "by", "fresh", "isDefault", "rows", "state", "d", "c", "f", "v", "k", "n", "b", "x", "e", "p", "w", "i", "o", "l", "t", "m", "r", "list", "set", "dict", "object", "__proto__", "constructor", "toJSON", "tags", H1, H2, `${H1}.1`],
  values: [
    null, true, 0, -1, 1, 0.5, 2 ** 53, "", "a", "list", "set", "dict", "object", "insert", "remove", "move", "clear", "add", "drop", "inc", "unset", "create", "delete", "left", H1, H2, H3, `${H1}.1`, `${H1}.2`, `${H2}.1`, "\ud800",
    { $int: "9223372036854775807" }, { $double: "NaN" }, { $date: -1 }, { $data: "AAE=" }, { $decimal: "1E+3" }, { $link: ["Task", 1] }, { $new: "list" }, { $new: "dict" }, { $new: "object" }, [], {},
    { type: "Task", pk: 1, h: H2, path: ["tags"], do: { act: "set", value: { $new: "list" }, fresh: true } },
    { type: "Task", pk: 1, h: H3, path: [{ at: "tags", box: "list" }], do: { act: "insert", origin: H1, side: "left", values: [1, 2] } },
    { type: "Task", pk: 1, h: H3, path: [{ at: "tags", box: "list" }], do: { act: "move", element: H1, origin: H2 } },
    { type: "Task", pk: 1, h: H2, path: [{ at: "tags", box: "list" }, { at: H1, box: "dict" }, "k"], do: { act: "inc", by: 1 } },
    { i: H1, v: 1 }, { i: H2, o: H1, l: 1, v: 2 }, { i: H3, o: H2, e: H1, v: 3 }, { i: H1, m: 1, r: H3 }, { i: `${H1}.2`, r: H2 },
  ],
};

/** The target. */
export const target: FuzzTarget = {
  name: "sync-wire",
  what: "frames of sync: refused with a code, or taken and the same when they are written and read again; operations lead to one state in any order; states can be read, gone on from, compacted, and are states again",
  maxBytes: 4096,
  limits: { steps: 3_000_000, bytes: 32_000_000 },
  isText: true,
  literalsOf: ["sync-protocol"],
  dictionary: [...WORDS.names, ...WORDS.values.map((value) => JSON.stringify(value))].filter((word) => word !== ""),
  seeds: () =>
    readdirSync(VECTORS)
      .filter((name) => !name.startsWith("refused-") || name.includes("state"))
      .map((name) => JSON.parse(readFileSync(new URL(name, VECTORS), "utf8")) as { frame?: string; operations?: unknown[] })
      .map(({ frame, operations }) => encoder.encode(frame ?? JSON.stringify({ msg: "up", txs: [{ cseq: 1, ops: operations }] }))),
  mutate: (input, random: Random) => mutateJson(input, random, WORDS),
  run(input) {
    const text = decoder.decode(input);
    const fromClient = taken(text, decodeClientMessage);
    const fromServer = taken(text, decodeServerMessage);
    if (fromClient?.msg === "up") tryOperations(fromClient.txs.flatMap((transaction) => transaction.ops));
    if (fromServer?.msg === "down") tryOperations(fromServer.txs.flatMap((transaction) => transaction.ops));
    const rows = fromServer?.msg === "boot" ? fromServer.rows : fromServer?.msg === "down" ? (fromServer.rows ?? []) : [];
    for (const { state } of rows) codeOf(() => tryState(state));
  },
};

function taken<M extends ClientMessage | ServerMessage>(text: string, decode: (text: string, limits: WireLimits) => M): M | undefined {
  let message: M | undefined;
  codeOf(() => {
    message = decode(text, WIRE);
  });
  if (message === undefined) return undefined;
  const written = encodeMessage(message);
  if (written !== encodeMessage(decode(written, WIRE))) throw new PromiseBroken("MESSAGE_NOT_STABLE", written.slice(0, 300));
  return message;
}

/** All on one object, whatever they name; only once each stamp, as a server sees to it. */
function tryOperations(operations: readonly Operation[]): void {
  const distinct = [...new Map(operations.map((operation) => [operation.h, operation])).values()];
  if (distinct.length === 0) return;
  const state = applyOperations(undefined, distinct);
  let backwards: ObjectState | undefined;
  for (const operation of [...distinct.toReversed(), ...distinct]) backwards = applyOperation(backwards, operation);
  if (sorted(state) !== sorted(backwards)) throw new PromiseBroken("ORDER_MATTERS", `${sorted(state).slice(0, 300)} against ${sorted(backwards).slice(0, 300)}`);
  if (sorted(state) !== sorted(decodeState(JSON.parse(JSON.stringify(state)), WIRE))) throw new PromiseBroken("STATE_NOT_STABLE", sorted(state).slice(0, 300));
  tryState(state);
}

function tryState(state: ObjectState): void {
  materialise(state, { isGone: () => true });
  for (const floor of [H1, H3]) materialise(compactState(state, floor));
  const next = applyOperations(state, [
    { type: "Task", pk: 1, h: H3, ...(state.d === undefined ? {} : { g: state.d }), path: [{ at: "tags", box: "list" }], do: { act: "insert", values: [1] } },
    { type: "Task", pk: 1, h: H3, ...(state.d === undefined ? {} : { g: state.d }), path: ["tags"], do: { act: "inc", by: 1 } },
  ]);
  decodeState(JSON.parse(JSON.stringify(next)), LIMITS);
}

function sorted(state: unknown): string {
  return JSON.stringify(state, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))) : value,
  );
}
