import { expect, it } from "vitest";
import Realm, { index, mapTo, PropertySchemaParseError } from "../../src/index.ts";
import { parseSchema } from "../../src/schema/parse-schema.ts";
import { forEachMode } from "../support/modes.ts";

const canonical = (declaration: unknown, more: Realm.ObjectSchema[] = []) => parseSchema([{ name: "X", properties: { p: declaration } }, ...more, { name: "Car", properties: { x: "X?" } }], () => false)[0]!.properties["p"]!;
const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message.replace("Invalid type declaration for property 'p' on 'X': ", "");
  }
  throw new Error("expected an error");
};
const refused = (declaration: unknown): string => message(() => canonical(declaration));
const short = (declaration: unknown): unknown[] => {
  const { type, objectType, optional, presentation } = canonical(declaration);
  return [type, objectType, optional, ...(presentation === undefined ? [] : [presentation])];
};

it("[R-3.1] unknown fields of an object schema are refused", () => {
  expect(message(() => parseSchema([{ name: "X", properties: {}, color: "red", size: 1 }], () => false))).toContain("Unexpected field(s) found on the schema for object 'X': 'color', 'size'");
  expect(message(() => parseSchema([{ properties: {} }], () => false))).toContain("name");
  expect(message(() => parseSchema([{ name: "X", properties: [] }], () => false))).toContain("Expected 'properties' on 'X' to be an object, got an array");
  expect(message(() => parseSchema([5], () => false))).toContain("Expected 'object schema' to be an object, got a number");
});

it("[R-3.2] a class that is no model is refused", () => {
  class Foo { readonly x = 1; }
  class NoSchema extends Realm.Object<NoSchema> {}
  expect(() => new Realm({ inMemory: true, path: "x", schema: [Foo as never] })).toThrow("Class 'Foo' must extend Realm.Object");
  expect(() => new Realm({ inMemory: true, path: "x", schema: [NoSchema] })).toThrow("Expected 'schema static' to be an object, got undefined");
});

it("[R-3.3] decorators that were not compiled away say so", () => {
  expect(() => index()).toThrow(expect.objectContaining({ code: "DECORATOR_UNCOMPILED" }));
  expect(() => mapTo("x")).toThrow("@realm/babel-plugin");
});

it("[R-3.4] [R-3.5] [R-3.6] [R-3.7] the short forms of types", () => {
  const forms: Record<string, unknown[]> = {
    int: ["int", undefined, false], "int?": ["int", undefined, true], "int[]": ["list", "int", false], "int?[]": ["list", "int", true], "int<>": ["set", "int", false], "int?<>": ["set", "int", true],
    "int{}": ["dictionary", "int", false], "int?{}": ["dictionary", "int", true], Car: ["object", "Car", true], "Car?": ["object", "Car", true], "Car[]": ["list", "Car", false], "Car<>": ["set", "Car", false],
    "Car{}": ["dictionary", "Car", true], "Car?{}": ["dictionary", "Car", true], mixed: ["mixed", undefined, true], "mixed[]": ["list", "mixed", true], "mixed{}": ["dictionary", "mixed", true], "mixed<>": ["set", "mixed", true],
  };
  for (const [form, expected] of Object.entries(forms)) expect([form, short(form)]).toEqual([form, expected]);
  expect(refused("int[]?")).toContain("Collections cannot be optional.");
  expect(refused("int[][]")).toBe("Nested collections are not supported.");
  for (const suffix of ["[]", "{}", "<>"]) expect(refused(suffix)).toBe(`The element type must be specified (Example: 'int${suffix}')`);
  for (const suffix of ["[]", "<>"]) expect(refused(`Car?${suffix}`)).toContain("User-defined types in lists and sets are always non-optional and cannot be made optional.");
  expect(refused("")).toContain("The type must be specified");
  expect(refused("?")).toContain("The type must be specified");
});

it("[R-3.8] counters are ints with a presentation, never in collections and never keys", () => {
  expect([short("counter"), short("counter?"), short({ type: "int", presentation: "counter" }), short({ type: "int", presentation: "counter", optional: true })]).toEqual([
    ["int", undefined, false, "counter"], ["int", undefined, true, "counter"], ["int", undefined, false, "counter"], ["int", undefined, true, "counter"],
  ]);
  for (const form of ["counter[]", "counter{}", "counter<>", { type: "list", objectType: "int", presentation: "counter" }, { type: "list", objectType: "counter" }]) expect(refused(form)).toContain("Counters cannot be used in collections.");
  expect(refused({ type: "string", presentation: "counter" })).toContain("can only be used with type 'int'");
  expect(message(() => parseSchema([{ name: "X", primaryKey: "p", properties: { p: "counter" } }], () => false))).toContain("Counters cannot be primary keys.");
});

