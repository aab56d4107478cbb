import { inspect } from "node:util";
import { expect, it } from "vitest";
import Realm, { BSON } from "../src/index.ts";
import { forEachMode } from "./support/modes.ts";

const Car: Realm.ObjectSchema = { name: "Car", primaryKey: "id", properties: { id: "int", make: "string?" } };
const Part: Realm.ObjectSchema = { name: "Part", embedded: true, properties: { code: "string" } };
const Garage: Realm.ObjectSchema = {
  name: "Garage",
  properties: {
    numbers: "int<>", names: "string?<>", ids: "uuid<>", cars: "Car<>", any: "mixed<>",
    prices: "double{}", labels: "string?{}", byName: "Car{}", parts: "Part{}", anything: "mixed{}", list: "Part[]",
    value: "mixed", values: "mixed[]", visits: "counter", maybe: "counter?",
  },
};
/** Whatever a mixed value may be: the tests look into it freely. */
type Nested = Realm.List<Nested> & Realm.Dictionary<Nested> & Record<string, never>;
interface GarageRow {
  numbers: Realm.Set<number>; names: Realm.Set<string | null>; ids: Realm.Set<BSON.UUID>; cars: Realm.Set<Realm.Object & { make: string }>; any: Realm.Set<unknown>;
  prices: Realm.Dictionary<number>; labels: Realm.Dictionary<string | null>; byName: Realm.Dictionary<{ make: string } | null>; parts: Realm.Dictionary<{ code: string } & Realm.Object>; anything: Realm.Dictionary<unknown>; list: Realm.List<{ code: string }>;
  value: Nested; values: Realm.List<unknown>; visits: Realm.Counter; maybe: Realm.Counter | null;
}

