import { Decimal128, ObjectId, UUID } from "bson";
import { beforeEach, describe, expect, it } from "vitest";
import { readKey } from "../../src/records/keys.ts";
import { encodeMixed } from "../../src/records/mixed.ts";
import type { Row } from "../../src/records/row.ts";
import { ObjectQuery } from "../../src/queries/index.ts";
import type { ObjectKeyReader } from "../../src/queries/index.ts";
import { memorySource } from "./memory-source.ts";
import type { StoredObject } from "./memory-source.ts";
import { dogKey, person, personKey, SCHEMAS } from "./model.ts";

let source: ReturnType<typeof memorySource>;
beforeEach(() => {
  source = memorySource(SCHEMAS);
});

function insert(...people: readonly StoredObject[]): void {
  source.table("Person").insert(people);
}

function insertDogs(...dogs: readonly (readonly [name: string, age: number | null])[]): void {
  source.table("Dog").insert(dogs.map(([name, age]) => ({ name, age, owner: null })));
}

const DOG = { dog: "Rex" };
const objectKeyOf: ObjectKeyReader = (value) => (value === DOG ? { className: "Dog", key: dogKey("Rex") } : undefined);

function query(text: string, ...args: unknown[]): ObjectQuery {
  return ObjectQuery.all("Person").filtered({ schema: SCHEMAS, text, args, objectKeyOf });
}

function idOf(row: Row): number {
  return Number(readKey("int", row.bytes, row.keyStart, row.keyEnd));
}

/** Ids of the people found; the count must agree. */
function find(text: string, ...args: unknown[]): number[] {
  const ids = query(text, ...args).rows(source).map(idOf);
  expect(query(text, ...args).count(source)).toBe(ids.length);
  return ids;
}

describe("null", () => {
  beforeEach(() => {
    insert(person(1, { age: 5, name: "a" }), person(2), person(3, { age: 7, name: "" }));
  });

  it.each([
    ["age == null", [2]],
    ["age != null", [1, 3]],
    ["age != 5", [2, 3]],
    ["NOT age == 5", [2, 3]],
    ["age < 6", [1]],
    ["age >= 6", [3]],
    ["age <= null", [2]],
    ["age >= null", [2]],
    ["age < null", []],
    ["age IN {null, 7}", [2, 3]],
    ["age BETWEEN {5, 6}", [1]],
    ["name == ''", [3]],
    ["name BEGINSWITH ''", [1, 3]],
    ["name CONTAINS ''", [1, 3]],
    ["name LIKE '*'", [1, 3]],
    ["name BEGINSWITH null", [1, 2, 3]],
    ["name CONTAINS[c] null", [1, 3]],
    ["name LIKE null", [2]],
    ["name ==[c] null", [2]],
    ["name !=[c] 'A'", [2, 3]],
  ])("%s", (text, ids) => {
    expect(find(text)).toEqual(ids);
  });
});

describe("strings", () => {
  beforeEach(() => {
    insert(person(1, { name: "Anna" }), person(2, { name: "ANNA" }), person(3, { name: "Élan" }), person(4, { name: "a😀b" }), person(5, { name: "a*b" }));
  });

  it.each([
    ["name == 'Anna'", [1]],
    ["name ==[c] 'anna'", [1, 2]],
    ["name BEGINSWITH 'An'", [1]],
    ["name BEGINSWITH[c] 'an'", [1, 2]],
    ["name ENDSWITH 'a'", [1]],
    ["name ENDSWITH[c] 'NA'", [1, 2]],
    ["name CONTAINS 'nn'", [1]],
    ["name CONTAINS[c] 'nn'", [1, 2]],
    ["name LIKE 'A*a'", [1]],
    ["name LIKE[c] 'a??a'", [1, 2]],
    ["name LIKE 'a?b'", [4, 5]],
    ["name ==[c] 'élan'", []],
    ["name ==[c] 'ÉLAN'", [3]],
    ["name IN[c] {'anna', 'x'}", [1, 2]],
    ["'Anna Maria' BEGINSWITH name", [1]],
    ["name > 'a'", [3, 4, 5]],
  ])("%s", (text, ids) => {
    expect(find(text)).toEqual(ids);
  });

  it.each([119, 120, 121, 300, 70_000])("strings of %i characters are found, whether ASCII or not", (length) => {
    const ascii = "x".repeat(length);
    const other = "é".repeat(length);
    insert(person(6, { name: ascii }), person(7, { name: other }), person(8, { name: `${ascii}y` }), person(9, { name: null }));
    expect(find("name == $0", ascii)).toEqual([6]);
    expect(find("name == $0", other)).toEqual([7]);
    expect(find("name BEGINSWITH $0", ascii)).toEqual([6, 8]);
    expect(find("name != $0", other)).toEqual([1, 2, 3, 4, 5, 6, 8, 9]);
  });

  it("a lone surrogate is not taken for the replacement character", () => {
    insert(person(6, { name: "\ufffd" }));
    expect(find("name == $0", "\ud800")).toEqual([]);
    expect(find("name BEGINSWITH $0", "\ud800")).toEqual([]);
  });

  it("order is by code point, not by UTF-16 unit", () => {
    insert(person(6, { name: "\uffff" }), person(7, { name: "😀" }));
    expect(find("name > $0", "\uffff")).toEqual([7]);
  });
});

