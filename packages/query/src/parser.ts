/**
 * Recursive descent over the tokens of a query.
 *
 * A parenthesis may hold a predicate or an expression, and which of them is only known at its end; so every level returns
 * either, and asks for the one it needs afterwards. That keeps the parser free of backtracking.
 *
 * @module
 */
import type { ComparisonOperator, Descriptor, Expression, Path, Predicate, Query, SortKey } from "./ast.ts";
import { notYet, QueryError } from "./errors.ts";
import { canonicalText, laterFeature, tokenize } from "./lexer.ts";
import type { Token } from "./lexer.ts";
import { constantOf, identifierOf } from "./literals.ts";

/** Parentheses and NOTs inside one another; beyond this a query is refused, so that no text can exhaust the stack. */
const DEPTH_MAX = 256;

const OPERATORS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE", "BETWEEN"]);
const OPERATORS_WITH_CASE: ReadonlySet<string> = new Set(["==", "!=", "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"]);
const OPERATORS_LATER: ReadonlyMap<string, string> = new Map([
  ["TEXT", "the full-text operator TEXT"],
  ["GEOWITHIN", "the geospatial operator GEOWITHIN"],
]);
const ARITHMETIC: ReadonlySet<string> = new Set(["+", "-", "*", "/"]);
const QUANTIFIERS: ReadonlySet<string> = new Set(["ANY", "ALL", "NONE"]);
/** Keywords that are property names where a path is expected. */
const NAME_KEYWORDS: ReadonlySet<string> = new Set([
  "IN", "BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE", "BETWEEN", "TEXT", "GEOWITHIN", "SORT", "DISTINCT", "LIMIT", "ASC", "DESC", "OBJ",
]);

type Node = Predicate | Expression;

interface State {
  readonly text: string;
  readonly tokens: readonly Token[];
  index: number;
  depth: number;
}

/**
 * Parses a query.
 *
 * @throws {QueryError} `QUERY_SYNTAX` with Realm's message, or `QUERY_NOT_YET` naming the feature.
 */
export function parse(text: string): Query {
  const state: State = { text, tokens: tokenize(text), index: 0, depth: 0 };
  const predicate = asPredicate(state, parseOr(state));
  const { start } = current(state);
  const descriptors: Descriptor[] = [];
  while (current(state).kind !== "end") descriptors.push(parseDescriptor(state));
  return { text, predicateText: text.slice(0, start).trim(), descriptorText: text.slice(start).trim(), predicate, descriptors };
}

function parseOr(state: State): Node {
  return parseChain(state, "||", "or", parseAnd);
}

function parseAnd(state: State): Node {
  return parseChain(state, "&&", "and", parseNot);
}

function parseChain(state: State, separator: string, kind: "and" | "or", parseOperand: (state: State) => Node): Node {
  const first = parseOperand(state);
  if (!isAt(state, separator)) return first;
  const operands = [asPredicate(state, first)];
  while (take(state, separator)) operands.push(asPredicate(state, parseOperand(state)));
  return { kind, operands };
}

function parseNot(state: State): Node {
  if (!take(state, "!")) return parseComparison(state);
  enter(state);
  const operand = asPredicate(state, parseNot(state));
  state.depth--;
  return { kind: "not", operand };
}

function parseComparison(state: State): Node {
  const left = parseOperand(state);
  const operator = canonicalText(current(state));
  if (operator === undefined || isPredicate(left)) return left;
  const later = OPERATORS_LATER.get(operator);
  if (later !== undefined) throw notYet(later);
  if (!OPERATORS.has(operator)) return left;
  state.index++;
  const isCaseInsensitive = OPERATORS_WITH_CASE.has(operator) && take(state, "[c]");
  if (operator === "BETWEEN" && !isAt(state, "{")) throw unexpected(state, "'{'");
  const right = asExpression(state, parseOperand(state));
  if (left.kind === "list") throw notYet("a list in front of an operator (the quantifier ANY)");
  return { kind: "comparison", operator: operator as ComparisonOperator, isCaseInsensitive, left, right };
}

/** One operand. Arithmetic between operands comes later. */
function parseOperand(state: State): Node {
  const operand = parsePrimary(state);
  if (!isPredicate(operand) && ARITHMETIC.has(canonicalText(current(state)) ?? "")) throw notYet(`arithmetic (${current(state).text})`);
  return operand;
}

function parsePrimary(state: State): Node {
  const token = current(state);
  const canonical = canonicalText(token);
  if (canonical === "(") return parseParenthesis(state);
  if (canonical === "{") return parseList(state);
  if (canonical === "TRUEPREDICATE" || canonical === "FALSEPREDICATE") {
    state.index++;
    return { kind: "truth", isTrue: canonical === "TRUEPREDICATE" };
  }
  if (canonical !== undefined && QUANTIFIERS.has(canonical)) throw notYet(`the quantifier ${canonical}`);
  if (canonical === "SUBQUERY") throw notYet("SUBQUERY");
  if (canonical === "OBJ" && state.tokens[state.index + 1]?.text === "(") throw notYet("obj()");
  return parseConstant(state) ?? parsePath(state);
}

