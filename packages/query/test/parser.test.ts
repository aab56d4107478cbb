import { describe, expect, it } from "vitest";
import { describe as print, parse, pathOf, printPath, QueryError } from "../src/index.ts";
import type { Comparison, Constant, Path, Predicate } from "../src/index.ts";

function codeOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof QueryError) return error.code;
    throw error;
  }
  return "parsed";
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
      return predicate.left.kind === "path" ? printPath(predicate.left) : "?";
    case "geoWithin":
      return "geo";
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
    ['B64"aGVsbG8="', { type: "base64", value: Uint8Array.from(Buffer.from("hello")) }],
    ['B64"aGVsbA"', { type: "base64", value: Uint8Array.from(Buffer.from("hell")) }],
    ["binary('hé')", { type: "data", value: Uint8Array.of(104, 195, 169) }],
    ['BIN(B64"aGk=")', { type: "data", value: Uint8Array.of(104, 105) }],
    ['B64""', { type: "base64", value: new Uint8Array(0) }],
  ])("%s", (literal, expected) => {
    expect(constantIn(literal)).toEqual(expected);
  });

  it.each(["age == $10000000000000000000000000", "age > 1 LIMIT(10000000000000000000000000)", "tags[10000000000000000000000000] == 'a'"])("%s is refused: no argument, index or limit is that large", (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "QUERY_INVALID" }));
  });

  it.each(["9223372036854775808", "1899-01-01@00:00:00", "275760-09-14@00:00:00", "T8640000000001:0"])("%s is refused, since Realm cannot hold it", (literal) => {
    expect(codeOf(`a == ${literal}`)).toBe("QUERY_INVALID");
  });

  it("base64 of an impossible length is refused", () => {
    expect(codeOf('a == B64"aGVsb"')).toBe("QUERY_SYNTAX");
  });
});

describe("names", () => {
  it("a path has a name for each step", () => {
    expect(parse("a.b.c == 1").predicate).toMatchObject({ left: pathOf("a", "b", "c") });
  });

  it("names may hold escaped blanks, dashes, digits and letters of any script", () => {
    expect(parse("first\\ name.größe-2 == 1").predicate).toMatchObject({ left: pathOf("first name", "größe-2") });
  });
});