describe("numbers", () => {
  it("integers beyond 2^53 are compared exactly", () => {
    insert(person(1, { age: 9007199254740993n }), person(2, { age: 9007199254740992n }), person(3, { age: 9007199254740991 }));
    expect(find("age == 9007199254740993")).toEqual([1]);
    expect(find("age > 9007199254740992")).toEqual([1]);
    expect(find("age >= $0", 2n ** 53n)).toEqual([1, 2]);
  });

  it("nan is found with == nan and is on no side of any number", () => {
    insert(person(1, { weight: NaN }), person(2, { weight: 1 }), person(3));
    expect(find("weight == nan")).toEqual([1]);
    expect(find("weight != nan")).toEqual([2, 3]);
    expect(find("weight < inf")).toEqual([2]);
    expect(find("weight >= -inf")).toEqual([2]);
  });

  it("a float is compared with the float that a constant is nearest to", () => {
    insert(person(1, { ratio: Math.fround(0.1), weight: 0.1 }));
    expect(find("ratio == 0.1")).toEqual([1]);
    expect(find("ratio == weight")).toEqual([]);
  });

  it("decimals are compared digit by digit with decimals, integers and doubles", () => {
    const decimal = (text: string): Uint8Array => Decimal128.fromString(text).bytes;
    insert(person(1, { price: decimal("0.30") }), person(2, { price: decimal("1E+3"), age: 1000 }), person(3, { price: decimal("NaN") }), person(4, { price: decimal("-12345678901234567890.5") }));
    expect(find("price == 0.3")).toEqual([1]);
    expect(find("price == $0", Decimal128.fromString("0.300"))).toEqual([1]);
    expect(find("price == age")).toEqual([2]);
    expect(find("price < -12345678901234567890.4")).toEqual([4]);
    expect(find("price == nan")).toEqual([3]);
    expect(find("price >= $0", 1000n)).toEqual([2]);
    expect(find("TRUEPREDICATE SORT(price ASC)")).toEqual([3, 4, 1, 2]);
  });
});

describe("other types", () => {
  it("object ids, uuids, dates, booleans and data are found by value", () => {
    const code = new ObjectId();
    const token = new UUID();
    insert(person(1, { code: Uint8Array.from(code.id), token: Uint8Array.from(token.buffer), born: 5, isActive: true, photo: Uint8Array.of(1, 255) }), person(2, { isActive: false }));
    expect(find("code == $0", code)).toEqual([1]);
    expect(find(`code == oid(${code.toHexString()})`)).toEqual([1]);
    expect(find("token == $0", token)).toEqual([1]);
    expect(find(`token == uuid(${token.toHexString()})`)).toEqual([1]);
    expect(find("born == $0", new Date(5))).toEqual([1]);
    expect(find("born < $0", new Date(6))).toEqual([1]);
    expect(find("born == T0:5000000")).toEqual([1]);
    expect(find("born == T0:5000001")).toEqual([]);
    expect(find("isActive == true")).toEqual([1]);
    expect(find("isActive != true")).toEqual([2]);
    expect(find("photo == $0", Uint8Array.of(1, 255))).toEqual([1]);
    expect(find("photo BEGINSWITH $0", Uint8Array.of(1))).toEqual([1]);
    expect(find("photo ENDSWITH $0", Uint8Array.of(255))).toEqual([1]);
  });
});

