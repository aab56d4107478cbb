import { afterEach, expect, it } from "vitest";
import Realm from "../../src/index.ts";

afterEach(() => {
  Realm.shutdown();
});

const SCHEMA: Realm.ObjectSchema[] = [
  {
    name: "Person",
    primaryKey: "id",
    properties: { id: "int", age: "int", friend: "Person", friends: "Person[]", home: "Place", fans: { type: "linkingObjects", objectType: "Person", property: "friend" } },
  },
  { name: "Note", primaryKey: "id", properties: { id: "int", about: "mixed", author: "Person" } },
  { name: "Place", embedded: true, properties: { type: "string", coordinates: "double[]" } },
];

interface Person {
  readonly id: number;
  age: number;
  friend: Person | null;
  readonly friends: Realm.List<Person>;
}

type Change = (realm: Realm, person: (id: number) => Person & Realm.Object) => void;

/** Queries whose answer for one object depends on another one, and a change of the other one that brings object 1 in or takes it out. */
const CASES: readonly (readonly [query: string, change: Change])[] = [
  ["friend.age > 50", (_, person) => (person(2).age = 60)],
  ["friend.friend.age > 50", (_, person) => (person(3).age = 60)],
  ["NOT friend.age > 50", (_, person) => (person(2).age = 60)],
  ["ALL friends.age > 1", (_, person) => (person(3).age = 0)],
  ["fans.@count == 1", (_, person) => (person(3).friend = person(1))],
  ["@links.@count == 2", (realm, person) => realm.create("Note", { id: 2, author: person(1) })],
  ["@links.@count == 2", (realm, person) => realm.create("Note", { id: 2, about: [person(1)] })],
  ["@links.Note.author.id == 2", (realm, person) => realm.create("Note", { id: 2, author: person(1) })],
  ["@links.Note.about.id == 2", (realm, person) => realm.create("Note", { id: 2, about: { who: [person(1)] } })],
  ["@links.Note.about.author == obj('Person', 3)", (realm, person) => realm.create("Note", { id: 2, about: person(1), author: person(3) })],
  ["friends.@sum.age > 100", (_, person) => (person(3).age = 101)],
  ["SUBQUERY(friends, $x, $x.age > 100).@count == 1", (_, person) => (person(3).age = 101)],
  ["friend.friends.@count == 1", (_, person) => person(2).friends.push(person(1))],
  ["home GEOWITHIN geoCircle([0, 0], 0.1)", (realm, person) => (person(1) as unknown as { home: { coordinates: number[] } }).home.coordinates.splice(0, 2, 90, 0)],
  ["friend.age > 50 && age < 99 || id == 77", (_, person) => (person(2).age = 60)],
];

it.each(CASES)("a listener of %s hears of a change elsewhere", async (query, change) => {
  const realm = new Realm({ path: "live.realm", inMemory: true, schema: SCHEMA });
  const person = (id: number): Person & Realm.Object => realm.objectForPrimaryKey<Person>("Person", id) as unknown as Person & Realm.Object;
  realm.write(() => {
    for (const id of [1, 2, 3]) realm.create("Person", { id, age: 10 + id, home: { type: "Point", coordinates: [0, 0] } });
    person(1).friend = person(2);
    person(2).friend = person(3);
    person(1).friends.push(person(3));
    realm.create("Note", { id: 1, author: person(1) });
  });
  const results = realm.objects<Person>("Person").filtered(query);
  const has = (): boolean => [...results].some(({ id }) => id === 1);
  const before = has();
  const heard: { insertions: number[]; deletions: number[] }[] = [];
  results.addListener((_, { insertions, deletions }) => void heard.push({ insertions, deletions }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  realm.write(() => {
    change(realm, person);
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(has()).toBe(!before);
  expect(heard.at(-1)?.[before ? "deletions" : "insertions"]).toContain(0);
});

it("a counter is no argument, its value is", () => {
  const realm = new Realm({ path: "counter.realm", inMemory: true, schema: [{ name: "Tally", properties: { count: "counter" } }] });
  const tally = realm.write(() => realm.create<{ count: Realm.Types.Counter }>("Tally", { count: 3 }));
  expect(realm.objects("Tally").filtered("count == $0", tally.count.value).length).toBe(1);
  expect(realm.objects("Tally").filtered("count + 1 == 4").length).toBe(1);
  expect(() => realm.objects("Tally").filtered("count == $0", tally.count)).toThrow("Using a Counter as a query argument is not supported. Use 'Counter.value'.");
});

it("aggregates of decimals are decimals, those of other numbers numbers", () => {
  const realm = new Realm({ path: "aggregates.realm", inMemory: true, schema: [{ name: "Sale", properties: { price: "decimal128?", prices: "decimal128[]", pieces: "int?", on: "date?" } }] });
  const decimal = (text: string): Realm.BSON.Decimal128 => Realm.BSON.Decimal128.fromString(text);
  realm.write(() => {
    for (const [price, pieces] of [["0.1", 3], ["0.2", null], [null, 5]] as const) realm.create("Sale", { price: price === null ? null : decimal(price), prices: [decimal("1"), decimal("2.50")], pieces, on: pieces === null ? null : new Date(pieces) });
  });
  const sales = realm.objects<{ prices: Realm.List }>("Sale");
  expect([sales.sum("price"), sales.avg("price"), sales.min("price"), sales.max("price")].map(String)).toEqual(["0.3", "0.15", "0.1", "0.2"]);
  expect(String((sales[0] as { prices: Realm.List }).prices.sum())).toBe("3.50");
  expect(sales.filtered("pieces == 77").sum("price").toString()).toBe("0");
  expect(sales.filtered("pieces == 77").max("price")).toBeUndefined();
  expect([sales.sum("pieces"), sales.avg("pieces"), sales.min("pieces"), sales.max("pieces")]).toEqual([8, 4, 3, 5]);
  expect([sales.min("on"), sales.max("on")]).toEqual([new Date(3), new Date(5)]);
  expect(sales.filtered("pieces != null SORT(pieces DESC) LIMIT(1)").sum("pieces")).toBe(5);
});

it("a listener of @links.@count hears of links from its own class, the only one", async () => {
  const realm = new Realm({ path: "nodes.realm", inMemory: true, schema: [{ name: "Node", primaryKey: "id", properties: { id: "int", next: "Node" } }] });
  realm.write(() => {
    for (const id of [1, 2, 3]) realm.create("Node", { id });
  });
  const linked = realm.objects<{ id: number }>("Node").filtered("@links.@count > 0");
  const heard: number[][] = [];
  linked.addListener((_, { insertions }) => void heard.push(insertions));
  await new Promise((resolve) => setTimeout(resolve, 0));
  realm.write(() => {
    realm.create("Node", { id: 3, next: realm.objectForPrimaryKey("Node", 1) }, "modified" as never);
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(heard.at(-1)).toEqual([0]);
});
