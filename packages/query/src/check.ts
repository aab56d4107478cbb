/**
 * Checks a parsed query against a schema and its arguments.
 *
 * @module
 */
import { argumentAt, constantOfArgument } from "./arguments.ts";
import type { ArgumentReader } from "./arguments.ts";
import type { Comparison, Constant, Descriptor, Expression, Path, Predicate, Query, RelationalOperator, StringOperator } from "./ast.ts";
import { checkDescriptorPath, checkPath, pathText } from "./check-path.ts";
import type { PathContext } from "./check-path.ts";
import type { CheckedDescriptor, CheckedOperand, CheckedPath, CheckedPredicate, CheckedQuery, CheckedValue } from "./checked.ts";
import { notYet, QueryError } from "./errors.ts";
import type { QuerySchema, ValueType } from "./schema-view.ts";
import { convertConstant, mismatch, tryConvertConstant, typeName } from "./values.ts";
import type { ConversionTarget } from "./values.ts";

/** What a query is checked against. */
export interface CheckOptions {
  readonly schema: QuerySchema;
  /** The class whose objects are asked for. */
  readonly className: string;
  readonly args?: readonly unknown[];
  readonly readArgument?: ArgumentReader;
}

interface Context extends PathContext {
  readonly args: readonly unknown[];
  readonly readArgument: ArgumentReader | undefined;
}

const FLIPPED: Readonly<Record<RelationalOperator, RelationalOperator>> = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const STRING_OPERATORS: ReadonlySet<string> = new Set(["BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"]);
const NUMERIC: ReadonlySet<ValueType> = new Set<ValueType>(["int", "float", "double", "decimal128"]);
const TEXTUAL: ReadonlySet<ValueType> = new Set<ValueType>(["string", "data"]);

/**
 * Resolves names, puts arguments in and brings values into the types they are compared with.
 *
 * @throws {QueryError} With Realm's message where Realm has one.
 */
export function check(query: Query, options: CheckOptions): CheckedQuery {
  const { schema, className, args = [], readArgument } = options;
  const classNames = new Set([className]);
  const context: Context = { schema, className, classNames, args, readArgument };
  const predicate = checkPredicate(query.predicate, context);
  const descriptors = query.descriptors.map((descriptor) => checkDescriptor(descriptor, context));
  return { text: query.text, className, predicate, descriptors, classNames };
}

/** Checks one SORT, DISTINCT or LIMIT. */
export function checkDescriptor(descriptor: Descriptor, context: PathContext): CheckedDescriptor {
  switch (descriptor.kind) {
    case "sort":
      return {
        kind: "sort",
        keys: descriptor.keys.map(({ path, isAscending }) => ({ path: checkDescriptorPath(path, context, "sort"), isAscending })),
      };
    case "distinct":
      return { kind: "distinct", paths: descriptor.paths.map((path) => checkDescriptorPath(path, context, "distinct")) };
    case "limit":
      return descriptor;
  }
}

function checkPredicate(predicate: Predicate, context: Context): CheckedPredicate {
  switch (predicate.kind) {
    case "truth":
      return predicate;
    case "not":
      return { kind: "not", operand: checkPredicate(predicate.operand, context) };
    case "and":
    case "or":
      return { kind: predicate.kind, operands: predicate.operands.map((operand) => checkPredicate(operand, context)) };
    case "comparison":
      return checkComparison(predicate, context);
  }
}

function checkComparison(comparison: Comparison, context: Context): CheckedPredicate {
  const { operator, left, right } = comparison;
  if (left.kind !== "path" && right.kind !== "path") throw new QueryError("QUERY_INVALID", "Cannot compare two constants");
  if (operator === "IN") return checkIn(comparison, context);
  if (operator === "BETWEEN") return checkBetween(comparison, context);
  refuseList(left, context);
  refuseList(right, context);
  if (STRING_OPERATORS.has(operator)) return checkStringTest(comparison, operator as StringOperator, context);
  if (left.kind === "path") return checkRelation(comparison, operator as RelationalOperator, left, right, false, context);
  return checkRelation(comparison, FLIPPED[operator as RelationalOperator], right as Path, left, true, context);
}

