import { describe, expect, it } from "vitest";
import { check, compareDecimals, parse, parseDecimal, QueryError } from "../src/index.ts";
import type { CheckedQuery, CheckedValue } from "../src/index.ts";
import { SCHEMA } from "./schema.ts";

function checked(text: string, ...args: unknown[]): CheckedQuery {
  return check(parse(text), { schema: SCHEMA, className: "Person", args, readArgument: (argument) => (argument === FRIEND ? FRIEND_LINK : undefined) });
}

const FRIEND = { isPerson: true };
const FRIEND_LINK = { type: "link", className: "Person", key: 7, label: "'Person' with primary key '7'" } as const;

function valueIn(text: string, ...args: unknown[]): CheckedValue {
  const { predicate } = checked(text, ...args);
  if (predicate.kind === "compare" && predicate.right.kind === "value") return predicate.right.value;
  throw new Error(`no value in ${text}`);
}

function errorOf(run: () => unknown): QueryError {
  try {
    run();
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("names", () => {
  it("a persisted name finds the same property as the name in JavaScript", () => {
    expect(checked("full_name == 'x'").predicate).toEqual(checked("name == 'x'").predicate);
  });

  it.each([
    ["nope == 1", "'Person' has no property 'nope'"],
    ["dog.nope == 1", "'Dog' has no property 'nope'"],
    ["nope IN {1}", "'Person' has no property 'nope'"],
    ["TRUEPREDICATE SORT(nope ASC)", "No property 'nope' found on object type 'Person' specified in 'sort' clause"],
    ["TRUEPREDICATE DISTINCT(dog.nope)", "No property 'nope' found on object type 'Dog' specified in 'distinct' clause"],
  ])("%s is refused", (text, message) => {
    expect(errorOf(() => checked(text))).toMatchObject({ code: "QUERY_PROPERTY_UNKNOWN", message });
  });

  it("a path through a value is refused", () => {
    expect(errorOf(() => checked("name.length == 1"))).toMatchObject({ code: "QUERY_TYPE_MISMATCH", message: "Property 'Person.name' has no property 'length'" });
  });

  it("the classes that paths lead through are named", () => {
    expect([...checked("dog.owner.name == 'x' SORT(dog.name ASC)").classNames]).toEqual(["Person", "Dog"]);
  });
});

describe("types", () => {
  it.each([
    ["name == 1", "'string' and type 'int'"],
    ["1 == name", "'int' and type 'string'"],
    ["age == true", "'int' and type 'bool'"],
    ["photo == 1", "'binary' and type 'int'"],
    ["born == 1", "'timestamp' and type 'int'"],
    ["oid == uuid(00112233-4455-6677-8899-aabbccddeeff)", "'objectId' and type 'uuid'"],
    ["name == age", "'string' and type 'int'"],
    ["dog == 1", "'link' and type 'int'"],
    ["dog == friend", "'link' and type 'object'"],
  ])("%s is refused in Realm's words", (text, types) => {
    const message = `Unsupported comparison between type ${types}`.replace("type 'object'", "type 'link'");
    expect(errorOf(() => checked(text))).toMatchObject({ code: "QUERY_TYPE_MISMATCH", message });
  });

  it("a number among the arguments is a double", () => {
    expect(errorOf(() => checked("name == $0", 1)).message).toBe("Unsupported comparison between type 'string' and type 'double'");
  });

  it("a string among the arguments never spells a number", () => {
    expect(errorOf(() => checked("age == $0", "1")).message).toBe("Unsupported comparison between type 'int' and type 'string'");
  });

  it.each<[string, CheckedValue]>([
    ["age == '1'", { type: "number", value: 1 }],
    ["age == '9007199254740993'", { type: "number", value: 9007199254740993n }],
    ["age == 1.5", { type: "number", value: 1.5 }],
    ["weight == '1.5'", { type: "number", value: 1.5 }],
    ["ratio == 0.1", { type: "number", value: Math.fround(0.1) }],
    ["price == 0.10", { type: "decimal128", value: { coefficient: 10n, exponent: -2 } }],
    ["price == '1e2'", { type: "decimal128", value: { coefficient: 1n, exponent: 2 } }],
    ["name == B64\"aGk=\"", { type: "string", value: "hi" }],
    ["photo == 'hi'", { type: "data", value: Uint8Array.of(104, 105) }],
    ["dog == NULL", null],
  ])("%s", (text, value) => {
    expect(valueIn(text)).toEqual(value);
  });

  it("a string that spells no number is refused", () => {
    expect(errorOf(() => checked("age == 'x'")).message).toBe("Cannot convert 'x' to a number");
  });

  it("infinity is refused for an int", () => {
    expect(errorOf(() => checked("age < inf")).message).toBe("Infinity not supported for int");
  });

  it.each([
    ["age CONTAINS 'x'", "Unsupported comparison operator 'contains' against type 'int', right side must be a string or binary type"],
    ["name BEGINSWITH 1", "Unsupported comparison operator 'beginswith' against type 'int', right side must be a string or binary type"],
    ["age ==[c] 1", "Unsupported comparison operator '=[c]' against type 'int', right side must be a string or binary type"],
    ["dog < NULL", "Unsupported operator < in query. Only equal (==) and not equal (!=) are supported for this type."],
  ])("%s is refused", (text, message) => {
    expect(errorOf(() => checked(text))).toMatchObject({ code: "QUERY_TYPE_MISMATCH", message });
  });

  it.each([
    ["1 == 1", "Cannot compare two constants"],
    ["age BETWEEN {1}", "Operator 'BETWEEN' requires list with 2 elements."],
    ["1 IN age", "The keypath following 'IN' must contain a list. Found 'age'"],
  ])("%s is refused", (text, message) => {
    expect(errorOf(() => checked(text))).toMatchObject({ code: "QUERY_INVALID", message });
  });

  it("a constant on the left turns the operator round", () => {
    expect(checked("5 <= age").predicate).toMatchObject({ kind: "compare", operator: ">=" });
  });

  it("elements of a list that no value can equal are left out", () => {
    expect(checked("age IN {1, 'x'}".replace("'x'", "true")).predicate).toMatchObject({ values: [{ type: "number", value: 1 }] });
  });
});

describe("arguments", () => {
  it.each([
    [[], 0, "Request for argument at index 0 but no arguments are provided"],
    [[1, 2], 2, "Request for argument at index 2 but only 2 arguments are provided"],
    [[1], 3, "Request for argument at index 3 but only 1 argument is provided"],
  ])("%j has no $%i", (args, index, message) => {
    expect(errorOf(() => checked(`age == $${String(index)}`, ...args))).toMatchObject({ code: "QUERY_ARGUMENT_MISSING", message });
  });

  it("dates, bytes, bigints and null come in as they are", () => {
    const text = "born == $0";
    expect(valueIn(text, new Date(5))).toEqual({ type: "date", value: 5 });
    expect(valueIn("photo == $0", Uint8Array.of(1, 2).subarray(1))).toEqual({ type: "data", value: Uint8Array.of(2) });
    expect(valueIn("photo == $0", Uint8Array.of(3).buffer)).toEqual({ type: "data", value: Uint8Array.of(3) });
    expect(valueIn("age == $0", 2n ** 60n)).toEqual({ type: "number", value: 2n ** 60n });
    expect(valueIn("age == $0", undefined)).toBeNull();
  });

  it("an object is what the host says it is", () => {
    expect(valueIn("friend == $0", FRIEND)).toEqual({ type: "link", className: "Person", key: 7 });
  });

  it("an object of another class is refused", () => {
    expect(errorOf(() => checked("dog == $0", FRIEND)).message).toBe(
      "The relationship 'dog' which links to type 'Dog' cannot be compared to an argument of type 'Person' with primary key '7'",
    );
  });

  it.each([{}, () => 1, Symbol.iterator, new Date(NaN)])("%s is refused", (argument) => {
    expect(errorOf(() => checked("age == $0", argument)).code).toBe("QUERY_ARGUMENT_INVALID");
  });

  it("a list argument serves IN, in any iterable form", () => {
    const expected = [{ type: "number", value: 1 }, null];
    expect(checked("age IN $0", [1, null]).predicate).toMatchObject({ values: expected });
    expect(checked("age IN $0", new Set([1, null])).predicate).toMatchObject({ values: expected });
  });

  it("IN refuses an argument that is no list", () => {
    expect(errorOf(() => checked("age IN $0", 1)).code).toBe("QUERY_INVALID");
  });
});

describe("decimals", () => {
  it.each([
    ["1.0", "1.00", 0], ["0.1", "0.10000000000000001", -1], ["1e6000", "1e-6000", 1], ["-1e6000", "1", -1], ["-2", "-10", 1], ["0", "-0", 0],
    ["NaN", "-Infinity", -1], ["-Infinity", "-1e6000", -1], ["Infinity", "1e6000", 1], ["NaN", "NaN", 0], ["12E+2", "1200", 0],
  ])("%s against %s", (left, right, expected) => {
    const decimals = [parseDecimal(left), parseDecimal(right)];
    const [a, b] = decimals;
    if (a === undefined || b === undefined) throw new Error("not a decimal");
    expect(Math.sign(compareDecimals(a, b))).toBe(expected);
  });

  it.each(["", ".", "1.2.3", "x", "1e"])("%j is none", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });
});
