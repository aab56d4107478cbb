/**
 * Checks a parsed query against a schema and its arguments.
 *
 * @module
 */
import { argumentAt } from "./arguments.ts";
import type { ArgumentReader, ObjectReader } from "./arguments.ts";
import type { Comparison, Descriptor, Expression, Predicate, Query, RelationalOperator, StringOperator } from "./ast.ts";
import { isConstant, isListArgument, listElements, readConstant } from "./check-context.ts";
import type { Context, PathContext } from "./check-context.ts";
import { checkFullText } from "./check-full-text.ts";
import { checkGeoWithin } from "./check-geo.ts";
import { checkNumber, checkVariable, isMultiple } from "./check-operand.ts";
import { checkDescriptorPath } from "./check-path.ts";
import type { CheckedDescriptor, CheckedOperand, CheckedPath, CheckedPredicate, CheckedQuery, CheckedValue, OperandType } from "./checked.ts";
import { QueryError } from "./errors.ts";
import { printExpression } from "./print.ts";
import type { QuerySchema } from "./schema-view.ts";
import { anyValue, convertConstant, mismatch, tryConvertConstant, typeName } from "./values.ts";
import type { ConversionTarget } from "./values.ts";

/** What a query is checked against. */
export interface CheckOptions {
  readonly schema: QuerySchema;
  /** The class whose objects are asked for. */
  readonly className: string;
  readonly args?: readonly unknown[];
  readonly readArgument?: ArgumentReader;
  /** Finds objects for `obj('Class', key)`. */
  readonly readObject?: ObjectReader;
}

type Operator = RelationalOperator | StringOperator;

const FLIPPED: Readonly<Record<RelationalOperator, RelationalOperator>> = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const STRING_OPERATORS: ReadonlySet<string> = new Set(["BEGINSWITH", "ENDSWITH", "CONTAINS", "LIKE"]);
const NUMERIC: ReadonlySet<OperandType> = new Set<OperandType>(["int", "float", "double", "decimal128"]);
const TEXTUAL: ReadonlySet<OperandType> = new Set<OperandType>(["string", "data"]);
const TEXT_CONSTANTS: ReadonlySet<string> = new Set(["null", "string", "data", "base64"]);
const TEXTUAL_OR_MIXED: ReadonlySet<OperandType | "null"> = new Set(["string", "data", "mixed"]);

/**
 * Resolves names, puts arguments in and brings values into the types they are compared with.
 *
 * @throws {QueryError} With Realm's message where Realm has one.
 */
export function check(query: Query, options: CheckOptions): CheckedQuery {
  const { schema, className, args = [], readArgument, readObject } = options;
  const classNames = new Set([className]);
  const context: Context = { schema, className, classNames, args, readArgument, readObject, checkPredicate };
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
    case "geoWithin":
      return checkGeoWithin(predicate, context);
  }
}

function checkComparison(comparison: Comparison, context: Context): CheckedPredicate {
  const { operator, left, right } = comparison;
  refuseSingleQuantified(left, context);
  refuseSingleQuantified(right, context);
  if (isConstant(left) && isConstant(right)) throw new QueryError("QUERY_INVALID", "Cannot compare two constants");
  if (operator === "TEXT") return checkFullText(left, right, context);
  if (operator === "BETWEEN") return checkBetween(comparison, context);
  if (STRING_OPERATORS.has(operator)) requireTextConstants(comparison, context);
  const pair = checkPair(left, right, context);
  if (operator === "IN") return checkIn(comparison, pair, context);
  return checkRelation(comparison, operator, pair);
}

/** Both sides; what is constant has been brought into the other's type. */
interface Pair {
  readonly left: CheckedOperand;
  readonly right: CheckedOperand;
}

function checkPair(left: Expression, right: Expression, context: Context): Pair {
  if (isConstant(left)) {
    const variable = checkVariable(right, context);
    return { left: checkConstant(left, variable, { text: printExpression(right), isLeft: true }, context), right: variable };
  }
  const variable = checkVariable(left, context);
  if (!isConstant(right)) return { left: variable, right: checkVariable(right, context) };
  return { left: variable, right: checkConstant(right, variable, { text: printExpression(left), isLeft: false }, context) };
}