describe("links", () => {
  beforeEach(() => {
    insertDogs(["Rex", 3], ["Bo", null]);
    insert(person(1, { dog: dogKey("Rex") }), person(2, { dog: dogKey("Bo"), friend: personKey(1) }), person(3, { friend: personKey(2), dogs: [dogKey("Rex"), dogKey("Bo")] }));
  });

  it.each([
    ["dog.name == 'Rex'", [1]],
    ["dog.age == 3", [1]],
    ["dog.age != 1", [1, 2, 3]],
    ["dog.age == null", [2, 3]],
    ["dog.age > 1", [1]],
    ["dog.age < 9", [1]],
    ["friend.dog.name == 'Rex'", [2]],
    ["friend.friend.dog.name BEGINSWITH 'R'", [3]],
    ["dog == null", [3]],
    ["dog != null", [1, 2]],
    ["dog.name IN {'Rex', 'Bo'} SORT(dog.name ASC)", [2, 1]],
    ["dog == friend.dog", []],
    ["dog.name CONTAINS ''", [1, 2]],
  ])("%s", (text, ids) => {
    expect(find(text)).toEqual(ids);
  });

  it("an object among the arguments is found by identity", () => {
    expect(find("dog == $0", DOG)).toEqual([1]);
    expect(find("dog != $0", DOG)).toEqual([2, 3]);
    expect(find("$0 IN dogs", DOG)).toEqual([3]);
    expect(find("friend.dog == $0", DOG)).toEqual([2]);
    expect(find("dog IN $0", [DOG, null])).toEqual([1, 3]);
  });
});

describe("lists", () => {
  it("IN finds an element of a list property", () => {
    insert(person(1, { tags: ["a", "B"], scores: [1, null], name: "B" }), person(2, { tags: [null], friend: personKey(1) }));
    expect(find("'a' IN tags")).toEqual([1]);
    expect(find("'b' IN[c] tags")).toEqual([1]);
    expect(find("null IN tags")).toEqual([2]);
    expect(find("$0 IN scores", 1)).toEqual([1]);
    expect(find("name IN tags")).toEqual([1, 2]);
    expect(find("'a' IN friend.tags")).toEqual([2]);
    expect(find("NOT 'a' IN tags")).toEqual([2]);
  });
});

