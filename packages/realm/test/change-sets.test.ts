import { expect, it, vi } from "vitest";
import Realm from "../src/index.ts";
import { ObjectState } from "../src/objects/object-state.ts";
import { ObjectQuery } from "../src/queries/index.ts";
import { forEachMode } from "./support/modes.ts";
import { randomOf } from "./support/random.ts";

const schema: Realm.ObjectSchema[] = [
  { name: "Item", primaryKey: "id", properties: { id: "int", n: "int", next: "Item?" } },
  { name: "Box", properties: { items: "Item[]", numbers: "int?[]", texts: "string<>", byKey: "mixed{}", links: "Item{}", itemSet: "Item<>", value: "mixed" } },
];
type Item = Realm.Object & { id: number; n: number; next: Item | null };
interface Box {
  items: Realm.List<Item>; numbers: Realm.List<number | null>; texts: Realm.Set<string>; byKey: Realm.Dictionary<unknown>; links: Realm.Dictionary<Item | null>; itemSet: Realm.Set<Item>; value: unknown;
}
const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
const SEED = 20261121;

/** The old elements with a change set applied, taking new ones from the new elements. */
function applied<T>(before: readonly T[], after: readonly T[], changes: Realm.CollectionChangeSet): T[] {
  const result = [...before];
  changes.oldModifications.forEach((old, index) => { result[old] = after[changes.newModifications[index] as number] as T; });
  for (const index of [...changes.deletions].sort((a, b) => b - a)) result.splice(index, 1);
  for (const index of [...changes.insertions].sort((a, b) => a - b)) result.splice(index, 0, after[index] as T);
  return result;
}