/** A constant, a list of them or a calculation with them, beside what it is compared with. */
function checkConstant(expression: Expression, beside: CheckedOperand, place: { readonly text: string; readonly isLeft: boolean }, context: Context): CheckedOperand {
  const path = beside.kind === "path" ? beside : undefined;
  if (expression.kind === "arithmetic") return checkNumber(expression, beside, context);
  const target: Omit<ConversionTarget, "isLiteral"> = { type: beside.type as OperandType, objectType: path?.property.objectType, pathText: place.text, isConstantLeft: place.isLeft };
  const elements = listElements(expression, path, context);
  if (elements === undefined) {
    if (expression.kind === "list") throw new QueryError("QUERY_INVALID", "Invalid constant inside constant list");
    const { constant, isLiteral } = readConstant(expression as Parameters<typeof readConstant>[0], path, context);
    const value = convertConstant(constant, { ...target, isLiteral });
    return { kind: "value", value, type: value === null ? "null" : target.type };
  }
  const converted = elements.map(({ constant, isLiteral }) => tryConvertConstant(constant, { ...target, isLiteral }));
  const quantifier = "quantifier" in expression ? expression.quantifier : undefined;
  const quantified = quantifier === undefined ? {} : { quantifier };
  if (converted.every((value) => value !== undefined)) return { kind: "values", values: converted, type: target.type, ...quantified };
  // An element of another type equals nothing, but it counts: ALL asks for it too.
  const values = elements.map(({ constant }, index): CheckedValue => converted[index] ?? anyValue(constant));
  return { kind: "values", values, type: "mixed", ...quantified };
}

function refuseSingleQuantified(expression: Expression, context: Context): void {
  if (expression.kind !== "argument" || expression.quantifier === undefined) return;
  if (isListArgument(argumentAt(context.args, expression.index))) return;
  throw new QueryError("QUERY_INVALID", `ANY/ALL/NONE are only allowed on arguments which contain a list but '$${String(expression.index)}' is not a list.`);
}

function checkRelation(comparison: Comparison, operator: Operator, pair: Pair): CheckedPredicate {
  const { isCaseInsensitive } = comparison;
  if (STRING_OPERATORS.has(operator)) return checkStringTest(operator as StringOperator, isCaseInsensitive, pair);
  const relation = operator as RelationalOperator;
  const { left, right } = pair;
  const types = [left.type, right.type];
  if (relation !== "==" && relation !== "!=" && types.some((type) => type === "object" || type === "typeOf")) {
    throw new QueryError("QUERY_TYPE_MISMATCH", `Unsupported operator ${relation} in query. Only equal (==) and not equal (!=) are supported for this type.`);
  }
  refuseIncomparable(comparison, pair);
  if (isCaseInsensitive) requireText(`${relation === "==" ? "=" : relation}[c]`, pair);
  if (left.kind === "value") return { kind: "compare", operator: FLIPPED[relation], isCaseInsensitive, left: right, right: left };
  return { kind: "compare", operator: relation, isCaseInsensitive, left, right };
}

/** Before a constant is brought into the other side's type: a number that would become one is refused as what it is. */
function requireTextConstants({ left, right, operator }: Comparison, context: Context): void {
  for (const side of [right, left]) {
    if (side.kind === "arithmetic") throw needsString(operator.toLowerCase(), "int");
    if (!isConstant(side)) {
      const { type } = checkVariable(side, context);
      if (!TEXTUAL_OR_MIXED.has(type)) throw needsString(operator.toLowerCase(), type);
      continue;
    }
    const constants = listElements(side, undefined, context) ?? [readConstant(side as Parameters<typeof readConstant>[0], undefined, context)];
    for (const { constant } of constants) {
      if (!TEXT_CONSTANTS.has(constant.type)) throw needsString(operator.toLowerCase(), constant.type);
    }
  }
}

function checkStringTest(operator: StringOperator, isCaseInsensitive: boolean, pair: Pair): CheckedPredicate {
  const { left, right } = pair;
  for (const side of [right, left]) {
    if (side.type !== "null" && !TEXTUAL_OR_MIXED.has(side.type)) throw needsString(operator.toLowerCase(), side.type);
  }
  return { kind: "string", operator, isCaseInsensitive, left, right };
}

function checkBetween(comparison: Comparison, context: Context): CheckedPredicate {
  const { left, right } = comparison;
  if (right.kind !== "list" || right.elements.length !== 2) {
    throw new QueryError("QUERY_INVALID", "Operator 'BETWEEN' requires list with 2 elements.");
  }
  if (isConstant(left)) throw new QueryError("QUERY_INVALID", "Cannot compare two constants");
  const [low, high] = right.elements as readonly [Expression, Expression];
  const operand = checkVariable(left, context);
  if (operand.kind === "path" && operand.type !== "object" && operand.property.collection !== undefined && operand.quantifier !== "ALL") {
    throw new QueryError("QUERY_INVALID", "Only 'ALL' supported for operator 'BETWEEN' when applied to lists.");
  }
  // The left side is checked once: subqueries inside one another would be checked twice as often with each level.
  const limit = (expression: Expression): Pair => ({ left: operand, right: checkConstant(expression, operand, { text: printExpression(left), isLeft: false }, context) });
  return { kind: "and", operands: [checkRelation(comparison, ">=", limit(low)), checkRelation(comparison, "<=", limit(high))] };
}