describe("order", () => {
  beforeEach(() => {
    insert(person(1, { age: 2, nick: "x" }), person(2, { age: 1, nick: "y" }), person(3, { nick: "x" }), person(4, { age: 2, nick: "y" }));
  });

  it.each([
    ["TRUEPREDICATE SORT(age ASC)", [3, 2, 1, 4]],
    ["TRUEPREDICATE SORT(age DESC)", [1, 4, 2, 3]],
    ["TRUEPREDICATE SORT(nick DESC, age ASC)", [2, 4, 3, 1]],
    ["TRUEPREDICATE SORT(age ASC) SORT(nick ASC)", [3, 1, 2, 4]],
    ["TRUEPREDICATE LIMIT(2)", [1, 2]],
    ["TRUEPREDICATE SORT(age ASC) LIMIT(2)", [3, 2]],
    ["TRUEPREDICATE LIMIT(2) SORT(age ASC)", [2, 1]],
    ["TRUEPREDICATE LIMIT(0)", []],
    ["TRUEPREDICATE DISTINCT(nick)", [1, 2]],
    ["TRUEPREDICATE SORT(age ASC) DISTINCT(nick) LIMIT(1)", [3]],
    ["TRUEPREDICATE DISTINCT(nick, age)", [1, 2, 3, 4]],
    ["age > 0 LIMIT(2) LIMIT(1)", [1]],
  ])("%s", (text, ids) => {
    expect(find(text)).toEqual(ids);
  });

  it("a filter behind a LIMIT sees what the LIMIT left", () => {
    const limited = query("TRUEPREDICATE LIMIT(2)").filtered({ schema: SCHEMAS, text: "age == 2" });
    expect(limited.rows(source).map(idOf)).toEqual([1]);
    expect(limited.count(source)).toBe(1);
  });

  it("a filter behind a sort keeps the order", () => {
    expect(query("TRUEPREDICATE SORT(age DESC)").filtered({ schema: SCHEMAS, text: "age != 1" }).rows(source).map(idOf)).toEqual([1, 4, 3]);
  });

  it("sorted orders by several columns and over links", () => {
    const columns = [{ path: "nick", ascending: true }, { path: "age", ascending: false }];
    expect(ObjectQuery.all("Person").sorted(SCHEMAS, columns).rows(source).map(idOf)).toEqual([1, 3, 4, 2]);
  });

  it.each([
    ["dog.nope", "Cannot sort on key path 'dog.nope': property 'Dog.nope' does not exist."],
    ["", "Cannot sort on key path '': missing property name."],
    ["dog..age", "Cannot sort on key path 'dog..age': missing property name."],
    ["age.x", "Cannot sort on key path 'age.x': property 'Person.age' of type 'int' may only be the final property in the key path."],
    ["dog", "Cannot sort on key path 'dog': property 'Person.dog' of type 'object' cannot be the final property in the key path."],
    ["tags", "Cannot sort on key path 'tags': property 'Person.tags' is of unsupported type 'array'."],
  ])("sorted refuses '%s' in Realm's words", (path, message) => {
    expect(() => ObjectQuery.all("Person").sorted(SCHEMAS, [{ path, ascending: true }])).toThrow(message);
  });

  it.each([1, 2, 3, 4, 7])("SORT with LIMIT(%i) is the beginning of the whole order", (limit) => {
    insert(...Array.from({ length: 200 }, (_, id) => person(id + 10, { age: (id * 7) % 5, nick: id % 5 === 0 ? null : `n${String((id * 3) % 4)}`, level: id % 50, born: id - 100, weight: id % 3 === 0 ? null : NaN })));
    for (const order of ["SORT(age DESC)", "SORT(nick ASC)", "SORT(nick DESC)", "SORT(level DESC)", "SORT(born ASC)", "SORT(id ASC)", "SORT(nick ASC, age DESC)", "SORT(weight ASC) SORT(age ASC)", "SORT(id DESC)", "SORT(dog.age ASC)"]) {
      expect(find(`TRUEPREDICATE ${order} LIMIT(${String(limit)})`)).toEqual(find(`TRUEPREDICATE ${order}`).slice(0, limit));
      expect(find(`age > 1 ${order} LIMIT(${String(limit)}) SORT(id ASC)`)).toEqual(find(`age > 1 ${order}`).slice(0, limit).sort((a, b) => a - b));
    }
  });

  it("among given keys the order and the repetitions are theirs", () => {
    const keys = [4, 2, 9, 4].map(personKey);
    expect(query("TRUEPREDICATE").rows(source, keys).map(idOf)).toEqual([4, 2, 4]);
    expect(query("age == 2").count(source, keys)).toBe(2);
    expect(query("TRUEPREDICATE SORT(id ASC)").rows(source, keys).map(idOf)).toEqual([2, 4, 4]);
  });
});

describe("long queries", () => {
  it.each([" || ", " && "])("fifty thousand conditions joined with%sdo not exhaust the stack", (separator) => {
    insert(person(1, { age: 7 }));
    const text = Array.from({ length: 50_000 }, (_, index) => `age ${separator === " || " ? "==" : "<"} ${String(index === 49_999 ? 7 : index + 100)}`).join(separator);
    expect(find(text)).toEqual(separator === " || " ? [1] : []);
  });

  it("a string of four million characters is one constant", () => {
    insert(person(1));
    expect(find(`name == '${"x".repeat(4_000_000)}'`)).toEqual([]);
  });
});

describe("what is kept of a query", () => {
  it("the description puts filters and orders together", () => {
    const described = query("age > 1 SORT(age ASC)").filtered({ schema: SCHEMAS, text: "nick == $0", args: ["x"] });
    expect(described.description).toBe("(age > 1) and (nick == $0) SORT(age ASC)");
  });

  it("the classes of all paths are named", () => {
    expect([...query("dog.age == 1").classNames]).toEqual(["Person", "Dog"]);
  });

  it("a matcher tells for one row", () => {
    insert(person(1, { age: 1 }), person(2));
    const rows = ObjectQuery.all("Person").rows(source);
    expect(rows.map(query("age == 1").matcher(source))).toEqual([true, false]);
  });

  it("a visitor can end the visit", () => {
    insert(person(1), person(2), person(3));
    const seen: number[] = [];
    query("TRUEPREDICATE").forEach(source, (row) => {
      seen.push(idOf(row));
      return seen.length < 2;
    });
    expect(seen).toEqual([1, 2]);
  });
});

