/**
 * What the merge core writes, the decoder takes, and leaves as it is.
 *
 * @module
 */
import { expect, it } from "vitest";
import { applyOperations, checkOperation, decodeClientMessage, decodeOperation, decodeServerMessage, decodeState, encodeMessage, ProtocolError, type Operation } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { Replica } from "./support/replica.ts";
import { changedThing, NEW_THING, THINGS } from "./support/things.ts";

function written(seed: number): Operation[] {
  const random = new Random(seed);
  const replica = new Replica({ number: 1 });
  for (let step = 0; step < 30; step += 1) replica.become(random.once(15) ? undefined : changedThing(random, replica.shown() ?? NEW_THING));
  return replica.written;
}

it("operations and states of random histories pass the decoder unchanged, and fit the schema", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const operations = written(seed);
    for (const operation of operations) {
      expect(decodeOperation(JSON.parse(JSON.stringify(operation)))).toEqual(operation);
      checkOperation(operation, THINGS);
    }
    const state = applyOperations(undefined, operations);
    expect(decodeState(JSON.parse(JSON.stringify(state))), `seed ${seed}`).toEqual(state);
    const message = { msg: "up", txs: [{ cseq: 1, ops: operations }] } as const;
    expect(decodeClientMessage(encodeMessage(message))).toEqual(message);
    const row = { msg: "boot", version: 1, page: 0, rows: [{ type: "Thing", pk: 1, state }], last: true, resume: "r" } as const;
    expect(decodeServerMessage(encodeMessage(row))).toEqual(row);
  }
});

it("an error names the place and never the value", () => {
  const operation = { ...written(1)[1], pk: { $secret: "hidden" } };
  const text = JSON.stringify({ msg: "up", txs: [{ cseq: 1, ops: [operation] }] });
  const error = errorOf(() => decodeClientMessage(text));
  expect([error.code, error.place]).toEqual(["VALUE_INVALID", "txs[0].ops[0].pk"]);
  expect(error.message).not.toContain("hidden");
});

it("fields that the protocol does not know are left behind", () => {
  expect(decodeClientMessage('{"msg":"mark","id":1,"new":{"a":[1]}}')).toEqual({ msg: "mark", id: 1 });
  expect(decodeOperation({ type: "Thing", pk: 1, h: "0".repeat(32), path: [], do: { act: "create", more: 1 }, later: 2 })).toEqual({ type: "Thing", pk: 1, h: "0".repeat(32), path: [], do: { act: "create" } });
});

function errorOf(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
  }
  throw new Error("nothing was refused");
}
