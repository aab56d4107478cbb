/**
 * Values: one text for each, and which property can hold which.
 *
 * @module
 */
import { describe, expect, it } from "vitest";
import { canonicalDecimal, checkOperation, decodeOperation, decodeSchema, intOf, isDecimalText, keyText, plainText, stampOf, valueFits, valueText, wireInt, type Content, type Operation, type PathStep, type SyncProperty, type WireValue } from "../src/index.ts";
import { Random } from "./support/random.ts";
import { TABLE } from "./support/scene.ts";

const H = stampOf({ ms: 1, counter: 0, replica: "a".repeat(16) });
const ONE_OF_EACH: Readonly<Record<string, WireValue>> = {
  bool: true,
  int: 5,
  double: 0.5,
  string: "x",
  data: { $data: "AA==" },
  date: { $date: -1 },
  decimal128: { $decimal: "1.50" },
  objectId: { $oid: "0".repeat(24) },
  uuid: { $uuid: "00000000-0000-0000-0000-000000000000" },
};

describe("decimal128", () => {
  it.each([
    ["0", "0"],
    ["-0", "-0"],
    ["1.50", "1.50"],
    ["15E-1", "1.5"],
    ["1E3", "1E+3"],
    ["100E+1", "1.00E+3"],
    ["0.000001", "0.000001"],
    ["0.0000001", "1E-7"],
    ["12345E-10", "0.0000012345"],
    ["00012", "12"],
    ["0E+3", "0E+3"],
    ["0.00", "0.00"],
    ["9".repeat(34), "9".repeat(34)],
    [`${"9".repeat(34)}E+6111`, `9.${"9".repeat(33)}E+6144`],
    ["1E-6176", "1E-6176"],
  ])("%s is %s", (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical);
    expect(canonicalDecimal(canonical)).toBe(canonical);
    expect(isDecimalText(canonical)).toBe(true);
  });

  it.each(["", "-", "1.", ".5", "+1", "1e3", "1E", "1E+6112", "1E-6177", "9".repeat(35), "0x1", "1_0", "nan", "-NaN", "inf", " 1", `0.${"0".repeat(60)}1`])("%j is none", (text) => {
    expect(isDecimalText(text)).toBe(false);
  });
});

