/**
 * What the SDK reads from a file: the stored schema, records, keys, indexes, links, changed as a defect of ours or the owner of a
 * plain file could change them. Every coded error is a right answer.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { Realm } from "@holdfast/realm";
import { Store } from "@holdfast/storage-engine";
import type { MemoryVolume } from "@holdfast/storage-engine";
import type { Random } from "../fuzzer/random.ts";
import { codeOf } from "../fuzzer/failure.ts";
import { MEMORY_PATH, openOn, smallVolume } from "../images/memory-realm.ts";
import { joined } from "../images/operations.ts";
import type { FuzzTarget } from "../target.ts";

const SCHEMA: Realm.ObjectSchema[] = [
  {
    name: "Thing",
    primaryKey: "id",
    properties: {
      id: "string", flag: "bool?", count: { type: "int", indexed: true }, big: "int?", ratio: "double", weight: "float?", name: { type: "string", optional: true, indexed: true }, note: { type: "string", indexed: "full-text" }, blob: "data?", when: { type: "date", optional: true, indexed: true },
      price: "decimal128?", oid: "objectId?", uid: { type: "uuid", optional: true, indexed: true }, any: "mixed", link: "Thing?", part: "Part?", parts: "Part[]", tags: "string?[]", numbers: "int<>", extras: "mixed{}", ids: "objectId[]", dates: "date{}", backlinks: { type: "linkingObjects", objectType: "Thing", property: "link" },
    },
  },
  { name: "Part", embedded: true, properties: { size: "int", label: "string?" } },
  { name: "Plain", properties: { value: "int", list: "double[]" } },
];
const QUERIES = ["count > 1", "name BEGINSWITH 'n' SORT(count DESC)", "note TEXT 'quick'", "when < 2030-01-01@00:00:00", "uid != NULL", "ANY tags == 'x'", "link.name == 'n1'", "extras['a'] == 1", "any == 1 OR any CONTAINS 'a'", "backlinks.@count > 0", "numbers.@max > 2 DISTINCT(name)", "price > 1"];

interface Base {
  readonly volume: MemoryVolume;
  /** Every entry of every tree, in order. */
  readonly trees: readonly { readonly name: string; readonly entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[] }[];
}

let base: Base | undefined;

/**
 * The target. Byte 0: bit 0 opened with the application's schema, bit 1 written to. Then changes: tree, entry, kind, offset (u16), length,
 * bytes. Kinds: 0 bytes over the value, 1 into it, 2 out of it, 3 instead of it, 4 the entry is removed, 5 another entry with that key,
 * 6 bytes over the key, 7 the value is that of another entry.
 */
export const target: FuzzTarget = {
  name: "realm-file",
  what: "stored schema, records, keys, indexes and links with any bytes in them: opened, read, queried, written",
  maxBytes: 1024,
  limits: { steps: 3_000_000, bytes: 64_000_000 },
  dictionary: ['"type":"', '"objectType":', '"optional":true', '"section":1', '"fill":', '"name":"', "null", "[]", "{}", "0", "-1", "1e9", "list", "mixed", "Thing", "Part", "\u00f7", "\u00ff\u00ff\u00ff\u00ff", "\0\0\0\0"],
  seeds: () => [Uint8Array.of(0), Uint8Array.of(3), ...Array.from({ length: 48 }, (_, index) => joined([Uint8Array.of(index % 4), change({ tree: index, entry: index * 7, kind: index % 8, at: index, bytes: Uint8Array.of(index * 5, 255 - index) })]))],
  mutate: mutateChanges,
  run(input) {
    base ??= makeBase();
    const volume = base.volume.fork();
    const known = base;
    // What the engine itself refuses, an empty key, say, cannot get into a file.
    codeOf(() => applyChanges(known, volume, input));
    const mode = input[0] ?? 0;
    const realm = opened(volume, (mode & 1) === 1);
    if (realm === undefined) return;
    try {
      readRealm(realm);
      if ((mode & 2) !== 0) writeRealm(realm);
    } finally {
      codeOf(() => realm.close());
    }
  },
};

