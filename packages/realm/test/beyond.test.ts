import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import Realm, { BSON } from "../src/index.ts";
import { forEachMode } from "./support/modes.ts";

const schema: Realm.ObjectSchema[] = [
  { name: "Task", primaryKey: "id", properties: { id: "uuid", title: "string", done: "bool", due: "date?", big: "int", ratio: "double", money: "decimal128?", blob: "data?", tags: "string<>", byName: "Person{}", owner: "Person?", steps: "Step[]", anything: "mixed", anythings: "mixed[]", scores: "int?[]", hits: "counter" } },
  { name: "Person", properties: { name: "string", best: "Person?", oid: "objectId?" } },
  { name: "Step", embedded: true, properties: { text: "string", who: "Person?" } },
  { name: "Row", primaryKey: "n", properties: { n: "int", text: { type: "string", default: "" } } },
];

forEachMode((mode) => {
  const open = (more: Realm.Configuration = {}) => new Realm(mode.config({ schema, ...more }));

  it("writeAsync takes functions, promises and generators, one after the other, and rolls back", async () => {
    const realm = open();
    const order: string[] = [];
    const add = (n: number) => realm.create("Row", { n });
    const first = realm.writeAsync(async () => { add(1); await new Promise((resolve) => setTimeout(resolve, 5)); add(2); order.push("first"); return "a"; });
    const second = realm.writeAsync(() => { add(3); order.push("second"); return "b"; });
    const third = realm.writeAsync(function* () { for (let n = 10; n < 20; n++) { add(n); yield; } order.push("third"); return "c"; });
    expect(realm.isInTransaction).toBe(false);
    expect([await first, await second, await third, order, realm.objects("Row").length]).toEqual(["a", "b", "c", ["first", "second", "third"], 13]);
    await expect(realm.writeAsync(async () => { add(100); throw new Error("stop"); })).rejects.toThrow("stop");
    await expect(realm.writeAsync(function* () { add(101); yield; throw new Error("halt"); })).rejects.toThrow("halt");
    expect([realm.isInTransaction, realm.objects("Row").length, realm.write(() => 7)]).toEqual([false, 13, 7]);
    realm.beginTransaction();
    const waiting = realm.writeAsync(() => add(200));
    await new Promise((resolve) => setTimeout(resolve, 20));
    realm.commitTransaction();
    expect((await waiting)["n"]).toBe(200);
    const interrupted = realm.writeAsync(async () => { add(300); await new Promise((resolve) => setTimeout(resolve, 10)); });
    await new Promise((resolve) => setTimeout(resolve, 5));
    realm.close();
    await expect(interrupted).rejects.toThrow("The realm was closed while writeAsync was at work");
    expect(open().objectForPrimaryKey("Row", 300)).toBe(null);
    expect(() => realm.writeAsync(() => 1)).toThrow("Cannot access realm that has been closed");
  });

  it("a long generator gives the event loop its turn", async () => {
    const realm = open();
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await realm.writeAsync(function* () {
      for (let n = 0; n < 40; n++) {
        const until = performance.now() + 2;
        while (performance.now() < until);
        realm.create("Row", { n });
        yield;
      }
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  it("a whole realm goes to JSON and back", () => {
    const realm = open({ integers: "exact" });
    realm.write(() => {
      const ann = realm.create("Person", { name: "Ann", oid: new BSON.ObjectId() });
      const bob = realm.create("Person", { name: "Bob", best: ann });
      ann["best"] = bob;
      realm.create("Task", {
        id: new BSON.UUID(), title: "t", done: true, due: new Date(-5), big: 2n ** 60n, ratio: NaN, money: BSON.Decimal128.fromString("1.50"), blob: Uint8Array.of(1, 255), tags: ["b", "a"], byName: { a: ann, n: null }, owner: bob,
        steps: [{ text: "one", who: ann }], scores: [1, null], hits: 3, anything: { list: [1, 1.5, 2 ** 60, -0, "x", null, true, new Date(0), Uint8Array.of(7), new BSON.ObjectId("0123456789abcdef01234567"), ann], k: { $link: "text" } }, anythings: [ann, [2n ** 60n]],
      });
      realm.create("Row", { n: 1 });
    });
    const json = realm.exportJson();
    const text = JSON.stringify(json);
    const copy = new Realm(mode.config({ path: mode.path("copy.realm"), schema, integers: "exact" }));
    copy.importJson(JSON.parse(text));
    expect(JSON.stringify(copy.exportJson())).toBe(text);
    const task = copy.objects("Task")[0]!;
    expect([task["big"], task["owner"].name, task["owner"].best.best.name, task["byName"].a.name, task["steps"][0].who.name, task["anything"].list[10].name, task["anything"].k.$link, Object.is(task["anything"].list[3], -0), task["hits"].value]).toEqual([2n ** 60n, "Bob", "Bob", "Ann", "Ann", "Ann", "text", true, 3]);
    expect(copy.objects("Person")[0]!.linkingObjectsCount()).toBe(5);
    expect(() => copy.importJson(json)).toThrow(expect.objectContaining({ code: "OBJECT_EXISTS" }));
    copy.importJson({ ...json, classes: json.classes.filter((entry) => entry.name === "Row") }, "modified");
    expect(copy.objects("Person").length).toBe(2);
  });

  it("JSON that does not fit is refused with the place, and nothing is written", () => {
    const realm = open();
    const base = { format: "holdfast-realm", formatVersion: 1, schemaVersion: 0 } as const;
    const rows = (objects: unknown) => () => realm.importJson({ ...base, classes: [{ name: "Row", properties: {}, objects: objects as never }] });
    expect(() => realm.importJson({} as never)).toThrow("Expected an export of a realm");
    for (const entry of [null, 5, []]) expect(() => realm.importJson({ ...base, classes: [entry] } as never)).toThrow("Cannot import classes[0]: it is no object.");
    expect(rows([{ n: 1 }, { n: "x" }])).toThrow("Cannot import Row[1].n: expected a value of type 'int'.");
    expect(rows([{ n: 1, nope: 2 }])).toThrow("Cannot import Row[0].nope: 'Row' has no such property.");
    expect(rows(5)).toThrow("Cannot import Row: 'objects' is no list.");
    expect(() => realm.importJson({ ...base, classes: [{ name: "Person", properties: {}, objects: [{ $id: 1, name: "x", best: { $link: "Person", $id: 9 } }] }] })).toThrow("Cannot import Person[0].best: neither the export nor the realm has the object");
    expect(() => realm.importJson({ ...base, classes: [{ name: "Nope", properties: {}, objects: [] }] })).toThrow("Object type 'Nope' not found in schema.");
    expect(realm.isEmpty).toBe(true);
  });

  it("the errors that are met most say what to do, beside Realm's own words", () => {
    const realm = open();
    const row = realm.write(() => realm.create("Row", { n: 1 }));
    const hint = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        expect(inspect(error)).toContain(String((error as { hint?: string }).hint));
        return String((error as { hint?: string }).hint);
      }
      throw new Error("expected an error");
    };
    expect(hint(() => realm.create("Row", { n: 2 }))).toBe("Make the change inside realm.write(() => ...).");
    expect(hint(() => realm.write(() => realm.write(() => 1)))).toContain("realm.isInTransaction");
    expect(hint(() => realm.write(() => realm.create("Row", { n: 1 })))).toContain("update mode");
    realm.write(() => realm.delete(row));
    expect(hint(() => row["n"])).toContain("isValid()");
    realm.close();
    expect(hint(() => realm.objects("Row"))).toContain("Open the realm again");
    expect(hint(() => new Realm(mode.config({ schema: [{ name: "Row", properties: { other: "int" } }] })))).toContain("Raise 'schemaVersion'");
    const wrong = mode.name === "encrypted" ? {} : { encryptionKey: new Uint8Array(64) };
    expect(hint(() => new Realm({ path: mode.path(), ...wrong }))).toMatch(/Pass 'encryptionKey'|without a key/);
  });

  it("a listener and an open realm keep no process alive", () => {
    const script = `import Realm from ${JSON.stringify(fileURLToPath(new URL("../src/index.ts", import.meta.url)))};
      const realm = new Realm({ path: process.argv[1], schema: [{ name: "N", properties: { x: "int" } }] ${mode.name === "encrypted" ? ", encryptionKey: new Uint8Array(64)" : ""} });
      realm.objects("N").addListener(() => console.log("heard"));
      realm.addListener("change", () => undefined);
      realm.write(() => realm.create("N", { x: 1 }));`;
    const text = execFileSync(process.execPath, ["--conditions=@holdfast/source", "--input-type=module-typescript", "-e", script, mode.path("alive.realm")], { encoding: "utf8", timeout: 60_000 });
    expect(text).toContain("heard");
  });
});
