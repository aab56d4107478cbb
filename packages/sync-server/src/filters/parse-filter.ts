/**
 * Query text to filter: the subset of Realm's language that a server can answer in three ways alike. The rest is refused, never guessed.
 *
 * @module
 */
import { parse, QueryError } from "@holdfast/query";
import type { Comparison, ComparisonOperator, Expression, Path, Predicate, Quantifier } from "@holdfast/query";
import { SyncServerError } from "../errors.ts";
import { scalarOf } from "./constants.ts";
import type { Filter, FilterField, RelationOperator, ScalarType, Term, TextOperator, ValueTest } from "./filter.ts";import { isPatternTooLong, WILD_PART_MAX } from "./text-search.ts";

/** What a filter is read against. */
export interface FilterContext {
  /** Finds a field that can be asked about; undefined if there is none of that name, null if its type cannot be. */
  readonly findField: (name: string) => FilterField | null | undefined;
  /** True in rules: `%%user` means the user who asks. In subscriptions it is refused. */
  readonly allowsUser: boolean;
}

/** Parentheses and NOTs inside one another: SQLite's parser knows no more. */
const DEPTH_MAX = 64;
const TEXT_OPERATORS: ReadonlySet<ComparisonOperator> = new Set(["BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"]);
const FLIPPED: Readonly<Record<string, RelationOperator>> = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const ORDERED: ReadonlySet<ScalarType> = new Set(["int", "double", "string", "date", "decimal128", "objectId", "uuid"]);
const USER = /%%user((?:\.[A-Za-z_][A-Za-z0-9_]*)+)/g;
const QUERY_LENGTH_MAX = 8192;

/**
 * Reads a query.
 *
 * @throws {SyncServerError} `QUERY_UNSUPPORTED` for everything outside the subset, and for text that is no query.
 */
export function parseFilter(text: string, context: FilterContext): Filter {
  if (text.length > QUERY_LENGTH_MAX) throw unsupported(`a query of more than ${String(QUERY_LENGTH_MAX)} characters`);
  const variables: (readonly string[])[] = [];
  const plain = replaceOutsideStrings(text, (part) =>
    part.replaceAll(USER, (_whole, path: string) => {
      if (!context.allowsUser) throw unsupported("%%user in a subscription");
      variables.push(path.slice(1).split("."));
      return ` $${String(variables.length - 1)} `;
    }),
  );
  try {
    const query = parse(plain);
    if (query.descriptors.length > 0) throw unsupported("SORT, DISTINCT and LIMIT");
    if (depthOf(query.predicate) > DEPTH_MAX) throw unsupported(`more than ${String(DEPTH_MAX)} conditions inside one another`);
    return readPredicate(query.predicate, { ...context, variables });
  } catch (error) {
    if (error instanceof QueryError) throw new SyncServerError("QUERY_UNSUPPORTED", `not a query that can be used here: ${error.code}`, { cause: error });
    throw error;
  }
}

interface Context extends FilterContext {
  readonly variables: readonly (readonly string[])[];
}

function depthOf(predicate: Predicate): number {
  if (predicate.kind === "not") return 1 + depthOf(predicate.operand);
  return predicate.kind === "and" || predicate.kind === "or" ? 1 + predicate.operands.reduce((most, each) => Math.max(most, depthOf(each)), 0) : 1;
}

/** A user variable spelled inside a string is text. An argument of its own would collide with the numbers that variables get. */
function replaceOutsideStrings(text: string, replace: (part: string) => string): string {
  return text
    .split(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/s)
    .map((part, index) => {
      if (index % 2 === 1) return part;
      if (/\$\d/.test(part)) throw unsupported("an argument that was not put in");
      return replace(part);
    })
    .join("");
}

function readPredicate(predicate: Predicate, context: Context): Filter {
  switch (predicate.kind) {
    case "truth":
      return predicate;
    case "not":
      return { kind: "not", operand: readPredicate(predicate.operand, context) };
    case "and":
    case "or":
      return { kind: predicate.kind, operands: predicate.operands.map((operand) => readPredicate(operand, context)) };
    case "comparison":
      return readComparison(predicate, context);
    case "geoWithin":
      throw unsupported("GEOWITHIN");
  }
}

function readComparison(comparison: Comparison, context: Context): Filter {
  const { operator, isCaseInsensitive, left, right } = comparison;
  if (operator === "TEXT") throw unsupported("TEXT");
  if (isTerm(left) && isTerm(right)) return readUserTest(comparison, context);
  if (operator === "IN" && isTerm(left) && right.kind === "path") {
    // 'x' IN tags
    return readTest({ ...right, quantifier: right.quantifier ?? "ANY" }, "==", isCaseInsensitive, left, context);
  }
  if (left.kind === "path") return readTest(left, operator, isCaseInsensitive, right, context);
  const flipped = FLIPPED[operator];
  if (right.kind !== "path" || flipped === undefined || !isTerm(left)) throw unsupported("this comparison: a field stands on one side and a constant on the other");
  return readTest(right, flipped, isCaseInsensitive, left, context);
}

function readTest(path: Path, operator: ComparisonOperator, isFolded: boolean, right: Expression, context: Context): Filter {
  const [element, ...rest] = path.elements;
  if (element?.kind !== "name" || rest.length > 0 || path.keyPathArgument !== undefined || element.name.startsWith("@")) throw unsupported("a path: only fields of the class itself");
  const field = context.findField(element.name);
  if (field === undefined) throw unsupported(`a field that the class does not have: ${element.name}`);
  if (field === null) throw unsupported(`a field of this type: ${element.name}`);
  if (path.operation === "@count") return readCount(field, operator, right);
  if (path.operation !== undefined) throw unsupported(path.operation);
  if (operator === "BETWEEN") return readBetween(field, path.quantifier, right, context);
  const test = readValueTest(field.type, operator, isFolded, right, context);
  if (!field.isCollection) {
    if (path.quantifier !== undefined) throw unsupported(`${path.quantifier} of a single value`);
    return { kind: "field", field, test };
  }
  return { kind: "elements", field, quantifier: path.quantifier ?? ("ANY" satisfies Quantifier), test };
}