function parseParenthesis(state: State): Node {
  enter(state);
  state.index++;
  const inner = parseOr(state);
  expect(state, ")");
  state.depth--;
  return inner;
}

function parseList(state: State): Expression {
  state.index++;
  const elements: Expression[] = [];
  if (!take(state, "}")) {
    do {
      const element = parseConstant(state);
      if (element === undefined) throw unexpected(state);
      elements.push(element);
    } while (take(state, ","));
    expect(state, "}");
  }
  return { kind: "list", elements };
}

/** A literal or an argument; undefined, with nothing consumed, if there is neither. */
function parseConstant(state: State): Expression | undefined {
  const token = current(state);
  if (token.kind === "argument") {
    state.index++;
    return { kind: "argument", index: Number(token.text.slice(1)) };
  }
  const canonical = canonicalText(token);
  const value = canonical === "NULL" ? ({ type: "null" } as const)
    : canonical === "TRUE" || canonical === "FALSE" ? ({ type: "bool", value: canonical === "TRUE" } as const)
    : constantOf(token);
  if (value === undefined) return undefined;
  state.index++;
  return { kind: "constant", value };
}

function parsePath(state: State): Path {
  const names = [parseName(state)];
  while (take(state, ".")) names.push(parseName(state));
  if (isAt(state, "[")) throw notYet("an index or key in brackets ([0], [FIRST], ['key'])");
  return { kind: "path", names };
}

function parseName(state: State): string {
  const token = current(state);
  if (token.kind === "later") throw notYet(laterFeature(token));
  const isName = token.kind === "identifier" || (token.kind === "keyword" && NAME_KEYWORDS.has(canonicalText(token) ?? ""));
  if (!isName) throw unexpected(state);
  state.index++;
  return identifierOf(token);
}

function parseDescriptor(state: State): Descriptor {
  if (take(state, "SORT")) return { kind: "sort", keys: parseItems(state, parseSortKey) };
  if (take(state, "DISTINCT")) return { kind: "distinct", paths: parseItems(state, parsePath) };
  if (!take(state, "LIMIT")) throw unexpected(state);
  expect(state, "(");
  const token = current(state);
  if (token.kind !== "natural") throw unexpected(state, "natural0");
  state.index++;
  expect(state, ")");
  return { kind: "limit", count: Number(token.text) };
}

function parseItems<Item>(state: State, parseItem: (state: State) => Item): Item[] {
  expect(state, "(");
  const items = [parseItem(state)];
  while (take(state, ",")) items.push(parseItem(state));
  expect(state, ")");
  return items;
}

function parseSortKey(state: State): SortKey {
  const path = parsePath(state);
  if (take(state, "ASC")) return { path, isAscending: true };
  if (take(state, "DESC")) return { path, isAscending: false };
  throw unexpected(state, "ascending or descending or '.'");
}

function current(state: State): Token {
  // The end token is never consumed, so the index stays inside.
  return state.tokens[state.index] as Token;
}

function isAt(state: State, canonical: string): boolean {
  return canonicalText(current(state)) === canonical;
}

function take(state: State, canonical: string): boolean {
  const isThere = isAt(state, canonical);
  if (isThere) state.index++;
  return isThere;
}

function expect(state: State, symbol: string): void {
  if (!take(state, symbol)) throw unexpected(state, symbol === "(" ? "'('" : undefined);
}

function enter(state: State): void {
  state.depth++;
  if (state.depth > DEPTH_MAX) {
    throw new QueryError("QUERY_SYNTAX", `Invalid predicate: more than ${String(DEPTH_MAX)} parentheses or NOTs inside one another`);
  }
}

function isPredicate(node: Node): node is Predicate {
  return node.kind !== "constant" && node.kind !== "argument" && node.kind !== "list" && node.kind !== "path";
}

function asPredicate(state: State, node: Node): Predicate {
  if (isPredicate(node)) return node;
  throw unexpected(state);
}

function asExpression(state: State, node: Node): Expression {
  if (isPredicate(node)) throw unexpected(state);
  return node;
}

function unexpected(state: State, expected?: string): QueryError {
  const token = current(state);
  if (token.kind === "later") return notYet(laterFeature(token));
  const tail = expected === undefined ? "" : `, expecting ${expected}`;
  return new QueryError("QUERY_SYNTAX", `Invalid predicate: '${state.text}': syntax error, unexpected ${token.label}${tail}`);
}