describe("ints", () => {
  it("of 64 bits, wrapping around, and back", () => {
    for (const value of [0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) expect(intOf(wireInt(value))).toBe(value);
    expect(wireInt(2n ** 63n)).toEqual({ $int: "-9223372036854775808" });
    expect(wireInt(5)).toBe(5);
    for (const value of ["5", null, 0.5, { $double: "5" }] as const) expect(intOf(value)).toBe(undefined);
  });
});

describe("texts of values", () => {
  it("int and double, text and key, null and nothing are told apart", () => {
    const values: WireValue[] = [null, 0, 1, -1, { $double: "1" }, { $double: "-0" }, { $double: "NaN" }, 0.5, "1", "", true, false, ...Object.values(ONE_OF_EACH).slice(4), { $link: ["A", 1] }, { $link: ["A", "1"] }];
    expect(new Set(values.map(valueText)).size).toBe(values.length);
    expect(new Set(values.map((value) => plainText(value))).size).toBe(values.length);
    expect(keyText({ $oid: "0".repeat(24) })).toBe(`{"$oid":"${"0".repeat(24)}"}`);
  });

  it("random doubles pass the decoder as they are, or tagged", () => {
    const random = new Random(3);
    const view = new DataView(new ArrayBuffer(8));
    for (let times = 0; times < 3000; times += 1) {
      for (let byte = 0; byte < 8; byte += 1) view.setUint8(byte, random.below(256));
      const number = view.getFloat64(0);
      const isPlain = Number.isFinite(number) && !Number.isInteger(number);
      const value: WireValue = isPlain ? number : { $double: Object.is(number, -0) ? "-0" : String(number) };
      const read = decodeOperation(JSON.parse(JSON.stringify(set(value)))).do;
      expect(read).toEqual({ act: "set", value });
    }
  });
});

describe("which property can hold which value", () => {
  const types = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid"] as const;

  it.each(types)("%s", (type) => {
    const property: SyncProperty = { name: "p", type };
    const fitting = Object.keys(ONE_OF_EACH).filter((kind) => valueFits(ONE_OF_EACH[kind] as WireValue, property, TABLE));
    expect(fitting).toEqual([type === "float" ? "double" : type]);
    expect(valueFits(null, property, TABLE)).toBe(false);
    expect(valueFits(null, { ...property, optional: true }, TABLE)).toBe(true);
    expect(valueFits({ $link: ["Table", 1] }, property, TABLE)).toBe(false);
    expect(valueFits({ $double: "1" }, property, TABLE)).toBe(type === "double" || type === "float");
  });

  it("links lead to their class; mixed holds everything", () => {
    const link: SyncProperty = { name: "p", type: "object", objectType: "Table" };
    expect([{ $link: ["Table", 1] }, { $link: ["Part", 1] }, null, 1].map((value) => valueFits(value as WireValue, link, TABLE))).toEqual([true, false, true, false]);
    expect(valueFits(null, { ...link, collection: "list" }, TABLE)).toBe(false);
    for (const value of Object.values(ONE_OF_EACH)) expect(valueFits(value, { name: "p", type: "mixed" }, TABLE)).toBe(true);
  });
});

describe("an operation that does not fit the schema", () => {
  it.each<[string, readonly PathStep[], Operation["do"], string]>([
    ["a property that is not there", ["other"], { act: "set", value: 1 }, "OPERATION_INVALID"],
    ["another type", ["count"], { act: "set", value: "x" }, "VALUE_INVALID"],
    ["a value in a collection's place", ["list"], { act: "set", value: 1 }, "OPERATION_INVALID"],
    ["a list that is a set", [{ at: "set", box: "list" }], { act: "insert", values: [1] }, "OPERATION_INVALID"],
    ["an element of another type", [{ at: "set", box: "set" }], { act: "add", value: "x" }, "VALUE_INVALID"],
    ["an entry of another type", [{ at: "dict", box: "dict" }, "k"], { act: "set", value: 1 }, "VALUE_INVALID"],
    ["a container in a string", ["text"], { act: "set", value: { $new: "list" } }, "OPERATION_INVALID"],
    ["an embedded object in mixed", ["any"], { act: "set", value: { $new: "object" } }, "OPERATION_INVALID"],
    ["a property of an embedded object that is not there", [{ at: "part", box: "object" }, "z"], { act: "set", value: 1 }, "OPERATION_INVALID"],
    ["a property of an embedded object of another type", [{ at: "part", box: "object" }, "a"], { act: "set", value: "x" }, "VALUE_INVALID"],
    ["a link in an embedded object's place", ["part"], { act: "set", value: { $link: ["Part", 1] } }, "VALUE_INVALID"],
    ["an increment of a string", ["text"], { act: "inc", by: 1 }, "OPERATION_INVALID"],
    ["a list in a list of links", [{ at: "links", box: "list" }], { act: "insert", values: [{ $new: "list" }] }, "OPERATION_INVALID"],
    ["the primary key", ["id"], { act: "set", value: 2 }, "OPERATION_INVALID"],
  ])("%s", (_name, path, action, code) => {
    const operation: Operation = { type: "Table", pk: 1, h: H, path, do: action };
    decodeOperation(operation);
    expect(() => checkOperation(operation, SCHEMA)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it("a class that is not there or embedded, a key of another type", () => {
    const create = { h: H, path: [], do: { act: "create" } } as const;
    for (const name of [{ type: "Gone", pk: 1 }, { type: "Part", pk: 1 }, { type: "Table", pk: "1" }, { type: "Table", pk: null }]) {
      expect(() => checkOperation({ ...create, ...name }, SCHEMA)).toThrow(expect.objectContaining({ code: expect.stringMatching(/_INVALID$/) as string }) as Error);
    }
    checkOperation({ ...create, type: "Table", pk: 1 }, SCHEMA);
  });
});

const SCHEMA = decodeSchema({ classes: [{ ...TABLE.classes[0], properties: [{ name: "id", type: "int" }, ...(TABLE.classes[0]?.properties ?? [])] }, TABLE.classes[1]] });

function set(value: Content): Operation {
  return { type: "Table", pk: 1, h: H, path: ["any"], do: { act: "set", value } };
}