function opened(volume: MemoryVolume, isWithSchema: boolean): Realm | undefined {
  let realm: Realm | undefined;
  codeOf(() => {
    realm = openOn(volume, isWithSchema ? { schema: SCHEMA } : {});
  });
  return realm;
}

function makeBase(): Base {
  const volume = smallVolume();
  const realm = openOn(volume, { schema: SCHEMA });
  realm.write(() => {
    let before: unknown = null;
    for (let i = 0; i < 4; i++) {
      before = realm.create("Thing", {
        id: `thing ${i}`, flag: [true, false, null][i % 3], count: i * 1000, big: i === 0 ? null : 2 ** (i * 12), ratio: i / 3, weight: i === 1 ? null : 0.5, name: i === 2 ? null : `n${i}${"x".repeat(i * 60)}`, note: "the quick brown fox", blob: new Uint8Array(i * 80).buffer,
        when: i === 3 ? null : new Date(i * 1e11), price: BSON.Decimal128.fromString(`${i}.5`), oid: new BSON.ObjectId("0123456789abcdef01234567"), uid: new BSON.UUID("01234567-89ab-4def-8123-456789abcdef"),
        any: [1, "a", { a: [1, { b: null }] }, [true, [2.5]]][i], link: before, part: { size: i, label: "p" }, parts: [{ size: 1, label: null }, { size: 2, label: "q" }].slice(0, i), tags: ["x", null, "é"].slice(0, i), numbers: [3, 1, 2].slice(0, i), extras: { a: 1, b: ["c"] },
        ids: [new BSON.ObjectId("0123456789abcdef01234567")], dates: { d: new Date(5) },
      });
    }
    for (let i = 0; i < 2; i++) realm.create("Plain", { value: i, list: [i, 0.5] });
  });
  realm.close();
  const store = Store.open({ path: MEMORY_PATH, volume });
  const snapshot = store.snapshot();
  const trees = snapshot.treeNames().map((name) => {
    const entries: { key: Uint8Array; value: Uint8Array }[] = [];
    const cursor = snapshot.tree(name)?.cursor();
    while (cursor?.next() === true) entries.push({ key: cursor.key().slice(), value: cursor.value().slice() });
    return { name, entries };
  });
  snapshot.close();
  store.close();
  return { volume, trees };
}

