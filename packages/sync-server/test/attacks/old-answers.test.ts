/**
 * Answers that a client never says to have heard: kept for it, and read in parts of bounded size when it comes back.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AckMessage, Operation } from "@holdfast/sync-protocol";
import { RawClient } from "../support/raw-client.ts";
import { Bench, tokenOf } from "../support/server.ts";
import { STORE_KINDS } from "../support/stores.ts";

let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

for (const kind of STORE_KINDS.filter(({ name }) => name === "sqlite" || name === "postgres")) {
  describe.skipIf(kind.missing !== undefined)(`old answers on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    it.each([["many", 1100, 1], ["long", 30, 40]] as const)("%s of them come in frames of bounded size, all of them, in order", async (_name, transactions, objects) => {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      const server = await bench.serve(place);
      const ann = await bench.connect(server, "ann");
      const key = "k".repeat(1000);
      const ops = (cseq: number): Operation[] => Array.from({ length: objects }, (_unused, index) => ann.pen.set(objects === 1 ? `k${String(cseq)}` : `${key}${String(index)}`, "title", "x"));
      for (let first = 1; first <= transactions; first += 1000) {
        ann.send({ msg: "up", txs: Array.from({ length: Math.min(1000, transactions - first + 1) }, (_unused, index) => ({ cseq: first + index, ops: ops(first + index) })) });
        await ann.acked(Math.min(transactions, first + 999));
      }
      await ann.close();
      const read: number[] = [];
      const { receipts } = server.store;
      server.store.receipts = async (...all) => {
        const found = await receipts.apply(server.store, all);
        read.push(found.length, found.reduce((sum, { answer = "" }) => sum + answer.length, 0));
        return found;
      };
      const again = await RawClient.open({ url: server.url, token: tokenOf("ann"), previous: { ...ann, acks: [], states: new Map() } as unknown as RawClient });
      bench.defer(() => again.close());
      await again.hello();
      await again.acked(transactions);
      const frames = again.received.filter((message): message is AckMessage => message.msg === "ack");
      expect(frames.map(({ cseq }) => cseq)).toEqual(frames.map(({ cseq }) => cseq).toSorted((left, right) => left - right));
      expect(frames.flatMap(({ rejects = [] }) => rejects.map(({ cseq }) => cseq))).toEqual(Array.from({ length: transactions * objects }, (_unused, index) => Math.floor(index / objects) + 1));
      expect([frames.length > 1, Math.max(...read) < 2 * 1024 * 1024, Math.max(...frames.map((frame) => JSON.stringify(frame).length)) < 2 * 1024 * 1024]).toEqual([true, true, true]);
      expect(again.cseq).toBe(transactions);
    });
  });
}
