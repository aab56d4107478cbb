/**
 * A filter means the same as JavaScript, as SQL in both databases and as a row-level policy: on random rows and random filters.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue } from "node:sqlite";
import pg from "pg";
import { describe, expect, it } from "vitest";
import type { PlainValue, SyncSchema } from "@holdfast/sync-protocol";
import { bindFilter } from "../src/filters/bind.ts";
import type { UserView } from "../src/filters/bind.ts";
import { parseFilter } from "../src/filters/parse-filter.ts";
import { compilePredicate } from "../src/filters/predicate.ts";
import { filterSql } from "../src/filters/sql.ts";
import { imageReader } from "../src/merge/image.ts";
import type { Image } from "../src/merge/image.ts";
import { policyStatements } from "../src/permissions/policies.ts";
import { compileRules } from "../src/permissions/rules.ts";
import { SchemaLayout } from "../src/schema/table-layout.ts";
import { columnText, ensureTableSql, upsertSql } from "../src/store/postgres/table-sql.ts";
import { statementDialect as postgresStatement } from "../src/store/postgres/postgres-dialect.ts";
import { addFunctions, statementDialect as sqliteStatement } from "../src/store/sqlite/sqlite-dialect.ts";
import { columnValue, ensureTable, upsertSql as sqliteUpsert } from "../src/store/sqlite/table-sql.ts";
import { postgresMissing, sharedCluster } from "./support/postgres.ts";
import { seededRandom } from "./support/random.ts";

const schema: SyncSchema = {
  classes: [
    {
      name: "Thing",
      primaryKey: "_id",
      properties: [
        { name: "_id", type: "int" }, { name: "owner", type: "string", optional: true }, { name: "title", type: "string" }, { name: "age", type: "int", optional: true },
        { name: "weight", type: "double", optional: true }, { name: "done", type: "bool", optional: true }, { name: "at", type: "date", optional: true },
        { name: "price", type: "decimal128", optional: true }, { name: "oid", type: "objectId", optional: true }, { name: "uid", type: "uuid", optional: true },
        { name: "photo", type: "data", optional: true }, { name: "tags", type: "string", collection: "list" }, { name: "scores", type: "int", collection: "set", optional: true },
        { name: "friend", type: "object", objectType: "Thing", optional: true },
      ],
    },
  ],
};
const layout = new SchemaLayout(schema);
const table = layout.tables.get("Thing")!;
const SEED = Number(process.env["HOLDFAST_SEED"] ?? 42);

const TEXTS = ["", "a", "A", "ann", "Ann", "ANN", "é", "É", "z", "Z", "\u{1f600}", "\uffee", "a%b", "a_b", "a\\b", "[x]", "a*c", "it's", 'q"q', " ", "ab\nc", "straße"];
const INTS = [0, 1, -1, 7, 42, 9007199254740991, -9007199254740991];
const DOUBLES = [0, 1.5, -2.25, 1e300, 42, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1];
const DATES = [0, 1, -1, 1700000000123, -62135596800000, -63000000000000, 253402300800000];
const DECIMALS = ["0", "1.50", "1.5", "-3", "1E+3", "1000", "0.1"];
const OIDS = ["0".repeat(24), "0102030405060708090a0b0c", "f".repeat(24)];
const UUIDS = ["00000000-0000-0000-0000-000000000000", "0b0e1f2a-0000-4000-8000-00000000000a", "ffffffff-ffff-4fff-bfff-ffffffffffff"];

type Pick = <T>(from: readonly T[]) => T;

function wireDouble(value: number): PlainValue {
  return Number.isFinite(value) && !Number.isInteger(value) ? value : { $double: Object.is(value, -0) ? "-0" : String(value) };
}

function randomRow(id: number, pick: Pick): Image {
  const maybe = <T>(value: T): T | null => (pick([0, 0, 0, 1]) === 1 ? null : value);
  return {
    _id: id, owner: maybe(pick(TEXTS)), title: pick(TEXTS), age: maybe(pick<PlainValue>([...INTS, { $int: "9223372036854775807" }])), weight: maybe(wireDouble(pick(DOUBLES))),
    done: maybe(pick([true, false])), at: maybe({ $date: pick(DATES) }), price: maybe({ $decimal: pick(DECIMALS) }), oid: maybe({ $oid: pick(OIDS) }), uid: maybe({ $uuid: pick(UUIDS) }),
    photo: maybe({ $data: pick(["", "aGk=", "AAE="]) }), tags: Array.from({ length: pick([0, 1, 2, 3]) }, () => pick(TEXTS)),
    scores: { $set: Array.from({ length: pick([0, 1, 3]) }, () => maybe(pick(INTS))) }, friend: maybe({ $link: ["Thing", pick(INTS)] as const }),
  };
}

function literal(field: string, pick: Pick): string {
  const text = (value: string): string => JSON.stringify(value).replaceAll(/[\u0080-\uffff]/g, (unit) => unit);
  const some = ((): string => {
    switch (field) {
      case "title": case "owner": case "tags": return text(pick(TEXTS));
      case "age": case "scores": case "_id": return pick(["0", "1", "42", "2.5", "9223372036854775807", "inf", "-7"]);
      case "weight": return pick(["0", "1.5", "nan", "inf", "-inf", "42", "9007199254740993"]);
      case "done": return pick(["true", "false"]);
      case "at": return pick(["1970-01-01@00:00:00", "2023-11-14@22:13:20:123000000", "1900-01-01@00:00:00"]);
      case "price": return pick(["1.5", "1000", "0", "-3.0"]);
      case "oid": return `oid(${pick(OIDS)})`;
      case "uid": return `uuid(${pick(UUIDS)})`;
      default: return pick(['B64""', 'B64"aGk="', 'B64"AAE="']);
    }
  })();
  return pick([0, 0, 0, 0, 0, 1]) === 1 ? "null" : some;
}

function randomQuery(pick: Pick, depth: number, user: boolean): string {
  if (depth > 0 && pick([0, 1]) === 1) {
    const inner = (): string => randomQuery(pick, depth - 1, user);
    return pick([() => `(${inner()} AND ${inner()})`, () => `(${inner()} OR ${inner()})`, () => `NOT (${inner()})`])();
  }
  const field = pick(["title", "owner", "age", "weight", "done", "at", "price", "oid", "uid", "photo", "tags", "scores", "friend", "_id"]);
  const c = pick(["", "", "[c]"]);
  if (field === "friend") return `friend ${pick(["==", "!="])} null`;
  if (field === "tags") {
    return pick([
      () => `${pick(["ANY", "ALL", "NONE"])} tags ${pick(["==", "!=", "<", ">="])} ${literal("tags", pick).replace("null", "'a'")}`, () => `${literal("tags", pick)} IN${c} tags`,
      () => `tags.@count ${pick([">", "==", "<=", "!="])} ${pick(["0", "1", "2"])}`, () => `${pick(["ANY", "ALL", "NONE"])} tags ${pick(["BEGINSWITH", "CONTAINS", "LIKE", "ENDSWITH"])}${c} ${JSON.stringify(pick(TEXTS))}`,
      () => `${pick(["ANY", "ALL", "NONE"])} tags IN {'a', "Ann"}`,
    ])();
  }
  if (field === "scores") return `${pick(["ANY", "ALL", "NONE"])} scores ${pick(["==", "!=", "<", ">="])} ${literal("scores", pick)}`;
  if ((field === "title" || field === "owner") && pick([0, 1]) === 1) {
    if (user && pick([0, 1]) === 1) return pick([() => `${field} ${pick(["==", "!=", "BEGINSWITH", "CONTAINS", "LIKE", "ENDSWITH"])}${c} %%user.${pick(["id", "custom_data.team"])}`, () => `${field} IN %%user.custom_data.teams`, () => `%%user.custom_data.level ${pick(["==", ">", "<="])} 3`, () => `'b' IN %%user.custom_data.teams`])();
    return `${field} ${pick(["BEGINSWITH", "CONTAINS", "LIKE", "ENDSWITH"])}${c} ${JSON.stringify(pick([...TEXTS, "*n*", "?nn", "a?b", "*", "a\\*b"]))}`;
  }
  const isText = field === "title" || field === "owner";
  if (pick([0, 0, 0, 1]) === 1 && field !== "done" && field !== "photo") return `${field} IN${isText ? c : ""} {${literal(field, pick)}, ${literal(field, pick)}}`;
  const operators = field === "done" || field === "photo" ? ["==", "!="] : c === "[c]" && isText ? ["==[c]", "!=[c]"] : ["==", "!=", "<", "<=", ">", ">="];
  return pick([0, 0, 1]) === 1 && !operators[0]!.includes("[c]") ? `${literal(field, pick)} ${pick(operators)} ${field}` : `${field} ${pick(operators)} ${literal(field, pick)}`;
}

const users: readonly UserView[] = [
  { id: "ann", custom_data: { team: "a", teams: ["a", "Ann", "b"], level: 3 } },
  { id: "it's", custom_data: { teams: "z", level: 5 } },
  { id: "a*", custom_data: { team: "A", teams: [1], level: "3" } },
];

describe(`filters, seed ${String(SEED)}`, () => {
  const random = seededRandom(SEED);
  const pick: Pick = (from) => from[Math.floor(random() * from.length)]!;
  const rows = Array.from({ length: 120 }, (_each, index) => randomRow(index, pick));
  const texts = Array.from({ length: 400 }, () => randomQuery(pick, 2, false));
  const context = { findField: (name: string) => layout.findField("Thing", name), allowsUser: false };
  const wanted = texts.map((text) => rows.filter(compilePredicate(parseFilter(text, context), imageReader)).map((row) => row["_id"] as number));

  it("the random filters tell rows apart", () => {
    expect(wanted.filter((ids) => ids.length > 0 && ids.length < rows.length).length).toBeGreaterThan(200);
  });

  it("SQLite finds the rows that the predicate finds", () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-filters-"));
    const db = new DatabaseSync(join(folder, "rows.db"));
    addFunctions(db);
    ensureTable(db, table);
    const insert = db.prepare(sqliteUpsert(table));
    for (const row of rows) insert.run(...table.columns.map((column) => columnValue(row, column, layout.classes)), "{}", 1);
    const differences = texts.filter((text, index) => {
      const parameters: SQLInputValue[] = [];
      const condition = filterSql(parseFilter(text, context), sqliteStatement(parameters));
      const found = (db.prepare(`SELECT _id FROM Thing WHERE ${condition} ORDER BY _id`).all(...parameters) as { _id: number }[]).map(({ _id }) => _id);
      return found.join() !== wanted[index]!.join();
    });
    db.close();
    rmSync(folder, { recursive: true });
    expect(differences).toEqual([]);
  });

  describe.skipIf(postgresMissing() !== undefined)("in PostgreSQL", () => {
    it("statements and policies find the rows that the predicate finds", async () => {
      const cluster = await sharedCluster();
      const address = await cluster.createDatabase();
      const client = new pg.Client(address);
      await client.connect();
      await client.query("CREATE SCHEMA app; CREATE SCHEMA sync; CREATE FUNCTION sync.note_foreign() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
      for (const statement of ensureTableSql(table)) await client.query(statement);
      const columns = table.columns.map((column) => rows.map((row) => columnText(row, column, layout.classes)));
      await client.query(upsertSql(table), [...columns, rows.map(() => "{}"), 1]);
      const differences: string[] = [];
      for (const [index, text] of texts.entries()) {
        const parameters: string[] = [];
        const condition = filterSql(parseFilter(text, context), postgresStatement(parameters));
        const found = await client.query<{ _id: string }>(`SELECT _id FROM app."Thing" WHERE ${condition} ORDER BY _id`, parameters);
        if (found.rows.map(({ _id }) => Number(_id)).join() !== wanted[index]!.join()) differences.push(text);
      }
      expect(differences).toEqual([]);

      // The same as policies, seen by a role that has nothing but SELECT.
      await client.query("CREATE ROLE reader LOGIN PASSWORD 'of-a-scratch-cluster'; GRANT USAGE ON SCHEMA app TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader");
      const reader = new pg.Client({ ...address, user: "reader" });
      await reader.connect();
      const unset = await reader.query('SELECT _id FROM app."Thing"');
      expect(unset.rows).toEqual([]);
      let told = 0;
      for (let round = 0; round < 60; round++) {
        const text = randomQuery(pick, 2, true);
        const rules = compileRules({ classes: { Thing: [{ name: "nobody", applyWhen: "%%user.custom_data.level == 99", read: true }, { name: "some", read: text }] } }, layout);
        for (const statement of policyStatements(rules, layout)) await client.query(statement);
        for (const user of users) {
          await reader.query("SELECT set_config('holdfast.user', $1, false)", [JSON.stringify(user)]);
          const found = await reader.query<{ _id: string }>('SELECT _id FROM app."Thing" ORDER BY _id');
          const expected = rows.filter(compilePredicate(bindFilter(rules.get("Thing")![1]!.read, user), imageReader)).map((row) => Number(row["_id"]));
          if (expected.length > 0 && expected.length < rows.length) told++;
          if (found.rows.map(({ _id }) => Number(_id)).join() !== expected.join()) differences.push(`${text} as ${user.id}`);
        }
      }
      await reader.end();
      await client.end();
      expect(differences).toEqual([]);
      expect(told).toBeGreaterThan(40);
    });
  });
});

it("what a server cannot answer alike in all three ways is refused", () => {
  const context = { findField: (name: string) => layout.findField("Thing", name), allowsUser: false };
  for (const text of ["friend.title == 'a'", "title == owner", "age > weight", "SUBQUERY(tags, $t, TRUEPREDICATE).@count > 0", "title TEXT 'a'", "title == $0", "owner == %%user.id", "age + 1 > 2", "photo BEGINSWITH B64\"aGk=\"", "title == 'a' SORT(age ASC)", "tags.@max == 'a'", "nope == 1", "title =="]) {
    expect(() => parseFilter(text, context)).toThrow(expect.objectContaining({ code: "QUERY_UNSUPPORTED" }));
  }
});
