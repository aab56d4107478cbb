/**
 * Exported App Services applications: what is carried over, and what is said to be left out.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { conditionOf } from "../src/atlas/expression.ts";
import { importAtlas } from "../src/atlas/import-atlas.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-atlas-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, value: unknown): void {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, typeof value === "string" ? value : JSON.stringify(value));
}

const TASK = {
  title: "Task",
  bsonType: "object",
  required: ["_id", "title", "owner_id"],
  properties: {
    _id: { bsonType: "objectId" },
    title: { bsonType: "string" },
    owner_id: { bsonType: "string" },
    votes: { bsonType: "long" },
    due: { bsonType: "date" },
    tags: { bsonType: "array", uniqueItems: true, items: { bsonType: "string" } },
    scores: { bsonType: "object", additionalProperties: { bsonType: "double" } },
    place: { bsonType: "object", title: "Place", properties: { street: { bsonType: "string" } } },
    project: { bsonType: "objectId" },
    helpers: { bsonType: "array", items: { bsonType: "objectId" } },
    photo: { bsonType: "regex" },
  },
};
const RELATIONSHIPS = { project: { ref: "#/relationship/mongodb-atlas/work/projects", foreign_key: "_id", is_list: false }, helpers: { ref: "#/relationship/mongodb-atlas/work/people", is_list: true } };
const PROJECT = { title: "Project", bsonType: "object", properties: { _id: { bsonType: "objectId" }, name: { bsonType: "string" } } };

/** An application with one collection of tasks. */
function tasksWith(roles: readonly object[]): ReturnType<typeof importAtlas> {
  put("data_sources/mongodb-atlas/work/tasks/schema.json", TASK);
  put("data_sources/mongodb-atlas/work/tasks/relationships.json", RELATIONSHIPS);
  put("data_sources/mongodb-atlas/work/tasks/rules.json", { roles });
  put("data_sources/mongodb-atlas/work/projects/schema.json", PROJECT);
  return importAtlas(folder);
}

describe("expressions", () => {
  it("become conditions: equality, comparisons, lists, user, and, or", () => {
    const cases: readonly [unknown, unknown][] = [
      [{}, true],
      [true, true],
      [{ owner_id: "%%user.id" }, "owner_id == %%user.id"],
      [{ a: 1, b: null }, "(a == 1) AND (b == NULL)"],
      [{ a: { $gte: 1, $lt: 5 } }, "(a >= 1) AND (a < 5)"],
      [{ "%or": [{ owner_id: "%%user.id" }, { team: { $in: "%%user.custom_data.teams" } }] }, "(owner_id == %%user.id) OR (team IN %%user.custom_data.teams)"],
      [{ kind: { $nin: ["a", 'b"c'] } }, 'NOT (kind IN {"a", "b\\"c"})'],
      [{ ref: { $oid: "0123456789abcdef01234567" } }, "ref == oid(0123456789abcdef01234567)"],
      [{ $and: [true, { a: false }] }, "a == false"],
      [{ $or: [false, {}] }, true],
    ];
    for (const [expression, condition] of cases) expect([expression, conditionOf(expression, "object")]).toEqual([expression, condition]);
    expect(conditionOf({ "%%user.custom_data.isAdmin": true }, "user")).toBe("%%user.custom_data.isAdmin == true");
  });

  it("that have no counterpart are not guessed", () => {
    for (const expression of [{ "%%true": { "%function": { name: "f" } } }, { a: { $regex: "^x" } }, { "a.b": 1 }, { a: "%%request.remoteIPAddress" }, { $or: [{ a: 1 }, { "%%prev.a": 1 }] }, { a: { $in: [] } }, "a == 1", [1], 7]) {
      expect([expression, conditionOf(expression, "object")]).toEqual([expression, undefined]);
    }
    expect(conditionOf({ owner_id: "%%user.id" }, "user")).toBeUndefined();
  });
});

