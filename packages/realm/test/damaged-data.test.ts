/**
 * A file whose pages are whole but whose content is not ours: a plain file that somebody changed, say.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "@holdfast/storage-engine";
import type { ReadTree, WriteTransaction } from "@holdfast/storage-engine";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import Realm from "../src/index.ts";

const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Thing", primaryKey: "id", properties: { id: "int", name: "string", nick: { type: "string", indexed: true }, tags: "string[]", scores: "int{}", any: "mixed", price: "decimal128", numbers: "double[]" } },
  { name: "Plain", properties: { value: "int" } },
];
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const DAMAGED = expect.objectContaining({ name: "RealmError", code: "DATA_DAMAGED" });

let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-damaged-"));
  path = join(folder, "a.realm");
  const realm = new Realm({ path, schema: SCHEMA });
  realm.write(() => {
    realm.create("Thing", { id: 1, name: "secret name", nick: "n", tags: ["a"], scores: { a: 1 }, any: { a: [1] }, price: Realm.BSON.Decimal128.fromString("1"), numbers: [1] });
    realm.create("Plain", { value: 1 });
  });
  realm.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(edit: (transaction: WriteTransaction) => void): void {
  const store = Store.open({ path });
  const transaction = store.beginWrite();
  edit(transaction);
  transaction.commit();
  store.close();
}

const readSchema = (): string => {
  const store = Store.open({ path });
  const snapshot = store.snapshot();
  const bytes = snapshot.tree("meta")?.get(text("schema"));
  const schema = new TextDecoder().decode(bytes);
  snapshot.close();
  store.close();
  return schema;
};

describe("a schema that none of our versions wrote", () => {
  it.each([
    ["is no JSON", () => "{"],
    ["is no object", () => "null"],
    ["has no classes", () => '{"format":2,"version":0}'],
    ["has a class without properties", () => '{"format":2,"version":0,"classes":[{"name":"Thing","embedded":false}]}'],
    ["has a type that there is not", (schema: string) => schema.replace('"type":"int"', '"type":"integer"')],
    ["has a link to nothing", (schema: string) => schema.replace('"type":"decimal128"', '"type":"object"')],
    ["has a primary key that is no property", (schema: string) => schema.replace('"primaryKey":"id"', '"primaryKey":"key"')],
    ["lets a mixed value be required", (schema: string) => schema.replace('"type":"mixed","optional":true', '"type":"mixed","optional":false')],
    ["has one name twice", (schema: string) => schema.replace('"name":"nick"', '"name":"name"')],
    ["has a section without end", (schema: string) => schema.replace('"name":"nick"', '"name":"nick","section":1e300')],
  ])("%s: DATA_DAMAGED, and the error shows nothing of it", (_, edit) => {
    const schema = edit(readSchema());
    change((transaction) => transaction.tree("meta").put(text("schema"), text(schema)));
    for (const config of [{ path }, { path, schema: SCHEMA }, { path, readOnly: true }]) expect(() => new Realm(config)).toThrow(DAMAGED);
  });
});

it("a record cut anywhere is DATA_DAMAGED or reads as a shorter one, never another error", () => {
  const whole = ((): { key: Uint8Array; value: Uint8Array } => {
    const store = Store.open({ path });
    const snapshot = store.snapshot();
    const cursor = snapshot.tree("class:Thing")?.cursor();
    if (cursor?.next() !== true) throw new Error("no record");
    const entry = { key: cursor.key().slice(), value: cursor.value().slice() };
    snapshot.close();
    store.close();
    return entry;
  })();
  let damaged = 0;
  for (let length = 0; length < whole.value.length; length++) {
    change((transaction) => transaction.tree("class:Thing").put(whole.key, whole.value.slice(0, length)));
    const realm = new Realm({ path, schema: SCHEMA });
    try {
      for (const object of realm.objects<Record<string, unknown>>("Thing")) for (const name of Object.keys(object)) void JSON.stringify(object[name]);
    } catch (error) {
      expect(error).toEqual(DAMAGED);
      expect((error as Error).message).not.toContain("secret");
      damaged++;
    } finally {
      realm.close();
    }
  }
  expect(damaged).toBeGreaterThan(whole.value.length / 2);
});

it("an index entry without an end is passed over, a row number that is none is DATA_DAMAGED", () => {
  change((transaction) => {
    transaction.tree("index:Thing.nick").put(Uint8Array.of(1, 0x6e, 0x6e), new Uint8Array(0));
    transaction.tree("meta").put(text("rowid:Plain"), text("many"));
  });
  const realm = new Realm({ path, schema: SCHEMA });
  expect([...realm.objects("Thing").filtered("nick BEGINSWITH 'n'")].map((object) => object["id"])).toEqual([1]);
  expect(() => realm.write(() => realm.create("Plain", { value: 2 }))).toThrow(DAMAGED);
  realm.close();
});

it("an entry of links that is cut is DATA_DAMAGED, also where an object is deleted", () => {
  const linked: Realm.ObjectSchema[] = [
    { name: "Target", primaryKey: "id", properties: { id: "int" } },
    { name: "Origin", properties: { one: "Target?" } },
  ];
  const at = join(folder, "links.realm");
  const realm = new Realm({ path: at, schema: linked });
  realm.write(() => realm.create("Origin", { one: realm.create("Target", { id: 1 }) }));
  realm.close();
  const store = Store.open({ path: at });
  const name = "links:Target";
  const cursor = (store.snapshot().tree(name) as ReadTree).cursor();
  expect(cursor.next()).toBe(true);
  const key = cursor.key().slice();
  store.close();
  for (let length = 2 + (key[0] as number) * 256 + (key[1] as number); length < key.length - 8; length += 1) {
    const copy = join(folder, `cut-${length}.realm`);
    copyFileSync(at, copy);
    const broken = Store.open({ path: copy });
    const transaction = broken.beginWrite();
    transaction.tree(name).delete(key);
    transaction.tree(name).put(key.slice(0, length), new Uint8Array(0));
    transaction.commit();
    broken.close();
    const again = new Realm({ path: copy, schema: linked });
    expect(() => again.write(() => again.delete(again.objects("Target")))).toThrow(DAMAGED);
    again.close();
  }
});
