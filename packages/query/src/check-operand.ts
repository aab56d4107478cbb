/**
 * Checks the sides of a comparison: paths, counts, aggregates, subqueries and calculations.
 *
 * Constants are checked last, since what they become follows from the other side.
 *
 * @module
 */
import type { Aggregate, Arithmetic, Expression, Path, Subquery } from "./ast.ts";
import { isConstant, listElements, readConstant } from "./check-context.ts";
import type { Context } from "./check-context.ts";
import { checkPath, resolvePath } from "./check-path.ts";
import type { CheckedAggregate, CheckedArithmetic, CheckedConstant, CheckedCount, CheckedOperand, CheckedPath, CheckedSubquery, CheckedValue, OperandType } from "./checked.ts";
import { QueryError } from "./errors.ts";
import { printExpression, printPath } from "./print.ts";
import type { ValueType } from "./schema-view.ts";
import { calculate, numberTypeOf } from "./calculate.ts";
import { convertConstant, tryConvertConstant, typeName } from "./values.ts";
import type { ConversionTarget } from "./values.ts";

const NUMERIC: ReadonlySet<OperandType | "null"> = new Set(["int", "float", "double", "decimal128", "mixed"]);
const ORDERED: ReadonlySet<ValueType> = new Set(["int", "float", "double", "decimal128", "mixed", "date"]);
const LENGTHS: ReadonlySet<ValueType> = new Set(["string", "data", "mixed"]);
const INT: ConversionTarget = { type: "int", objectType: undefined, pathText: "", isLiteral: true, isConstantLeft: false };

/** Checks an operand that is no constant. */
export function checkVariable(expression: Expression, context: Context): CheckedOperand {
  switch (expression.kind) {
    case "path":
      return checkPathOperand(expression, context);
    case "aggregate":
      return checkAggregate(expression, context);
    case "subquery":
      return checkSubquery(expression, context);
    case "arithmetic":
      return checkArithmetic(expression, context);
    default:
      throw new QueryError("QUERY_INVALID", "Cannot compare two constants");
  }
}

/** True if the operand can have several values. */
export function isMultiple(operand: CheckedOperand): boolean {
  if (operand.kind === "values") return true;
  return operand.kind !== "value" && operand.kind !== "subquery" && operand.isMultiple;
}

function checkPathOperand(path: Path, context: Context): CheckedOperand {
  const { path: checked, isLength, isAllBacklinks } = resolvePath(path, context);
  const quantified = path.quantifier === undefined ? {} : { quantifier: path.quantifier };
  const counted = { kind: "count", path: checked, type: "int", ...quantified } as const;
  if (isAllBacklinks) {
    if (path.operation === "@count") return { ...counted, of: "backlinks", isMultiple: checked.isMultiple };
    throw new QueryError("QUERY_INVALID", "Of '@links' alone only the number is known: @links.@count");
  }
  if (isLength) return { ...counted, of: "length", isMultiple: true };
  if (path.operation === "@count") return { ...counted, ...countOf(checked, path) };
  if (path.operation === "@type") return { kind: "typeOf", path: checked, type: "typeOf", isMultiple: checked.isMultiple, ...quantified };
  return checked;
}

function countOf(path: CheckedPath, source: Path): Pick<CheckedCount, "of" | "isMultiple"> {
  const { property, type } = path;
  if (type === "object" && property.collection !== "dictionary") return { of: "links", isMultiple: false };
  const last = path.steps.at(-1);
  const isWhole = last?.kind === "property" && (last.access.length === 0 || last.access.some(({ kind }) => kind === "keys" || kind === "all"));
  if (property.collection !== undefined || (isWhole && last.property.collection !== undefined)) return { of: "elements", isMultiple: hasMultipleOwners(path) };
  if (LENGTHS.has(type)) return { of: "length", isMultiple: path.isMultiple };
  throw new QueryError("QUERY_TYPE_MISMATCH", `Operation '${String(source.operation)}' is not supported on property of type '${typeName(type)}'`);
}

/** True if the path leads to the collection at its end over a collection. */
function hasMultipleOwners({ steps }: CheckedPath): boolean {
  return steps.slice(0, -1).some((step) => step.kind === "backlinks" || (step.property.collection !== undefined && !step.access.some(({ kind }) => kind === "index" || kind === "key")));
}

function checkAggregate({ operator, path: source, property: name }: Aggregate, context: Context): CheckedAggregate {
  const path = checkPath(source, context);
  if (name === undefined) {
    const isDate = path.type === "date" && (operator === "@min" || operator === "@max");
    if (path.property.collection === undefined || (!NUMERIC.has(path.type) && !isDate)) {
      throw new QueryError("QUERY_TYPE_MISMATCH", `Cannot use aggregate '.${operator}' for this type of property`);
    }
    return { kind: "aggregate", operator, path, property: undefined, type: aggregateType(operator, path.type), isMultiple: hasMultipleOwners(path) };
  }
  if (path.type !== "object") {
    throw new QueryError("QUERY_TYPE_MISMATCH", `Operation '.${operator}' cannot apply to property '${printPath(source)}' because it is not a list`);
  }
  const property = checkPath({ kind: "path", elements: [{ kind: "name", name }] }, { ...withoutVariable(context), className: path.property.objectType ?? "" });
  const isFitting = ORDERED.has(property.type) && (property.type !== "date" || operator === "@min" || operator === "@max");
  if (!isFitting || property.isMultiple) throw new QueryError("QUERY_TYPE_MISMATCH", `collection aggregate not supported for type '${typeName(property.property.collection ?? property.type)}'`);
  return { kind: "aggregate", operator, path, property, type: aggregateType(operator, property.type), isMultiple: false };
}

