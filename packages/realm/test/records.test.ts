import { expect, it } from "vitest";
import { encodeIndexKey, encodeKey, keyEnd, readKey } from "../src/records/keys.ts";
import { layoutOf } from "../src/records/layout.ts";
import { rowOf } from "../src/records/row.ts";
import type { StoredValue } from "../src/records/stored-value.ts";
import { encodeRecord } from "../src/records/write.ts";
import { parseSchema } from "../src/schema/parse-schema.ts";

const parse = (properties: Record<string, string>, primaryKey?: string) =>
  layoutOf(parseSchema([{ name: "T", properties, ...(primaryKey ? { primaryKey } : {}) }], () => false)[0]!);

const int64s = [0n, 1n, -1n, 23n, 222n, 223n, -24n, -25n, 255n, 256n, 65535n, 2n ** 31n, -(2n ** 31n), 2n ** 32n, 2n ** 47n - 1n, -(2n ** 47n), 2n ** 47n, 2n ** 53n - 1n, -(2n ** 53n) + 1n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)];
const exact = (value: bigint): StoredValue => (value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value);

it("a string key whose zeros are not escaped is damage", () => {
  const key = Uint8Array.of(1, ...new TextEncoder().encode("a long key of twenty"), 0, 0, 0x61, 0, 1);
  expect(() => readKey("string", key, 0, key.length)).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
});

it("an integer of 64 bits comes back exactly from a record", () => {
  const layout = parse({ a: "int", b: "string", c: "int?" });
  for (const value of int64s) {
    const row = rowOf(new Uint8Array(1), encodeRecord(layout, [exact(value), "x", null]).slice());
    expect(layout.fields.map((field) => field.read(row))).toEqual([exact(value), "x", null]);
    expect(BigInt(layout.fields[0]!.read(row) as number)).toBe(value);
  }
});

it("integer keys are ordered as the integers are and come back exactly", () => {
  const sorted = [...int64s].sort((a, b) => (a < b ? -1 : 1));
  const keys = [null, ...sorted.map((value) => exact(value))].map((value) => encodeKey("int", value as never));
  for (let index = 1; index < keys.length; index++) expect(Buffer.compare(keys[index - 1]!, keys[index]!)).toBe(-1);
  expect(keys.slice(1).map((key) => BigInt(readKey("int", key, 0, key.length) as number))).toEqual(sorted);
});

it("string keys are ordered by their bytes, zeros included, and an index entry tells value from row", () => {
  const strings = ["", "\0", "\0a", "a", "a\0", "a\0b", "aa", "b", "é", "日本", "😀"];
  const keys = strings.map((text) => encodeKey("string", text));
  for (let index = 1; index < keys.length; index++) expect(Buffer.compare(keys[index - 1]!, keys[index]!)).toBe(-1);
  expect(keys.map((key) => readKey("string", key, 0, key.length))).toEqual(strings);
  const row = encodeKey("int", 77);
  for (const text of strings) {
    const entry = encodeIndexKey("string", text, row);
    expect([...entry.slice(keyEnd("string", entry, 0))]).toEqual([...row]);
  }
});

it("double keys are ordered as numbers are", () => {
  const keys = [-Infinity, -2.5, -1e-300, 0, 1e-300, 2.5, Infinity].map((value) => encodeKey("double", value));
  for (let index = 1; index < keys.length; index++) expect(Buffer.compare(keys[index - 1]!, keys[index]!)).toBe(-1);
});

it("every type comes back from a record, null or not, short or long", () => {
  const types = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid"];
  const sample: Record<string, StoredValue> = {
    bool: true, int: -5, float: 1.5, double: Math.PI, string: "héllo", data: new Uint8Array([1, 2, 3]), date: 1732199999123,
    decimal128: new Uint8Array(16).fill(3), objectId: new Uint8Array(12).fill(4), uuid: new Uint8Array(16).fill(5),
  };
  const properties: Record<string, string> = {};
  const slots: StoredValue[] = [];
  for (const type of types) {
    const value = sample[type]!;
    properties[type] = type; slots.push(value);
    properties[`${type}Optional`] = `${type}?`; slots.push(value);
    properties[`${type}Null`] = `${type}?`; slots.push(null);
    properties[`${type}List`] = `${type}[]`; slots.push(Array.from({ length: 100 }, () => value));
    properties[`${type}OptionalList`] = `${type}?[]`; slots.push([value, null, value]);
  }
  for (const text of ["", "a".repeat(119), "a".repeat(120), "é".repeat(40000), "x".repeat(70000)]) { properties[`s${text.length}${text[0]}`] = "string"; slots.push(text); }
  const layout = parse(properties);
  const row = rowOf(new Uint8Array(1), encodeRecord(layout, slots).slice());
  layout.fields.forEach((field, index) => expect([field.property.name, field.read(row)]).toEqual([field.property.name, slots[index]]));
});

it("the primary key is read from the row's key", () => {
  const layout = parse({ _id: "string?", n: "int" }, "_id");
  const record = encodeRecord(layout, [null, 5]).slice();
  expect(layout.fields.map((field) => field.read(rowOf(encodeKey("string", "köy"), record)))).toEqual(["köy", 5]);
  expect(layout.fields[0]!.read(rowOf(encodeKey("string", null), record))).toBe(null);
});
