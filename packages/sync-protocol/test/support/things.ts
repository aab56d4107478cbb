/**
 * The class that the property tests work on, and random changes to its objects.
 *
 * @module
 */
import type { PlainObject, PlainValue, SyncSchema, WireValue } from "../../src/index.ts";
import type { Random } from "./random.ts";

/** A property of every kind that merges in a way of its own. */
export const THINGS: SyncSchema = {
  classes: [
    {
      name: "Thing",
      primaryKey: "id",
      properties: [
        { name: "hits", type: "int", counter: true },
        { name: "title", type: "string", optional: true },
        { name: "any", type: "mixed", optional: true },
        { name: "tags", type: "string", collection: "list" },
        { name: "friends", type: "object", objectType: "Thing", collection: "list" },
        { name: "numbers", type: "int", collection: "set" },
        { name: "notes", type: "mixed", optional: true, collection: "dict" },
        { name: "part", type: "object", objectType: "Part", optional: true },
        { name: "parts", type: "object", objectType: "Part", collection: "list" },
        { name: "shelf", type: "object", objectType: "Part", collection: "dict" },
      ],
    },
    {
      name: "Part",
      embedded: true,
      properties: [
        { name: "count", type: "int", counter: true },
        { name: "label", type: "string", optional: true },
        { name: "sizes", type: "int", collection: "list" },
        { name: "inner", type: "object", objectType: "Part", optional: true },
      ],
    },
  ],
};

const KEYS = ["a", "b", "c", "__proto__", "constructor"];
const TEXTS = ["x", "y", "z", "", "ü"];

/** What a new thing looks like. */
export const NEW_THING: PlainObject = { hits: 0, title: null, any: null, tags: [], friends: [], numbers: { $set: [] }, notes: { $dict: {} }, part: null, parts: [], shelf: { $dict: {} } };
const NEW_PART: PlainObject = { count: 0, label: null, sizes: [], inner: null };

/** A thing that differs in one or a few properties. */
export function changedThing(random: Random, thing: PlainObject): PlainObject {
  let next = thing;
  for (let times = 1 + random.below(3); times > 0; times -= 1) next = { ...next, ...changeOf(random, next) };
  return next;
}

function changeOf(random: Random, thing: PlainObject): PlainObject {
  const name = random.pick(Object.keys(NEW_THING));
  const old = thing[name] as PlainValue;
  return { [name]: changedProperty(random, name, old) };
}

/** Another value of one property. */
export function changedProperty(random: Random, name: string, old: PlainValue): PlainValue {
  if (name === "hits") return (old as number) + random.below(7) - 3;
  if (name === "title") return random.once(4) ? null : random.pick(TEXTS);
  if (name === "any") return changedMixed(random, old, 0);
  if (name === "tags") return changedList(random, old as PlainValue[], () => random.pick(TEXTS));
  if (name === "friends") return changedList(random, old as PlainValue[], () => ({ $link: ["Thing", random.below(4)] }));
  if (name === "numbers") return changedSet(random, old as { $set: WireValue[] });
  if (name === "notes") return changedDict(random, old as { $dict: PlainObject }, (value) => changedMixed(random, value ?? null, 1));
  if (name === "part") return changedPart(random, old, 0);
  if (name === "parts") return changedList(random, old as PlainValue[], (value) => changedPart(random, value ?? null, 0) ?? { $object: NEW_PART });
  return changedDict(random, old as { $dict: PlainObject }, (value) => changedPart(random, value ?? null, 0));
}

function changedMixed(random: Random, old: PlainValue, depth: number): PlainValue {
  if (depth < 3 && Array.isArray(old) && !random.once(4)) return changedList(random, old, (value) => changedMixed(random, value ?? null, depth + 1));
  if (depth < 3 && isDict(old) && !random.once(4)) return changedDict(random, old, (value) => changedMixed(random, value ?? null, depth + 1));
  if (depth < 3 && random.once(3)) return random.once(2) ? [random.pick(TEXTS)] : { $dict: { [random.pick(KEYS)]: random.below(3) } };
  return random.pick<PlainValue>([null, random.pick(TEXTS), random.below(5), { $double: "1" }, true, { $link: ["Thing", random.below(4)] }]);
}

function changedPart(random: Random, old: PlainValue, depth: number): PlainValue {
  if (old === null) return { $object: { ...NEW_PART, count: random.below(3) } };
  if (random.once(5)) return null;
  const part = (old as { $object: PlainObject }).$object;
  const choice = random.below(depth > 1 ? 3 : 4);
  if (choice === 0) return { $object: { ...part, count: (part["count"] as number) + 1 } };
  if (choice === 1) return { $object: { ...part, label: random.pick(TEXTS) } };
  if (choice === 2) return { $object: { ...part, sizes: changedList(random, part["sizes"] as PlainValue[], () => random.below(4)) } };
  return { $object: { ...part, inner: changedPart(random, part["inner"] as PlainValue, depth + 1) } };
}

function changedList(random: Random, old: readonly PlainValue[], made: (value: PlainValue | undefined) => PlainValue): PlainValue[] {
  const list = [...old];
  const index = random.below(list.length + 1);
  const choice = random.below(8);
  if (choice < 3 || list.length === 0) list.splice(index, 0, ...Array.from({ length: 1 + random.below(3) }, () => made(undefined)));
  else if (choice < 5) list.splice(random.below(list.length), 1);
  else if (choice < 7) list.splice(random.below(list.length), 0, ...list.splice(random.below(list.length), 1));
  else if (index < list.length) list[index] = made(list[index]);
  else list.length = 0;
  return list;
}

function changedSet(random: Random, old: { readonly $set: readonly WireValue[] }): PlainValue {
  const value = random.below(5);
  const without = old.$set.filter((each) => each !== value);
  return { $set: without.length === old.$set.length ? [...without, value] : without };
}

function changedDict(random: Random, old: { readonly $dict: PlainObject }, made: (value: PlainValue | undefined) => PlainValue): PlainValue {
  const key = random.pick(KEYS);
  const entries = Object.entries(old.$dict).filter(([each]) => each !== key);
  const before = Object.hasOwn(old.$dict, key) ? old.$dict[key] : undefined;
  return { $dict: Object.fromEntries(random.once(3) ? entries : [...entries, [key, made(before)]]) };
}

function isDict(value: PlainValue): value is { readonly $dict: PlainObject } {
  return typeof value === "object" && value !== null && "$dict" in value;
}
