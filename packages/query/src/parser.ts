/**
 * Recursive descent over the tokens of a query.
 *
 * A parenthesis may hold a predicate or an expression, and which of them is only known at its end; so every level returns
 * either, and asks for the one it needs afterwards. That keeps the parser free of backtracking.
 *
 * @module
 */
import type { ArithmeticOperator, ComparisonOperator, ConstantExpression, Descriptor, Expression, ObjectReference, Predicate, Quantifier, Query, SortKey, Subquery } from "./ast.ts";
import { QueryError } from "./errors.ts";
import { canonicalText, tokenize } from "./lexer.ts";
import { constantOf } from "./literals.ts";
import { parseGeoRegion } from "./parse-geo.ts";
import { parseName, parsePath, parsePathExpression } from "./parse-path.ts";
import { canonicalAhead, countOf, current, enter, expect, isAt, leave, parseItems, take, unexpected } from "./parser-state.ts";
import type { ParserState } from "./parser-state.ts";

const OPERATORS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE", "BETWEEN", "TEXT"]);
const OPERATORS_WITH_CASE: ReadonlySet<string> = new Set(["==", "!=", "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"]);
const QUANTIFIERS: ReadonlySet<string> = new Set(["ANY", "ALL", "NONE"]);
const SUMS: ReadonlySet<string> = new Set(["+", "-"]);
const PRODUCTS: ReadonlySet<string> = new Set(["*", "/"]);
const PREDICATES: ReadonlySet<string> = new Set<Predicate["kind"]>(["truth", "not", "and", "or", "comparison", "geoWithin"]);

/** Calculations inside one another, `a + b + c` being two: trees are walked recursively, and no text may exhaust the stack. */
const HEIGHT_MAX = 256;
const heights = new WeakMap<Expression, number>();

type Node = Predicate | Expression;

/**
 * Parses a query.
 *
 * @throws {QueryError} `QUERY_SYNTAX` with Realm's message, and the offset in the text.
 */
export function parse(text: string): Query {
  const state: ParserState = { text, tokens: tokenize(text), index: 0, depth: 0 };
  const predicate = asPredicate(state, parseOr(state));
  const { start } = current(state);
  const descriptors: Descriptor[] = [];
  while (current(state).kind !== "end") descriptors.push(parseDescriptor(state));
  return { text, predicateText: text.slice(0, start).trim(), descriptorText: text.slice(start).trim(), predicate, descriptors };
}

function parseOr(state: ParserState): Node {
  return parseChain(state, "||", "or", parseAnd);
}

function parseAnd(state: ParserState): Node {
  return parseChain(state, "&&", "and", parseNot);
}

function parseChain(state: ParserState, separator: string, kind: "and" | "or", parseOperand: (state: ParserState) => Node): Node {
  const first = parseOperand(state);
  if (!isAt(state, separator)) return first;
  const operands = [asPredicate(state, first)];
  while (take(state, separator)) operands.push(asPredicate(state, parseOperand(state)));
  return { kind, operands };
}

function parseNot(state: ParserState): Node {
  if (!take(state, "!")) return parseComparison(state);
  enter(state);
  const operand = asPredicate(state, parseNot(state));
  leave(state);
  return { kind: "not", operand };
}

function parseComparison(state: ParserState): Node {
  const left = parseSum(state);
  const operator = canonicalText(current(state));
  if (operator === undefined || isPredicate(left)) return left;
  if (operator === "GEOWITHIN") {
    if (left.kind !== "path") throw unexpected(state);
    state.index++;
    return { kind: "geoWithin", path: left, region: parseGeoRegion(state) };
  }
  if (!OPERATORS.has(operator)) return left;
  state.index++;
  const isCaseInsensitive = OPERATORS_WITH_CASE.has(operator) && take(state, "[c]");
  if (operator === "BETWEEN" && !isAt(state, "{")) throw unexpected(state, "'{'");
  const right = asExpression(state, parseSum(state));
  return { kind: "comparison", operator: operator as ComparisonOperator, isCaseInsensitive, left, right };
}

function parseSum(state: ParserState): Node {
  return parseArithmetic(state, SUMS, parseProduct);
}

function parseProduct(state: ParserState): Node {
  return parseArithmetic(state, PRODUCTS, parsePrimary);
}

function parseArithmetic(state: ParserState, operators: ReadonlySet<string>, parseOperand: (state: ParserState) => Node): Node {
  let left = parseOperand(state);
  while (!isPredicate(left) && operators.has(canonicalText(current(state)) ?? "")) {
    const operator = canonicalText(current(state)) as ArithmeticOperator;
    state.index++;
    const right = asExpression(state, parseOperand(state));
    const height = 1 + Math.max(heights.get(left) ?? 0, heights.get(right) ?? 0);
    if (height > HEIGHT_MAX) throw new QueryError("QUERY_SYNTAX", `Invalid predicate: more than ${String(HEIGHT_MAX)} calculations inside one another`, { offset: current(state).start });
    left = { kind: "arithmetic", operator, left, right };
    heights.set(left, height);
  }
  return left;
}

function parsePrimary(state: ParserState): Node {
  const token = current(state);
  const canonical = canonicalText(token);
  switch (canonical) {
    case "(":
      return parseParenthesis(state);
    case "{":
      return parseList(state);
    case "TRUEPREDICATE":
    case "FALSEPREDICATE":
      state.index++;
      return { kind: "truth", isTrue: canonical === "TRUEPREDICATE" };
    case "SUBQUERY":
      return parseSubquery(state);
    default:
      if (canonical !== undefined && QUANTIFIERS.has(canonical)) return parseQuantified(state, canonical as Quantifier);
      return parseConstant(state) ?? parsePathExpression(state);
  }
}

