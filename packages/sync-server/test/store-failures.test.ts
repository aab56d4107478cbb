/**
 * A store that fails is not a transaction that cannot be stored: nothing is refused, or devices would undo what their users wrote.
 *
 * @module
 */
import pg from "pg";
import { afterEach, describe, expect, it, vi } from "vitest";
import { PostgresStore, SyncServerError } from "../src/index.ts";
import { postgresMissing } from "./support/postgres.ts";
import { Bench } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";

let bench = new Bench();

afterEach(async () => {
  await bench.end();
  bench = new Bench();
});

describe("a device keeps its transaction, and it is stored once the store works again, when it says", () => {
  it.each<[string, () => Error]>([
    ["that a page is damaged (encrypted)", () => new SyncServerError("STORE_DAMAGED", "planted")],
    ["that the disk is full (encrypted)", () => Object.assign(new Error("planted"), { code: "SQLITE_FULL" })],
    ["that the disk is full (SQLite)", () => Object.assign(new Error("planted"), { code: "ERR_SQLITE_ERROR", errcode: 13 })],
    ["that the file is damaged (SQLite)", () => Object.assign(new Error("planted"), { code: "ERR_SQLITE_ERROR", errcode: 11 })],
    ["that reading failed (SQLite)", () => Object.assign(new Error("planted"), { code: "ERR_SQLITE_ERROR", errcode: 10 | (1 << 8) })],
    ["that the disk is full (PostgreSQL)", () => Object.assign(new Error("planted"), { code: "53100" })],
    ["that a page is damaged (PostgreSQL)", () => Object.assign(new Error("planted"), { code: "XX001" })],
  ])("%s", async (_title, failure) => {
    const place = await STORE_KINDS[0]!.makePlace();
    bench.defer(() => place.remove());
    const server = await bench.serve(place);
    const ann = await bench.connect(server, "ann");
    const real = server.store.flush.bind(server.store);
    // As a damaged page of rows would: whatever touches no row goes on.
    const spy = vi.spyOn(server.store, "flush").mockImplementation((request) =>
      real({
        ...request,
        plan: (input) => {
          const plan = request.plan(input);
          if (plan.objects.length > 0) throw failure();
          return plan;
        },
      }),
    );
    const ops = ann.pen.create("t1", { title: "kept" });
    ann.sendUp(...ops);
    expect(await Promise.race([ann.error(), ann.acked(1)])).toMatchObject({ code: "STORE_UNAVAILABLE", action: "retry" });
    expect(ann.acks).toEqual([]);
    spy.mockRestore();
    const again = await bench.connect(server, "ann", { previous: ann });
    again.send({ msg: "up", txs: [{ cseq: 1, ops }] });
    const ack = await again.acked(1);
    expect(ack.rejects).toBe(undefined);
    const snapshot = await server.store.snapshot();
    expect((await snapshot.states([{ type: "Task", pk: "t1" }])).size).toBe(1);
    await snapshot.release();
  });
});

describe.skipIf(postgresMissing() !== undefined)(`PostgreSQL${postgresMissing() === undefined ? "" : ` (${postgresMissing()})`}`, () => {
  it("a transaction that waits for other servers' flushes for longer than a statement may take is not to blame for it", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const store = new PostgresStore({ connection: place.address!, connections: 6, statementTimeoutMs: 200 });
    const server = await bench.serve({ ...place, openStore: async () => store });
    const ann = await bench.connect(server, "ann");
    const sql = new pg.Client(place.address);
    await sql.connect();
    bench.defer(() => sql.end());
    await sql.query("BEGIN; UPDATE sync.shard SET v = v WHERE id = 0");
    const real = store.flush.bind(store);
    let attempts = 0;
    vi.spyOn(store, "flush").mockImplementation(async (request) => {
      if (request.uploads.length > 0 && ++attempts === 4) await sql.query("ROLLBACK");
      return real(request);
    });
    expect((await ann.up(...ann.pen.create("t1", { title: "kept" }))).rejects).toBeUndefined();
    expect(attempts).toBeGreaterThanOrEqual(4);
  });
});