describe("plans", () => {
  beforeEach(() => {
    insert(...Array.from({ length: 1000 }, (_, id) => person(id, { level: id % 100, age: id, nick: `n${String(id).padStart(3, "0")}`, born: id, note: `common word${String(id)}`, anything: encodeMixed(id % 2 === 1 && id !== 7 ? "string" : "int", id % 2 === 1 && id !== 7 ? `x${String(id === 9 ? 7 : id)}` : id) })));
    source.table("Person").resetVisited();
  });

  it.each([
    ["id == 5", { rows: 1, gets: 0, indexEntries: 0 }],
    ["id == 5 && age == 5", { rows: 1, gets: 0, indexEntries: 0 }],
    ["id IN {5, 9, 5}", { rows: 2, gets: 0, indexEntries: 0 }],
    ["id > 10 && id <= 13", { rows: 4, gets: 0, indexEntries: 0 }],
    ["id BETWEEN {10, 13}", { rows: 4, gets: 0, indexEntries: 0 }],
    ["id == 1.5", { rows: 0, gets: 0, indexEntries: 0 }],
    ["level == 5", { rows: 0, gets: 10, indexEntries: 10 }],
    ["level IN {5, 6}", { rows: 0, gets: 20, indexEntries: 20 }],
    ["nick BEGINSWITH 'n01'", { rows: 0, gets: 10, indexEntries: 10 }],
    ["nick == 'n500' && level > 3", { rows: 0, gets: 1, indexEntries: 1 }],
    ["born >= T0:995000000", { rows: 0, gets: 5, indexEntries: 5 }],
    ["nick == null", { rows: 0, gets: 0, indexEntries: 0 }],
    ["id > 5 && id < 2", { rows: 0, gets: 0, indexEntries: 0 }],
    ["FALSEPREDICATE && age == 1", { rows: 0, gets: 0, indexEntries: 0 }],
    ["age == 5", { rows: 1000, gets: 0, indexEntries: 0 }],
    ["level == 5 || age == 5", { rows: 1000, gets: 0, indexEntries: 0 }],
    ["level == 5 || nick == 'n007' || id IN {1, 5}", { rows: 2, gets: 12, indexEntries: 11 }],
    ["level == 5 && (born < T0:9000000 || nick BEGINSWITH 'n00')", { rows: 0, gets: 10, indexEntries: 10 }],
    ["anything == 7", { rows: 0, gets: 1, indexEntries: 1 }],
    ["anything == 'x7'", { rows: 0, gets: 1, indexEntries: 1 }],
    ["note TEXT 'word7 common'", { rows: 0, gets: 1, indexEntries: 1001 }],
    ["note TEXT 'word99*'", { rows: 0, gets: 11, indexEntries: 11 }],
    ["note TEXT 'nothing'", { rows: 0, gets: 0, indexEntries: 0 }],
  ])("%s reads only what it has to", (text, visited) => {
    query(text).rows(source);
    expect(source.table("Person").visited).toEqual(visited);
  });

  it("a condition over links begins at the index of what is linked", () => {
    insertDogs(["Rex", 3], ["Bo", null], ["Old", 14]);
    insert(person(2000, { dog: dogKey("Old"), friend: personKey(5) }), person(2001, { dogs: [dogKey("Old"), dogKey("Bo")], friend: personKey(2000) }));
    const found = (text: string): readonly [number[], string] => [find(text), query(text).explain(source)];
    expect(found("dog.age > 10")).toEqual([[2000], "over dog from Dog by index age (1 range) -> 1 keys"]);
    expect(found("friend.dog.name == 'Old'")).toEqual([[2001], "over friend.dog from Dog by key (1 range) -> 1 keys"]);
    expect(found("ANY dogs.age IN {14, 3}")).toEqual([[2001], "over dogs from Dog by index age (2 ranges) -> 1 keys"]);
    expect(found("dog == obj('Dog', 'Old')")).toEqual([[2000], "over dog from Dog by 1 keys -> 1 keys"]);
    expect(found("friend.level == 5 || dogs == obj('Dog', 'Bo')")).toEqual([[2000, 2001], "union of [over friend from Person by index level (1 range), over dogs from Dog by 1 keys] -> 2 keys"]);
    expect(found("friend.@links.Person.friend.id == 2001 && level == null")).toEqual([[2001], "index level (1 range) -> 2 keys"]);
    expect(query("ALL dogs.age == 14").explain(source)).toBe("scan");
    expect(query("dog.age == null").explain(source)).toBe("scan");
    expect(query("dog.age != 3").explain(source)).toBe("scan");
    expect(query("NOT dog.age == 3").explain(source)).toBe("scan");
  });

  it("a plan that yields too much gives way to the next best", () => {
    expect(query("level >= 0 && nick == 'n005'").explain(source)).toBe("index nick (1 range) -> 1 keys");
    expect(query("level >= 0 && age > 3").explain(source)).toBe("scan");
    expect(query("id > 5 && level == 3").explain(source)).toBe("index level (1 range) -> 10 keys");
  });

  it("an index that would yield a large part of the table gives way to a scan", () => {
    expect(query("level >= 0").rows(source)).toHaveLength(1000);
    expect(source.table("Person").visited).toEqual({ rows: 1000, gets: 0, indexEntries: 64 + 126 });
  });

  it.each([
    ["level > 95", 40], ["level >= 95", 50], ["level < 3", 30], ["level <= 3", 40], ["level > 95.5", 40], ["level >= 95.5", 40], ["level < 3.5", 40], ["level <= 3.5", 40], ["level BETWEEN {3, 5}", 30],
    ["level > 3 && level < 4", 0], ["level > 5 && level < 2", 0], ["nick > 'n990'", 9], ["nick >= 'n990'", 10], ["nick < 'n01'", 10], ["nick <= 'n010'", 11], ["born >= T0:990000000 && born < T0:995000000", 5],
    ["level > -1", 1000], ["level == 5", 10], ["level == 5 LIMIT(3)", 3], ["nick == 'n007'", 1], ["level == null", 0], ["level == 5.5", 0], ["born == T0:5000000", 1],
  ])("counting %s reads no row", (text, count) => {
    expect(query(text).count(source)).toBe(count);
    expect(source.table("Person").visited).toMatchObject({ rows: 0, gets: 0 });
  });

  it("counting everything reads nothing", () => {
    expect(ObjectQuery.all("Person").count(source)).toBe(1000);
    expect(source.table("Person").visited).toEqual({ rows: 0, gets: 0, indexEntries: 0 });
  });

  it("a LIMIT ends the scan", () => {
    query("age >= 0 LIMIT(3)").rows(source);
    expect(source.table("Person").visited.rows).toBe(3);
  });

  it.each([
    ["TRUEPREDICATE SORT(level ASC) LIMIT(15)", { rows: 0, gets: 15, indexEntries: 21 }],
    ["TRUEPREDICATE SORT(born DESC) LIMIT(3)", { rows: 0, gets: 3, indexEntries: 4 }],
    ["age != 998 SORT(born DESC) LIMIT(3)", { rows: 0, gets: 4, indexEntries: 5 }],
    ["TRUEPREDICATE SORT(id DESC) LIMIT(3)", { rows: 3, gets: 0, indexEntries: 0 }],
    ["age > 5 SORT(id ASC) LIMIT(2)", { rows: 8, gets: 0, indexEntries: 0 }],
  ])("%s walks a tree that has the order", (text, visited) => {
    const found = query(text).rows(source).map(idOf);
    expect(source.table("Person").visited).toEqual(visited);
    const [all, limit] = text.split(" LIMIT(") as [string, string];
    expect(found).toEqual(find(all).slice(0, Number.parseInt(limit, 10)));
  });

  it("a walk that finds little gives way to reading the table", () => {
    expect(query("age == 3 SORT(born DESC) LIMIT(2)").rows(source).map(idOf)).toEqual([3]);
    expect(source.table("Person").visited).toEqual({ rows: 1000, gets: 126, indexEntries: 127 });
  });

  it("strings longer than an index holds are ordered by their records", () => {
    const long = "n9".padEnd(500, "x");
    insert(person(2000, { nick: `${long}b` }), person(2001, { nick: `${long}a` }));
    expect(find("nick > 'n9998' SORT(nick ASC) LIMIT(3)")).toEqual(find("nick > 'n9998' SORT(nick ASC)").slice(0, 3));
    expect(find("TRUEPREDICATE SORT(nick DESC) LIMIT(3)")).toEqual(find("TRUEPREDICATE SORT(nick DESC)").slice(0, 3));
  });

  it("strings longer than an index holds are told apart by their records", () => {
    const long = "x".repeat(500);
    insert(person(2000, { nick: `${long}a` }), person(2001, { nick: `${long}b` }));
    expect(find("nick == $0", `${long}b`)).toEqual([2001]);
    expect(find("nick BEGINSWITH $0", long)).toEqual([2000, 2001]);
    expect(find("nick > $0", `${long}a`)).toEqual([2001]);
  });
});