describe("schemas and rules", () => {
  it("types, collections, links and embedded objects are carried over; what is not is named", () => {
    const { schema, notes } = tasksWith([]);
    const [place, project, task] = schema.classes;
    expect([place?.embedded, project?.primaryKey, task?.primaryKey]).toEqual([true, "_id", "_id"]);
    // Every document of MongoDB's has one, whatever the schema says.
    expect(project?.properties.find(({ name }) => name === "_id")).toEqual({ name: "_id", type: "objectId" });
    expect(Object.fromEntries((task?.properties ?? []).map(({ name, ...rest }) => [name, rest]))).toEqual({
      _id: { type: "objectId" },
      title: { type: "string" },
      owner_id: { type: "string" },
      votes: { type: "int", optional: true },
      due: { type: "date", optional: true },
      tags: { type: "string", collection: "set" },
      scores: { type: "double", collection: "dict" },
      place: { type: "object", objectType: "Place", optional: true },
      project: { type: "object", objectType: "Project", optional: true },
    });
    expect(notes).toEqual(["work.tasks: property helpers: the collection it links to has no schema; left out", "work.tasks: property Task.photo: there is no type regex here; left out"]);
  });

  it("roles become roles, with filters, insert and delete, and rules of fields", () => {
    const own = { owner_id: "%%user.id" };
    const { rules, notes } = tasksWith([
      { name: "admin", apply_when: { "%%user.custom_data.isAdmin": true }, document_filters: { read: true, write: true }, read: true, write: true, insert: true, delete: true },
      { name: "owner", apply_when: {}, document_filters: { read: { $or: [own, { votes: { $gt: 10 } }] }, write: own }, read: true, write: true, insert: true, delete: false },
      { name: "reader", apply_when: {}, fields: { title: { read: true, write: true }, votes: { read: true } }, additional_fields: { read: false } },
    ]);
    expect(notes.filter((note) => note.includes("role"))).toEqual([]);
    expect(rules.classes["Task"]).toEqual([
      { name: "admin", applyWhen: "%%user.custom_data.isAdmin == true", read: true, update: true, insert: true, delete: true },
      { name: "owner", read: "(owner_id == %%user.id) OR (votes > 10)", update: "owner_id == %%user.id", insert: "owner_id == %%user.id", delete: false },
      { name: "reader", read: true, update: true, insert: false, delete: false, fields: expect.objectContaining({ votes: { write: false }, owner_id: { read: false, write: false } }) as unknown },
    ]);
    expect(rules.classes["Task"]?.[2]?.fields).not.toHaveProperty("title");
  });

  it("doubt forbids: nobody falls through to a role that allows more", () => {
    const { rules, notes } = tasksWith([
      { name: "first", apply_when: {}, read: { a: { $regex: "x" } }, write: false },
      { name: "odd", apply_when: { "%%true": { "%function": { name: "f" } } }, read: false, write: false },
      { name: "everybody", apply_when: {}, read: true, write: true },
    ]);
    expect(rules.classes["Task"]).toEqual([{ name: "first", read: false, update: false, insert: false, delete: false }]);
    expect(notes).toContain("work.tasks: role odd: 'apply_when' cannot be carried over; it and the roles behind it are left out");
    const unknown = tasksWith([{ name: "typo", apply_when: {}, read: { nosuch: 1 }, write: false }]);
    expect(unknown.rules.classes["Task"]).toEqual([]);
    expect(unknown.notes.some((note) => note.startsWith("class Task: its rules cannot be used, nobody is allowed anything"))).toBe(true);
  });

  it("the command prints both, and what is left to do by hand", () => {
    put("functions/sum.js", "exports = () => 1;");
    put("auth/providers.json", { "local-userpass": { type: "local-userpass", disabled: false }, "anon-user": { type: "anon-user", disabled: true } });
    put("sync/config.json", { type: "partition", partition: { key: "realm_id" } });
    tasksWith([{ name: "all", apply_when: {}, read: true, write: true, insert: true, delete: true }]);
    const command = (path: string) => spawnSync(process.execPath, ["--conditions=@holdfast/source", fileURLToPath(new URL("../src/cli/main.ts", import.meta.url)), "import-atlas", path], { encoding: "utf8" });
    const run = command(folder);
    expect(run.status).toBe(0);
    const printed = JSON.parse(run.stdout) as { schema: { classes: unknown[] }; rules: { classes: object } };
    expect([printed.schema.classes.length, Object.keys(printed.rules.classes)]).toEqual([3, ["Task"]]);
    for (const left of ["functions: port them", "providers of logins (local-userpass)", 'partitionKey: "realm_id"']) expect(run.stderr).toContain(left);
    expect(command(join(folder, "auth"))).toMatchObject({ status: 2, stdout: "" });
  });
});