describe("ordering", () => {
  it("SORT, DISTINCT and LIMIT come in the order in which they are written", () => {
    expect(parse("TRUEPREDICATE SORT(a ASC, b.c DESCENDING) distinct(a) LIMIT(2) limit(1)").descriptors).toEqual([
      { kind: "sort", keys: [{ path: pathOf("a"), isAscending: true }, { path: pathOf("b", "c"), isAscending: false }] },
      { kind: "distinct", paths: [pathOf("a")] },
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
    ["a.@max.@min == 1", "Invalid predicate: 'a.@max.@min == 1': syntax error, unexpected @min"],
    ["a[-1] == 1", "Invalid predicate: 'a[-1] == 1': syntax error, unexpected number"],
    ["SUBQUERY(a, $x, $x.b) == 1", "Invalid predicate: 'SUBQUERY(a, $x, $x.b) == 1': syntax error, unexpected ')'"],
    ["a == obj(Dog, 1)", "Invalid predicate: 'a == obj(Dog, 1)': syntax error, unexpected identifier, expecting string"],
    ["a.@count.b == 1", "Invalid predicate: 'a.@count.b == 1': syntax error, unexpected '.'"],
    ["a GEOWITHIN geoBox([1], [2, 3])", "Invalid predicate: 'a GEOWITHIN geoBox([1], [2, 3])': syntax error, unexpected ']'"],
    ["a BETWEEN $0", "Invalid predicate: 'a BETWEEN $0': syntax error, unexpected argument, expecting '{'"],
    ["a IN {1, b}", "Invalid predicate: 'a IN {1, b}': syntax error, unexpected identifier"],
    ["TRUEPREDICATE LIMIT(-1)", "Invalid predicate: 'TRUEPREDICATE LIMIT(-1)': syntax error, unexpected number, expecting natural0"],
    ["a == 1 == 2", "Invalid predicate: 'a == 1 == 2': syntax error, unexpected =="],
  ])("%s", (text, message) => {
    expect(errorOf(text)).toMatchObject({ code: "QUERY_SYNTAX", message });
  });

  it.each([["s ==", 4], ["a == 1 == 2", 7], ["a == # 1", 5], ["  ) ", 2]])("%s: the error says where", (text, offset) => {
    expect(errorOf(text).offset).toBe(offset);
  });

  it("ten thousand parentheses are refused instead of exhausting the stack", () => {
    expect(codeOf(`${"(".repeat(10_000)}a == 1${")".repeat(10_000)}`)).toBe("QUERY_SYNTAX");
  });

  it("ten thousand NOTs are refused instead of exhausting the stack", () => {
    expect(codeOf(`${"!".repeat(10_000)}a == 1`)).toBe("QUERY_SYNTAX");
  });
});

describe("paths", () => {
  it.each<[string, Path]>([
    ["a[0].b", { kind: "path", elements: [{ kind: "name", name: "a" }, { kind: "index", index: 0 }, { kind: "name", name: "b" }] }],
    ["a[FIRST]", { kind: "path", elements: [{ kind: "name", name: "a" }, { kind: "index", index: 0 }] }],
    ["a[last][*]", { kind: "path", elements: [{ kind: "name", name: "a" }, { kind: "index", index: "LAST" }, { kind: "all" }] }],
    ["a['k'][$2]", { kind: "path", elements: [{ kind: "name", name: "a" }, { kind: "key", key: "k" }, { kind: "argument", index: 2 }] }],
    ["a[SIZE]", { ...pathOf("a"), operation: "@count" }],
    ["a.@size", { ...pathOf("a"), operation: "@count" }],
    ["a.first.size.@type", { ...pathOf("a", "first", "size"), operation: "@type" }],
    ["a.@keys", pathOf("a", "@keys")],
    ["@links.Dog.owner.@count", { ...pathOf("@links", "Dog", "owner"), operation: "@count" }],
    ["ALL a.b", { ...pathOf("a", "b"), quantifier: "ALL" }],
    ["some a.@count", { ...pathOf("a"), quantifier: "ANY", operation: "@count" }],
    ["$K1", { kind: "path", elements: [], keyPathArgument: 1 }],
  ])("%s", (text, expected) => {
    expect((parse(`${text} == 1`).predicate as Comparison).left).toEqual(expected);
  });
});

describe("operands", () => {
  const left = (text: string): unknown => (parse(`${text} == 1`).predicate as Comparison).left;

  it("products bind closer than sums, and chains go from the left", () => {
    const a = pathOf("a");
    const calculated = (operator: string, x: unknown, y: unknown): unknown => ({ kind: "arithmetic", operator, left: x, right: y });
    expect(left("a + a * a")).toEqual(calculated("+", a, calculated("*", a, a)));
    expect(left("a - a - a")).toEqual(calculated("-", calculated("-", a, a), a));
    expect(left("(a + a) / a")).toEqual(calculated("/", calculated("+", a, a), a));
  });

  it("a dash without blanks belongs to a name or a number, as in Realm", () => {
    expect(left("a-b")).toEqual(pathOf("a-b"));
    expect(codeOf("a -1 == 2")).toBe("QUERY_SYNTAX");
  });

  it("aggregates, subqueries, objects and quantified lists", () => {
    expect(left("a.b.@max")).toEqual({ kind: "aggregate", operator: "@max", path: pathOf("a", "b") });
    expect(left("a.@sum.price")).toEqual({ kind: "aggregate", operator: "@sum", path: pathOf("a"), property: "price" });
    expect(left("SUBQUERY(a, $x, $x.b > 1 && TRUEPREDICATE).@count")).toMatchObject({ kind: "subquery", path: pathOf("a"), variable: "$x", predicate: { kind: "and" } });
    expect(left("obj('Dog', 7)")).toEqual({ kind: "object", className: "Dog", key: { kind: "constant", value: { type: "int", value: 7 } } });
    expect(left("obj('Dog', $0)")).toEqual({ kind: "object", className: "Dog", key: { kind: "argument", index: 0 } });
    expect(left("O12")).toEqual({ kind: "object", key: { kind: "constant", value: { type: "int", value: 12 } } });
    expect(left("NONE {1, $0}")).toMatchObject({ kind: "list", quantifier: "NONE", elements: [{ kind: "constant" }, { kind: "argument", index: 0 }] });
    expect(left("ANY $0")).toEqual({ kind: "argument", index: 0, quantifier: "ANY" });
  });

  it("a class's number in Realm's file means nothing here", () => {
    expect(errorOf("a == L1:2")).toMatchObject({ code: "QUERY_INVALID", offset: 5 });
  });

  it("ten thousand sums are refused instead of exhausting the stack", () => {
    expect(codeOf(`a == ${"1 + ".repeat(10_000)}1`)).toBe("QUERY_SYNTAX");
    expect(codeOf(`${"(a + ".repeat(200)}a${")".repeat(200)} == ${"(a + ".repeat(200)}a${")".repeat(200)}`)).toBe("parsed");
  });
});

describe("regions", () => {
  it.each([
    ["geoCircle([0.5, $0], 1e-2)", { kind: "circle", center: [0.5, { kind: "argument", index: 0 }], radius: 0.01 }],
    ["geoBox([0, 0.1, 12.5], [-1, 1])", { kind: "box", bottomLeft: [0, 0.1], topRight: [-1, 1] }],
    ["geoPolygon({[0, 0], [1, 0], [0, 0]}, {[2, 2]})", { kind: "polygon", rings: [[[0, 0], [1, 0], [0, 0]], [[2, 2]]] }],
    ["$3", { kind: "argument", index: 3 }],
  ])("%s", (text, region) => {
    expect(parse(`a.b GEOWITHIN ${text}`).predicate).toEqual({ kind: "geoWithin", path: pathOf("a", "b"), region });
  });
});

describe("describe", () => {
  it.each([
    ["a==1||b==2&&c==3", "a == 1 OR (b == 2 AND c == 3)"],
    ["!(a>1 and b IN[c] {'x',\"y\"})", "NOT (a > 1 AND b IN[c] {'x', 'y'})"],
    ["first\\ name == 'it\\'s' sort(a desc) limit(1)", "first\\ name == 'it\\'s' SORT(a DESC) LIMIT(1)"],
    ["a+b*2 == 3", "(a + (b * 2)) == 3"],
  ])("%s is written %s", (text, expected) => {
    expect(print(parse(text))).toBe(expected);
  });
});
