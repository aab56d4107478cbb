/**
 * Poison: transactions of many clients are committed together, so one value that a database refuses must not take the others with it, nor
 * a value that it takes the bootstraps of those who ask about it.
 *
 * @module
 */
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AckMessage, Operation, PathStep, SyncSchema, WireKey, WireValue } from "@holdfast/sync-protocol";
import type { RawClient } from "../support/raw-client.ts";
import { Bench } from "../support/server.ts";
import { STORE_KINDS } from "../support/stores.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";

const SCALARS = ["bool", "int", "double", "string", "data", "date", "decimal128", "objectId", "uuid"] as const;
const SCHEMA: SyncSchema = {
  classes: [
    {
      name: "Task",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "string" }, { name: "any", type: "mixed" }, { name: "words", type: "string", collection: "dict" }, { name: "to", type: "object", objectType: "Number" },
        ...SCALARS.map((type) => ({ name: type, type, optional: true })),
        ...SCALARS.map((type) => ({ name: `${type}s`, type, collection: "list" as const, optional: true })),
        { name: "tos", type: "object", objectType: "Number", collection: "list" },
      ],
    },
    { name: "Number", primaryKey: "_id", properties: [{ name: "_id", type: "int" }, { name: "title", type: "string" }] },
  ],
};
/** Every way to ask that makes the database convert what is stored. */
const QUESTIONS = [
  "TRUEPREDICATE", "ANY dates == 2020-01-01@00:00:00", "ANY ints > 3", "ANY doubles < 2.5", "ANY bools == true", "ANY uuids == uuid(00000000-0000-0000-0000-000000000000)", "ANY strings BEGINSWITH 'a'",
  "ANY objectIds == oid(000000000000000000000000)", "date > 2020-01-01@00:00:00", "decimal128 < 4.5", "double >= 1.5", "int < 7", "string CONTAINS[c] 'x'", "dates.@count > 3",
];
const VALUES: Readonly<Record<string, readonly WireValue[]>> = {
  int: [{ $int: "9223372036854775807" }, { $int: "-9223372036854775808" }],
  double: [5e-324, { $double: "1.797e+308" }, { $double: "NaN" }, { $double: "-Infinity" }, { $double: "-0" }],
  string: ["\0", "a\0b", "\ud800", "'; DROP SCHEMA sync CASCADE; --", "\\", "${1}", "$1", "\u0001", "x".repeat(200_000), "connection terminated", "\u{1f600}"],
  data: [{ $data: "AA==" }, { $data: "" }],
  date: [{ $date: 8.64e15 }, { $date: -8.64e15 }, { $date: -62_167_219_200_001 }, { $date: -210_866_803_200_000 }, { $date: 253_402_300_800_000 }],
  decimal128: [{ $decimal: "9.999999999999999999999999999999999E+6144" }, { $decimal: "1E-6176" }, { $decimal: "NaN" }, { $decimal: "-Infinity" }, { $decimal: "-0" }],
};
const KEYS: readonly WireKey[] = ["", "\0", "' OR 1=1 --", "\\", "\u0001", "%", "__proto__", "constructor", Array.from({ length: 1024 }, (_unused, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000))).join(""), 7, { $oid: "0".repeat(24) }];
let bench = new Bench();

beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.end());

