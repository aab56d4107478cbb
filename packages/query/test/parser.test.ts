import { describe, expect, it } from "vitest";
import { parse, QueryError } from "../src/index.ts";
import type { Comparison, Constant, Predicate } from "../src/index.ts";

function codeOf(text: string): string {
  return errorOf(text).code;
}

function errorOf(text: string): QueryError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`parsed: ${text}`);
}

function constantIn(literal: string): Constant {
  const { right } = parse(`a == ${literal}`).predicate as Comparison;
  if (right.kind !== "constant") throw new Error(`not a constant: ${literal}`);
  return right.value;
}

/** A short spelling of the tree, so that precedence can be seen. */
function shape(predicate: Predicate): string {
  switch (predicate.kind) {
    case "truth":
      return predicate.isTrue ? "T" : "F";
    case "not":
      return `!${shape(predicate.operand)}`;
    case "comparison":
      return predicate.left.kind === "path" ? predicate.left.names.join(".") : "?";
    default:
      return `(${predicate.operands.map(shape).join(predicate.kind === "and" ? "&" : "|")})`;
  }
}

describe("precedence", () => {
  it.each([
    ["a == 1 || b == 1 && c == 1", "(a|(b&c))"],
    ["a == 1 and b == 1 OR c == 1", "((a&b)|c)"],
    ["NOT a == 1 && b == 1", "(!a&b)"],
    ["!(a == 1 && b == 1)", "!(a&b)"],
    ["not !a == 1", "!!a"],
    ["((a == 1))", "a"],
    ["(a) == 1", "a"],
    ["(a == 1 or b == 1) and TRUEPREDICATE", "((a|b)&T)"],
    ["falsepredicate or truePredicate", "(F|T)"],
    ["a == 1 && b == 1 && c == 1", "(a&b&c)"],
  ])("%s is %s", (text, expected) => {
    expect(shape(parse(text).predicate)).toBe(expected);
  });
});

describe("operators", () => {
  it.each([
    ["=", "=="], ["==", "=="], ["!=", "!="], ["<>", "!="], ["<", "<"], ["<=", "<="], ["=<", "<="], [">", ">"], [">=", ">="], ["=>", ">="],
    ["in", "IN"], ["IN", "IN"], ["beginsWith", "BEGINSWITH"], ["ENDSWITH", "ENDSWITH"], ["Contains", "CONTAINS"], ["like", "LIKE"],
  ])("%s is read as %s", (text, expected) => {
    expect((parse(`a ${text} $0`).predicate as Comparison).operator).toBe(expected);
  });

  it.each(["==", "!=", "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"])("%s takes [c]", (operator) => {
    expect((parse(`a ${operator}[c] $0`).predicate as Comparison).isCaseInsensitive).toBe(true);
  });

  it("< does not take [c]", () => {
    expect(codeOf("a <[c] 'x'")).toBe("QUERY_SYNTAX");
  });

  it("an operator's name is a property's name where a path is expected", () => {
    expect(shape(parse("limit == 1 && contains.like CONTAINS 'x' && sort == 2").predicate)).toBe("(limit&contains.like&sort)");
  });

  it("In is a property's name, since Realm knows in and IN only", () => {
    expect(shape(parse("In == 1").predicate)).toBe("In");
  });
});

describe("constants", () => {
  it.each<[string, Constant]>([
    ["12", { type: "int", value: 12 }],
    ["-12", { type: "int", value: -12 }],
    ["+12", { type: "int", value: 12 }],
    ["9007199254740993", { type: "int", value: 9007199254740993n }],
    ["-9223372036854775808", { type: "int", value: -9223372036854775808n }],
    ["0x1F", { type: "int", value: 31 }],
    ["0xFFFFFFFFFFFFF1", { type: "int", value: 0xfffffffffffff1n }],
    ["1.5", { type: "double", value: 1.5, text: "1.5" }],
    ["-.5e3", { type: "double", value: -500, text: "-.5e3" }],
    ["2.f", { type: "double", value: 2, text: "2." }],
    ["1e3", { type: "double", value: 1000, text: "1e3" }],
    ["inf", { type: "double", value: Infinity, text: "Infinity" }],
    ["-Infinity", { type: "double", value: -Infinity, text: "-Infinity" }],
    ["NaN", { type: "double", value: NaN, text: "NaN" }],
    ["true", { type: "bool", value: true }],
    ["FALSE", { type: "bool", value: false }],
    ["null", { type: "null" }],
    ["NIL", { type: "null" }],
    ["'it\\'s'", { type: "string", value: "it's" }],
    ['"a \\u00e9 \\n \\\\"', { type: "string", value: "a é \n \\" }],
    ["'say \"hi\"'", { type: "string", value: 'say "hi"' }],
    ["''", { type: "string", value: "" }],
    ["2024-01-31@12:00:00", { type: "date", value: Date.UTC(2024, 0, 31, 12) }],
    ["2024-01-31T12:00:01:500000000", { type: "date", value: Date.UTC(2024, 0, 31, 12, 0, 1, 500) }],
    ["T10:5000000", { type: "date", value: 10_005 }],
    ["T-10:-5000000", { type: "date", value: -10_005 }],
    ["oid(507f1f77bcf86cd799439011)", { type: "objectId", value: Uint8Array.from(Buffer.from("507f1f77bcf86cd799439011", "hex")) }],
    ["uuid(00112233-4455-6677-8899-aabbccddeeff)", { type: "uuid", value: Uint8Array.from(Buffer.from("00112233445566778899aabbccddeeff", "hex")) }],
    ['B64"aGVsbG8="', { type: "data", value: Uint8Array.from(Buffer.from("hello")) }],
    ['B64"aGVsbA"', { type: "data", value: Uint8Array.from(Buffer.from("hell")) }],
    ['B64""', { type: "data", value: new Uint8Array(0) }],
  ])("%s", (literal, expected) => {
    expect(constantIn(literal)).toEqual(expected);
  });

  it.each(["9223372036854775808", "1899-01-01@00:00:00"])("%s is refused, since Realm cannot hold it", (literal) => {
    expect(codeOf(`a == ${literal}`)).toBe("QUERY_INVALID");
  });

  it("base64 of an impossible length is refused", () => {
    expect(codeOf('a == B64"aGVsb"')).toBe("QUERY_SYNTAX");
  });
});