forEachMode((mode) => {
  it(`[R-7.3] [R-7.4] [R-7.5] change sets applied to the old elements give the new ones, whatever happened (seed ${SEED})`, async () => {
    const random = randomOf(SEED);
    const realm = new Realm(mode.config({ schema }));
    const box = realm.write(() => {
      for (let id = 0; id < 30; id++) realm.create("Item", { id, n: id % 7 });
      return realm.create<Box>("Box", { items: [], value: [] });
    });
    const items = realm.objects<Item>("Item");
    const watched: Record<string, Realm.OrderedCollection<unknown>> = {
      all: items as never, some: items.filtered("n > 2") as never, sorted: items.filtered("n < 5").sorted("n") as never, limited: items.filtered("n > 0 SORT(n DESC) LIMIT(5)") as never,
      list: box.items as never, numbers: box.numbers, texts: box.texts, set: box.itemSet as never, ofList: box.items.filtered("n > 1") as never, nested: box.value as never,
    };
    const identity = (value: unknown): unknown => (value instanceof Realm.Object ? `${(value as Item).id}:${(value as Item).n}` : value instanceof Realm.List ? JSON.stringify(value) : value);
    const known: Record<string, unknown[]> = {};
    let calls = 0;
    for (const [name, collection] of Object.entries(watched)) {
      collection.addListener((now, changes) => {
        const after = [...now].map(identity);
        if (known[name] !== undefined) {
          calls++;
          expect({ name, elements: applied(known[name], after, changes) }).toEqual({ name, elements: after });
        }
        known[name] = after;
      });
    }
    const dictionaries: Record<string, Realm.Dictionary<unknown>> = { byKey: box.byKey, links: box.links };
    const knownKeys: Record<string, Map<string, unknown>> = {};
    for (const [name, dictionary] of Object.entries(dictionaries)) {
      dictionary.addListener((now, changes) => {
        const after = new Map([...(now as Realm.Dictionary)].map(([key, value]) => [key, identity(value)]));
        const before = knownKeys[name];
        if (before !== undefined) {
          calls++;
          for (const key of changes.deletions) expect(before.delete(key)).toBe(true);
          for (const key of changes.insertions) expect(before.has(key)).toBe(false);
          for (const key of [...changes.insertions, ...changes.modifications]) before.set(key, after.get(key));
          expect(Object.fromEntries(before)).toEqual(Object.fromEntries(after));
        }
        knownKeys[name] = after;
      });
    }
    await turn();
    for (let round = 0; round < 150; round++) {
      const commits = random(3) + 1;
      for (let commit = 0; commit < commits; commit++) realm.write(() => { for (let step = random(4); step >= 0; step--) act(realm, box, random); });
      if (random(4) > 0) await turn();
    }
    await turn();
    expect(calls).toBeGreaterThan(300);
    for (const [name, collection] of Object.entries(watched)) expect([name, known[name]]).toEqual([name, [...collection].map(identity)]);
  });

  it("[R-7.3] a collection's listener hears of a change up to three links away, an object's does not", async () => {
    const realm = new Realm(mode.config({ schema }));
    const chain = realm.write(() => {
      let next: Item | null = null;
      for (const id of [5, 4, 3, 2, 1]) next = realm.create<Item>("Item", { id, n: 0, next });
      return next as unknown as Item;
    });
    const heard: unknown[] = [];
    realm.objects<Item>("Item").filtered("id == 1").addListener((_items, { newModifications }) => heard.push(newModifications));
    chain.addListener((_item, { changedProperties }) => heard.push(changedProperties));
    await turn();
    heard.length = 0;
    for (const id of [4, 5]) {
      realm.write(() => { realm.objectForPrimaryKey<Item>("Item", id)!.n++; });
      await turn();
    }
    expect(heard).toEqual([[0]]);
  });

  it("[R-7.6] key paths let pass what changed along them, by name, over links and by wildcards", async () => {
    const realm = new Realm(mode.config({ schema }));
    const [first, second] = realm.write(() => {
      const end = realm.create<Item>("Item", { id: 2, n: 0 });
      return [realm.create<Item>("Item", { id: 1, n: 0, next: end }), end];
    });
    const heard = new Map<string, number>();
    const results = realm.objects<Item>("Item").filtered("id == 1");
    const names: (string | string[])[] = ["n", "next.n", "next", "*", "*.*", ["n", "next.n"], []];
    for (const path of names) {
      const name = JSON.stringify(path);
      results.addListener(() => heard.set(`results ${name}`, (heard.get(`results ${name}`) ?? -1) + 1), path);
      if (path.length > 0) first.addListener((_item, changes) => heard.set(`object ${name}`, (heard.get(`object ${name}`) ?? 0) + changes.changedProperties.length), path);
    }
    await turn();
    const deltas = async (change: () => void): Promise<string[]> => {
      const before = new Map(heard);
      realm.write(change);
      await turn();
      return [...heard].filter(([name, count]) => before.get(name) !== count).map(([name]) => name).sort();
    };
    const both = (...paths: string[]) => [...paths.map((path) => `object ${path}`), ...paths.map((path) => `results ${path}`)].sort();
    expect(await deltas(() => { second.n = 5; })).toEqual(both('"*.*"', '"next.n"', '["n","next.n"]'));
    expect(await deltas(() => { first.n = 5; })).toEqual(both('"*"', '"*.*"', '"n"', '["n","next.n"]'));
    expect(await deltas(() => { first.next = null; })).toEqual(both('"*"', '"*.*"', '"next"', '"next.n"', '["n","next.n"]'));
    expect(await deltas(() => realm.delete(first))).toEqual(names.flatMap((path) => (path.length > 0 ? [`results ${JSON.stringify(path)}`] : [`results ${JSON.stringify(path)}`])).sort());
    expect(() => results.addListener(() => undefined, "nope")).toThrow("Property 'nope' in KeyPath 'nope' is not a valid property in Item.");
    expect(() => results.addListener(() => undefined, "n.x")).toThrow("Property 'n' in KeyPath 'n.x' is not a collection of objects or an object reference");
    expect(() => results.addListener(() => undefined, 5 as never)).toThrow("Expected 'keyPaths' to be a string or an array, got a number");
  });

  it("[R-7.7] [R-7.9] a collection in a mixed value has its listeners, and its object fires with the property's name", async () => {
    const realm = new Realm(mode.config({ schema }));
    const box = realm.write(() => realm.create<Box>("Box", { value: { list: [1] } }));
    const list = (box.value as Realm.Dictionary<Realm.List<number>>)["list"] as Realm.List<number>;
    const heard: unknown[] = [];
    list.addListener((_list, { insertions }) => heard.push(insertions));
    (box as unknown as Item).addListener((_box, { changedProperties }) => heard.push(changedProperties));
    await turn();
    realm.write(() => list.push(2));
    await turn();
    expect(heard).toEqual([[], [], [1], ["value"]]);
    expect(() => { const listener = () => undefined; list.addListener(listener); list.addListener(listener); }).toThrow("Remove callback before adding it again");
  });

  it("[R-7.10] listeners may remove themselves, delete objects and close the realm", async () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => realm.create("Item", { id: 1, n: 0 }));
    const heard: string[] = [];
    const items = realm.objects<Item>("Item");
    const once = (): void => { heard.push("once"); items.removeListener(once); };
    items.addListener(once);
    items.addListener((now) => {
      heard.push(`length ${now.length}`);
      if (now.length === 1) realm.write(() => realm.delete(now[0]));
      else realm.close();
    });
    items.addListener(() => heard.push("third"));
    await turn();
    await turn();
    await turn();
    expect(heard).toEqual(["once", "length 1", "third", "length 0"]);
    expect(realm.isClosed).toBe(true);
  });

  it("thousands of listeners cost what changed, not what exists", async () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => { for (let id = 0; id < 1000; id++) realm.create("Item", { id, n: id }); });
    const items = realm.objects<Item>("Item");
    let calls = 0;
    const results = items.map((_item, index) => items.filtered("n == $0", index));
    for (const result of results) result.addListener(() => calls++);
    for (const item of items) item.addListener(() => calls++);
    await turn();
    expect(calls).toBe(2000);
    const reads = vi.spyOn(ObjectState.prototype, "tryRefresh");
    const queries = vi.spyOn(ObjectQuery.prototype, "rows");
    realm.write(() => { items.filtered("id == 7").update("n", 1007); });
    reads.mockClear();
    queries.mockClear();
    await turn();
    expect(calls).toBe(2002);
    expect([reads.mock.calls.length < 20, queries.mock.calls.length < 5]).toEqual([true, true]);
    vi.restoreAllMocks();
  });
});