for (const kind of STORE_KINDS) {
  describe.skipIf(kind.missing !== undefined)(`poison on ${kind.name}${kind.missing === undefined ? "" : ` (${kind.missing})`}`, () => {
    /** Sends each pill beside a transaction of somebody else, who must not notice. */
    async function feed(server: { readonly url: string }, pills: readonly ((client: RawClient) => readonly Operation[])[]): Promise<readonly (AckMessage | "closed")[]> {
      const canary = await bench.connect(server, "canary", { schema: SCHEMA });
      let attacker = await bench.connect(server, "attacker", { schema: SCHEMA });
      const answers: (AckMessage | "closed")[] = [];
      for (const pill of pills) {
        const answer = attacker.up(...pill(attacker)).catch(() => "closed" as const);
        const ack = await canary.up(...canary.pen.create(`canary ${String(answers.length)}`, { string: "sings" }));
        expect(ack.rejects).toBeUndefined();
        answers.push(await answer);
        if (answers.at(-1) === "closed") attacker = await bench.connect(server, "attacker", { schema: SCHEMA });
      }
      const reader = await bench.connect(server, "canary", { schema: SCHEMA });
      for (const [index, query] of QUESTIONS.entries()) {
        await reader.subscribe([{ type: "Task", query }], { version: index + 1 });
        expect(reader.errors).toEqual([]);
        if (index === 0) expect(Object.keys(reader.objects()).filter((key) => key.startsWith("canary")).length).toBe(pills.length);
      }
      expect(canary.errors).toEqual([]);
      return answers;
    }

    async function serve(): ReturnType<Bench["serve"]> {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      return bench.serve(place, { schema: SCHEMA });
    }

    function list(client: RawClient, name: string, values: readonly WireValue[], pk: WireKey): Operation {
      return { type: "Task", pk, h: client.pen.clock.tick(), path: [{ at: name, box: "list" }], do: { act: "insert", values } };
    }

    it("values at and beyond the edges of every type, alone and in lists", async () => {
      const server = await serve();
      const pills = Object.entries(VALUES).flatMap(([type, values]) =>
        values.flatMap((value, index) => [
          (client: RawClient) => client.pen.create(`${type} ${String(index)}`, { [type]: value, any: value }),
          (client: RawClient) => [...client.pen.create(`${type}s ${String(index)}`), list(client, `${type}s`, [value, value], `${type}s ${String(index)}`)],
        ]),
      );
      const answers = await feed(server, pills);
      // Half of a surrogate pair is no text of the protocol at all; everything else is taken or refused, and the session goes on.
      expect(answers.flatMap((answer, index) => (answer === "closed" ? [index] : [])).length).toBe(2);
      expect(bench.logged.join("\n")).not.toMatch(/flush failed|reading the log failed/);
    });

    it("keys of every kind, of objects and in dictionaries, and containers as deep as they can be", async () => {
      const server = await serve();
      const deep = (client: RawClient): readonly Operation[] => {
        const path: PathStep[] = [];
        const ops = [...client.pen.create("deep", { any: { $new: "dict" } as unknown as WireValue })];
        for (let depth = 0; depth < 99; depth++) {
          path.push({ at: depth === 0 ? "any" : "k", box: "dict" });
          ops.push({ type: "Task", pk: "deep", h: client.pen.clock.tick(), path: [...path, "k"], do: { act: "set", value: { $new: "dict" } } });
        }
        return ops;
      };
      const word = (key: string) => (client: RawClient) => [...client.pen.create(`word ${key.slice(0, 20)}`), { type: "Task", pk: `word ${key.slice(0, 20)}`, h: client.pen.clock.tick(), path: [{ at: "words", box: "dict" as const }, key], do: { act: "set" as const, value: "w" } }];
      const overflow = (client: RawClient): readonly Operation[] => [...client.pen.create("counter", { int: { $int: "9223372036854775807" } }), client.pen.inc("counter", "int", 9), client.pen.inc("counter", "int", 9_007_199_254_740_991)];
      await feed(server, [...KEYS.map((key) => (client: RawClient) => client.pen.create(key)), ...KEYS.filter((key) => typeof key === "string").map(word), deep, overflow]);
    });

    it.each(kind.name === "postgres" ? [kind.name] : [])("constraints and triggers that an operator added: whoever breaks them is refused, alone", async () => {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      const store = new PostgresStore({ connection: place.address!, connections: 6, statementTimeoutMs: 400 });
      const server = await bench.serve({ ...place, openStore: async () => store }, { schema: SCHEMA });
      const sql = new pg.Client(place.address);
      await sql.connect();
      bench.defer(() => sql.end());
      await sql.query(`
        ALTER TABLE app."Task" ADD CONSTRAINT "connection terminated" CHECK (string <> 'checked'), ADD CONSTRAINT "not unique" UNIQUE (uuid), ADD FOREIGN KEY ("to") REFERENCES app."Number" (_id);
        CREATE FUNCTION app.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$;
        CREATE FUNCTION app.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disconnected: %', NEW.string; END $$;
        CREATE TRIGGER slow BEFORE INSERT ON app."Task" FOR EACH ROW WHEN (NEW.string = 'slow') EXECUTE FUNCTION app.slow();
        CREATE TRIGGER fail BEFORE INSERT ON app."Task" FOR EACH ROW WHEN (NEW.string = 'raised') EXECUTE FUNCTION app.fail();`);
      const uuid = { $uuid: "11111111-2222-3333-4444-555555555555" };
      const answers = await feed(server, [
        (client) => client.pen.create("a", { string: "checked" }),
        (client) => client.pen.create("b", { string: "raised" }),
        (client) => client.pen.create("c", { uuid }),
        (client) => client.pen.create("d", { uuid }),
        (client) => client.pen.create("e", { to: { $link: ["Number", 404] } }),
        (client) => client.pen.create("f", { string: "slow" }),
      ]);
      expect(answers.map((answer) => (answer === "closed" ? answer : (answer.rejects?.[0]?.code ?? "taken")))).toEqual(["VALUE_UNSUPPORTED", "VALUE_UNSUPPORTED", "taken", "VALUE_UNSUPPORTED", "VALUE_UNSUPPORTED", "VALUE_UNSUPPORTED"]);
    });

    it.each(kind.name === "postgres" ? [kind.name] : [])("what another program writes and no property can hold is left out, and everything else goes on", async () => {
      const place = await kind.makePlace();
      bench.defer(() => place.remove());
      const server = await bench.serve(place, { schema: SCHEMA });
      const sql = new pg.Client(place.address);
      await sql.connect();
      bench.defer(() => sql.end());
      const junk = [`tos = '[1.5]'`, `tos = '["x", 2]'`, `tos = '{"a": 1}'`, `ints = '[1.5, "y"]'`, `dates = '["no date"]'`, `datas = '[7]'`, `date = 'infinity'`, `words = '[1]'`, `uuids = '["no uuid"]'`, `"any" = '{"$int": "x"}'`, `"any" = '{"$date": "x"}'`, `"any" = '{"$link": []}'`, `"decimal128s" = '["no number"]'`];
      await sql.query(`INSERT INTO app."Task" (_id) SELECT 'junk ' || n FROM generate_series(1, ${String(junk.length)}) AS n`);
      for (const [index, assignment] of junk.entries()) await sql.query(`UPDATE app."Task" SET ${assignment} WHERE _id = 'junk ${String(index + 1)}'`);
      await sql.query(`INSERT INTO app."Task" (_id, string) VALUES ('good', 'arrives')`);
      const reader = await bench.connect(server, "ann", { schema: SCHEMA });
      await reader.subscribe([{ type: "Task", query: "string == 'arrives'" }]);
      for (let round = 0; round < 100 && Object.keys(reader.objects()).length === 0; round++) await reader.settle();
      expect(Object.keys(reader.objects())).toEqual(["good"]);
      await feed(server, [(client) => [client.pen.set("junk 1", "string", "after")]]);
      expect(bench.logged.filter((line) => line.includes("flush failed"))).toEqual([]);
    });
  });
}
