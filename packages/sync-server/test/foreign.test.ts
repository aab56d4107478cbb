/**
 * Rows that other programs write in PostgreSQL reach the clients; and what clients write stands there for other programs to read.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import pg from "pg";
import type { SyncServer } from "../src/sync-server.ts";
import type { RawClient } from "./support/raw-client.ts";
import { postgresMissing } from "./support/postgres.ts";
import { Bench } from "./support/server.ts";
import { STORE_KINDS } from "./support/stores.ts";

const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

describe.skipIf(postgresMissing() !== undefined)(`other programs (${postgresMissing() ?? "PostgreSQL"})`, () => {
  async function begin(): Promise<{ server: SyncServer; ann: RawClient; pool: pg.Pool }> {
    const place = await STORE_KINDS[1]!.makePlace();
    const server = await bench.serve(place);
    const ann = await bench.connect(server, "ann");
    await ann.subscribe(ALL);
    const pool = new pg.Pool(place.address);
    bench.defer(() => pool.end());
    return { server, ann, pool };
  }

  async function until(client: RawClient, isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await client.settle();
    }
  }

  it("plain typed rows, readable by whoever may", async () => {
    const { ann, pool } = await begin();
    await ann.up(...ann.pen.create("t1", { title: "it's", owner: "ann", done: true, due: { $date: 1_700_000_000_123 } }), ann.pen.inc("t1", "count", 3));
    const { rows } = await pool.query('SELECT _id, title, done, count, due, tags, secret FROM app."Task"');
    expect(rows).toEqual([{ _id: "t1", title: "it's", done: true, count: "3", due: new Date(1_700_000_000_123), tags: [], secret: null }]);
  });

  it("insert, update, change of a key and delete by SQL arrive", async () => {
    const { ann, pool } = await begin();
    await pool.query(`INSERT INTO app."Task" (_id, owner, title, due, tags) VALUES ('s1', 'ann', 'from SQL', '2023-11-14 22:13:20.123+00', '["a","b"]'), ('s2', 'bob', NULL, NULL, '[]')`);
    await until(ann, () => "s2" in ann.objects());
    expect(ann.objects()).toMatchObject({ s1: { title: "from SQL", due: { $date: 1_700_000_000_123 }, tags: ["a", "b"], count: 0 }, s2: { title: null } });
    await ann.up(ann.pen.set("s1", "done", true), ann.pen.inc("s1", "count", 2));
    await pool.query(`UPDATE app."Task" SET title = 'again', count = count + 5 WHERE _id = 's1'`);
    await until(ann, () => ann.objects()["s1"]?.["title"] === "again");
    expect(ann.objects()).toMatchObject({ s1: { done: true, count: 7 } });
    await pool.query(`UPDATE app."Task" SET _id = 's3' WHERE _id = 's1'`);
    await until(ann, () => "s3" in ann.objects());
    expect(ann.objects()).toMatchObject({ s3: { title: "again", count: 7 } });
    await pool.query(`DELETE FROM app."Task" WHERE _id IN ('s2', 's3')`);
    await until(ann, () => Object.keys(ann.objects()).length === 0);
    expect((await pool.query("SELECT 1 FROM sync.outbox")).rows).toEqual([]);
  });

  it("wins over what was there, also at a server whose clock is behind", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const fast = await bench.serve(place, { now: () => Date.now() + 20_000 });
    const ann = await bench.connect(fast, "ann");
    ann.pen.clock.setOffset(20_000);
    await ann.up(...ann.pen.create("t1", { title: "hers" }));
    await fast.stop();
    const slow = await bench.serve(place, { now: () => Date.now() - 20_000 });
    const bob = await bench.connect(slow, "bob");
    await bob.subscribe(ALL);
    const pool = new pg.Pool(place.address);
    bench.defer(() => pool.end());
    await pool.query(`UPDATE app."Task" SET title = 'theirs' WHERE _id = 't1'`);
    while ((await pool.query("SELECT 1 FROM sync.outbox")).rows.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await bob.settle();
    expect(bob.objects()).toMatchObject({ t1: { title: "theirs" } });
    expect((await pool.query(`SELECT title FROM app."Task"`)).rows).toEqual([{ title: "theirs" }]);
  });

  it("a long transaction of another program holds up nobody but writers of its rows", async () => {
    const { ann, server, pool } = await begin();
    await ann.up(...ann.pen.create("free"), ...ann.pen.create("locked"));
    const foreign = await pool.connect();
    await foreign.query("BEGIN");
    await foreign.query(`UPDATE app."Task" SET title = 'theirs' WHERE _id = 'locked'`);
    const bob = await bench.connect(server, "bob");
    bob.sendUp(bob.pen.set("locked", "owner", "bob"));
    for (let round = 0; round < 3; round++) await ann.up(ann.pen.set("free", "title", String(round)));
    expect(bob.acks).toEqual([]);
    await foreign.query("COMMIT");
    foreign.release();
    await bob.acked(1);
    await until(ann, () => ann.objects()["locked"]?.["title"] === "theirs" && ann.objects()["locked"]?.["owner"] === "bob");
    expect(ann.objects()).toMatchObject({ free: { title: "2" } });
    const { rows } = await pool.query(`SELECT title, owner FROM app."Task" WHERE _id = 'locked'`);
    expect(rows).toEqual([{ title: "theirs", owner: "bob" }]);
  });
});
