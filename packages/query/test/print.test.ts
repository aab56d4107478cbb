import * as fc from "fast-check";
import { expect, it } from "vitest";
import { describe as print, parse, QueryError } from "../src/index.ts";
import type { Constant, Descriptor, Expression, GeoPosition, Path, PathElement, Predicate } from "../src/index.ts";

const SEED = 20_261_121;
const RUN_COUNT = 700;

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const name = fc.oneof(
  fc.constantFrom("a", "first name", "größe", "x-1", "_", "limit", "In", "tab\there", "first", "size", "text", "日本"),
  fc.string({ unit: fc.constantFrom("a", "Z", "_", "-", "$", "9", " ", "é"), minLength: 1, maxLength: 6 }).filter((text) => /^[a-zA-Zé_]/.test(text) && !KEYWORDS.test(text)),
);
/** Words that are no names, whatever their case. */
const KEYWORDS = /^(?:and|or|not|any|all|none|some|true|false|null|nil|inf|infinity|nan|[OL]\d.*|T\d.*|subquery|geo.*|.*predicate)$/i;
const text = fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.constantFrom("", "it's", "\\", '"', "\n\0", "\ud800", "\udc00x"));

const constant: fc.Arbitrary<Constant> = fc.oneof(
  fc.constant<Constant>({ type: "null" }),
  fc.boolean().map((value): Constant => ({ type: "bool", value })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Constant => ({ type: "int", value: Number.isSafeInteger(Number(value)) ? Number(value) : value })),
  fc.maxSafeInteger().map((value): Constant => ({ type: "int", value })),
  fc.double().map((value): Constant => ({ type: "double", value: value === 0 ? 0 : value, text: value === 0 ? "0" : String(value) })),
  text.map((value): Constant => ({ type: "string", value })),
  fc.uint8Array({ maxLength: 7 }).map((value): Constant => ({ type: "data", value })),
  fc.uint8Array({ maxLength: 7 }).map((value): Constant => ({ type: "base64", value })),
  fc.tuple(fc.integer({ min: -4_000_000_000, max: 8_000_000_000 }), fc.nat(999_999_999)).map(([seconds, nanos]): Constant => ({ type: "date", value: seconds * 1000 + (seconds < 0 ? -nanos : nanos) / 1e6 })),
  bytes(12).map((value): Constant => ({ type: "objectId", value })),
  bytes(16).map((value): Constant => ({ type: "uuid", value })),
);
const argument = fc.nat(9).map((index) => ({ kind: "argument" as const, index }));
const key = fc.oneof(fc.integer().map((value): Constant => ({ type: "int", value })), text.map((value): Constant => ({ type: "string", value })), bytes(12).map((value): Constant => ({ type: "objectId", value })));
const element = fc.oneof(
  constant.map((value) => ({ kind: "constant" as const, value })),
  argument,
  fc.record({ kind: fc.constant("object" as const), className: text, key: fc.oneof(key.map((value) => ({ kind: "constant" as const, value })), argument) }),
  fc.nat(99).map((value) => ({ kind: "object" as const, key: { kind: "constant" as const, value: { type: "int" as const, value } } })),
);
const step: fc.Arbitrary<PathElement> = fc.oneof(
  fc.oneof(name, fc.constantFrom("@links", "@keys", "@values")).map((value): PathElement => ({ kind: "name", name: value })),
  fc.oneof(fc.nat(99), fc.constant("LAST" as const)).map((index): PathElement => ({ kind: "index", index })),
  text.map((value): PathElement => ({ kind: "key", key: value })),
  fc.constant<PathElement>({ kind: "all" }),
  argument,
);
const plainPath: fc.Arbitrary<Path> = fc.oneof(
  fc.tuple(name, fc.array(step, { maxLength: 3 })).map(([first, rest]): Path => ({ kind: "path", elements: [{ kind: "name", name: first }, ...rest] })),
  fc.nat(3).map((keyPathArgument): Path => ({ kind: "path", elements: [], keyPathArgument })),
);
const quantifier = fc.constantFrom("ANY", "ALL", "NONE", undefined);
const withQuantifier = <Node extends object>(node: Node, how: string | undefined): Node => (how === undefined ? node : { ...node, quantifier: how });
const path = fc.tuple(plainPath, fc.constantFrom(undefined, "@count", "@type"), quantifier).map(([one, operation, how]) => withQuantifier(operation === undefined ? one : { ...one, operation: operation as "@count" }, how));
const coordinate = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)), argument);
const position = fc.tuple(coordinate, coordinate) as fc.Arbitrary<GeoPosition<number | { kind: "argument"; index: number }>>;
const region = fc.oneof(
  argument,
  fc.record({ kind: fc.constant("box" as const), bottomLeft: position, topRight: position }),
  fc.record({ kind: fc.constant("circle" as const), center: position, radius: coordinate }),
  fc.record({ kind: fc.constant("polygon" as const), rings: fc.array(fc.array(position, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 2 }) }),
);
const operators = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE", "TEXT");
const CASELESS = new Set(["==", "!=", "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"]);

