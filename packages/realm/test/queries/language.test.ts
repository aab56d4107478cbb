import { Decimal128 } from "bson";
import { beforeEach, describe, expect, it } from "vitest";
import { readKey } from "../../src/records/keys.ts";
import { ObjectQuery } from "../../src/queries/index.ts";
import type { ObjectKeyReader } from "../../src/queries/index.ts";
import { memorySource } from "./memory-source.ts";
import type { StoredObject } from "./memory-source.ts";
import { dogKey, person, personKey, SCHEMAS } from "./model.ts";

let source: ReturnType<typeof memorySource>;
const DOG = { dog: "Rex" };
const objectKeyOf: ObjectKeyReader = (value) => (value === DOG ? { className: "Dog", key: dogKey("Rex") } : undefined);

function insert(...people: readonly StoredObject[]): void {
  source.table("Person").insert(people);
}

function find(text: string, ...args: unknown[]): number[] {
  const query = ObjectQuery.all("Person").filtered({ schema: SCHEMAS, text, args, objectKeyOf });
  const ids = query.rows(source).map((row) => Number(readKey("int", row.bytes, row.keyStart, row.keyEnd)));
  expect(query.count(source)).toBe(ids.length);
  return ids;
}

function dogs(text: string, ...args: unknown[]): string[] {
  const query = ObjectQuery.all("Dog").filtered({ schema: SCHEMAS, text, args, objectKeyOf });
  return query.rows(source).map((row) => String(readKey("string", row.bytes, row.keyStart, row.keyEnd)));
}

beforeEach(() => {
  source = memorySource(SCHEMAS);
  source.table("Dog").insert([
    { name: "Rex", age: 3, owner: personKey(1) },
    { name: "Bo", age: 7, owner: personKey(1) },
    { name: "Zoe", age: null, owner: null },
  ]);
  insert(
    person(1, { name: "Ann", age: 30, weight: 2.5, level: 1, tags: ["a", "bb"], scores: [1, 2, 3], dogs: [dogKey("Rex"), dogKey("Bo")], dog: dogKey("Rex") }),
    person(2, { name: "Bob", age: 7, weight: 7, level: 2, tags: ["bb", null], scores: [5, null], dogs: [dogKey("Zoe")], friend: personKey(1) }),
    person(3, { age: null, friend: personKey(2), dogs: [dogKey("Rex"), dogKey("Rex"), dogKey("Zoe")] }),
    person(4, { name: "bb", age: -3, level: 2, tags: ["bb", "bb"], scores: [7] }),
  );
});

describe("quantifiers", () => {
  it.each([
    ["scores > 2", [1, 2, 4]],
    ["ANY scores > 2", [1, 2, 4]],
    ["some scores == null", [2]],
    ["ALL scores > 0", [1, 3, 4]],
    ["ALL scores > 1", [3, 4]],
    ["NONE scores > 2", [3]],
    ["NOT ANY scores > 2", [3]],
    ["tags != 'bb'", [1, 2]],
    ["ALL tags == 'bb'", [3, 4]],
    ["NONE tags == null", [1, 3, 4]],
    ["tags BEGINSWITH 'b'", [1, 2, 4]],
    ["ALL tags LIKE[c] 'B?'", [3, 4]],
    ["NONE tags CONTAINS 'b'", [3]],
    ["ANY tags == name", [4]],
    ["name IN tags", [4]],
    ["3 < scores", [2, 4]],
    ["ALL scores BETWEEN {1, 6}", [1, 3]],
    ["scores == {1, 2, 3}", [1]],
    ["scores != {1, 2, 3}", [2, 3, 4]],
    ["scores == {3, 2, 1}", []],
    ["scores IN {7}", [4]],
    ["ANY scores IN {2, 7}", [1, 4]],
    ["ALL scores IN {1, 2, 3, 5}", [1, 3]],
    ["ALL {'a', 'bb'} IN tags", [1]],
    ["NONE {'a', 'x'} IN tags", [2, 3, 4]],
    ["age == {30, 7}", [1, 2]],
    ["age == NONE {30, 7}", [3, 4]],
    ["age > ALL {6, -9}", [1, 2]],
    ["age IN {30, true, null}", [1, 3]],
    ["age == ALL {30, true}", []],
    ["age == NONE {30, true}", [2, 3, 4]],
  ])("%s", (text, ids) => {
    expect(find(text)).toEqual(ids);
  });

  it("a list argument takes quantifiers too", () => {
    expect(find("ANY $0 == age", [7, 30])).toEqual([1, 2]);
    expect(find("age != ALL $0", [7, 30])).toEqual([3, 4]);
    expect(find("age == $0", new Set([-3]))).toEqual([4]);
    expect(() => find("ANY $0 == age", 7)).toThrow("ANY/ALL/NONE are only allowed on arguments which contain a list but '$0' is not a list.");
  });

  it.each([
    ["ANY age == 1", "The keypath following 'ANY' must contain a list"],
    ["ALL dog.age == 1", "The keypath following 'ALL' must contain a list"],
    ["tags == tags", "Ordered comparison between two primitive lists is not implemented yet ('tags' and 'tags')"],
    ["dogs == NULL", "Cannot compare linklist ('dogs') with NULL"],
    ["scores BETWEEN {1, 2}", "Only 'ALL' supported for operator 'BETWEEN' when applied to lists."],
    ["age IN friend.age", "The keypath following 'IN' must contain a list. Found 'friend.age'"],
  ])("%s is refused", (text, message) => {
    expect(() => find(text)).toThrow(message);
  });
});

