/**
 * The content that suites write and expect back: every object follows from its id and its generation alone.
 *
 * @module
 */
import type { ObjectSchema, RealmInstance, RealmObject } from "./realm-api.ts";

/** The benchmark's object: seven properties, one of them a list. */
export const ITEM: ObjectSchema = {
  name: "Item",
  primaryKey: "_id",
  properties: {
    _id: "int",
    name: "string",
    email: "string",
    age: "int",
    balance: "double",
    createdAt: "date",
    tags: "string[]",
  },
};

/** A named number. */
export const COUNTER: ObjectSchema = {
  name: "Counter",
  primaryKey: "_id",
  properties: { _id: "string", value: "int" },
};

/** The schema of every suite. */
export const SCHEMA: readonly ObjectSchema[] = [ITEM, COUNTER];

/** A word that occurs in every item's name, to look for in raw files. */
export const MARKER = "Quartermaster";

/** The values of one item. */
export interface ItemValues extends Readonly<Record<string, unknown>> {
  readonly _id: number;
  readonly name: string;
  readonly email: string;
  readonly age: number;
  readonly balance: number;
  readonly createdAt: Date;
  readonly tags: readonly string[];
}

/** The values of item `id` after its `generation`-th update. */
export function itemValues(id: number, generation = 0): ItemValues {
  const mixed = Math.imul(id + 1, 0x9e3779b1) ^ Math.imul(generation + 1, 0x85ebca6b);
  const bits = (mixed ^ (mixed >>> 15)) >>> 0;
  return {
    _id: id,
    name: `${MARKER} ${bits.toString(36)}`,
    email: `person.${bits.toString(16)}@example.org`,
    age: bits % 100,
    balance: bits / 8,
    createdAt: new Date(1_600_000_000_000 + (bits % 1_000_000_000)),
    tags: [`red-${bits % 7}`, `green-${bits % 11}`, `blue-${bits % 13}`],
  };
}

/** An item's values as one comparable text. */
export function fingerprint(item: ItemValues | RealmObject): string {
  const tags = [...(item["tags"] as Iterable<string>)];
  const createdAt = (item["createdAt"] as Date).getTime();
  return JSON.stringify([item["_id"], item["name"], item["email"], item["age"], item["balance"], createdAt, tags]);
}

/** Creates items `from` up to, not including, `to` in one transaction. */
export function createItems(realm: RealmInstance, from: number, to: number): void {
  realm.write(() => {
    for (let id = from; id < to; id += 1) realm.create("Item", itemValues(id));
  });
}

/**
 * What is wrong with a realm that should hold exactly the items 0 to `count` - 1.
 *
 * @returns The first difference, or `undefined`.
 */
export function itemDifference(realm: RealmInstance, count: number, generationOf: (id: number) => number = () => 0): string | undefined {
  const items = realm.objects("Item");
  if (items.length !== count) return `expected ${count} items, found ${items.length}`;
  const seen = new Set<number>();
  for (const item of items) {
    const id = item["_id"] as number;
    const expected = fingerprint(itemValues(id, generationOf(id)));
    const found = fingerprint(item);
    if (found !== expected) return `item ${id}: expected ${expected}, found ${found}`;
    seen.add(id);
  }
  for (let id = 0; id < count; id += 1) if (!seen.has(id)) return `item ${id} is missing`;
  return undefined;
}
