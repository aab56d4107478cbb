/**
 * What the store asks of a database beside plain SQL: in one file, so that relatives of PostgreSQL need another one file; and repeats wherever
 * such a database asks for them.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { postgresMissing, sharedCluster } from "./support/postgres.ts";
import type { DatabaseAddress } from "./support/postgres.ts";
import { Bench } from "./support/server.ts";

const FOLDER = join(import.meta.dirname, "../src");
const ADAPTER = "store/postgres/postgres-only.ts";
const ALL = [{ type: "Task", query: "TRUEPREDICATE" }];

/** What CockroachDB, YugabyteDB, Citus or a pooler in transaction mode lack, or answer differently. */
const FOREIGN_TO_RELATIVES: Readonly<Record<string, RegExp>> = {
  "LISTEN and NOTIFY": /["'`]\s*(?:LISTEN|NOTIFY|UNLISTEN)\s|pg_notify/,
  "advisory locks": /advisory/i,
  "transaction ids and snapshots": /\bxid8?\b|txid_|pg_snapshot|pg_current_snapshot|pg_current_xact|\bxmin\b|\bxmax\b/i,
  "log positions and replication": /pg_lsn|pg_current_wal|_wal_|replication_slot|pg_logical/i,
  "SKIP LOCKED and NOWAIT": /SKIP LOCKED|\bNOWAIT\b/i,
  "places of rows": /\bctid\b|\btableoid\b/i,
  "locks of tables": /LOCK TABLE|ACCESS EXCLUSIVE/i,
  "triggers and functions": /CREATE (?:OR REPLACE )?(?:TRIGGER|FUNCTION)|plpgsql|SECURITY DEFINER/i,
  "settings of its own, and of how long to wait for a lock": /SET LOCAL (?:holdfast|lock_timeout)/i,
  "row-level security": /ROW LEVEL SECURITY|CREATE POLICY/i,
  "settings of a session": /["'`;]\s*SET (?!LOCAL)(?:SESSION )?\w+ *(?:=|TO)/,
  "sequences by hand": /\bnextval\(|\bsetval\(|\bcurrval\(/i,
};
/** Policies for other programs are an option, off by default, and PostgreSQL's alone. */
const POLICIES = "permissions/policies.ts";

function offences(file: string, text: string): readonly string[] {
  if (file === ADAPTER || file === POLICIES) return [];
  return Object.entries(FOREIGN_TO_RELATIVES).flatMap(([name, pattern]) => (pattern.test(withoutComments(text)) ? [`${file}: ${name}`] : []));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*(?:\/\/|--).*$/gm, "");
}

function sources(): readonly (readonly [string, string])[] {
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => [name.replaceAll("\\", "/"), readFileSync(join(FOLDER, name), "utf8")] as const);
}

it("what only PostgreSQL has stands in one file", () => {
  expect(sources().flatMap(([file, text]) => offences(file, text))).toEqual([]);
});

it("the check finds what is in that file, each kind of it", () => {
  const text = readFileSync(join(FOLDER, ADAPTER), "utf8");
  const found = offences("elsewhere.ts", text).map((line) => line.replace("elsewhere.ts: ", ""));
  expect(found).toEqual(expect.arrayContaining(["LISTEN and NOTIFY", "advisory locks", "SKIP LOCKED and NOWAIT", "triggers and functions", "settings of its own, and of how long to wait for a lock", "row-level security"]));
  const others = ["SELECT pg_current_xact_id()::xid8", "SELECT pg_current_wal_lsn()", "SELECT ctid FROM t", "LOCK TABLE t IN ACCESS EXCLUSIVE MODE", "`SET search_path = x`", "SELECT nextval('s')"];
  expect(others.filter((sql) => offences("elsewhere.ts", sql).length !== 1)).toEqual([]);
});

describe.skipIf(postgresMissing() !== undefined)("a database that wants things repeated", () => {
  let bench = new Bench();
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.end());

  /**
   * Every so many-th touch of the server's own tables and of the objects' fails: reads of those that are views now, writes of the others.
   * A sequence counts, which no rollback turns back. A snapshot, where nothing may be written, fails by chance at its beginning: later the
   * session has to end, since what it was sent cannot be taken back, and its client goes on behind the last page.
   */
  async function inject(address: DatabaseAddress, code: string): Promise<() => Promise<number>> {
    const client = new pg.Client(address);
    await client.connect();
    bench.defer(() => client.end());
    await client.query(`
      CREATE SEQUENCE touches;
      CREATE FUNCTION touched(in_snapshots boolean) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN IF (CASE WHEN current_setting('transaction_read_only') = 'on' THEN in_snapshots AND random() < 0.2 ELSE nextval('touches') % 29 = 0 END) THEN RAISE EXCEPTION 'again, please' USING ERRCODE = '${code}'; END IF; RETURN true; END $$;
      CREATE FUNCTION touched_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM touched(false); RETURN NULL; END $$;`);
    for (const table of ["shard", "client", "meta"]) await client.query(`ALTER TABLE sync.${table} RENAME TO ${table}_table; CREATE VIEW sync.${table} AS SELECT * FROM sync.${table}_table WHERE touched(${String(table === "shard")})`);
    for (const table of ["sync.version", "sync.change", "sync.tombstone", "sync.receipt", 'app."Task"']) await client.query(`CREATE TRIGGER "~again" AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION touched_trigger()`);
    return async () => Math.floor(Number((await client.query<{ n: string }>("SELECT last_value AS n FROM touches")).rows[0]?.n) / 29);
  }

  it.each(["40001", "40P01"])("%s: sessions, uploads, bootstraps, compaction and clients' notes notice nothing, and everything is done once", async (code) => {
    const address = await (await sharedCluster()).createDatabase();
    const openStore = async (): Promise<PostgresStore> => new PostgresStore({ connection: address, connections: 6 });
    const place = { address, openStore, remove: async () => undefined };
    await (await bench.serve(place)).stop();
    const failures = await inject(address, code);
    const server = await bench.serve(place);
    for (let round = 0; round < 4; round++) {
      const [ann, bob] = [await bench.connect(server, "ann"), await bench.connect(server, "bob")];
      await Promise.all([ann.subscribe(ALL), bob.subscribe(ALL)]);
      for (let turn = 0; turn < 5; turn++) {
        await ann.up(...ann.pen.create("counter"), ann.pen.inc("counter", "count", 1), ...ann.pen.create("gone"));
        await ann.up(ann.pen.delete("gone"));
      }
      await bob.settle();
      for (const client of [ann, bob]) {
        client.send({ msg: "ping", ...(client.resume === undefined ? {} : { basis: client.resume }) });
        await client.settle();
      }
      await server.compact();
      const again = await bench.connect(server, "bob", { previous: bob });
      await again.subscribe(ALL, { resume: again.resume });
      expect([ann.errors, again.errors]).toEqual([[], []]);
      expect(again.objects()).toEqual({ counter: expect.objectContaining({ count: 5 * (round + 1) }) });
    }
    expect(await failures()).toBeGreaterThan(10);
  });
});