describe("paths", () => {
  it.each([
    ["dogs.name == 'Rex'", [1, 3]],
    ["ALL dogs.name == 'Rex'", [4]],
    ["NONE dogs.age > 5", [2, 3, 4]],
    ["dogs.age == null", [2, 3]],
    ["ALL dogs.age > 1", [1, 4]],
    ["friend.dogs.name == 'Bo'", [2]],
    ["friend.tags == 'a'", [2]],
    ["friend.scores.@count == 2", [3]],
    ["dogs.owner.name == 'Ann'", [1, 3]],
    ["scores[0] == 5", [2]],
    ["scores[LAST] == 3", [1]],
    ["scores[2] == null", [2, 3, 4]],
    ["tags[FIRST] == 'bb'", [2, 4]],
    ["scores[*] > 6", [4]],
    ["dogs[1].name == 'Rex'", [3]],
    ["dogs[1] == $0", [3]],
    ["dogs[5].name == null", [1, 2, 3, 4]],
    ["scores[SIZE] == 2", [2]],
    ["tags.length > 1", [1, 2, 4]],
    ["ALL tags.length == 2", [3, 4]],
    ["name.@count == 3", [1, 2]],
    ["scores[$1] == 2", [1]],
    ["$K2 == 30", [1]],
    ["$K3 == 'Rex'", [1]],
  ])("%s", (text, ids) => {
    expect(find(text, DOG, 1, "age", "dog.name")).toEqual(ids);
  });

  it.each([
    ["name.length == 3", "Property 'Person.name' has no property 'length'"],
    ["scores.nope == 3", "Property 'Person.scores' has no property 'nope'"],
    ["age[0] == 3", "Property 'Person.age' does not support index '0'"],
    ["tags['a'] == 'x'", "Property 'Person.tags' does not support index 'a'"],
    ["dogs.nope == 3", "'Dog' has no property 'nope'"],
    ["age.@count == 1", "Operation '@count' is not supported on property of type 'int'"],
    ["$K0.x == 1", "Key path argument cannot be mixed with other elements"],
    ["$K1 == 1", "Invalid index type for '$K1'. Expected a string, but found type 'number'"],
  ])("%s is refused", (text, message) => {
    expect(() => find(text, "age", 7)).toThrow(message);
  });
});

