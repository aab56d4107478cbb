/**
 * Statements of a flush on PostgreSQL find rows by their keys, also where plans were made while the tables were empty.
 *
 * @module
 */
import pg from "pg";
import { describe, expect, it } from "vitest";
import { postgresMissing } from "./support/postgres.ts";
import { Pen, TASKS, uploadOf } from "./support/operations.ts";
import { STORE_KINDS } from "./support/stores.ts";

describe.skipIf(postgresMissing() !== undefined)("plans", () => {
  it("no flush and no page of a bootstrap reads a table from end to end", async () => {
    const place = await STORE_KINDS.find(({ name }) => name === "postgres")!.makePlace();
    const store = await place.openStore();
    await store.open();
    await store.applySchema(TASKS);
    const client = "a".repeat(16);
    await store.addClient(client, "ann");
    const database = new pg.Client(place.address);
    await database.connect();
    const scans = async (): Promise<number> => {
      await database.query("SELECT pg_stat_clear_snapshot()");
      const { rows } = await database.query<{ scans: string }>(`SELECT seq_scan AS scans FROM pg_stat_user_tables WHERE relname = 'Task'`);
      return Number(rows[0]?.scans);
    };
    const pen = new Pen(client);
    const before = await scans();
    for (let cseq = 1; cseq <= 12; cseq++) {
      const keys = Array.from({ length: 300 }, (_each, index) => `task ${String(cseq)} ${String(index)}`);
      const uploads = [uploadOf(client, cseq, keys.flatMap((pk) => pen.create(pk)))];
      await store.flush({
        uploads, foreignLimit: 0, lockTimeoutMs: 1000,
        plan: ({ version }) => ({
          objects: keys.map((pk) => ({ type: "Task", pk, state: { c: "1" }, image: { _id: pk, owner: "ann" }, wasAlive: false })),
          entries: keys.map((pk) => ({ version, ordinal: 0, client, type: "Task", pk, ops: [], text: {}, before: undefined, after: { _id: pk } })),
          cursors: [], receipts: [],
        }),
      });
      const snapshot = await store.snapshot();
      await snapshot.rows("Task", { kind: "truth", isTrue: true }, { after: undefined, limit: 1000 });
      await snapshot.release();
    }
    await store.close();
    // Statistics are written when a connection ends.
    for (let round = 0; round < 100 && (await database.query("SELECT 1 FROM pg_stat_user_tables WHERE relname = 'Task' AND n_tup_ins > 0")).rows.length === 0; round++) await database.query("SELECT pg_sleep(0.05)");
    // Making the table reads it as well; twelve flushes and twelve pages do not.
    expect((await scans()) - before).toBeLessThan(3);
    await database.end();
    await place.remove();
  });
});
