import { describe as print, parse } from "@holdfast/query";
import type { Query } from "@holdfast/query";
import { afterEach, expect, it } from "vitest";
import Realm from "../../src/index.ts";
import { distinct, meets, sorted } from "./naive-language.ts";
import { randomQuery } from "./random-query.ts";
import { fieldsOf, Item, Random, schemaOf, writeItem } from "./world.ts";

const SEED = 20_261_121;
/** More of them with `QUERY_WORLDS=300 npx vitest run …`; each has its own seed. */
const WORLDS = Number(process.env["QUERY_WORLDS"] ?? 4);
const QUERIES = 90;
const ITEMS = 24;
const UPDATES = 6;

afterEach(() => {
  Realm.shutdown();
});

/** What the query means for the model. */
function expected({ predicate, descriptors }: Query, world: readonly Item[]): number[] {
  let items = world.filter((item) => meets(predicate, item, world));
  for (const descriptor of descriptors) {
    if (descriptor.kind === "sort") items = sorted(items, descriptor.keys, world);
    else if (descriptor.kind === "distinct") items = distinct(items, descriptor.paths, world);
    else items = items.slice(0, descriptor.count);
  }
  return items.map(({ id }) => id);
}

function populate(random: Random): Item[] {
  const items: Item[] = [];
  for (let id = 0; id < ITEMS; id++) items.push(new Item(id, fieldsOf(random, items)));
  // Links may also lead to objects that come later.
  for (const item of items) if (random.chance(0.5)) Object.assign(item.fields, fieldsOf(random, items));
  return items;
}

interface Watched {
  readonly query: Query;
  readonly text: string;
  readonly results: Realm.Results<{ id: number }>;
}

it.each(Array.from({ length: WORLDS }, (_, index) => [SEED + index, index % 2 === 1] as const))(
  "random queries find what the model says, and follow changes (seed %i, indexed %s)",
  (seed, isIndexed) => {
    const random = new Random(seed);
    const world = populate(random);
    const realm = new Realm({ path: `language-${String(seed)}.realm`, inMemory: true, schema: schemaOf(isIndexed) });
    const rewrite = (items: readonly Item[]): void => {
      realm.write(() => {
        for (const item of world) if (realm.objectForPrimaryKey("Item", item.id) === null) realm.create("Item", { id: item.id });
        for (const item of items) writeItem(realm, item);
      });
    };
    rewrite(world);
    const watched: Watched[] = [];
    for (let count = 0; count < QUERIES; count++) {
      const query = randomQuery(random);
      const text = print(query);
      const { predicate, descriptors } = parse(text);
      expect({ predicate, descriptors }).toEqual({ predicate: query.predicate, descriptors: query.descriptors });
      let results: Realm.Results<{ id: number }>;
      try {
        results = realm.objects<{ id: number }>("Item").filtered(text);
      } catch (error) {
        throw new Error(`seed ${String(seed)}: ${text}`, { cause: error });
      }
      watched.push({ query, text, results });
    }
    const compareAll = (): void => {
      for (const { query, text, results } of watched) {
        const found = results.map(({ id }) => id);
        expect({ text, found }).toEqual({ text, found: expected(query, world) });
        expect({ text, count: realm.objects("Item").filtered(text).length }).toEqual({ text, count: found.length });
      }
    };
    compareAll();
    const changed = Array.from({ length: UPDATES }, () => random.pick(world));
    for (const item of changed) Object.assign(item.fields, fieldsOf(random, world));
    rewrite(changed);
    compareAll();
  },
  30_000,
);