describe("backlinks", () => {
  it.each([
    ["@links.Person.dog.name == 'Ann'", ["Rex"]],
    ["@links.Person.dogs.age == 30", ["Bo", "Rex"]],
    ["ALL @links.Person.dogs.name == 'Bob'", []],
    ["@links.Person.dogs.@count == 2", ["Rex", "Zoe"]],
    ["@links.@count == 3", ["Rex"]],
    ["@links.Person.dogs.friend.name == 'Ann'", ["Zoe"]],
    ["owner.@links.@count > 1", ["Bo", "Rex"]],
    ["SUBQUERY(@links.Person.dogs, $p, $p.age > 10).@count == 1", ["Bo", "Rex"]],
    ["@links.Person.dogs.@max.age == 7", ["Zoe"]],
    ["@links.Person.dog.@links.Person.friend.name == 'Bob'", ["Rex"]],
  ])("%s", (text, names) => {
    expect(dogs(text)).toEqual(names);
  });

  it("a link that there is not is refused", () => {
    expect(() => dogs("@links.Person.name == 1")).toThrow("No property 'name' found in type 'Person' which links to type 'Dog'");
    expect(() => dogs("@links.Cat.name == 1")).toThrow("No property 'name' found in type 'Cat' which links to type 'Dog'");
    expect(() => dogs("@links == 1")).toThrow("@links.@count");
  });
});

describe("collection operators", () => {
  it.each([
    ["scores.@count == 3", [1]],
    ["scores.@size >= 2", [1, 2]],
    ["scores.@max == 5", [2]],
    ["scores.@min > 1", [2, 4]],
    ["scores.@sum == 6", [1]],
    ["scores.@sum == 0", [3]],
    ["scores.@avg == 2", [1]],
    ["scores.@avg == null", [3]],
    ["scores.@max < 100", [1, 2, 4]],
    ["dogs.@count == 3", [3]],
    ["dogs.@sum.age == 10", [1]],
    ["dogs.@avg.age == 3", [3]],
    ["dogs.@max.age == null", [2, 4]],
    ["dog.@count == 1", [1]],
    ["dog.@count == 0", [2, 3, 4]],
    ["dogs.owner.@count == 2", [1, 3]],
    ["scores.@max > age", [4]],
    ["level == scores.@min", [1, 3]],
  ])("%s", (text, ids) => {
    expect(find(text)).toEqual(ids);
  });

  it.each([
    ["tags.@max == 'a'", "Cannot use aggregate '.@max' for this type of property"],
    ["age.@sum == 1", "Cannot use aggregate '.@sum' for this type of property"],
    ["scores.@sum.age == 1", "Operation '.@sum' cannot apply to property 'scores' because it is not a list"],
    ["dogs.@sum.name == 1", "collection aggregate not supported for type 'string'"],
  ])("%s is refused", (text, message) => {
    expect(() => find(text)).toThrow(message);
  });
});

describe("subqueries", () => {
  it.each([
    ["SUBQUERY(dogs, $x, $x.age > 2 && $x.name BEGINSWITH 'R').@count > 0", [1, 3]],
    ["SUBQUERY(dogs, $x, $x.name == 'Rex').@count == 2", [3]],
    ["SUBQUERY(dogs, $x, age == null).@count == 1", [2, 3]],
    ["SUBQUERY(dogs, $x, $x == $0).@count == 1", [1]],
    ["SUBQUERY(friend.dogs, $d, SUBQUERY($d.owner.dogs, $e, $e.name == 'Bo').@count == 1).@count == 2", [2]],
    ["SUBQUERY(dogs, $x, $x.owner.age == 30).@count == dogs.@count", [1, 4]],
  ])("%s", (text, ids) => {
    expect(find(text, DOG)).toEqual(ids);
  });

  it.each([
    ["SUBQUERY(dog, $x, $x.age > 1).@count > 0", "A subquery must operate on a list property, but 'dog' is type 'link'"],
    ["SUBQUERY(tags, $x, $x.age > 1).@count > 0", "A subquery can not operate on a list of primitive values (property 'tags')"],
    ["SUBQUERY(dogs, x, age > 1).@count > 0", "The subquery variable 'x' is invalid. The variable must start with '$' and cannot be empty; for example '$x'."],
    ["SUBQUERY(dogs, $x, $y.age > 1).@count > 0", "'Dog' has no property '$y'"],
  ])("%s is refused", (text, message) => {
    expect(() => find(text)).toThrow(message);
  });
});