it("[R-3.9] the object form, and what is wrong with one", () => {
  expect(canonical({ type: "list", objectType: "string", optional: true, mapTo: "q" })).toEqual({ name: "p", type: "list", objectType: "string", optional: true, indexed: false, mapTo: "q" });
  expect([short({ type: "set", objectType: "Car" }), short({ type: "dictionary", objectType: "Car" }), short({ type: "object", objectType: "Car" }), short({ type: "string", optional: true }), short({ type: "int[]" })]).toEqual([
    ["set", "Car", false], ["dictionary", "Car", true], ["object", "Car", true], ["string", undefined, true], ["list", "int", false],
  ]);
  expect(refused({ type: "list" })).toContain("A 'list' must contain only one type of value, please specify its 'objectType'.");
  expect(refused({ type: "object" })).toContain("A relationship must specify its 'objectType'.");
  expect(refused({ type: "object", objectType: "Car", optional: false })).toContain("always optional and cannot be made non-optional");
  expect(refused({ type: "dictionary", objectType: "Car", optional: false })).toContain("always optional and cannot be made non-optional");
  expect(refused({ type: "set", objectType: "Car", optional: true })).toContain("always non-optional and cannot be made optional");
  expect(refused({ type: "mixed", optional: false })).toContain("'mixed' types are always optional");
  expect(refused({ type: "int", objectType: "Car" })).toBe("'objectType' cannot be defined when 'type' is 'int'.");
  expect(refused({ type: "int", colour: 1 })).toContain("Unexpected field(s) found: 'colour'.");
  expect(refused({ type: "int", property: "x" })).toContain("'property' can only be specified if 'type' is 'linkingObjects'.");
  expect(refused(5)).toContain("to be a string or an object, got a number");
  expect(() => canonical("int[]?")).toThrow(PropertySchemaParseError);
  expect(() => canonical("int[]?")).toThrow(expect.objectContaining({ objectName: "X", propertyName: "p", code: "SCHEMA_INVALID" }));
});

it("[R-3.10] inverse relationships need an origin that links here", () => {
  const linking = (property: string, objectType = "Car") => refused({ type: "linkingObjects", objectType, property });
  expect(refused({ type: "linkingObjects", objectType: "Car" })).toBe("The linking object's property name must be specified.");
  expect(refused({ type: "linkingObjects", property: "x" })).toBe("'linkingObjects' must specify its 'objectType'.");
  expect(linking("x", "Nowhere")).toContain("Property 'X.p' of type 'linking objects' has unknown object type 'Nowhere'");
  expect(linking("nope")).toContain("Property 'Car.nope' declared as origin of linking objects property 'X.p' does not exist");
  const other = (type: string) => message(() => parseSchema([{ name: "X", properties: { p: { type: "linkingObjects", objectType: "Car", property: "x" } } }, { name: "Car", properties: { x: type } }], () => false));
  expect(other("int")).toContain("declared as origin of linking objects property 'X.p' is not a link");
  expect(other("Car")).toContain("declared as origin of linking objects property 'X.p' links to type 'Car'");
});

it("[R-3.11] [R-3.12] [R-3.13] what may be a key, and what may be indexed", () => {
  const key = (type: string) => parseSchema([{ name: "X", primaryKey: "p", properties: { p: type } }], () => false)[0]!.properties["p"];
  for (const type of ["int", "string", "objectId", "uuid"]) expect([key(type)!.indexed, key(`${type}?`)!.optional]).toEqual([true, true]);
  for (const type of ["bool", "double", "date", "mixed"]) expect(message(() => key(type))).toContain(`Property 'X.p' of type '${type}' cannot be made the primary key.`);
  expect(message(() => parseSchema([{ name: "X", primaryKey: "q", properties: { p: "int" } }], () => false))).toContain("Specified primary key 'X.q' does not exist.");
  for (const type of ["bool", "int", "string", "date", "objectId", "uuid", "mixed"]) expect(canonical({ type, indexed: true }).indexed).toBe(true);
  for (const type of ["float", "double", "decimal128", "data"]) expect(refused({ type, indexed: true })).toContain(`Property 'X.p' of type '${type}' cannot be indexed.`);
  expect(refused({ type: "object", objectType: "Car", indexed: true })).toContain("cannot be indexed.");
  expect(canonical({ type: "string", indexed: "full-text" }).indexed).toBe("full-text");
  expect(refused({ type: "int", indexed: "full-text" })).toContain("Index not supported for this property: p");
  expect(message(() => parseSchema([{ name: "X", primaryKey: "p", properties: { p: { type: "string", indexed: "full-text" } } }], () => false))).toContain("Primary keys cannot be full-text indexed.");
});

it("[R-3.16] [R-3.17] embedded and asymmetric classes are held to their rules, all findings in one message", () => {
  const findings = message(() => parseSchema([
    { name: "A", embedded: true, primaryKey: "id", properties: { id: "int" } }, { name: "B", asymmetric: true, properties: { x: "Nowhere", y: "A<>" } }, { name: "B", properties: {} },
  ], () => false));
  expect(findings.startsWith("Schema validation failed due to the following errors:\n- ")).toBe(true);
  for (const part of ["Embedded object type 'A' cannot have a primary key.", "Asymmetric table 'B' not allowed in a local Realm.", "Property 'B.x' of type 'object' has unknown object type 'Nowhere'", "Set property 'B.y' cannot contain embedded object type 'A'", "Type 'B' appears more than once"]) expect(findings).toContain(part);
});