function checkRelation(
  comparison: Comparison,
  operator: RelationalOperator,
  left: Path,
  right: Expression,
  isConstantLeft: boolean,
  context: Context,
): CheckedPredicate {
  const path = singleValue(checkPath(left, context), left);
  const isCaseInsensitive = comparison.isCaseInsensitive;
  const { type } = path.property;
  if (type === "object" && operator !== "==" && operator !== "!=") {
    throw new QueryError(
      "QUERY_TYPE_MISMATCH",
      `Unsupported operator ${operator} in query. Only equal (==) and not equal (!=) are supported for this type.`,
    );
  }
  const operand = checkOperand(right, path, left, isConstantLeft, context);
  if (isCaseInsensitive && !TEXTUAL.has(type)) throw needsString(`${operator === "==" ? "=" : operator}[c]`, type);
  return { kind: "compare", operator, isCaseInsensitive, left: path, right: operand };
}

function checkStringTest(comparison: Comparison, operator: StringOperator, context: Context): CheckedPredicate {
  const { left, right, isCaseInsensitive } = comparison;
  const isPathLeft = left.kind === "path";
  const anchorPath = (isPathLeft ? left : right) as Path;
  const anchor = singleValue(checkPath(anchorPath, context), anchorPath);
  if (!TEXTUAL.has(anchor.property.type)) throw needsString(operator.toLowerCase(), anchor.property.type);
  const other = isPathLeft ? right : left;
  if (other.kind !== "path") {
    const { constant } = readConstant(other, context);
    if (constant.type !== "null" && constant.type !== "string" && constant.type !== "data") throw needsString(operator.toLowerCase(), constant.type);
  }
  const operand = checkOperand(other, anchor, anchorPath, !isPathLeft, context);
  return { kind: "string", operator, isCaseInsensitive, left: isPathLeft ? anchor : operand, right: isPathLeft ? operand : anchor };
}

function checkBetween(comparison: Comparison, context: Context): CheckedPredicate {
  const { left, right } = comparison;
  if (right.kind !== "list" || right.elements.length !== 2) {
    throw new QueryError("QUERY_INVALID", "Operator 'BETWEEN' requires list with 2 elements.");
  }
  if (left.kind !== "path") throw new QueryError("QUERY_INVALID", "Cannot compare two constants");
  const [low, high] = right.elements as readonly [Expression, Expression];
  return {
    kind: "and",
    operands: [
      checkRelation(comparison, ">=", left, low, false, context),
      checkRelation(comparison, "<=", left, high, false, context),
    ],
  };
}

function checkIn(comparison: Comparison, context: Context): CheckedPredicate {
  const { left, right, isCaseInsensitive } = comparison;
  if (right.kind === "path") return checkInProperty(comparison, right, context);
  const elements = listElements(right, context);
  if (elements === undefined) {
    const found = right.kind === "argument" ? `$${String(right.index)}` : "a constant";
    throw new QueryError("QUERY_INVALID", `The keypath following 'IN' must contain a list. Found '${found}'`);
  }
  if (left.kind !== "path") throw new QueryError("QUERY_INVALID", "Cannot compare two constants");
  const path = singleValue(checkPath(left, context), left);
  if (isCaseInsensitive && !TEXTUAL.has(path.property.type)) throw needsString("in[c]", path.property.type);
  const values: CheckedValue[] = [];
  for (const { constant, isLiteral } of elements) {
    const target: ConversionTarget = { property: path.property, pathText: pathText(left.names), isLiteral, isConstantLeft: false };
    const value = tryConvertConstant(constant, target);
    if (value !== undefined) values.push(value);
  }
  return { kind: "in", isCaseInsensitive, left: path, values };
}

