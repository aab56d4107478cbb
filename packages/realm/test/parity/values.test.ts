import { inspect } from "node:util";
import { expect, it } from "vitest";
import Realm, { BSON } from "../../src/index.ts";
import { forEachMode } from "../support/modes.ts";

const types = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid"];
const schema: Realm.ObjectSchema[] = [
  { name: "T", properties: { id: "int?", ...Object.fromEntries(types.flatMap((type) => [[type, `${type}?`], [`${type}List`, `${type}[]`], [`${type}Set`, `${type}<>`], [`${type}Dict`, `${type}{}`]])), link: "T?", back: { type: "linkingObjects", objectType: "T", property: "link" } } },
];

forEachMode((mode) => {
  const open = (more: Realm.Configuration = {}) => new Realm(mode.config({ schema, ...more }));
  const assign = (realm: Realm, property: string, value: unknown) => () => realm.write(() => { realm.objects("T")[0]![property] = value; });
  const withObject = (more: Realm.Configuration = {}) => {
    const realm = open(more);
    return { realm, object: realm.write(() => realm.create("T", {})) };
  };

  it("[R-4.1] [R-4.2] bools are booleans; ints have 64 bits and are read as numbers", () => {
    const { realm, object } = withObject();
    expect(assign(realm, "bool", 1)).toThrow("Expected 'bool' to be a boolean, got a number");
    assign(realm, "bool", false)();
    assign(realm, "int", 7n)();
    expect([object["bool"], object["int"]]).toEqual([false, 7]);
    for (const wrong of [1.5, NaN, Infinity, 2n ** 63n]) expect(assign(realm, "int", wrong)).toThrow(RangeError);
    for (const wrong of ["1", true, {}]) expect(assign(realm, "int", wrong)).toThrow("Expected 'int' to be a number or bigint, got");
    expect(object["int"]).toBe(7);
  });

  it("ints beyond 2^53 are exact as bigint when asked for, in properties, collections, mixed and keys", () => {
    const big = 2n ** 53n + 1n;
    const wide: Realm.ObjectSchema[] = [{ name: "W", primaryKey: "k", properties: { k: "int", l: "int[]", d: "int{}", m: "mixed", n: "counter" } }];
    const make = () => {
      const realm = open({ schema: wide });
      realm.write(() => realm.create("W", { k: -big, l: [big, 1], d: { x: big }, m: [big, 2], n: 5 }));
      const object = realm.objects("W")[0]!;
      expect([object["k"], object["l"][0]]).toEqual([-(2 ** 53), 2 ** 53]);
      realm.close();
    };
    make();
    const exact = open({ schema: wide, integers: "exact" }).objects("W")[0]!;
    expect([exact["k"], [...exact["l"]], exact["d"].x, exact["m"][0], exact["m"][1], exact["n"].value]).toEqual([-big, [big, 1], big, big, 2, 5]);
    Realm.shutdown();
    const all = open({ schema: wide, integers: "bigint" });
    const object = all.objects("W")[0]!;
    expect([object["k"], [...object["l"]], object["m"][1]]).toEqual([-big, [big, 1n], 2n]);
    expect(all.objectForPrimaryKey("W", -big)!.isValid()).toBe(true);
  });

  it("[R-4.3] floats are rounded to 32 bits, doubles are kept with all their special values", () => {
    const { realm, object } = withObject();
    assign(realm, "float", 1.1)();
    expect(object["float"]).toBe(Math.fround(1.1));
    for (const value of [NaN, Infinity, -Infinity, -0, Number.MIN_VALUE, Number.MAX_VALUE]) {
      assign(realm, "double", value)();
      expect(Object.is(object["double"], value)).toBe(true);
    }
    expect(assign(realm, "float", "1")).toThrow("Expected 'float' to be a number, got a string");
  });

  it("[R-4.4] [R-4.5] strings keep every character; data is copied in and out", () => {
    const { realm, object } = withObject();
    for (const text of ["", "\0a\0", "😀👨‍👩‍👧", "e\u0301", "x".repeat(100_000)]) {
      assign(realm, "string", text)();
      expect(object["string"] === text).toBe(true);
    }
    const bytes = Uint8Array.of(1, 2, 3);
    for (const form of [bytes, bytes.buffer, new DataView(bytes.buffer), Buffer.from(bytes)]) {
      assign(realm, "data", form)();
      expect(new Uint8Array(object["data"])).toEqual(Uint8Array.of(1, 2, 3));
    }
    assign(realm, "data", bytes)();
    bytes[0] = 99;
    const read = object["data"];
    new Uint8Array(read)[1] = 99;
    expect([new Uint8Array(object["data"]), read instanceof ArrayBuffer, read === object["data"]]).toEqual([Uint8Array.of(1, 2, 3), true, false]);
    expect(assign(realm, "data", [1])).toThrow("Expected 'data' to be an instance of ArrayBuffer, got an array");
  });

  it("[R-4.6] dates keep their milliseconds, before 1970 too", () => {
    const { realm, object } = withObject();
    for (const time of [0, -1, -62_135_596_800_001, 8.64e15, -8.64e15, 1_700_000_000_123]) {
      assign(realm, "date", new Date(time))();
      expect(object["date"].getTime()).toBe(time);
    }
    expect(assign(realm, "date", new Date(NaN))).toThrow(RangeError);
    expect(assign(realm, "date", 5)).toThrow("Expected 'date' to be an instance of Date, got a number");
    expect(realm.objects("T").filtered("date < $0", new Date(1_700_000_000_124)).length).toBe(1);
  });

  it("[R-4.7] decimals, object ids and UUIDs are BSON's, equal by value", () => {
    const { realm, object } = withObject();
    const [oid, uuid] = [new BSON.ObjectId(), new BSON.UUID()];
    realm.write(() => Object.assign(object, { decimal128: BSON.Decimal128.fromString("-1.50E+3"), objectId: oid, uuid }));
    expect([String(object["decimal128"]), object["objectId"].equals(oid), object["uuid"].equals(uuid), object["objectId"] instanceof Realm.BSON.ObjectId]).toEqual(["-1.50E+3", true, true, true]);
    expect(realm.objects("T").filtered("objectId == $0 AND uuid == $1", oid, uuid).length).toBe(1);
    for (const type of ["decimal128", "objectId", "uuid"]) expect(assign(realm, type, "x")).toThrow(/Expected '.*' to be an instance of (Decimal128|ObjectId|UUID), got a string/);
  });

  it("[R-4.10] every type stands in lists, sets and dictionaries", () => {
    const values: Record<string, unknown[]> = {
      bool: [true, false], int: [1, -(2 ** 40)], float: [1.5, -2], double: [0.1, 1e300], string: ["a", "ü"], data: [Uint8Array.of(1).buffer, new ArrayBuffer(0)], date: [new Date(-5), new Date(5)],
      decimal128: [BSON.Decimal128.fromString("1"), BSON.Decimal128.fromString("2")], objectId: [new BSON.ObjectId(), new BSON.ObjectId()], uuid: [new BSON.UUID(), new BSON.UUID()],
    };
    const realm = open();
    const text = (value: unknown): string => (value instanceof ArrayBuffer ? new Uint8Array(value).join() : String(value));
    const input = Object.fromEntries(types.flatMap((type) => [[`${type}List`, values[type]], [`${type}Set`, [...values[type]!, values[type]![0]]], [`${type}Dict`, { a: values[type]![0], b: values[type]![1] }]]));
    realm.write(() => realm.create("T", input));
    realm.close();
    const object = open().objects("T")[0]!;
    for (const type of types) {
      const expected = values[type]!.map(text);
      expect([...object[`${type}List`]].map(text)).toEqual(expected);
      expect([...object[`${type}Set`]].map(text).sort()).toEqual([...expected].sort());
      expect([...object[`${type}Dict`].values()].map(text)).toEqual(expected);
      expect(object[`${type}Set`].has(values[type]![1])).toBe(true);
    }
  });

  it("[R-4.9] [R-4.11] a link reads null when its target is deleted, and is found from the other side", () => {
    const realm = open();
    const [first, second] = realm.write(() => { const target = realm.create("T", { id: 1 }); return [target, realm.create("T", { id: 2, link: target })]; });
    expect([second["link"].isSameObject(first), first["back"].length, first["back"][0].id, first.linkingObjects("T", "link").length, first.linkingObjectsCount()]).toEqual([true, 1, 2, 1, 1]);
    expect(assign(realm, "link", 5)).toThrow("Expected 'link' to be an object, got a number");
    expect(assign(realm, "back", [])).toThrow("Cannot assign to read only property 'back'");
    const back = first["back"];
    realm.write(() => { second["link"] = null; });
    expect(back.length).toBe(0);
    realm.write(() => { second["link"] = second; });
    expect([second["back"].length, second["link"]["link"].id]).toEqual([1, 2]);
    realm.write(() => { second["link"] = first; realm.delete(first); });
    expect(second["link"]).toBe(null);
    expect(() => second.linkingObjects("T", "nope")).toThrow("'T' has no property 'nope'");
    expect(() => second.linkingObjects("T", "int")).toThrow("is not a relationship to 'T'");
  });

  it("[R-5.1] [R-5.2] an object lists its properties as its own", () => {
    const { object } = withObject();
    const names = Object.keys(schema[0]!.properties);
    expect([object.keys(), Object.keys(object), object.entries().map(([name]) => name)]).toEqual([names, names, names]);
    expect([{ ...object }["id"], "id" in object, "nope" in object, Object.getOwnPropertyDescriptor(object, "int")!.enumerable]).toEqual([null, true, false, true]);
    expect([object.isValid(), object.objectSchema().name, object.getPropertyType("int"), object.getPropertyType("intList"), object.getPropertyType("intDict"), object.getPropertyType("link"), object.getPropertyType("back")]).toEqual([true, "T", "int", "list<int>", "dictionary<int>", "<T>", "linkingObjects<T>"]);
    expect(() => object.getPropertyType("nope")).toThrow("Property 'nope' does not exist on 'T' objects");
  });

  it("[R-5.3] two accessors of one object are equal by what they stand for, not by identity", () => {
    const { realm, object } = withObject();
    const other = realm.objects("T")[0]!;
    expect([object === other, object.isSameObject(other), realm.objects("T").indexOf(object), realm.objects("T").includes(other), object.isSameObject({})]).toEqual([false, true, 0, true, false]);
    const third = realm.write(() => realm.create("T", {}));
    expect([object.isSameObject(third), realm.objects("T").indexOf(third)]).toEqual([false, 1]);
  });

  it("[R-5.4] objects are instances of their classes and show themselves", () => {
    const { realm, object } = withObject();
    expect([object instanceof Realm.Object, inspect(object).startsWith("T {")]).toEqual([true, true]);
    expect(inspect(realm.objects("T"))).toContain("T {");
    expect([inspect(object["intList"]), inspect(object["intDict"])]).toEqual(["List []", "Dictionary {}"]);
    realm.write(() => realm.delete(object));
    expect(inspect(object)).toBe("T [invalid]");
  });

  it("[R-5.6] names that the schema does not have read as undefined and are ignored", () => {
    const realm = open();
    const object = realm.write(() => realm.create("T", { id: 1, nope: 5 } as never));
    realm.write(() => { object["other"] = 6; delete (object as Record<string, unknown>)["id"]; });
    expect([object["nope"], object["other"], object["id"], "nope" in object]).toEqual([undefined, undefined, 1, false]);
  });

  it("[R-6.14] toJSON keeps cycles by identity, JSON.stringify refuses them as for plain objects", () => {
    const realm = open();
    const oid = new BSON.ObjectId("0123456789abcdef01234567");
    const object = realm.write(() => { const made = realm.create("T", { id: 1, objectId: oid, decimal128: BSON.Decimal128.fromString("1.5"), date: new Date(0), data: new ArrayBuffer(2), intDict: { a: 1 } }); made["link"] = made; return made; });
    const json = object.toJSON();
    expect(json["link"]).toBe(json);
    expect(() => JSON.stringify(object)).toThrow(/circular/i);
    realm.write(() => { object["link"] = null; });
    expect(JSON.parse(JSON.stringify(object))).toMatchObject({ id: 1, objectId: "0123456789abcdef01234567", decimal128: { $numberDecimal: "1.5" }, date: "1970-01-01T00:00:00.000Z", data: {}, intDict: { a: 1 }, intList: [], link: null });
    expect(JSON.parse(JSON.stringify(realm.objects("T")))[0].id).toBe(1);
  });
});
