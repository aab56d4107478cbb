/**
 * A random world for the test of the whole language: plain objects with every type of property, and the same in a realm.
 *
 * @module
 */
import { Decimal128, ObjectId, UUID } from "bson";
import Realm from "../../src/index.ts";

/** A value as the model has it: its kind, and something that JavaScript compares. */
export interface Scalar {
  readonly kind: "bool" | "number" | "string" | "data" | "date" | "objectId" | "uuid";
  readonly value: boolean | number | string;
}
/** A list or dictionary inside a mixed value. */
export type Nested = { readonly kind: "list"; readonly items: readonly Any[] } | { readonly kind: "dictionary"; readonly items: ReadonlyMap<string, Any> };
/** Anything that the model's objects hold; objects stand for links. */
export type Any = null | Scalar | Nested | Item;

/** An object of the model. */
export class Item {
  readonly kind = "link";
  readonly id: number;
  readonly fields: Record<string, Any | readonly Any[] | ReadonlyMap<string, Any>>;
  constructor(id: number, fields: Item["fields"]) {
    this.id = id;
    this.fields = fields;
  }
}

/** A generator of numbers that a seed determines. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** From 0 up to, not including, `bound`. */
  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
  chance(part: number): boolean {
    return this.below(1000) < part * 1000;
  }
}

const indexed = (type: string, isIndexed: boolean): object => ({ type, optional: true, indexed: isIndexed });

/** The schema, with indexes wherever there can be one or without any. */
export function schemaOf(isIndexed: boolean): Realm.ObjectSchema[] {
  return [
    {
      name: "Item",
      primaryKey: "id",
      properties: {
        id: "int",
        s: indexed("string", isIndexed), i: indexed("int", isIndexed), b: indexed("bool", isIndexed), t: indexed("date", isIndexed),
        o: indexed("objectId", isIndexed), u: indexed("uuid", isIndexed), m: { type: "mixed", indexed: isIndexed },
        n: { type: "string", optional: true, indexed: "full-text" },
        d: "double?", f: "float?", dec: "decimal128?", bin: "data?",
        ls: "string?[]", li: "int?[]", ss: "string<>", di: "int?{}", lm: "mixed[]", dm: "mixed{}",
        link: "Item", links: "Item[]", set: "Item<>", dict: "Item{}",
        part: "Part", parts: "Part[]",
        kids: { type: "linkingObjects", objectType: "Item", property: "link" },
      } as Realm.ObjectSchema["properties"],
    },
    { name: "Part", embedded: true, properties: { x: "int?", y: "string?" } },
  ];
}

const STRINGS = ["", "a", "A", "ab", "Ab", "b", "é", "É", "b*", "x?", "zz", "😀"];
const WORDS = ["dog", "Dogs", "CAT", "café", "cafe", "sea", "do", "42"];
const NUMBERS = [-3, -1, 0, 1, 2, 3, 7, 255];
const DATES = [-1000, 0, 1, 86_400_000];
const OBJECT_IDS = ["507f1f77bcf86cd799439011", "507f1f77bcf86cd799439012"];
const UUIDS = ["01b1a58a-bb92-47a2-a3aa-d9c735e6fd42", "ab01fec2-55d5-4fac-9e04-980bff6a521d"];
const HALVES = [-1.5, 0, 0.5, 1, 2, 2.5, 7];

/** A random value of a kind; `undefined` kinds stand for anything. */
export function scalar(random: Random, type: string): Scalar {
  switch (type) {
    case "string":
      return { kind: "string", value: random.pick(STRINGS) };
    case "int":
      return { kind: "number", value: random.pick(NUMBERS) };
    case "float":
    case "double":
    case "decimal128":
      return { kind: "number", value: type === "double" && random.chance(0.05) ? NaN : random.pick(HALVES) };
    case "bool":
      return { kind: "bool", value: random.chance(0.5) };
    case "date":
      return { kind: "date", value: random.pick(DATES) };
    case "objectId":
      return { kind: "objectId", value: random.pick(OBJECT_IDS) };
    case "uuid":
      return { kind: "uuid", value: random.pick(UUIDS) };
    default:
      return { kind: "data", value: random.pick(["", "a", "A\u00ff", "ab"]) };
  }
}

