/**
 * Transactions that take long to merge, as on one large object: those of others come in between, and each client's stay in order.
 */
import { HybridClock } from "@holdfast/sync-protocol";
import { expect, it } from "vitest";
import type { MergedBatch } from "../../src/merge/merge-batch.ts";
import { SILENT } from "../../src/operations/log.ts";
import { Metrics } from "../../src/operations/metrics.ts";
import { SchemaLayout } from "../../src/schema/table-layout.ts";
import { Writer } from "../../src/sessions/writer.ts";
import type { ClientCursor, FlushRequest, Store } from "../../src/store/store.ts";
import { clientId, Pen, TASKS, uploadOf } from "../support/operations.ts";

it("a batch ends after a while, and what is left of it waits its turn with what others have sent", async () => {
  const layout = new SchemaLayout(TASKS);
  const cursors = new Map<string, ClientCursor>(["a", "b"].map((digit) => [clientId(Number.parseInt(digit, 16)), { client: clientId(Number.parseInt(digit, 16)), user: "ann", lastCseq: 0, last: "" }]));
  const flushed: number[] = [];
  const flush = async ({ plan, uploads }: FlushRequest): Promise<{ version: number }> => {
    const batch = plan({ version: 1, cursors, receipts: new Map(), objects: new Map(), foreign: [] }) as MergedBatch;
    for (const cursor of batch.cursors) cursors.set(cursor.client, cursor);
    flushed.push(batch.results.length, uploads.length);
    return { version: 1 };
  };
  const writer = new Writer({ store: { flush } as unknown as Store, layout: () => layout, authorize: () => undefined, clock: new HybridClock({ replica: clientId(1), now: Date.now }), now: Date.now, log: SILENT, metrics: new Metrics(), mergeMs: 0, onCommitted: () => undefined });
  const done: string[] = [];
  const finished = (["a1", "a2", "a3", "a4", "b1", "b2"] as const).map((name) => {
    const client = clientId(Number.parseInt(name[0] as string, 16));
    return new Promise<void>((resolve) => writer.submit(uploadOf(client, Number(name[1]), new Pen(client).create(name)), (result) => {
      done.push(`${name} ${result.kind}`);
      resolve();
    }));
  });
  await Promise.all(finished);
  expect(done).toEqual(["a1 done", "a2 done", "b1 done", "a3 done", "b2 done", "a4 done"]);
  expect(flushed).toEqual([1, 6, 1, 5, 1, 4, 1, 3, 1, 2, 1, 1]);
});