function readCount(field: FilterField, operator: ComparisonOperator, right: Expression): Filter {
  if (!field.isCollection || FLIPPED[operator] === undefined) throw unsupported("@count of what is no list or set");
  if (right.kind !== "constant" || right.value.type !== "int" || typeof right.value.value !== "number") throw unsupported("@count compared with anything but an integer");
  return { kind: "count", field, operator: operator as RelationOperator, count: right.value.value };
}

function readBetween(field: FilterField, quantifier: Quantifier | undefined, right: Expression, context: Context): Filter {
  if (field.isCollection || quantifier !== undefined || right.kind !== "list" || right.elements.length !== 2) throw unsupported("BETWEEN with anything but a field and {low, high}");
  const [low, high] = right.elements as [Expression, Expression];
  return {
    kind: "and",
    operands: [
      { kind: "field", field, test: readValueTest(field.type, ">=", false, low, context) },
      { kind: "field", field, test: readValueTest(field.type, "<=", false, high, context) },
    ],
  };
}

function readValueTest(type: ScalarType, operator: ComparisonOperator, isFolded: boolean, right: Expression, context: Context): ValueTest {
  if (isFolded && type !== "string") throw unsupported("[c] on anything but strings");
  if (operator === "IN") {
    if (right.kind === "list" && right.quantifier === undefined) return { kind: "in", isFolded, terms: right.elements.map((element) => readTerm(element, type, context)) };
    const term = readTerm(right, type, context);
    if (term.kind !== "variable") throw unsupported("IN with anything but a list");
    if (type !== "string" && type !== "int" && type !== "objectId" && type !== "uuid") throw unsupported(`a list of the user for a field of type ${type}`);
    return { kind: "in", isFolded, terms: term };
  }
  const term = readTerm(right, type, context);
  const isNull = term.kind === "scalar" && term.value === null;
  if (TEXT_OPERATORS.has(operator)) {
    if (type !== "string" || isNull) throw unsupported(`${operator} on anything but strings`);
    if (operator === "LIKE" && term.kind === "scalar" && isPatternTooLong(String(term.value))) throw unsupported(`LIKE with ? in a part of more than ${String(WILD_PART_MAX)} characters`);
    return { kind: "text", operator: operator as TextOperator, isFolded, term };
  }
  if (FLIPPED[operator] === undefined) throw unsupported(operator);
  const isEquality = operator === "==" || operator === "!=";
  if (!isEquality && (isFolded || !ORDERED.has(type))) throw unsupported(`${operator} on a field of type ${type}`);
  if (type === "link" && !isNull) throw unsupported("a link compared with anything but null");
  return { kind: "relation", operator: operator as RelationOperator, isFolded, term };
}

/** `%%user.custom_data.role == 'admin'`: nothing of the object takes part. */
function readUserTest(comparison: Comparison, context: Context): Filter {
  const { operator, isCaseInsensitive, left, right } = comparison;
  const isUserLeft = left.kind === "argument";
  const user = isUserLeft ? left : right;
  const other = isUserLeft ? right : left;
  if (user.kind !== "argument" || other.kind === "argument") throw unsupported("a comparison of two constants");
  const path = context.variables[user.index];
  const usual = isUserLeft ? operator : operator === "IN" ? operator : FLIPPED[operator];
  if (path === undefined || usual === undefined) throw unsupported("this comparison");
  if (!isUserLeft && operator === "IN") {
    // 'x' IN %%user.custom_data.teams: the list is the user's.
    const type = typeOfConstants([other]);
    return { kind: "user", path, type, test: { kind: "in", isFolded: isCaseInsensitive, terms: [readTerm(other, type, context)] } };
  }
  const type = typeOfConstants(other.kind === "list" ? other.elements : [other]);
  return { kind: "user", path, type, test: readValueTest(type, usual, isCaseInsensitive, other, context) };
}

function typeOfConstants(expressions: readonly Expression[]): ScalarType {
  const [first] = expressions;
  if (first?.kind !== "constant") throw unsupported("the user compared with anything but a constant");
  const { type } = first.value;
  if (type === "string" || type === "bool" || type === "int" || type === "double") return type;
  throw unsupported(`the user compared with a constant of type ${type}`);
}

function readTerm(expression: Expression, type: ScalarType, context: Context): Term {
  if (expression.kind === "argument" && expression.quantifier === undefined) {
    const path = context.variables[expression.index];
    if (path === undefined) throw unsupported("an argument that was not put in");
    if (type === "date" || type === "decimal128" || type === "data" || type === "link") throw unsupported(`the user compared with a field of type ${type}`);
    return { kind: "variable", path };
  }
  if (expression.kind !== "constant") throw unsupported("anything but a constant beside a field");
  const value = scalarOf(expression.value, type);
  if (value === undefined) throw unsupported(`a constant of type ${expression.value.type} beside a field of type ${type}`);
  return { kind: "scalar", value };
}

function isTerm(expression: Expression): boolean {
  return expression.kind === "constant" || expression.kind === "argument" || expression.kind === "list";
}

function unsupported(what: string): SyncServerError {
  return new SyncServerError("QUERY_UNSUPPORTED", `subscriptions and rules do not support ${what}`);
}