interface Change {
  readonly tree: number;
  readonly entry: number;
  readonly kind: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

const CHANGE_HEAD_BYTES = 6;

function change({ tree, entry, kind, at, bytes }: Change): Uint8Array {
  return joined([Uint8Array.of(tree, entry, kind, at, Math.floor(at / 256), bytes.length), bytes]);
}

function readChanges(input: Uint8Array): Change[] {
  const changes: Change[] = [];
  for (let at = 1; at + CHANGE_HEAD_BYTES <= input.length && changes.length < 24; ) {
    const [tree = 0, entry = 0, kind = 0, low = 0, high = 0, length = 0] = input.subarray(at, at + CHANGE_HEAD_BYTES);
    changes.push({ tree, entry, kind, at: low + high * 256, bytes: input.slice(at + CHANGE_HEAD_BYTES, at + CHANGE_HEAD_BYTES + length) });
    at += CHANGE_HEAD_BYTES + length;
  }
  return changes;
}

function applyChanges({ trees }: Base, volume: MemoryVolume, input: Uint8Array): void {
  const store = Store.open({ path: MEMORY_PATH, volume });
  const transaction = store.beginWrite();
  for (const { tree, entry, kind, at, bytes } of readChanges(input)) {
    const { name, entries } = trees[tree % trees.length] as Base["trees"][0];
    const found = entries[entry % Math.max(entries.length, 1)];
    if (found === undefined) continue;
    const writer = transaction.tree(name);
    const value = writer.get(found.key)?.slice() ?? found.value;
    const place = at % (value.length + 1);
    if (kind % 8 === 4) writer.delete(found.key);
    else if (kind % 8 === 5) writer.put(bytes, value);
    else if (kind % 8 === 6) writer.put(over(found.key, at % (found.key.length + 1), bytes), value);
    else if (kind % 8 === 7) writer.put(found.key, (entries[at % entries.length] as { value: Uint8Array }).value);
    else if (kind % 8 === 3) writer.put(found.key, bytes);
    else if (kind % 8 === 2) writer.put(found.key, joined([value.slice(0, place), value.slice(place + (bytes[0] ?? 1))]));
    else if (kind % 8 === 1) writer.put(found.key, joined([value.slice(0, place), bytes, value.slice(place)]));
    else writer.put(found.key, over(value, place, bytes));
  }
  transaction.commit();
  store.close();
}

function over(value: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  return joined([value.slice(0, at), bytes, value.slice(at + bytes.length)]);
}

function readRealm(realm: Realm): void {
  for (const { name, embedded } of realm.schema) {
    if (embedded) continue;
    codeOf(() => {
      const objects = realm.objects(name);
      void objects.length;
      for (const object of objects) readObject(object as Record<string, unknown>);
    });
  }
  for (const query of QUERIES) codeOf(() => void realm.objects<Record<string, unknown>>("Thing").filtered(query).map((object) => object["id"]));
  codeOf(() => void realm.objectForPrimaryKey("Thing", "thing 1"));
  for (const property of ["count", "when", "price"]) codeOf(() => void realm.objects("Thing").max(property));
}

function readObject(object: Record<string, unknown>): void {
  codeOf(() => {
    for (const name of Object.keys(object)) {
      codeOf(() => {
        const value = object[name];
        if (typeof value === "object" && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value)) for (const element of value as Iterable<unknown>) void String(typeof element);
      });
    }
    (object as { toJSON(): unknown }).toJSON();
  });
}

/** One transaction for each step: what fails is given up alone. */
function writeRealm(realm: Realm): void {
  const steps: (() => void)[] = [
    () => realm.create("Thing", { id: "thing 1", count: 5, name: "changed", ratio: 1, note: "slow", tags: ["y"], extras: { z: 1 } }, "modified" as never),
    () => realm.create("Thing", { id: "thing 9", count: 5, ratio: 1, note: "new", link: realm.objectForPrimaryKey("Thing", "thing 1") }),
    () => realm.create("Plain", { value: 7, list: [] }),
    () => realm.delete(realm.objectForPrimaryKey("Thing", "thing 2")),
    () => realm.delete(realm.objects("Thing").filtered("count > 1")),
    () => realm.deleteAll(),
  ];
  for (const step of steps) codeOf(() => realm.write(step));
  codeOf(() => readRealm(realm));
}

/** Changes are added, taken out, or get another field. */
function mutateChanges(input: Uint8Array, random: Random): Uint8Array {
  const changes: Change[] = readChanges(input);
  const at = random.below(changes.length);
  const known = changes[at];
  const bytes = Uint8Array.from({ length: random.pick([0, 1, 1, 2, 4, 9]) }, () => random.pick([0, 1, 2, 11, 12, 127, 128, 239, 240, 243, 246, 247, 248, 251, 255, random.below(256)]));
  const fresh: Change = { tree: random.below(32), entry: random.below(16), kind: random.below(8), at: random.below(random.pick([4, 64, 512])), bytes };
  if (known === undefined || random.oneIn(3)) changes.splice(at, 0, fresh);
  else if (random.oneIn(4)) changes.splice(at, 1);
  else changes[at] = random.pick([{ ...known, bytes }, { ...known, at: fresh.at }, { ...known, at: known.at + 1 }, { ...known, kind: fresh.kind }, { ...known, entry: fresh.entry }, { ...known, tree: fresh.tree }]);
  return joined([Uint8Array.of(random.oneIn(6) ? random.below(4) : (input[0] ?? 0)), ...changes.map(change)]);
}