const { predicate } = fc.letrec<{ predicate: Predicate; expression: Expression }>((tie) => {
  const list = fc.tuple(fc.array(element, { maxLength: 3 }), quantifier).map(([elements, how]) => withQuantifier({ kind: "list" as const, elements }, how));
  return {
    expression: fc.oneof(
      { maxDepth: 3 },
      path,
      element as fc.Arbitrary<Expression>,
      fc.tuple(argument, quantifier).map(([one, how]) => withQuantifier(one, how)) as fc.Arbitrary<Expression>,
      list as fc.Arbitrary<Expression>,
      fc.tuple(plainPath, fc.constantFrom("@min", "@max", "@sum", "@avg"), fc.option(name, { nil: undefined })).map(([one, operator, property]) => ({ kind: "aggregate", operator, path: one, ...(property === undefined ? {} : { property }) }) as Expression),
      fc.record({ kind: fc.constant("arithmetic" as const), operator: fc.constantFrom("+", "-", "*", "/"), left: tie("expression"), right: tie("expression") }) as fc.Arbitrary<Expression>,
      fc.record({ kind: fc.constant("subquery" as const), path: plainPath, variable: fc.constantFrom("$x", "$a b"), predicate: tie("predicate") }) as fc.Arbitrary<Expression>,
    ),
    predicate: fc.oneof(
      { maxDepth: 3 },
      fc.tuple(operators, tie("expression"), tie("expression"), fc.boolean()).map(([operator, left, right, isFolded]) => ({ kind: "comparison", operator, isCaseInsensitive: isFolded && CASELESS.has(operator), left, right }) as Predicate),
      fc.tuple(tie("expression"), list).map(([left, right]) => ({ kind: "comparison", operator: "BETWEEN", isCaseInsensitive: false, left, right: { kind: "list", elements: right.elements } }) as Predicate),
      fc.tuple(path, region).map(([one, where]) => ({ kind: "geoWithin", path: one, region: where }) as Predicate),
      fc.boolean().map((isTrue): Predicate => ({ kind: "truth", isTrue })),
      fc.record({ kind: fc.constant("not" as const), operand: tie("predicate") }),
      fc.record({ kind: fc.constantFrom("and" as const, "or" as const), operands: fc.array(tie("predicate"), { minLength: 2, maxLength: 3 }) }),
    ),
  };
});
const descriptor: fc.Arbitrary<Descriptor> = fc.oneof(
  fc.array(fc.record({ path: plainPath, isAscending: fc.boolean() }), { minLength: 1, maxLength: 3 }).map((keys): Descriptor => ({ kind: "sort", keys })),
  fc.array(plainPath, { minLength: 1, maxLength: 3 }).map((paths): Descriptor => ({ kind: "distinct", paths })),
  fc.nat().map((count): Descriptor => ({ kind: "limit", count })),
);

it(`what is written of a tree parses to the same tree (seed ${String(SEED)})`, () => {
  fc.assert(
    fc.property(predicate, fc.array(descriptor, { maxLength: 3 }), (wanted, descriptors) => {
      const query = parse(print({ text: "", predicateText: "", descriptorText: "", predicate: wanted, descriptors }));
      expect({ predicate: query.predicate, descriptors: query.descriptors }).toEqual({ predicate: wanted, descriptors });
    }),
    { seed: SEED, numRuns: RUN_COUNT },
  );
});

it(`any text is a query or a QueryError, and what parses is written and parsed again as the same (seed ${String(SEED)})`, () => {
  const words = fc.constantFrom(
    "a", "b.c", "$0", "$K1", "1", "-2.5", "'x'", "B64\"aGk=\"", "T1:2", "oid(507f1f77bcf86cd799439011)", "{", "}", "(", ")", "[", "]", ",", ".", " == ", " != ", " < ", " IN ", " BETWEEN ", "[c]", " AND ", " OR ", "NOT ",
    "ANY ", "ALL ", "NONE ", "@count", "@max", "@links", "@type", "@keys", "SUBQUERY(", "$x", " TEXT ", " GEOWITHIN ", "geoBox(", "geoPolygon(", "obj(", "binary(", " + ", " - ", " * ", " / ", " SORT(", " DISTINCT(", " LIMIT(", " ASC", "O1", "TRUEPREDICATE", "null", "\ud83d", "\u0000", "\\",
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(words, { maxLength: 20 }).map((parts) => parts.join("")), fc.string({ unit: "binary", maxLength: 20 })), (source) => {
      let query: ReturnType<typeof parse>;
      try {
        query = parse(source);
      } catch (error) {
        expect(error).toBeInstanceOf(QueryError);
        return;
      }
      const again = parse(print(query));
      expect({ predicate: again.predicate, descriptors: again.descriptors }).toEqual({ predicate: query.predicate, descriptors: query.descriptors });
    }),
    { seed: SEED, numRuns: 5 * RUN_COUNT },
  );
});
