import { MemoryVolume, Store } from "@holdfast/storage-engine";
import type { ReadTree } from "@holdfast/storage-engine";
import { expect, it } from "vitest";
import { ObjectQuery } from "../../src/queries/index.ts";
import type { QuerySource } from "../../src/queries/index.ts";
import { encodeIndexKey, encodeKey, readKey } from "../../src/records/keys.ts";
import { layoutOf } from "../../src/records/layout.ts";
import type { StoredValue } from "../../src/records/stored-value.ts";
import { encodeRecord } from "../../src/records/write.ts";
import { dogKey, person, SCHEMAS } from "./model.ts";

type Trees = (name: string) => ReadTree | undefined;
const layouts = new Map([...SCHEMAS].map(([name, schema]) => [name, layoutOf(schema)]));
const KEY = Uint8Array.from({ length: 64 }, (_, index) => index);

/** Queries over trees of the engine, named by class and property. */
function sourceOf(trees: Trees): QuerySource {
  return {
    table: (className) => {
      const layout = layouts.get(className);
      if (layout === undefined) throw new Error(`no class ${className}`);
      return {
        layout,
        rowCount: trees(className)?.count ?? 0,
        cursor: (range) => trees(className)?.cursor(range),
        get: (key) => trees(className)?.get(key),
        locate: (key, place) => trees(className)?.locate(key, place) === true,
        backlinks: () => [],
        backlinkCount: () => 0,
        // A write transaction makes the trees that it is asked for: only properties with an index may be asked about.
        index: (name) => (name === "level" ? trees(`${className}.${name}`) : undefined),
      };
    },
  };
}

function recordOf(className: string, object: Readonly<Record<string, StoredValue>>): Uint8Array {
  const layout = layouts.get(className);
  if (layout === undefined) throw new Error(`no class ${className}`);
  return encodeRecord(layout, layout.fields.map((field) => object[field.property.name] as StoredValue));
}

const CONDITIONS: readonly (readonly [text: string, wanted: (id: number) => boolean])[] = [
  ["id == 77", (id) => id === 77],
  ["id > 1000 && id < 1100", (id) => id > 1000 && id < 1100],
  ["id IN {5, 1999, 4000}", (id) => id === 5 || id === 1999],
  ["level == 3", (id) => id % 50 === 3],
  ["level >= 0 && id < 9", (id) => id < 9],
  ["age > 50", (id) => id % 101 > 50],
  ["dog.age == 2", (id) => id % 3 === 2],
  ["name ENDSWITH '99'", (id) => id % 100 === 99],
  ["name CONTAINS 'long'", (id) => id === 1234],
];

it.each([["plain", undefined], ["encrypted", KEY]])("a snapshot and a write transaction of a %s file answer alike", (_, encryptionKey) => {
  const store = Store.open({ path: "/people.realm", volume: new MemoryVolume(), ...(encryptionKey === undefined ? {} : { encryptionKey }) });
  const write = store.beginWrite();
  for (const age of [0, 1, 2]) write.tree("Dog").put(dogKey(`d${String(age)}`), recordOf("Dog", { name: `d${String(age)}`, age, owner: null }));
  for (let id = 0; id < 2000; id++) {
    const name = id === 1234 ? `long ${"x".repeat(20_000)}` : `name ${String(id)}`;
    const key = encodeKey("int", id);
    write.tree("Person").put(key, recordOf("Person", person(id, { name, age: id % 101, level: id % 50, dog: dogKey(`d${String(id % 3)}`) })));
    write.tree("Person.level").put(encodeIndexKey("int", id % 50, key), new Uint8Array(0));
  }
  const find = (trees: Trees, text: string): number[] => {
    const query = ObjectQuery.all("Person").filtered({ schema: SCHEMAS, text });
    const source = sourceOf(trees);
    const ids = query.rows(source).map((row) => Number(readKey("int", row.bytes, row.keyStart, row.keyEnd)));
    expect(query.count(source)).toBe(ids.length);
    return ids;
  };
  const all = Array.from({ length: 2000 }, (__, id) => id);
  const findAll = (trees: Trees): (readonly [string, number[]])[] => CONDITIONS.map(([text]) => [text, find(trees, text)]);
  const expected = CONDITIONS.map(([text, wanted]) => [text, all.filter(wanted)]);
  expect(findAll((name) => write.tree(name))).toEqual(expected);
  write.commit();
  const snapshot = store.snapshot();
  expect(findAll((name) => snapshot.tree(name))).toEqual(expected);
  snapshot.close();
  expect(store.verify().problems).toEqual([]);
  store.close();
});