const MIXED_TYPES = ["string", "int", "double", "bool", "date", "objectId", "uuid", "data"];

function mixed(random: Random, depth: number, items: readonly Item[]): Any {
  if (random.chance(0.15)) return null;
  if (depth > 0 && random.chance(0.25)) {
    const count = random.below(3);
    if (random.chance(0.5)) return { kind: "list", items: Array.from({ length: count }, () => mixed(random, depth - 1, items)) };
    return { kind: "dictionary", items: new Map(Array.from({ length: count }, () => [random.pick(["a", "b", "k"]), mixed(random, depth - 1, items)])) };
  }
  if (items.length > 0 && random.chance(0.1)) return random.pick(items);
  return scalar(random, random.pick(MIXED_TYPES));
}

/** Random values for an object that may link to others. */
export function fieldsOf(random: Random, items: readonly Item[]): Item["fields"] {
  const maybe = (type: string): Any => (random.chance(0.2) ? null : scalar(random, type));
  const some = <T>(make: () => T): T[] => Array.from({ length: random.below(4) }, make);
  const any = (): Item[] => (items.length === 0 ? [] : some(() => random.pick(items)));
  const map = <T>(make: () => T): Map<string, T> => new Map(some(() => [random.pick(["a", "b", "k", "key 1"]), make()] as const));
  const part = (): Item => new Item(-1, { x: maybe("int"), y: maybe("string") });
  const strings = new Map(some(() => scalar(random, "string")).map((value) => [value.value, value]));
  return {
    s: maybe("string"), i: maybe("int"), b: maybe("bool"), t: maybe("date"), o: maybe("objectId"), u: maybe("uuid"), m: mixed(random, 2, items),
    n: random.chance(0.2) ? null : { kind: "string", value: some(() => random.pick(WORDS)).join(random.pick([" ", ", ", "-", " a "])) },
    d: maybe("double"), f: maybe("float"), dec: maybe("decimal128"), bin: maybe("data"),
    ls: some(() => maybe("string")), li: some(() => maybe("int")), ss: [...strings.values()], di: map(() => maybe("int")),
    lm: some(() => mixed(random, 1, items)), dm: map(() => mixed(random, 1, items)),
    link: items.length === 0 || random.chance(0.3) ? null : random.pick(items), links: any(), set: [...new Set(any())],
    dict: items.length === 0 ? new Map() : map(() => (random.chance(0.2) ? null : random.pick(items))),
    part: random.chance(0.4) ? null : part(), parts: some(part),
  };
}

/** What the realm is given for a value of the model. */
export function publicOf(value: Any, realm: Realm, type?: string): unknown {
  if (value === null) return null;
  switch (value.kind) {
    case "link":
      return value.id < 0 ? Object.fromEntries(Object.entries(value.fields).map(([name, field]) => [name, publicOf(field as Any, realm)])) : realm.objectForPrimaryKey("Item", value.id);
    case "list":
      return value.items.map((item) => publicOf(item, realm));
    case "dictionary":
      return Object.fromEntries([...value.items].map(([key, item]) => [key, publicOf(item, realm)]));
    case "date":
      return new Date(value.value as number);
    case "objectId":
      return new ObjectId(value.value as string);
    case "uuid":
      return new UUID(value.value as string);
    case "data":
      return Uint8Array.from(value.value as string, (character) => character.charCodeAt(0)).buffer;
    default:
      return type === "dec" ? Decimal128.fromString(String(value.value)) : value.value;
  }
}

/** Writes all fields of an object. */
export function writeItem(realm: Realm, item: Item): void {
  const values: Record<string, unknown> = { id: item.id };
  for (const [name, field] of Object.entries(item.fields)) {
    if (Array.isArray(field)) values[name] = (field as Any[]).map((value) => publicOf(value, realm));
    else if (field instanceof Map) values[name] = Object.fromEntries([...(field as Map<string, Any>)].map(([key, value]) => [key, publicOf(value, realm)]));
    else values[name] = publicOf(field as Any, realm, name);
  }
  realm.create("Item", values, "all" as never);
}
