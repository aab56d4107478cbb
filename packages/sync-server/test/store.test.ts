/**
 * What every store does, one suite over all of them.
 *
 * @module
 */
import { afterEach, describe, expect, it } from "vitest";
import pg from "pg";
import { EVERYTHING } from "../src/filters/filter.ts";
import { parseFilter } from "../src/filters/parse-filter.ts";
import { mergeBatch } from "../src/merge/merge-batch.ts";
import type { MergedBatch } from "../src/merge/merge-batch.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import type { Store, Upload } from "../src/store/store.ts";
import { clientId, Pen, TASKS, uploadOf } from "./support/operations.ts";
import { postgresMissing, sharedCluster } from "./support/postgres.ts";
import { STORE_KINDS } from "./support/stores.ts";
import type { Place } from "./support/stores.ts";

const layout = new SchemaLayout(TASKS);
const ann = clientId(0xa);
const bob = clientId(0xb);
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function open(place: Place): Promise<Store> {
  const store = await place.openStore();
  cleanups.push(() => store.close());
  await store.open();
  await store.applySchema(TASKS);
  return store;
}

async function flush(store: Store, ...uploads: readonly Upload[]): Promise<MergedBatch> {
  let batch: MergedBatch | undefined;
  await store.flush({ uploads, foreignLimit: 0, lockTimeoutMs: 1000, plan: (input) => (batch = mergeBatch(uploads, input, { layout, nowMs: Date.now(), authorize: () => undefined })) });
  return batch as MergedBatch;
}