function withoutVariable(context: Context): Context {
  const { variable: _, ...rest } = context;
  return rest;
}

function aggregateType(operator: string, type: ValueType): ValueType {
  if (operator === "@min" || operator === "@max") return type;
  if (type === "mixed" || type === "decimal128") return "decimal128";
  return operator === "@sum" && type === "int" ? "int" : "double";
}

function checkSubquery({ path: source, variable, predicate }: Subquery, context: Context): CheckedSubquery {
  if (variable.length < 2 || !variable.startsWith("$")) {
    throw new QueryError("QUERY_SYNTAX", `The subquery variable '${variable}' is invalid. The variable must start with '$' and cannot be empty; for example '$x'.`);
  }
  const path = checkPath(source, context);
  const { property, type } = path;
  if (type !== "object") {
    if (property.collection !== undefined) throw new QueryError("QUERY_TYPE_MISMATCH", `A subquery can not operate on a list of primitive values (property '${printPath(source)}')`);
    throw new QueryError("QUERY_TYPE_MISMATCH", `A subquery must operate on a list property, but '${printPath(source)}' is type '${typeName(type)}'`);
  }
  if (property.collection === undefined) throw new QueryError("QUERY_TYPE_MISMATCH", `A subquery must operate on a list property, but '${printPath(source)}' is type 'link'`);
  const inner: Context = { ...context, className: property.objectType ?? "", variable };
  return { kind: "subquery", path, predicate: context.checkPredicate(predicate, inner), type: "int" };
}

function checkArithmetic(expression: Arithmetic, context: Context): CheckedArithmetic {
  const { operator, left: leftSource, right: rightSource } = expression;
  let left: CheckedOperand;
  let right: CheckedOperand;
  if (isConstant(leftSource)) {
    right = checkVariable(rightSource, context);
    left = checkNumber(leftSource, right, context);
  } else {
    left = checkVariable(leftSource, context);
    right = isConstant(rightSource) ? checkNumber(rightSource, left, context) : checkVariable(rightSource, context);
  }
  if (!isNumber(left) || !isNumber(right)) {
    throw new QueryError("QUERY_TYPE_MISMATCH", `Cannot perform '${operator}' operation on '${printExpression(leftSource)}' and '${printExpression(rightSource)}'`);
  }
  if (isMultiple(left) && isMultiple(right)) throw new QueryError("QUERY_INVALID", "Operations involving two lists are not supported");
  const quantifier = quantifierOf(left) ?? quantifierOf(right);
  const type = numberTypeOf(left.type, right.type);
  return { kind: "arithmetic", operator, left, right, type, isMultiple: isMultiple(left) || isMultiple(right), ...(quantifier === undefined ? {} : { quantifier }) };
}

function quantifierOf(operand: CheckedOperand): CheckedPath["quantifier"] {
  return "quantifier" in operand ? operand.quantifier : undefined;
}

function isNumber({ type }: CheckedOperand): boolean {
  return type === "null" || NUMERIC.has(type);
}

/** A constant, or a list or calculation of constants, beside a number. */
export function checkNumber(expression: Expression, beside: CheckedOperand | undefined, context: Context): CheckedOperand {
  const elements = listElements(expression, undefined, context);
  const besideType: ValueType = beside === undefined || beside.type === "typeOf" || beside.type === "null" ? "mixed" : beside.type;
  if (elements === undefined) return foldNumber(expression, besideType, context);
  const values = elements.map(({ constant, isLiteral }) => convertConstant(constant, { ...INT, type: besideType, isLiteral }));
  return { kind: "values", values, type: besideType };
}

function foldNumber(expression: Expression, besideType: ValueType, context: Context): CheckedConstant {
  if (expression.kind === "arithmetic") {
    const left = foldNumber(expression.left, besideType, context);
    const right = foldNumber(expression.right, besideType, context);
    if (!isNumber(left) || !isNumber(right)) {
      throw new QueryError("QUERY_TYPE_MISMATCH", `Cannot perform '${expression.operator}' operation on '${printExpression(expression.left)}' and '${printExpression(expression.right)}'`);
    }
    const type = numberTypeOf(left.type, right.type);
    const value = calculate(expression.operator, plainNumber(left.value), plainNumber(right.value), type);
    const isDecimal = typeof value === "object";
    return { kind: "value", value: value === null ? null : isDecimal ? { type: "decimal128", value } : { type: "number", value }, type: value === null ? "null" : type };
  }
  if (expression.kind !== "constant" && expression.kind !== "argument" && expression.kind !== "object") throw new QueryError("QUERY_INVALID", "Operations involving two lists are not supported");
  const { constant, isLiteral } = readConstant(expression, undefined, context);
  const value = tryConvertConstant(constant, { ...INT, type: besideType === "date" ? "mixed" : besideType, isLiteral });
  if (value === null) return { kind: "value", value, type: "null" };
  if (value?.type === "decimal128") return { kind: "value", value, type: "decimal128" };
  if (value?.type !== "number") return { kind: "value", value: value ?? null, type: constant.type === "string" ? "string" : "object" };
  return { kind: "value", value, type: constantNumberType(value, constant.type, besideType) };
}

/** A whole number beside an int is an int, whether it was written `2` or `2.0` or comes from JavaScript. */
function constantNumberType({ value }: { readonly value: number | bigint }, constantType: string, besideType: ValueType): ValueType {
  if (typeof value === "bigint" || constantType === "int") return "int";
  if (Number.isInteger(value) && (besideType === "int" || besideType === "mixed")) return "int";
  return besideType === "float" ? "float" : "double";
}

function plainNumber(value: CheckedValue): Parameters<typeof calculate>[1] {
  return value === null || (value.type !== "number" && value.type !== "decimal128") ? null : value.value;
}
