import { expect, it, vi } from "vitest";
import Realm from "../../src/index.ts";
import { ClassTable } from "../../src/store/class-table.ts";
import { forEachMode } from "../support/modes.ts";

type Properties = Realm.ObjectSchema["properties"];

forEachMode((mode) => {
  const open = (schemas: Realm.ObjectSchema[], schemaVersion = 0, more: Realm.Configuration = {}) => new Realm(mode.config({ schema: schemas, schemaVersion, ...more }));
  const T = (properties: Properties, more: object = {}): Realm.ObjectSchema => ({ name: "T", properties, ...more });
  const fill = (schemas: Realm.ObjectSchema[], ...objects: [string, object][]) => {
    const realm = open(schemas);
    realm.write(() => { for (const [name, values] of objects) realm.create(name, values); });
    realm.close();
  };

  it("[R-8.1] a schema that differs without a new version is refused with every difference", () => {
    fill([T({ s: "string", gone: "int", link: "T?", many: "int[]" }, { primaryKey: undefined })], ["T", { s: "x", gone: 1 }]);
    expect(() => open([{ ...T({ s: "int", more: "bool", link: "Other?", many: "int?[]" }), primaryKey: "s" }, { name: "Other", properties: {} }])).toThrow(
      "Migration is required due to the following errors:\n- Property 'T.s' has been changed from 'string' to 'int'.\n- Property 'T.gone' has been removed.\n- Property 'T.link' has been changed from '<T>' to '<Other>'.\n- Property 'T.many' has been made optional.\n- Property 'T.more' has been added.\n- Primary Key for class 'T' has been added.",
    );
    expect(open([]).schema.length + open([]).objects("T").length).toBeGreaterThan(0);
  });

  it("[R-8.2] classes and indexes are added without a version, and no object is written anew", () => {
    fill([T({ s: "string" })], ["T", { s: "a" }], ["T", { s: "b" }]);
    const writes = vi.spyOn(ClassTable.prototype, "insert");
    const realm = open([T({ s: { type: "string", indexed: true } }), { name: "New", properties: { x: "int" } }]);
    expect([writes.mock.calls.length, realm.objects("T").filtered("s == 'b'").length, realm.objects("New").length]).toEqual([0, 1, 0]);
    writes.mockRestore();
  });

  it("adding properties and making values optional writes no object anew; old and new objects live together", () => {
    fill([T({ id: "int", a: "string", f: "double" }, { primaryKey: "id" })], ["T", { id: 1, a: "x", f: 0.5 }], ["T", { id: 2, a: "y", f: 1.5 }]);
    const more: Properties = {
      id: "int", a: "string?", f: "double", n: { type: "int", default: 7, indexed: true }, o: "string?", b: "bool?", d: { type: "double", default: 1.5 }, l: "int[]", k: "string{}", link: "T?", m: "mixed", u: "uuid", z: { type: "bool", default: true },
    };
    const writes = vi.spyOn(ClassTable.prototype, "insert");
    let realm = open([T(more, { primaryKey: "id" })], 1);
    expect(writes.mock.calls.length).toBe(0);
    writes.mockRestore();
    const shown = () => JSON.parse(JSON.stringify(realm.objects("T").sorted("id").map((object) => ({ ...object.toJSON(), link: object["link"]?.id ?? null }))));
    const added = { n: 7, o: null, b: null, d: 1.5, l: [], k: {}, link: null, m: null, u: "00000000-0000-0000-0000-000000000000", z: true };
    expect(shown()).toEqual([{ id: 1, a: "x", f: 0.5, ...added }, { id: 2, a: "y", f: 1.5, ...added }]);
    expect([realm.objects("T").filtered("n == 7").length, realm.objects("T").filtered("z == true AND d > 1").length, realm.objects("T").filtered("o == null").length]).toEqual([2, 2, 2]);
    realm.write(() => {
      const [first] = realm.objects("T");
      first!["n"] = 8;
      first!["l"].push(1);
      first!["a"] = null;
      realm.create("T", { id: 3, f: 2, n: 9, link: first, b: true, u: new Realm.BSON.UUID("11111111-1111-4111-8111-111111111111"), k: { a: "b" } });
    });
    realm.close();
    realm = open([T({ ...more, late: { type: "string", default: "late" } }, { primaryKey: "id" })], 2);
    expect(shown()).toMatchObject([{ id: 1, a: null, n: 8, l: [1], late: "late" }, { id: 2, a: "y", n: 7, late: "late" }, { id: 3, n: 9, link: 1, b: true, k: { a: "b" }, late: "late" }]);
    expect(realm.objects("T").filtered("late == 'late'").length).toBe(3);
    realm.write(() => realm.delete(realm.objectForPrimaryKey("T", 1)));
    realm.close();
    realm = open([T({ id: "int", late: "string", b: "bool?", link: "T?" }, { primaryKey: "id" })], 3);
    expect(shown()).toEqual([{ id: 2, late: "late", b: null, link: null }, { id: 3, late: "late", b: true, link: null }]);
  });

  it("[R-8.3] [R-8.4] the callback reads the old realm and writes the new one, keys included", () => {
    fill([T({ id: "string", first: "string", last: "string", best: "T?" }, { primaryKey: "id" })], ["T", { id: "1", first: "Ann", last: "Lee" }], ["T", { id: "2", first: "Bob", last: "Ray", best: { id: "3", first: "Cid", last: "Mo" } }]);
    const realm = open([T({ id: "int", name: "string", best: "T?" }, { primaryKey: "id" })], 4, {
      onMigration: (before, after) => {
        expect([before.schemaVersion, after.schemaVersion, before.isInMigration, after.isInMigration, before.isReadOnly]).toEqual([0, 4, false, true, true]);
        expect(() => before.write(() => undefined)).toThrow("Can't perform transactions on read-only Realms.");
        const [olds, news] = [before.objects("T"), after.objects("T")];
        expect([olds.length, news.length]).toEqual([3, 3]);
        // In the order of the old keys, which the new placeholders have too.
        const all = [...news];
        [...olds].forEach((old, index) => {
          all[index]!["id"] = Number(old["id"]) * 10;
          all[index]!["name"] = `${old["first"]} ${old["last"]}`;
          expect(all[index]!["id"]).toBe(Number(old["id"]) * 10);
        });
      },
    });
    expect(realm.objects("T").map((object) => [object["id"], object["name"], object["best"]?.id ?? null])).toEqual([[10, "Ann Lee", null], [20, "Bob Ray", 30], [30, "Cid Mo", null]]);
    expect([realm.objectForPrimaryKey("T", 20)!["best"].name, realm.objectForPrimaryKey("T", 30)!.linkingObjectsCount()]).toEqual(["Cid Mo", 1]);
    expect(() => realm.write(() => { realm.objectForPrimaryKey("T", 10)!["id"] = 11; })).toThrow("Cannot change value of primary key outside migration function");
  });

  it("[R-8.4] keys that are equal after a migration are refused, and so are those that it forgot", () => {
    fill([T({ id: "string", n: "int" }, { primaryKey: "id" })], ["T", { id: "a", n: 1 }], ["T", { id: "b", n: 1 }]);
    const duplicate = () => open([T({ n: "int" }, { primaryKey: "n" })], 1);
    expect(duplicate).toThrow("Primary key property 'T.n' has duplicate values after migration.");
    expect(() => open([T({ id: "int", n: "int" }, { primaryKey: "id" })], 1)).toThrow("Primary key property 'T.id' has duplicate values after migration.");
    expect(open([T({ id: "string", n: "int" }, { primaryKey: "id" })]).objects("T").length).toBe(2);
  });

  it("[R-8.5] optional and required: values stay, null becomes the zero of the type", () => {
    const all = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid"];
    const values = { bool: true, int: 5, float: 1.5, double: 2.5, string: "x", data: new ArrayBuffer(1), date: new Date(9), decimal128: Realm.BSON.Decimal128.fromString("3"), objectId: new Realm.BSON.ObjectId(), uuid: new Realm.BSON.UUID() };
    const shape = (suffix: string) => [T({ ...Object.fromEntries(all.map((type) => [type, type + suffix])), l: `int${suffix}[]`, u: `uuid${suffix}[]` })];
    fill(shape("?"), ["T", { ...values, l: [1, null], u: [values.uuid, null] }], ["T", { l: [], u: [] }]);
    const required = open(shape(""), 1);
    const [first, second] = required.objects("T");
    expect(all.map((type) => String(first![type]))).toEqual(all.map((type) => String((values as Record<string, unknown>)[type])));
    expect([second!["bool"], second!["int"], second!["double"], second!["string"], second!["date"].getTime(), String(second!["decimal128"]), [...first!["l"]], first!["u"].length]).toEqual([false, 0, 0, "", 0, "0", [1, 0], 2]);
    required.close();
    const optional = open(shape("?"), 2).objects("T")[0]!;
    expect([String(optional["uuid"]), optional["int"], [...optional["l"]]]).toEqual([String(values.uuid), 5, [1, 0]]);
  });

  it("[R-2.7] [R-8.6] deleteModel removes a class in a migration, unless others link to it", () => {
    fill([T({ x: "int" }), { name: "Old", properties: { t: "T?" } }, { name: "Held", properties: {} }, { name: "Holder", properties: { h: "Held?" } }], ["Old", { t: { x: 1 } }]);
    const outside = open([T({ x: "int" })]);
    expect(() => outside.write(() => outside.deleteModel("Old"))).toThrow("Can only delete a model within a migration.");
    outside.close();
    const realm = open([T({ x: "int" }), { name: "Holder", properties: { h: "Held?" } }, { name: "Held", properties: {} }], 1, {
      onMigration: (_before, after) => {
        after.deleteModel("Old");
        expect(() => after.deleteModel("Held")).toThrow("Cannot remove class_Held that is target of outside links");
        after.deleteModel("Never");
      },
    });
    expect(() => realm.objects("Old")).toThrow("Object type 'Old' not found in schema.");
    expect(realm.objects("T")[0]!.linkingObjectsCount()).toBe(0);
    realm.close();
    expect(new Realm(mode.config({})).schema.map((entry) => entry.name)).toEqual(["Held", "Holder", "T"]);
  });

  it("[R-1.11] [R-8.7] a class becomes embedded if each object has one parent, or is told to make it so", () => {
    const Parent: Realm.ObjectSchema = { name: "Parent", properties: { one: "Child?", many: "Child[]" } };
    const Child = (embedded: boolean): Realm.ObjectSchema => ({ name: "Child", embedded, properties: { x: "int", next: "Child?" } });
    const convert = (resolve: boolean, onMigration?: (old: Realm, now: Realm) => void) => open([Parent, Child(true)], 1, { ...(resolve ? { migrationOptions: { resolveEmbeddedConstraints: true } } : {}), ...(onMigration === undefined ? {} : { onMigration }) });
    fill([Parent, Child(false)], ["Child", { x: 1 }], ["Parent", { one: { x: 2, next: { x: 3 } } }]);
    expect(() => convert(false)).toThrow("Cannot convert 'Child' to embedded: at least one object has no incoming links and would be deleted.");
    let realm = open([Parent, Child(false)]);
    realm.write(() => {
      realm.delete(realm.objects("Child").filtered("x == 1"));
      realm.create("Parent", { many: [realm.objects("Parent")[0]!["one"]] });
    });
    realm.close();
    expect(() => convert(false)).toThrow("Cannot convert 'Child' to embedded: at least one object has more than one incoming link.");
    realm = convert(true);
    const [first, second] = realm.objects("Parent");
    expect([first!["one"].x, first!["one"].next.x, second!["many"][0].x, second!["many"][0].next.x, first!["one"].isSameObject(second!["many"][0])]).toEqual([2, 3, 2, 3, false]);
    realm.write(() => realm.delete(first));
    expect(second!["many"][0].next.x).toBe(3);
    expect(() => realm.objects("Child")).toThrow("You cannot query an embedded object.");
    realm.close();
    expect(open([Parent, Child(false)], 2).objects("Child").length).toBe(2);
  });

  it("[R-1.10] [R-8.8] a callback that throws rolls everything back, and the constructor throws it on", () => {
    fill([T({ a: "int" })], ["T", { a: 1 }]);
    let calls = 0;
    expect(() => open([T({ b: "string" })], 3, { onMigration: (_old, now) => { calls++; now.create("T", { b: "x" }); throw new Error("stop"); } })).toThrow("stop");
    const realm = open([T({ a: "int" })]);
    expect([calls, realm.schemaVersion, realm.objects("T").map((object) => object["a"])]).toEqual([1, 0, [1]]);
    realm.close();
    open([T({ a: "int" })], 4, { onMigration: () => { calls++; } }).close();
    open([T({ a: "int" })], 4, { onMigration: () => { calls++; } }).close();
    expect(calls).toBe(2);
  });

  it("links in every container, and in mixed, follow objects to their new keys", () => {
    const Other: Realm.ObjectSchema = { name: "Other", properties: { one: "T?", list: "T[]", set: "T<>", dict: "T{}", any: "mixed", anys: "mixed[]" } };
    let realm = open([T({ id: "int", key: "string" }, { primaryKey: "id" }), Other]);
    realm.write(() => {
      const t = realm.create("T", { id: 1, key: "k" });
      realm.create("Other", { one: t, list: [t, t], set: [t], dict: { a: t }, any: { deep: [t] }, anys: [t, 5] });
    });
    realm.close();
    realm = open([T({ id: "int", key: "string" }, { primaryKey: "key" }), Other], 1);
    const other = realm.objects("Other")[0]!;
    expect([other["one"].id, other["list"].length, other["list"][1].id, other["set"][0].id, other["dict"].a.id, other["any"].deep[0].id, other["anys"][0].id, other["anys"][1]]).toEqual([1, 2, 1, 1, 1, 1, 1, 5]);
    expect(realm.objectForPrimaryKey("T", "k")!.linkingObjectsCount()).toBe(6);
    realm.write(() => realm.delete(realm.objects("T")));
    expect([other["one"], other["list"].length, other["set"].length, other["dict"].a, other["any"].deep[0], other["anys"][0]]).toEqual([null, 0, 0, null, null, null]);
  });
});