describe("names", () => {
  it("a path has a name for each step", () => {
    expect(parse("a.b.c == 1").predicate).toMatchObject({ left: { names: ["a", "b", "c"] } });
  });

  it("names may hold escaped blanks, dashes, digits and letters of any script", () => {
    expect(parse("first\\ name.größe-2 == 1").predicate).toMatchObject({ left: { names: ["first name", "größe-2"] } });
  });
});

describe("ordering", () => {
  it("SORT, DISTINCT and LIMIT come in the order in which they are written", () => {
    expect(parse("TRUEPREDICATE SORT(a ASC, b.c DESCENDING) distinct(a) LIMIT(2) limit(1)").descriptors).toEqual([
      { kind: "sort", keys: [{ path: { kind: "path", names: ["a"] }, isAscending: true }, { path: { kind: "path", names: ["b", "c"] }, isAscending: false }] },
      { kind: "distinct", paths: [{ kind: "path", names: ["a"] }] },
      { kind: "limit", count: 2 },
      { kind: "limit", count: 1 },
    ]);
  });

  it("the predicate's text ends where the ordering begins", () => {
    expect(parse(" a == 1   SORT(a ASC) ")).toMatchObject({ predicateText: "a == 1", descriptorText: "SORT(a ASC)" });
  });
});

describe("syntax errors", () => {
  it.each([
    ["s ==", "Invalid predicate: 's ==': syntax error, unexpected end of file"],
    ["", "Invalid predicate: '': syntax error, unexpected end of file"],
    ["s", "Invalid predicate: 's': syntax error, unexpected end of file"],
    ["s == 1 &&", "Invalid predicate: 's == 1 &&': syntax error, unexpected end of file"],
    ["== 1", "Invalid predicate: '== 1': syntax error, unexpected =="],
    ["a b", "Invalid predicate: 'a b': syntax error, unexpected identifier"],
    ["(a == 1", "Invalid predicate: '(a == 1': syntax error, unexpected end of file"],
    ["a == 1)", "Invalid predicate: 'a == 1)': syntax error, unexpected ')'"],
    ["a == # 1", "Invalid predicate: 'a == # 1': invalid character: #"],
    ["a == 'x", "Invalid predicate: 'a == 'x': invalid character: '"],
    ["a.@nope == 1", "Invalid predicate: 'a.@nope == 1': invalid character: @"],
    ["a BETWEEN $0", "Invalid predicate: 'a BETWEEN $0': syntax error, unexpected argument, expecting '{'"],
    ["a IN {1, b}", "Invalid predicate: 'a IN {1, b}': syntax error, unexpected identifier"],
    ["TRUEPREDICATE LIMIT(-1)", "Invalid predicate: 'TRUEPREDICATE LIMIT(-1)': syntax error, unexpected number, expecting natural0"],
    ["a == 1 == 2", "Invalid predicate: 'a == 1 == 2': syntax error, unexpected =="],
  ])("%s", (text, message) => {
    expect(errorOf(text)).toMatchObject({ code: "QUERY_SYNTAX", message });
  });

  it("ten thousand parentheses are refused instead of exhausting the stack", () => {
    expect(codeOf(`${"(".repeat(10_000)}a == 1${")".repeat(10_000)}`)).toBe("QUERY_SYNTAX");
  });

  it("ten thousand NOTs are refused instead of exhausting the stack", () => {
    expect(codeOf(`${"!".repeat(10_000)}a == 1`)).toBe("QUERY_SYNTAX");
  });
});

describe("what comes later names itself", () => {
  it.each([
    ["ANY list.a == 1", "quantifier ANY"],
    ["SOME list == 1", "quantifier ANY"],
    ["ALL list == 1", "quantifier ALL"],
    ["NONE list == 1", "quantifier NONE"],
    ["{1, 2} == a", "quantifier ANY"],
    ["list.@count > 1", "@count"],
    ["list.@sum.a > 1", "@sum"],
    ["@links.Dog.owner.@count > 1", "@links"],
    ["mixed.@type == 'int'", "@type"],
    ["dict.@keys == 'a'", "@keys"],
    ["SUBQUERY(list, $x, $x.a > 1).@count > 0", "SUBQUERY"],
    ["a * 2 == 4", "arithmetic"],
    ["(a + 1) == 4", "arithmetic"],
    ["4 == a - 1", "arithmetic"],
    ["list[0] == 1", "index"],
    ["dict['k'] == 1", "index"],
    ["a TEXT 'word'", "TEXT"],
    ["place GEOWITHIN $0", "GEOWITHIN"],
    ["a == obj('Dog', 1)", "obj()"],
    ["a == O1", "O1"],
    ["$K0 == 1", "$K0"],
    ["a == binary('x')", "binary"],
  ])("%s", (text, feature) => {
    const error = errorOf(text);
    expect(error.code).toBe("QUERY_NOT_YET");
    expect(error.message).toContain(feature);
  });
});