function checkInProperty(comparison: Comparison, right: Path, context: Context): CheckedPredicate {
  const { left, isCaseInsensitive } = comparison;
  const list = checkPath(right, context);
  const { collection, type } = list.property;
  if (collection === undefined) {
    throw new QueryError("QUERY_INVALID", `The keypath following 'IN' must contain a list. Found '${pathText(right.names)}'`);
  }
  if (collection !== "list") throw notYet(`IN over a collection of kind '${collection}'`);
  if (type === "mixed") throw notYet("comparing mixed values");
  refuseList(left, context);
  if (isCaseInsensitive && !TEXTUAL.has(type)) throw needsString("in[c]", type);
  const operand = checkOperand(left, list, right, true, context);
  return { kind: "inList", isCaseInsensitive, left: operand, list };
}

/** The other side of a comparison with `anchor`: a path of a comparable type or a value in the anchor's type. */
function checkOperand(expression: Expression, anchor: CheckedPath, anchorPath: Path, isConstantLeft: boolean, context: Context): CheckedOperand {
  const text = pathText(anchorPath.names);
  if (expression.kind === "path") {
    const other = singleValue(checkPath(expression, context), expression);
    if (areComparable(anchor, other)) return other;
    throw mismatch({ property: anchor.property, pathText: text, isLiteral: false, isConstantLeft }, other.property.type);
  }
  const { constant, isLiteral } = readConstant(expression, context);
  return { kind: "value", value: convertConstant(constant, { property: anchor.property, pathText: text, isLiteral, isConstantLeft }) };
}

function areComparable(left: CheckedPath, right: CheckedPath): boolean {
  const leftType = left.property.type;
  const rightType = right.property.type;
  if (leftType === "object") return rightType === "object" && left.property.objectType === right.property.objectType;
  return leftType === rightType || (NUMERIC.has(leftType) && NUMERIC.has(rightType)) || (TEXTUAL.has(leftType) && TEXTUAL.has(rightType));
}

/** Refuses what a plain comparison cannot be made with yet. */
function singleValue(path: CheckedPath, source: Path): CheckedPath {
  if (path.property.collection !== undefined) {
    throw notYet(`comparing the collection '${pathText(source.names)}' (quantifiers ANY, ALL, NONE; use IN to find an element)`);
  }
  if (path.property.type === "mixed") throw notYet(`comparing the mixed property '${pathText(source.names)}'`);
  return path;
}

/** A list where one value is needed means ANY in Realm. */
function refuseList(expression: Expression, context: Context): void {
  const isList = expression.kind === "list" || (expression.kind === "argument" && isListArgument(argumentAt(context.args, expression.index)));
  if (isList) throw notYet("comparing with a list (the quantifier ANY; use IN)");
}

interface ReadConstant {
  readonly constant: Constant;
  readonly isLiteral: boolean;
}

function readConstant(expression: Expression, context: Context): ReadConstant {
  if (expression.kind === "constant") return { constant: expression.value, isLiteral: true };
  if (expression.kind !== "argument") throw new QueryError("QUERY_INVALID", "Invalid constant inside constant list");
  const argument = argumentAt(context.args, expression.index);
  return { constant: constantOfArgument(argument, `$${String(expression.index)}`, context.readArgument), isLiteral: false };
}

/** The constants of `{…}` or of a list argument; undefined for anything that is no list. */
function listElements(expression: Expression, context: Context): ReadConstant[] | undefined {
  if (expression.kind === "list") return expression.elements.map((element) => readConstant(element, context));
  if (expression.kind !== "argument") return undefined;
  const argument = argumentAt(context.args, expression.index);
  if (!isListArgument(argument)) return undefined;
  const label = `$${String(expression.index)}`;
  return Array.from(argument, (element) => ({ constant: constantOfArgument(element, label, context.readArgument), isLiteral: false }));
}

/** Arrays, sets and the collections of a host; strings and bytes can be iterated too but are single values. */
function isListArgument(argument: unknown): argument is Iterable<unknown> {
  if (Array.isArray(argument)) return true;
  if (typeof argument !== "object" || argument === null || ArrayBuffer.isView(argument)) return false;
  return Symbol.iterator in argument;
}

function needsString(operator: string, type: string): QueryError {
  return new QueryError(
    "QUERY_TYPE_MISMATCH",
    `Unsupported comparison operator '${operator}' against type '${typeName(type)}', right side must be a string or binary type`,
  );
}
