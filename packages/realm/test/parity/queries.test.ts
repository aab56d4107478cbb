import { expect, it } from "vitest";
import Realm, { BSON } from "../../src/index.ts";
import { forEachMode } from "../support/modes.ts";

const UUID = new BSON.UUID("01234567-89ab-4def-8123-456789abcdef");
const schema: Realm.ObjectSchema[] = [
  { name: "Person", primaryKey: "id", properties: { id: "int", name: "string?", age: { type: "int", indexed: true }, height: "double?", born: "date?", data: "data?", uid: "uuid?", price: "decimal128?", active: "bool", best: "Person?", friends: "Person[]", words: "string[]", numbers: "int[]", labels: "string{}", extra: "mixed", bio: { type: "string?", indexed: "full-text" }, visits: { type: "int", mapTo: "visit_count" }, place: "Place?", fans: { type: "linkingObjects", objectType: "Person", property: "best" } } },
  { name: "Place", embedded: true, properties: { type: { type: "string", default: "Point" }, coordinates: "double[]" } },
];

forEachMode((mode) => {
  const open = () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => {
      const ann = realm.create("Person", { id: 1, name: "Ann", age: 30, height: 1.7, born: new Date("2001-01-31T12:00:00Z"), active: true, words: ["red", "green"], numbers: [1, 2, 3], labels: { color: "red", size: "xl" }, extra: { deep: [1, "two"] }, bio: "The quick brown fox", visits: 5, place: { coordinates: [12.5, 55.7] } });
      const bob = realm.create("Person", { id: 2, name: "bob", age: 40, active: false, best: ann, friends: [ann], uid: UUID, price: BSON.Decimal128.fromString("1.5"), words: [], extra: 5, bio: "lazy dogs and Café", visits: 2, place: { coordinates: [-0.1, 51.5] } });
      realm.create("Person", { id: 3, name: null, age: 50, active: true, best: bob, friends: [ann, bob], data: Uint8Array.of(1, 2), extra: "text", visits: 0 });
    });
    return realm;
  };
  /** Runs queries and compares the ids that they find. */
  const check = (cases: [string, number[], ...unknown[]][]) => {
    const people = open().objects("Person");
    for (const [query, ids, ...args] of cases) expect([query, people.filtered(query, ...args).map((person) => person["id"])]).toEqual([query, ids]);
    return people;
  };

  it("[R-9.1] comparison", () => void check([["age == 30", [1]], ["age = 30", [1]], ["age != 30", [2, 3]], ["age <> 30", [2, 3]], ["age < 40", [1]], ["age <= 40", [1, 2]], ["age =< 40", [1, 2]], ["age > 40", [3]], ["age >= 40", [2, 3]], ["age => 40", [2, 3]], ["age IN {30, 50}", [1, 3]], ["age BETWEEN {35, 45}", [2]]]));

  it("[R-9.2] strings", () => void check([["name BEGINSWITH 'A'", [1]], ["name ENDSWITH 'b'", [2]], ["name CONTAINS 'n'", [1]], ["name LIKE 'A?n'", [1]], ["name LIKE '*b'", [2]], ["name BEGINSWITH[c] 'B'", [2]], ["name LIKE[c] 'B*'", [2]], ["name ==[c] 'ANN'", [1]], ["name !=[c] 'ANN'", [2, 3]]]));

  it("[R-9.3] logic", () => void check([["age > 30 AND active == true", [3]], ["age == 30 || age == 40", [1, 2]], ["NOT age == 30", [2, 3]], ["!(age == 30 OR age == 40)", [3]], ["TRUEPREDICATE", [1, 2, 3]], ["FALSEPREDICATE", []], ["age == 30 OR age == 40 && active == true", [1]]]));

  it("[R-9.4] arithmetic", () => void check([["age * 2 - 10 == 50", [1]], ["age + visits == 42", [2]], ["age / 2 > 20", [3]]]));

  it("[R-9.5] quantifiers", () => void check([["ANY friends.age == 40", [3]], ["friends.age == 40", [3]], ["SOME friends.age == 30", [2, 3]], ["ALL friends.age == 30", [1, 2]], ["NONE friends.age == 40", [1, 2]], ["age == ANY {30, 40}", [1, 2]]]));

  it("[R-9.6] paths", () => void check([["best.name == 'Ann'", [2]], ["best.best.name == 'Ann'", [3]], ["@links.Person.best.id == 3", [2]], ["fans.id == 2", [1]], ["words[0] == 'red'", [1]], ["words[LAST] == 'green'", [1]], ["words[FIRST] == 'red'", [1]], ["labels['color'] == 'red'", [1]], ["labels.@keys == 'size'", [1]], ["labels.@values == 'xl'", [1]], ["extra.deep[1] == 'two'", [1]], ["visit_count == 5", [1]], ["visits == 5", [1]]]));

  it("[R-9.7] collection operators", () => void check([["friends.@count == 2", [3]], ["friends.@size > 0", [2, 3]], ["numbers.@sum == 6", [1]], ["numbers.@max == 3", [1]], ["numbers.@min == 1", [1]], ["numbers.@avg == 2", [1]], ["friends.@avg.age == 35", [3]], ["extra.@type == 'int'", [2]], ["extra.@type == 'string'", [3]], ["words.length == 3", [1]]]));

  it("[R-9.8] subqueries", () => {
    const people = check([["SUBQUERY(friends, $f, $f.age > 35 AND $f.active == false).@count > 0", [3]], ["SUBQUERY(friends, $f, $f.age == 30).@count == 1", [2, 3]]]);
    expect(() => people.filtered("SUBQUERY(best, $x, $x.age == 1).@count > 0")).toThrow("A subquery must operate on a list property, but 'best' is type 'link'");
  });

  it("[R-9.9] SORT, DISTINCT and LIMIT in their order", () => void check([["TRUEPREDICATE SORT(age DESC)", [3, 2, 1]], ["TRUEPREDICATE SORT(active ASC, age DESC)", [2, 3, 1]], ["TRUEPREDICATE SORT(age DESC) LIMIT(2)", [3, 2]], ["TRUEPREDICATE DISTINCT(active)", [1, 2]], ["TRUEPREDICATE LIMIT(2) SORT(age DESC)", [2, 1]]]));

  it("[R-9.10] constants", () => void check([["age == 0x1E", [1]], ["height == 1.7e0", [1]], ["height < inf", [1]], ["name == null", [3]], ["name == nil", [3]], ["name == \"Ann\"", [1]], ["data == B64\"AQI=\"", [3]], ["born == 2001-01-31@12:00:00", [1]], ["born == T980942400:0", [1]], ["uid == uuid(01234567-89ab-4def-8123-456789abcdef)", [2]], ["price == 1.5", [2]]]));

  it("[R-9.11] arguments", () => {
    const people = check([["age == $0", [2], 40], ["age IN $0", [1, 3], [30, 50]], ["born == $0", [1], new Date("2001-01-31T12:00:00Z")], ["uid == $0", [2], UUID], ["data == $0", [3], Uint8Array.of(1, 2)], ["name == $1 OR age == $0", [1, 3], 50, "Ann"]]);
    expect(people.filtered("best == $0", people[0]).map((person) => person["id"])).toEqual([2]);
    expect(() => people.filtered("age == $0")).toThrow("Request for argument at index 0 but no arguments are provided");
    expect(() => people.filtered("age == $2", 1, 2)).toThrow("Request for argument at index 2 but only 2 arguments are provided");
  });

  it("[R-9.12] full text", () => {
    const people = check([["bio TEXT 'fox quick'", [1]], ["bio TEXT 'quick -lazy'", [1]], ["bio TEXT 'cafe'", [2]], ["bio TEXT 'DOG*'", [2]], ["bio TEXT 'quick lazy'", []]]);
    expect(() => people.filtered("name TEXT 'x'")).toThrow(/full-?text index/);
  });

  it("[R-3.13] a full-text index follows what is written", () => {
    const realm = open();
    const found = (terms: string) => realm.objects("Person").filtered("bio TEXT $0", terms).map((person) => person["id"]);
    expect(found("fox")).toEqual([1]);
    realm.write(() => { realm.objectForPrimaryKey("Person", 1)!["bio"] = "slow turtles"; realm.create("Person", { id: 9, age: 1, active: true, visits: 0, bio: "A Fox!" }); realm.delete(realm.objectForPrimaryKey("Person", 2)); });
    expect([found("fox"), found("turtle*"), found("lazy")]).toEqual([[9], [1], []]);
  });

  it("[R-9.13] [R-10.1] geospatial predicates", () => {
    const circle = { center: [12.5, 55.7], distance: Realm.kmToRadians(50) };
    const box = { bottomLeft: [-1, 51], topRight: [1, 52] };
    const polygon = { outerRing: [[12, 55], [13, 55], [13, 56], [12, 56], [12, 55]] };
    const people = check([["place GEOWITHIN $0", [1], circle], ["place GEOWITHIN $0", [2], box], ["place GEOWITHIN $0", [1], polygon], ["place GEOWITHIN geoCircle([12.5, 55.7], 0.01)", [1]], ["place GEOWITHIN geoBox([-1, 51], [1, 52])", [2]]]);
    expect(() => people.filtered("place GEOWITHIN $0", { center: [0, 0], distance: -1 })).toThrow("The Geospatial query argument region is invalid");
  });

  it("[R-9.14] errors", () => {
    const people = open().objects("Person");
    expect(() => people.filtered("name ==")).toThrow("Invalid predicate: 'name ==': syntax error, unexpected end of file");
    expect(() => people.filtered("nope == 1")).toThrow("'Person' has no property 'nope'");
    expect(() => people.filtered("'x' IN name")).toThrow("The keypath following 'IN' must contain a list. Found 'name'");
    expect(() => people.filtered("name == 1")).toThrow("Unsupported comparison between type 'string' and type 'int'");
  });

  it("[R-9.15] links and null", () => void check([["best == NULL", [1]], ["best != NULL", [2, 3]], ["best.age == null", [1]], ["best.age != 30", [1, 3]], ["best.age < 100", [2, 3]], ["age == '30'", [1]]]));
});