function parseParenthesis(state: ParserState): Node {
  enter(state);
  state.index++;
  const inner = parseOr(state);
  expect(state, ")");
  leave(state);
  return inner;
}

function parseQuantified(state: ParserState, quantifier: Quantifier): Expression {
  state.index++;
  if (isAt(state, "{")) return { ...parseList(state), quantifier };
  const token = current(state);
  if (token.kind === "argument") {
    state.index++;
    return { kind: "argument", index: countOf(token, 1), quantifier };
  }
  const path = parsePathExpression(state);
  if (path.kind === "aggregate") throw unexpected(state);
  return { ...path, quantifier };
}

function parseList(state: ParserState): Extract<Expression, { readonly kind: "list" }> {
  expect(state, "{");
  if (take(state, "}")) return { kind: "list", elements: [] };
  return { kind: "list", elements: parseItems(state, "}", parseElement) };
}

function parseElement(state: ParserState): ConstantExpression {
  const element = parseConstant(state);
  if (element === undefined) throw unexpected(state);
  return element;
}

function parseSubquery(state: ParserState): Subquery {
  enter(state);
  state.index++;
  expect(state, "(");
  const path = parsePath(state);
  expect(state, ",");
  const variable = parseName(state);
  expect(state, ",");
  const predicate = asPredicate(state, parseOr(state));
  expect(state, ")");
  expect(state, ".");
  expect(state, "@count");
  leave(state);
  return { kind: "subquery", path, variable, predicate };
}

/** A literal, an argument or an object; undefined, with nothing consumed, if there is none. */
function parseConstant(state: ParserState): ConstantExpression | undefined {
  const token = current(state);
  const canonical = canonicalText(token);
  const isCall = canonicalAhead(state) === "(";
  if (canonical === "OBJ" && isCall) return parseObject(state);
  if (canonical === "BINARY" && isCall) return parseBinary(state);
  if (token.kind === "link") {
    state.index++;
    return { kind: "object", key: { kind: "constant", value: { type: "int", value: countOf(token, 1) } } };
  }
  if (token.kind === "typedLink") {
    throw new QueryError("QUERY_INVALID", `${token.text} names a class by its number in Realm's file: write obj('Class', key)`, { offset: token.start });
  }
  if (token.kind === "argument") {
    state.index++;
    return { kind: "argument", index: countOf(token, 1) };
  }
  const value = canonical === "NULL" ? ({ type: "null" } as const)
    : canonical === "TRUE" || canonical === "FALSE" ? ({ type: "bool", value: canonical === "TRUE" } as const)
    : constantOf(token);
  if (value === undefined) return undefined;
  state.index++;
  return { kind: "constant", value };
}

/** `obj('Class', key)`. */
function parseObject(state: ParserState): ObjectReference {
  state.index += 2;
  const name = constantOf(current(state));
  if (name?.type !== "string") throw unexpected(state, "string");
  state.index++;
  expect(state, ",");
  const token = current(state);
  const key = parseConstant(state);
  const isKey = token.kind === "argument" || token.kind === "natural" || token.kind === "integer" || token.kind === "string" || token.kind === "uuid" || token.kind === "objectId";
  if (key === undefined || key.kind === "object" || !isKey) {
    if (key !== undefined) state.index--;
    throw unexpected(state);
  }
  expect(state, ")");
  return { kind: "object", className: name.value, key };
}

/** `binary('text')` and `binary(B64"…")`. */
function parseBinary(state: ParserState): ConstantExpression {
  state.index += 2;
  const constant = constantOf(current(state));
  if (constant?.type !== "string" && constant?.type !== "base64") throw unexpected(state, "string or base64");
  state.index++;
  expect(state, ")");
  const value = constant.type === "string" ? new TextEncoder().encode(constant.value) : constant.value;
  return { kind: "constant", value: { type: "data", value } };
}

function parseDescriptor(state: ParserState): Descriptor {
  if (take(state, "SORT")) {
    expect(state, "(");
    return { kind: "sort", keys: parseItems(state, ")", parseSortKey) };
  }
  if (take(state, "DISTINCT")) {
    expect(state, "(");
    return { kind: "distinct", paths: parseItems(state, ")", parsePath) };
  }
  if (!take(state, "LIMIT")) throw unexpected(state);
  expect(state, "(");
  const token = current(state);
  if (token.kind !== "natural") throw unexpected(state, "natural0");
  state.index++;
  expect(state, ")");
  return { kind: "limit", count: countOf(token) };
}

function parseSortKey(state: ParserState): SortKey {
  const path = parsePath(state);
  if (take(state, "ASC")) return { path, isAscending: true };
  if (take(state, "DESC")) return { path, isAscending: false };
  throw unexpected(state, "ascending or descending or '.'");
}

function isPredicate(node: Node): node is Predicate {
  return PREDICATES.has(node.kind);
}

function asPredicate(state: ParserState, node: Node): Predicate {
  if (isPredicate(node)) return node;
  throw unexpected(state);
}

function asExpression(state: ParserState, node: Node): Expression {
  if (isPredicate(node)) throw unexpected(state);
  return node;
}