describe("arithmetic", () => {
  it.each([
    ["age * 2 - 4 = 56", [1]],
    ["age + level == 9", [2]],
    ["age / 4 == 7", [1]],
    ["age / 4 == -0", [4]],
    ["age / 4.0 == 1", [2]],
    ["age / 2.5 == 12", [1]],
    ["weight * 2 == 5", [1]],
    ["weight / 2 == 3.5", [2]],
    ["2 * (age - 1) + 1 == 13", [2]],
    ["age - level == 28 + 1", [1]],
    ["age + 1 > null", []],
    ["age + 1 == null", [3]],
    ["age + weight == 14", [2]],
    ["scores + 1 == 8", [4]],
    ["ALL scores * 2 > 1", [1, 3, 4]],
    ["scores.@sum - scores.@count == 3", [1, 2]],
    ["age / 0 == 9223372036854775807", [1, 2]],
    ["age * 9223372036854775807 > 9223372036854775807", [1, 2]],
    ["friend.age + 1 == 31", [2]],
    ["age + $0 == 32", [1]],
    ["age / $0 == 15", [1]],
  ])("%s", (text, ids) => {
    expect(find(text, 2)).toEqual(ids);
  });

  it("decimals stay decimals", () => {
    const price = (text: string): Uint8Array => Decimal128.fromString(text).bytes;
    insert(person(10, { price: price("0.1") }), person(11, { price: price("1") }));
    expect(find("price + 0.2 == 0.3")).toEqual([10]);
    expect(find("price / 3 == 0.3333333333333333333333333333333333")).toEqual([11]);
    expect(find("price * $0 == $1", Decimal128.fromString("3"), Decimal128.fromString("0.30"))).toEqual([10]);
  });

  it.each([
    ["name + 1 == 2", "Cannot perform '+' operation on 'name' and '1'"],
    ["age + 'x' == 2", "Cannot convert 'x' to a number"],
    ["scores + scores == 2", "Operations involving two lists are not supported"],
    ["1 + 1 == 2", "Cannot compare two constants"],
  ])("%s is refused", (text, message) => {
    expect(() => find(text)).toThrow(message);
  });
});

describe("objects", () => {
  it("obj() names an object by its primary key", () => {
    expect(find("dog == obj('Dog', 'Rex')")).toEqual([1]);
    expect(find("dog == obj('Dog', $0)", "Rex")).toEqual([1]);
    expect(find("friend == obj('Person', 2)")).toEqual([3]);
    expect(find("friend IN {obj('Person', 2), obj('Person', 1)}")).toEqual([2, 3]);
    expect(find("dogs == obj('Dog', 'Zoe')")).toEqual([2, 3]);
    expect(find("NONE dogs == obj('Dog', 'Zoe')")).toEqual([1, 4]);
    expect(find("dog == obj('Dog', 'nobody')")).toEqual([]);
    expect(find("dog != obj('Dog', 'Rex')")).toEqual([2, 3, 4]);
  });

  it("what names no object is refused", () => {
    expect(() => find("dog == obj('Cat', 1)")).toThrow("Unknown object type 'Cat'");
    expect(() => find("dog == obj('Dog', 1)")).toThrow("'Dog' has no object with a key of type 'int'");
    expect(() => find("dog == O7")).toThrow("'Dog' has a primary key: write obj('Dog', key)");
    expect(() => find("dog == obj('Person', 1)")).toThrow("The relationship 'dog' which links to type 'Dog' cannot be compared to an argument of type 'Person'");
  });
});

describe("@type of other properties than mixed", () => {
  it.each([
    ["age.@type == 'int'", [1, 2, 4]],
    ["age.@type == 'null'", [3]],
    ["age.@type IN {'string', 'numeric'}", [1, 2, 4]],
    ["tags.@type == 'null'", [2]],
    ["ALL tags.@type == 'String'", [1, 3, 4]],
    ["dog.@type == 'link'", [1]],
  ])("%s", (text, ids) => {
    expect(find(text)).toEqual(ids);
  });

  it("unknown names are refused", () => {
    expect(() => find("age.@type == 'nope'")).toThrow("Unable to parse the type attribute string 'nope', supported case insensitive values are: [null, int, ");
    expect(() => find("age.@type == 1")).toThrow("Unsupported comparison between @type and raw value");
    expect(() => find("age.@type > 'int'")).toThrow("Unsupported operator > in query");
  });
});
