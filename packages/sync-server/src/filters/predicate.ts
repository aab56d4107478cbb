/**
 * Filter to JavaScript predicate, for fan-out and for checking writes. `sql.ts` says the same in SQL; `filters.test.ts` compares them.
 *
 * @module
 */
import { compareDecimals, parseDecimal } from "@holdfast/query";
import type { Filter, RelationOperator, Scalar, ScalarType, Term, TextOperator, ValueTest } from "./filter.ts";
import { containsText, likeTest } from "./text-search.ts";

/** Gives a field's value, or its elements, in the form in which they are compared. */
export interface ScalarReader<Row> {
  readonly scalar: (row: Row, field: string, type: ScalarType) => Scalar;
  readonly elements: (row: Row, field: string, type: ScalarType) => readonly Scalar[];
}

/** Compiles a filter without variables. */
export function compilePredicate<Row>(filter: Filter, reader: ScalarReader<Row>): (row: Row) => boolean {
  switch (filter.kind) {
    case "truth":
      return filter.isTrue ? () => true : () => false;
    case "not": {
      const operand = compilePredicate(filter.operand, reader);
      return (row) => !operand(row);
    }
    case "and": {
      const operands = filter.operands.map((operand) => compilePredicate(operand, reader));
      return (row) => operands.every((operand) => operand(row));
    }
    case "or": {
      const operands = filter.operands.map((operand) => compilePredicate(operand, reader));
      return (row) => operands.some((operand) => operand(row));
    }
    case "field": {
      const { name, type } = filter.field;
      const test = compileTest(filter.test, type);
      return (row) => test(reader.scalar(row, name, type));
    }
    case "elements": {
      const { name, type } = filter.field;
      const test = compileTest(filter.test, type);
      const { quantifier } = filter;
      return (row) => {
        const elements = reader.elements(row, name, type);
        if (quantifier === "ALL") return elements.every(test);
        return elements.some(test) === (quantifier === "ANY");
      };
    }
    case "count": {
      const { name, type } = filter.field;
      return (row) => isRelation(reader.elements(row, name, type).length, filter.operator, filter.count, "int");
    }
    case "user":
      throw new TypeError("a filter that asks about the user has to be bound first");
  }
}

/** One value against one test. */
export function testValue(value: Scalar, type: ScalarType, test: ValueTest): boolean {
  return compileTest(test, type)(value);
}

function compileTest(test: ValueTest, type: ScalarType): (value: Scalar) => boolean {
  const { isFolded } = test;
  if (test.kind === "in") {
    if ("kind" in test.terms) throw new TypeError("a filter with variables has to be bound first");
    const wanted = test.terms.map((term) => fold(valueOf(term), isFolded));
    return (value) => wanted.some((one) => isRelation(fold(value, isFolded), "==", one, type));
  }
  const wanted = fold(valueOf(test.term), isFolded);
  if (test.kind === "relation") return (value) => isRelation(fold(value, isFolded), test.operator, wanted, type);
  if (typeof wanted !== "string") return () => false;
  const isText = textTest(test.operator, wanted);
  return (value) => typeof value === "string" && isText(foldText(value, isFolded));
}

function valueOf(term: Term): Scalar {
  if (term.kind === "variable") throw new TypeError("a filter with variables has to be bound first");
  return term.value;
}

function isRelation(left: Scalar, operator: RelationOperator, right: Scalar, type: ScalarType): boolean {
  if (left === null || right === null) {
    const isEqual = left === right;
    return operator === "!=" ? !isEqual : isEqual && operator !== "<" && operator !== ">";
  }
  const order = compareScalars(left, right, type);
  switch (operator) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** Below, equal, above; NaN if neither is: what is not a number has no order, and equals itself. */
function compareScalars(left: Exclude<Scalar, null>, right: Exclude<Scalar, null>, type: ScalarType): number {
  if (type === "decimal128") {
    const [a, b] = [parseDecimal(String(left)), parseDecimal(String(right))];
    return a === undefined || b === undefined ? Number.NaN : compareDecimals(a, b);
  }
  if (typeof left === "string" && typeof right === "string") return compareCodePoints(left, right);
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) && Number.isNaN(right) ? 0 : Number.NaN;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Order of the code points, which is the order of the UTF-8 bytes. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return orderOfUnit(a) - orderOfUnit(b);
  }
  return left.length - right.length;
}

function orderOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** `[c]`: A to Z in lower case, nothing else, as in queries on the device. */
export function foldText(text: string, isFolded: boolean): string {
  return isFolded ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

function fold(value: Scalar, isFolded: boolean): Scalar {
  return typeof value === "string" ? foldText(value, isFolded) : value;
}

function textTest(operator: TextOperator, wanted: string): (value: string) => boolean {
  switch (operator) {
    case "BEGINSWITH":
      return (value) => value.startsWith(wanted);
    case "ENDSWITH":
      return (value) => value.endsWith(wanted);
    case "CONTAINS":
      return (value) => containsText(value, wanted);
    case "LIKE":
      return likeTest(wanted);
  }
}