/** One random change. */
function act(realm: Realm, box: Box, random: (below: number) => number): void {
  const all = realm.objects<Item>("Item");
  const any = (): Item => all[random(all.length)] as Item;
  const { items, numbers, byKey, links } = box;
  const value = box.value as Realm.List<unknown>;
  const key = `k${random(6)}`;
  switch (random(16)) {
    case 0: realm.create("Item", { id: random(60), n: random(9) }, "modified" as never); break;
    case 1: if (all.length > 5) realm.delete(any()); break;
    case 2: case 3: any().n = random(9); break;
    case 4: items.push(any()); break;
    case 5: items.splice(random(items.length + 1), random(3), ...(random(2) === 0 ? [any()] : [])); break;
    case 6: if (items.length > 1) items.move(random(items.length), random(items.length)); break;
    case 7: numbers.splice(random(numbers.length + 1), random(3), ...[random(4), null].slice(0, random(3))); break;
    case 8: if (numbers.length > 0) numbers[random(numbers.length)] = random(4); break;
    case 9: box.texts.add(`t${random(8)}`); break;
    case 10: box.texts.delete(`t${random(8)}`); break;
    case 11: if (random(2) === 0) byKey[key] = random(3); else byKey.remove(key); break;
    case 12: if (random(2) === 0) links[key] = any(); else links.remove(key); break;
    case 13: if (random(2) === 0) box.itemSet.add(any()); else box.itemSet.delete(any()); break;
    case 14: value.splice(random(value.length + 1), random(2), ...(random(2) === 0 ? [[random(3)]] : [random(9)])); break;
    default: { const inner = value.find((element) => element instanceof Realm.List) as Realm.List | undefined; inner?.push(random(5)); }
  }
}