function checkIn(comparison: Comparison, pair: Pair, context: Context): CheckedPredicate {
  const { right: source, isCaseInsensitive } = comparison;
  const { left, right } = pair;
  if (!isMultiple(right)) {
    const found = source.kind === "argument" ? `$${String(source.index)}` : source.kind === "constant" ? "a constant" : printExpression(source);
    throw new QueryError("QUERY_INVALID", `The keypath following 'IN' must contain a list. Found '${found}'`);
  }
  refuseIncomparable(comparison, pair);
  if (isCaseInsensitive) requireText("in[c]", pair);
  const isAny = right.kind === "values" && (right.quantifier ?? "ANY") === "ANY";
  if (left.kind === "path" && !left.isMultiple && left.type !== "mixed" && isAny) {
    return { kind: "in", isCaseInsensitive, left, values: fittingValues(source, left, context) };
  }
  if (left.kind === "value") return { kind: "compare", operator: "==", isCaseInsensitive, left: right, right: left };
  return { kind: "compare", operator: "==", isCaseInsensitive, left, right };
}

/** The elements that a value of the path's type can equal. */
function fittingValues(source: Expression, path: CheckedPath, context: Context): CheckedValue[] {
  const target = { type: path.type, objectType: path.property.objectType, pathText: "", isConstantLeft: false };
  const values: CheckedValue[] = [];
  for (const { constant, isLiteral } of listElements(source, path, context) ?? []) {
    const value = tryConvertConstant(constant, { ...target, isLiteral });
    if (value !== undefined) values.push(value);
  }
  return values;
}

function refuseIncomparable({ left: leftSource, right: rightSource }: Comparison, { left, right }: Pair): void {
  const isLinkList = (operand: CheckedOperand): boolean => operand.kind === "path" && operand.type === "object" && operand.isMultiple;
  const isNull = (operand: CheckedOperand): boolean => operand.kind === "value" && operand.value === null;
  if ((isLinkList(left) && isNull(right)) || (isLinkList(right) && isNull(left))) {
    throw new QueryError("QUERY_INVALID", `Cannot compare linklist ('${printExpression(isNull(left) ? rightSource : leftSource)}') with NULL`);
  }
  if (isPrimitiveCollection(left) && isPrimitiveCollection(right)) {
    const names = [leftSource, rightSource].map((source) => `'${printExpression(source)}'`).join(" and ");
    throw new QueryError("QUERY_INVALID", `Ordered comparison between two primitive lists is not implemented yet (${names})`);
  }
  if (areComparable(left, right)) return;
  throw mismatch({ type: left.type as OperandType, objectType: undefined, pathText: "", isLiteral: false, isConstantLeft: false }, right.type);
}

function isPrimitiveCollection(operand: CheckedOperand): boolean {
  return operand.kind === "path" && operand.isMultiple && operand.type !== "object" && operand.property.collection !== undefined;
}

function areComparable(left: CheckedOperand, right: CheckedOperand): boolean {
  const leftType = left.type;
  const rightType = right.type;
  // Constants have been brought into the other side's type, or cannot equal it.
  if (leftType === "null" || rightType === "null" || left.kind === "values" || right.kind === "values") return true;
  if (leftType === "typeOf" || rightType === "typeOf") return leftType === rightType;
  if (leftType === "mixed" || rightType === "mixed") return true;
  if (leftType === "object" && rightType === "object") return left.kind !== "path" || right.kind !== "path" || left.property.objectType === right.property.objectType;
  return leftType === rightType || (NUMERIC.has(leftType) && NUMERIC.has(rightType)) || (TEXTUAL.has(leftType) && TEXTUAL.has(rightType));
}

function requireText(operator: string, { left, right }: Pair): void {
  for (const { type } of [right, left]) if (type !== "null" && !TEXTUAL_OR_MIXED.has(type)) throw needsString(operator, type);
}

function needsString(operator: string, type: string): QueryError {
  return new QueryError(
    "QUERY_TYPE_MISMATCH",
    `Unsupported comparison operator '${operator}' against type '${typeName(type)}', right side must be a string or binary type`,
  );
}