async function changesSince(store: Store, version: number): Promise<readonly (readonly [number, string, unknown])[]> {
  const snapshot = await store.snapshot();
  const entries = await snapshot.changes(version, 10_000);
  await snapshot.release();
  return entries.map((entry) => [entry.version, String(entry.pk), entry.after?.["title"]] as const);
}

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`store on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    async function fresh(): Promise<{ readonly store: Store; readonly place: Place }> {
      const place = await kind.makePlace();
      cleanups.push(() => place.remove());
      const store = await open(place);
      await store.addClient(ann, "ann");
      await store.addClient(bob, "bob");
      return { store, place };
    }

    it("a flush writes rows, log and cursor together, under the next version", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      await flush(store, uploadOf(ann, 1, pen.create("t1", { title: "one" })), uploadOf(ann, 2, [pen.set("t1", "title", "two")]));
      expect(await changesSince(store, 0)).toEqual([[1, "t1", "one"], [1, "t1", "two"]]);
      expect((await store.findClient(ann, "ann"))?.lastCseq).toBe(2);
      expect((await store.position()).version).toBe(1);
    });

    it("a transaction that comes again is not done again, and its answer is given again", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      const once = uploadOf(ann, 1, [...pen.create("t1"), pen.inc("t1", "count", 5)]);
      await flush(store, once);
      const [again] = (await flush(store, once, once)).results;
      expect(again).toMatchObject({ kind: "done", isRepeat: true });
      expect((await changesSince(store, 0)).length).toBe(1);
      expect((await store.position()).version).toBe(1);
    });

    it("other content under the same number, a gap and another user's client are refused, and the rest goes on", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      await flush(store, uploadOf(ann, 1, pen.create("t1", { title: "one" })));
      const { results } = await flush(
        store, uploadOf(ann, 1, [pen.set("t1", "title", "other")]), uploadOf(ann, 3, [pen.set("t1", "title", "other")]), uploadOf(bob, 1, [pen.set("t1", "title", "other")], "ann"), uploadOf(ann, 2, [pen.set("t1", "title", "two")]),
      );
      expect(results.map((result) => (result.kind === "failed" ? result.error.code : "done"))).toEqual(["UPLOAD_DIFFERS", "UPLOAD_GAP", "CLIENT_FOREIGN", "done"]);
      expect((await changesSince(store, 0)).map(([, , title]) => title)).toEqual(["one", "two"]);
    });

    it("what cannot be stored is refused by itself", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      const { results } = await flush(store, uploadOf(ann, 1, pen.create("t1", { title: "a\0b" })), uploadOf(ann, 2, pen.create("t2", { title: "\ud800" })), uploadOf(ann, 3, pen.create("t3", { nope: 1 })), uploadOf(ann, 4, pen.create("t4", { title: "good" })));
      expect(results.map((result) => (result.kind === "done" ? result.answer?.rejects?.map(({ code }) => code) : result.kind))).toEqual([["VALUE_UNSUPPORTED"], ["VALUE_UNSUPPORTED"], ["PROPERTY_UNKNOWN"], undefined]);
      expect((await changesSince(store, 0)).map(([, pk]) => pk)).toEqual(["t4"]);
    });

    it("a value of another type than its property is refused: to a rule it would be one thing and to SQL another", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      const wrong = [pen.set("t1", "done", "yes"), pen.set("t1", "done", null), pen.set("t1", "count", 1.5), pen.set("t1", "count", { $int: "9223372036854775808" }), pen.set("t1", "tags", "a"), pen.set("t1", "due", 5), pen.set("t1", "title", { $data: "" })];
      const { results } = await flush(store, uploadOf(ann, 1, pen.create("t1")), ...wrong.map((operation, index) => uploadOf(ann, index + 2, [operation])));
      expect(results.map((result) => (result.kind === "done" ? result.answer?.rejects?.[0]?.code : result.kind))).toEqual([undefined, "VALUE_INVALID", "VALUE_INVALID", "VALUE_INVALID", "VALUE_UNSUPPORTED", "OPERATION_INVALID", "VALUE_INVALID", "VALUE_INVALID"]);
    });

    it("a deleted object leaves the table and keeps its tombstone: a later edit that had not seen it does nothing", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      await flush(store, uploadOf(ann, 1, pen.create("t1", { title: "one" })));
      const edit = new Pen(bob).set("t1", "title", "late");
      await flush(store, uploadOf(ann, 2, [pen.delete("t1")]));
      await flush(store, uploadOf(bob, 1, [edit], "bob"));
      const snapshot = await store.snapshot();
      const page = await snapshot.rows("Task", EVERYTHING, { after: undefined, limit: 10 });
      await snapshot.release();
      expect(page.rows).toEqual([]);
    });

    it("a snapshot stays as it was while flushes go on, its version with it, and pages do not overlap", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      await flush(store, uploadOf(ann, 1, ["a", "b", "c", "d", "e"].flatMap((pk) => pen.create(pk, { title: pk, done: pk < "d" }))));
      const snapshot = await store.snapshot();
      const filter = parseFilter("done == true OR title == 'e'", { findField: (name) => layout.findField("Task", name), allowsUser: false });
      const first = await snapshot.rows("Task", filter, { after: undefined, limit: 2 });
      await flush(store, uploadOf(ann, 2, [...pen.create("bb", { title: "e" }), pen.delete("c"), pen.set("e", "title", "x")]));
      const second = await snapshot.rows("Task", filter, { after: first.next, limit: 2 });
      const third = await snapshot.rows("Task", filter, { after: second.next, limit: 2 });
      expect([...first.rows, ...second.rows, ...third.rows].map(({ pk }) => pk)).toEqual(["a", "b", "c", "e"]);
      expect(snapshot.position.version).toBe(1);
      expect(await snapshot.changes(1, 10)).toEqual([]);
      await snapshot.release();
      expect((await changesSince(store, 1)).length).toBe(3);
    });

    it("compaction forgets what all have seen and who was away, and raises the floor", async () => {
      const { store } = await fresh();
      const pen = new Pen(ann);
      for (let cseq = 1; cseq <= 4; cseq++) await flush(store, uploadOf(ann, cseq, cseq === 1 ? pen.create("t1") : [cseq === 2 ? pen.delete("t1") : pen.create(`t${String(cseq)}`)].flat()));
      await store.noteSeen(new Map([[ann, 3], [bob, 2]]));
      expect(await store.compact(new Date(Date.now() - 1000))).toBe(2);
      expect((await changesSince(store, 0)).map(([version]) => version)).toEqual([3, 4]);
      expect(await store.compact(new Date(Date.now() + 60_000))).toBe(4);
      expect(await store.findClient(ann, "ann")).toBeUndefined();
      const { floor, version } = await store.position();
      expect([floor, version]).toEqual([4, 4]);
    });

    it("opened again it has schema, epoch and version; a class can gain fields, not change them", async () => {
      const { store, place } = await fresh();
      await flush(store, uploadOf(ann, 1, new Pen(ann).create("t1", { title: "one" })));
      const before = await store.position();
      await store.close();
      cleanups.pop();
      const again = await place.openStore();
      cleanups.push(() => again.close());
      expect(await again.open()).toEqual(TASKS);
      expect(await again.position()).toEqual(before);
      const [task, event] = TASKS.classes;
      const more = await again.applySchema({ classes: [{ ...task!, properties: [...task!.properties, { name: "extra", type: "int" }] }, event!] });
      expect(more.tables.get("Task")?.columns.map(({ name }) => name)).toContain("extra");
      await expect(again.applySchema({ classes: [{ ...task!, properties: [{ name: "_id", type: "string" }, { name: "title", type: "int" }] }] })).rejects.toMatchObject({ code: "SCHEMA_UNSUPPORTED" });
      // SQLite takes names that differ only in case for one: so that a schema is good for every store, none takes it.
      await expect(again.applySchema({ classes: [...TASKS.classes, { ...task!, name: "tASK" }] })).rejects.toMatchObject({ code: "SCHEMA_UNSUPPORTED", message: "tASK and Task differ only in case" });
      await expect(again.applySchema({ classes: [{ ...task!, properties: [...task!.properties, { name: "Title", type: "int" }] }] })).rejects.toMatchObject({ code: "SCHEMA_UNSUPPORTED", message: "Title and title differ only in case" });
      // Every row of a table has a key: what may be null is none.
      const loose = { name: "Loose", primaryKey: "_id", properties: [{ name: "_id", type: "int", optional: true }] } as const;
      await expect(again.applySchema({ classes: [...TASKS.classes, loose] })).rejects.toMatchObject({ code: "SCHEMA_UNSUPPORTED", message: "the primary key of class Loose cannot be optional" });
    });
  });
}

describe.skipIf(postgresMissing() !== undefined)("versions become visible in order", () => {
  const WRITERS = 16;
  const ROUNDS = 10;

  it("16 writers on 4 servers, a reader of the log that polls: no change is missed", async () => {
    const place = await STORE_KINDS[1]!.makePlace();
    const stores = await Promise.all([1, 2, 3, 4].map(() => place.openStore()));
    cleanups.push(async () => void (await Promise.all(stores.map((store) => store.close()))));
    await Promise.all(stores.map((store) => store.open()));
    for (const store of stores) await store.applySchema(TASKS);
    for (let writer = 0; writer < WRITERS; writer++) await stores[0]!.addClient(clientId(writer + 1), "ann");
    let isDone = false;
    const seen = new Set<string>();
    const poll = async (): Promise<void> => {
      let at = 0;
      for (let isLast = false; !isLast; ) {
        isLast = isDone;
        const snapshot = await stores[3]!.snapshot();
        for (const entry of await snapshot.changes(at, 100_000)) {
          seen.add(String(entry.pk));
          at = entry.version;
        }
        await snapshot.release();
      }
    };
    const polling = poll();
    await Promise.all(
      Array.from({ length: WRITERS }, async (_each, index) => {
        const client = clientId(index + 1);
        const pen = new Pen(client);
        for (let cseq = 1; cseq <= ROUNDS; cseq++) await flush(stores[index % stores.length]!, uploadOf(client, cseq, pen.create(`${String(index)}-${String(cseq)}`)));
      }),
    );
    isDone = true;
    await polling;
    expect(seen.size).toBe(WRITERS * ROUNDS);
  });

  it("the same reader over a bare sequence misses some: the check can fail", async () => {
    const address = await (await sharedCluster()).createDatabase();
    const pool = new pg.Pool({ ...address, max: WRITERS + 1 });
    await pool.query("CREATE TABLE log (v bigserial PRIMARY KEY, name text)");
    let isDone = false;
    const seen = new Set<string>();
    const polling = (async (): Promise<void> => {
      let at = 0;
      for (let isLast = false; !isLast; ) {
        isLast = isDone;
        const { rows } = await pool.query<{ v: string; name: string }>("SELECT v, name FROM log WHERE v > $1 ORDER BY v", [at]);
        for (const { v, name } of rows) {
          seen.add(name);
          at = Number(v);
        }
      }
    })();
    await Promise.all(
      Array.from({ length: WRITERS }, async (_each, index) => {
        const client = await pool.connect();
        for (let round = 0; round < ROUNDS; round++) {
          await client.query("BEGIN");
          await client.query("INSERT INTO log (name) SELECT $1 || i FROM generate_series(1, 3) AS i", [`${String(index)}-${String(round)}-`]);
          await client.query("SELECT 1");
          await client.query("COMMIT");
        }
        client.release();
      }),
    );
    isDone = true;
    await polling;
    await pool.end();
    expect(seen.size).toBeLessThan(WRITERS * ROUNDS * 3);
  });
});