forEachMode((mode) => {
  const open = () => new Realm(mode.config({ schema: [Car, Part, Garage] }));
  const make = (realm: Realm, values: object = {}) => realm.write(() => realm.create<GarageRow>("Garage", { visits: 0, ...values } as never));

  it("[R-6.10] a set holds each value once and behaves like a set", () => {
    const realm = open();
    const { numbers, names, ids } = make(realm, { numbers: [3, 1, 3], names: new Set(["b", null, "b"]) });
    expect([[...numbers], numbers.size, numbers.length, numbers.type, numbers.optional]).toEqual([[1, 3], 2, 2, "int", false]);
    expect([...names]).toEqual([null, "b"]);
    expect(() => numbers.add(9)).toThrow("Cannot modify managed objects outside of a write transaction.");
    const id = new BSON.UUID();
    realm.write(() => {
      expect(numbers.add(2)).toBe(numbers);
      numbers.add(2);
      expect([numbers.delete(3), numbers.delete(77), numbers.has(1), numbers.has(3)]).toEqual([true, false, true, false]);
      expect(() => numbers.add("x" as never)).toThrow("Expected 'numbers[2]' to be a number or bigint, got a string");
      expect(() => { (numbers as unknown as number[])[0] = 5; }).toThrow("Assigning into a Set by index is not supported.");
      ids.add(id).add(new BSON.UUID(id.toString()));
      names.clear();
    });
    expect([[...numbers], numbers[0], ids.length, ids.has(id), names.isEmpty()]).toEqual([[1, 2], 1, 1, true, true]);
    expect([numbers.min(), numbers.max(), numbers.sum(), numbers.avg()]).toEqual([1, 2, 3, 1.5]);
    expect(numbers).toBeInstanceOf(Realm.Set);
    expect(() => new (Realm.Set as unknown as new () => unknown)()).toThrow("Illegal constructor");
  });

  it("a set of objects compares them by identity, and loses those that are deleted", () => {
    const realm = open();
    const garage = make(realm, { cars: [{ id: 1, make: "a" }, { id: 2, make: "b" }] });
    const first = realm.objectForPrimaryKey("Car", 1)!;
    expect(garage.cars.has(first as never)).toBe(true);
    realm.write(() => garage.cars.add(first as never));
    expect(garage.cars.size).toBe(2);
    expect(first.linkingObjectsCount()).toBe(1);
    expect(first.linkingObjects("Garage", "cars").length).toBe(1);
    realm.write(() => realm.delete(first));
    expect(garage.cars.map((car) => car.make)).toEqual(["b"]);
    expect(garage.cars.filtered("make == 'b'").length).toBe(1);
  });

  it("[R-6.11] a dictionary reads and writes like an object", () => {
    const realm = open();
    const garage = make(realm, { prices: { a: 1.5, b: 2 }, labels: { x: null } });
    const { prices, labels } = garage;
    expect([prices["a"], prices["none"], "a" in prices, "none" in prices, Object.keys(prices), { ...prices }, labels["x"]]).toEqual([1.5, undefined, true, false, ["a", "b"], { a: 1.5, b: 2 }, null]);
    expect([[...prices.keys()], [...prices.values()], [...prices.entries()], [...prices]]).toEqual([["a", "b"], [1.5, 2], [["a", 1.5], ["b", 2]], [["a", 1.5], ["b", 2]]]);
    expect(() => { prices["a"] = 3; }).toThrow("Cannot modify managed objects outside of a write transaction.");
    realm.write(() => {
      prices["c"] = 3;
      prices.set("d", 4);
      prices.set({ e: 5, f: 6 });
      delete prices["a"];
      prices.remove("b").remove(["e", "none"]);
      expect(() => prices.set("g", "x" as never)).toThrow("Expected 'prices[\"g\"]' to be a number, got a string");
      expect(() => { (prices as unknown as Record<symbol, number>)[Symbol("s")] = 1; }).toThrow("Symbols cannot be used as keys of a dictionary");
      expect(() => { (garage as unknown as Record<string, unknown>)["prices"] = [1]; }).toThrow("Expected 'prices' to be an object, got an array");
    });
    expect(prices.toJSON()).toEqual({ c: 3, d: 4, f: 6 });
    expect(prices).toBeInstanceOf(Realm.Dictionary);
    expect(() => new (Realm.Dictionary as unknown as new () => unknown)()).toThrow("Illegal constructor");
    realm.write(() => { (garage as unknown as Record<string, unknown>)["prices"] = { z: 9 }; });
    expect({ ...prices }).toEqual({ z: 9 });
    realm.write(() => realm.delete(garage as never));
    expect(() => prices["z"]).toThrow("Dictionary is no longer valid");
    expect(prices.isValid()).toBe(false);
  });

  it("a dictionary of objects reads null where the target was deleted, and ends its embedded objects", () => {
    const realm = open();
    const garage = make(realm, { byName: { x: { id: 1, make: "a" }, n: null }, parts: { p: { code: "one" }, q: { code: "two" } }, list: [{ code: "three" }] });
    expect(garage.byName["x"]!.make).toBe("a");
    const [part, other] = [garage.parts["p"]!, garage.parts["q"]!];
    realm.write(() => {
      realm.delete(realm.objectForPrimaryKey("Car", 1));
      garage.parts["p"] = { code: "new" };
      garage.parts.remove("q");
    });
    expect([garage.byName["x"], "x" in garage.byName, part.isValid(), other.isValid(), garage.parts["p"]!.code]).toEqual([null, true, false, false, "new"]);
    realm.write(() => { (garage as unknown as Record<string, unknown>)["parts"] = { a: garage.list[0] }; });
    expect([garage.parts["a"]!.code, garage.list[0]!.code]).toEqual(["three", "three"]);
  });

  it("[R-4.8] mixed holds every type, objects, and lists and dictionaries at any depth", () => {
    const realm = open();
    const car = realm.write(() => realm.create("Car", { id: 7, make: "x" }));
    const values: unknown[] = [true, 5, -3000, 2 ** 40, 1.25, "text", null, new Date(-1), new BSON.ObjectId(), new BSON.UUID(), BSON.Decimal128.fromString("1.5"), -0];
    const garage = make(realm, { values });
    expect([...garage.values].map((value) => (Object.is(value, -0) ? "-0" : String(value)))).toEqual(values.map((value) => (Object.is(value, -0) ? "-0" : String(value))));
    realm.write(() => { garage.value = { a: [1, { deep: "yes", car }], b: { c: null }, data: new Uint8Array([1, 2]) }; });
    const value = garage.value;
    expect(value).toBeInstanceOf(Realm.Dictionary);
    expect([value.a[0], value.a[1].deep, value.a[1].car.make, value.b.c, new Uint8Array(value.data)]).toEqual([1, "yes", "x", null, new Uint8Array([1, 2])]);
    expect(car.linkingObjectsCount()).toBe(1);
    realm.write(() => realm.delete(car));
    expect(value.a[1].car).toBe(null);
    expect(JSON.parse(JSON.stringify(value.a))).toEqual([1, { deep: "yes", car: null }]);
  });

  it("a collection in a mixed value is live, changes in place and stays itself when its neighbours move", () => {
    const realm = open();
    const garage = make(realm, { value: [[1], { k: [2] }], anything: { l: [1] } });
    const [first, second] = garage.value as [Realm.List<unknown>, Realm.Dictionary<Realm.List<unknown>>];
    realm.write(() => {
      first.push(10, [11]);
      garage.value.unshift("front");
      second["k"]!.push(3);
      second["new"] = { x: 1 } as never;
      (garage.anything["l"] as Realm.List).push("two");
    });
    expect(JSON.parse(JSON.stringify(garage.value))).toEqual(["front", [1, 10, [11]], { k: [2, 3], new: { x: 1 } }]);
    expect([...first].length).toBe(3);
    expect([...(garage.anything["l"] as Realm.List)]).toEqual([1, "two"]);
    realm.write(() => { garage.value[1] = [1, 10]; });
    expect(first.isValid()).toBe(false);
    expect(() => first.length).toThrow("List is no longer valid");
    expect(() => realm.write(() => first.push(1))).toThrow("List is no longer valid");
    realm.write(() => { garage.value = 5; });
    expect(second.isValid()).toBe(false);
  });

  it("what mixed cannot hold is refused by name", () => {
    const realm = open();
    const garage = make(realm, { numbers: [1], list: [{ code: "x" }] });
    const assign = (value: unknown) => () => realm.write(() => { garage.value = value; });
    expect(assign(new Set([1]))).toThrow("Using a Set as a Mixed value is not supported.");
    expect(assign(garage.numbers)).toThrow("Using a Set as a Mixed value is not supported.");
    expect(assign(garage.visits)).toThrow("Using a Counter as a Mixed value is not supported.");
    expect(assign(garage.list[0])).toThrow("Using an embedded object (Part) as a Mixed value is not supported.");
    expect(assign(() => 1)).toThrow("Expected 'value' to be a mixed value, got a function");
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(assign(cycle)).toThrow("nested more than 100 levels deep");
    expect(garage.value).toBe(null);
  });

  it("[R-4.12] a counter steps, is set, and refuses assignment", () => {
    const realm = open();
    const garage = make(realm);
    const { visits } = garage;
    expect(visits).toBeInstanceOf(Realm.Counter);
    realm.write(() => { visits.increment(); visits.increment(5); visits.decrement(2); });
    expect([visits.value, garage.maybe]).toEqual([4, null]);
    expect(() => visits.increment()).toThrow("Cannot modify managed objects outside of a write transaction.");
    realm.write(() => {
      visits.set(-7);
      expect(() => visits.increment(1.5)).toThrow("Expected 'by' to be an integer, got a decimal number");
      expect(() => visits.set("1" as never)).toThrow("Expected 'value' to be an integer, got a string");
      expect(() => { (garage as unknown as Record<string, unknown>)["visits"] = 3; }).toThrow("To update the value, use the methods on the Counter");
      (garage as unknown as Record<string, unknown>)["maybe"] = 1;
      garage.maybe!.increment();
    });
    expect([visits.value, garage.maybe!.value]).toEqual([-7, 2]);
    realm.write(() => { (garage as unknown as Record<string, unknown>)["maybe"] = null; });
    expect(garage.maybe).toBe(null);
    expect(inspect(garage)).toContain("visits: -7");
    realm.close();
    expect(open().objects<GarageRow>("Garage")[0]!.visits.value).toBe(-7);
  });

  it("collections come back from the file as they went in", () => {
    const realm = open();
    make(realm, { numbers: [1, 2], names: [null, "ä"], prices: { "ключ": 1 }, labels: { a: null, b: "x" }, any: [1, "1", null], value: { list: [1, [2]] }, anything: { n: null, d: { e: [] } }, byName: { c: { id: 1 } } });
    const before = JSON.stringify(realm.objects("Garage"));
    realm.close();
    const again = open();
    expect(JSON.stringify(again.objects("Garage"))).toBe(before);
    expect(JSON.parse(before)).toMatchObject([{ numbers: [1, 2], names: [null, "ä"], prices: { "ключ": 1 }, labels: { a: null, b: "x" }, value: { list: [1, [2]] }, anything: { n: null, d: { e: [] } }, byName: { c: { id: 1, make: null } } }]);
  });

  it("mode modified leaves collections alone that are the same", async () => {
    const realm = new Realm(mode.config({ schema: [{ name: "T", primaryKey: "id", properties: { id: "int", value: "mixed", tags: "string<>" } }] }));
    const values = { id: 1, value: [1, { a: [2] }], tags: ["a", "b"] };
    const object = realm.write(() => realm.create<{ value: Realm.List }>("T", values));
    const list = object.value;
    realm.write(() => realm.create("T", values, "modified"));
    expect(list.isValid()).toBe(true);
    realm.write(() => realm.create("T", values, "all"));
    expect(list.isValid()).toBe(false);
  });

  it("an object whose key is created again stays invalid in the hands of whoever held the old one", () => {
    const realm = open();
    const car = realm.write(() => realm.create("Car", { id: 1, make: "old" }));
    realm.write(() => {
      realm.delete(car);
      realm.create("Car", { id: 1, make: "new" });
    });
    expect(car.isValid()).toBe(false);
    expect(() => car.make).toThrow("Accessing object which has been invalidated or deleted");
    const now = realm.objectForPrimaryKey<{ make: string }>("Car", 1)!;
    expect(now.make).toBe("new");
    realm.beginTransaction();
    realm.deleteAll();
    realm.create("Car", { id: 1, make: "third" });
    expect(now.isValid()).toBe(false);
    realm.cancelTransaction();
    expect(now.make).toBe("new");
  });
});