forEachMode((mode) => {
  it("[R-3.14] mapTo is the name in the file, the property's name the one in JavaScript; queries take both", () => {
    const schema = [{ name: "T", primaryKey: "id", properties: { id: { type: "int", mapTo: "_id" }, title: { type: "string", mapTo: "long_title", indexed: true }, tags: { type: "string", mapTo: "t" } } }];
    const realm = new Realm(mode.config({ schema }));
    const object = realm.write(() => realm.create("T", { id: 1, title: "x", tags: "a" }));
    expect([object["title"], Object.keys(object), object["long_title"]]).toEqual(["x", ["id", "title", "tags"], undefined]);
    expect([realm.objects("T").filtered("title == 'x'").length, realm.objects("T").filtered("long_title == 'x'").length, realm.objects("T").sorted("long_title").length]).toEqual([1, 1, 1]);
    realm.close();
    const plain = new Realm(mode.config({}));
    expect([Object.keys(plain.schema[0]!.properties), plain.objectForPrimaryKey("T", 1)!["long_title"]]).toEqual([["_id", "long_title", "t"], "x"]);
  });

  it("[R-3.15] defaults fill absent keys, functions for each object anew, and are copied", () => {
    let count = 0;
    const list = ["a"];
    const realm = new Realm(mode.config({ schema: [{ name: "T", properties: { n: { type: "int", default: () => ++count }, s: { type: "string?", default: "x" }, l: { type: "string[]", default: list }, d: { type: "int{}", default: { k: 1 } }, m: { type: "mixed", default: [1] } } }] }));
    const [first, second, third] = realm.write(() => [realm.create("T", {}), realm.create("T", { s: null, n: undefined }), realm.create("T", { n: 50, l: [] })]);
    realm.write(() => first!["l"].push("b"));
    expect([first!["n"], second!["n"], third!["n"], second!["s"], third!["s"], [...first!["l"]], [...second!["l"]], [...third!["l"]], { ...first!["d"] }, [...first!["m"]], list]).toEqual([1, 2, 50, null, "x", ["a", "b"], ["a"], [], { k: 1 }, [1], ["a"]]);
  });

  it("[R-3.16] embedded objects live and end with their one parent, in every container", () => {
    const realm = new Realm(mode.config({ schema: [{ name: "P", properties: { one: "E", list: "E[]", dict: "E{}" } }, { name: "E", embedded: true, properties: { x: "int", child: "E" } }] }));
    const parent = realm.write(() => realm.create("P", { one: { x: 1, child: { x: 2 } }, list: [{ x: 3 }], dict: { k: { x: 4 } } }));
    const old = parent["one"];
    const inner = old.child;
    realm.write(() => {
      parent["one"] = { x: 9 };
      parent["list"].push(parent["one"]);
    });
    expect([old.isValid(), inner.isValid(), parent["list"].length, parent["list"][1].x]).toEqual([false, false, 2, 9]);
    realm.write(() => { parent["list"][1].x = 10; });
    expect([parent["one"].x, parent["list"][1].x]).toEqual([9, 10]);
    const all = [parent["one"], ...parent["list"], parent["dict"]["k"]];
    realm.write(() => realm.delete(parent));
    expect(all.map((each) => each.isValid())).toEqual([false, false, false, false]);
    expect(() => realm.objects("E")).toThrow("You cannot query an embedded object.");
    expect(() => realm.write(() => realm.create("E", { x: 1 }))).toThrow("embedded");
  });

  it("[R-3.11] every type of key finds its object, null among them", () => {
    const schema = ["int", "string", "objectId", "uuid"].map((type) => ({ name: `K${type}`, primaryKey: "k", properties: { k: `${type}?` } }));
    const realm = new Realm(mode.config({ schema }));
    const keys: Record<string, unknown> = { int: -5, string: "ключ\0x", objectId: new Realm.BSON.ObjectId(), uuid: new Realm.BSON.UUID() };
    realm.write(() => { for (const [type, key] of Object.entries(keys)) { realm.create(`K${type}`, { k: key }); realm.create(`K${type}`, { k: null }); } });
    for (const [type, key] of Object.entries(keys)) {
      expect([type, String(realm.objectForPrimaryKey(`K${type}`, key)!["k"])]).toEqual([type, String(key)]);
      expect(realm.objectForPrimaryKey(`K${type}`, null)!["k"]).toBe(null);
      expect(() => realm.write(() => { realm.objectForPrimaryKey(`K${type}`, key)!["k"] = null; })).toThrow("Cannot change value of primary key outside migration function");
    }
    expect(() => realm.write(() => realm.create("Kstring", { k: "x".repeat(401) }))).toThrow("A string primary key can have at most 400 bytes of UTF-8, got 401.");
  });
});
