/**
 * Turns a checked predicate into a function over rows, chosen once per type and operator so that the inner loop only compares.
 *
 * @module
 */
import { compareDecimals } from "@holdfast/query";
import type { CheckedComparison, CheckedListMembership, CheckedMembership, CheckedOperand, CheckedPredicate, CheckedValue, Decimal, RelationalOperator } from "@holdfast/query";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { compileByteTest } from "./byte-tests.ts";
import { asDecimal, comparatorOf, compareBytes, compareNumbers, equals } from "./comparators.ts";
import type { QuerySource } from "./query-source.ts";
import { comparableText, compileStringTest, foldValue, textTestValue } from "./string-tests.ts";
import { compareText } from "./text-tests.ts";
import { readerOf } from "./value-reader.ts";
import type { ValueReader } from "./value-reader.ts";

/** True or false of a row. */
export type RowTest = (row: Row) => boolean;

/** The test of a predicate over the rows of one state of a realm. */
export function compilePredicate(predicate: CheckedPredicate, source: QuerySource): RowTest {
  switch (predicate.kind) {
    case "truth":
      return predicate.isTrue ? () => true : () => false;
    case "not": {
      const test = compilePredicate(predicate.operand, source);
      return (row) => !test(row);
    }
    case "and":
      return allOf(predicate.operands.map((operand) => compilePredicate(operand, source)));
    case "or":
      return anyOf(predicate.operands.map((operand) => compilePredicate(operand, source)));
    case "compare":
      return compileComparison(predicate, source);
    case "string":
      return compileStringTest(predicate, source);
    case "in":
      return compileMembership(predicate, source);
    case "inList":
      return compileListMembership(predicate, source);
  }
}

function compileComparison(comparison: CheckedComparison, source: QuerySource): RowTest {
  const { left, right, operator, isCaseInsensitive } = comparison;
  const read = readerOf(left, source);
  if (right.kind === "path") {
    const readRight = readerOf(right, source);
    const test = pairTest(left, right, operator, isCaseInsensitive);
    return (row) => test(read(row), readRight(row));
  }
  const { value } = right;
  if (value?.type === "string" && !isCaseInsensitive && (operator === "==" || operator === "!=")) {
    const byteTest = compileByteTest({ path: left, operator, value: value.value }, source);
    if (byteTest !== undefined) return byteTest;
  }
  return constantTest(read, operator, value, isCaseInsensitive);
}

/** Two properties. Two nulls are equal, and also `<=` and `>=`; one null is only unequal. */
function pairTest(left: CheckedOperand, right: CheckedOperand, operator: RelationalOperator, isCaseInsensitive: boolean): (left: StoredValue, right: StoredValue) => boolean {
  const compare = comparatorOf(typeOf(left), typeOf(right));
  const isOrdered = relationTest(operator);
  const isEquality = operator === "==" || operator === "!=";
  const isByBytes = typeOf(left) === "data" || typeOf(right) === "data";
  return (leftValue, rightValue) => {
    if (leftValue === null || rightValue === null) return nullTest(operator, leftValue === rightValue);
    if (isCaseInsensitive) return (comparableText(leftValue, true, isByBytes) === comparableText(rightValue, true, isByBytes)) === (operator === "==");
    return isEquality ? equals(compare, leftValue, rightValue) === (operator === "==") : isOrdered(compare(leftValue, rightValue));
  };
}

function nullTest(operator: RelationalOperator, areBothNull: boolean): boolean {
  if (operator === "!=") return !areBothNull;
  return areBothNull && operator !== "<" && operator !== ">";
}

function constantTest(read: ValueReader, operator: RelationalOperator, value: CheckedValue, isCaseInsensitive: boolean): RowTest {
  if (value === null) return (row) => nullTest(operator, read(row) === null);
  if (isCaseInsensitive) {
    const folded = textTestValue(value, true);
    return equalityTest((row) => foldOrNull(read(row)), operator, folded);
  }
  switch (value.type) {
    case "number":
    case "date":
      return numberTest(read as NumberReader, operator, value.value);
    case "bool":
      return numberTest(read as NumberReader, operator, value.value as unknown as number);
    case "string":
      if (operator === "==" || operator === "!=") return equalityTest(read, operator, value.value);
      return orderTest(read, operator, (stored) => compareText(stored as string, value.value));
    case "decimal128":
      return decimalTest(read, operator, value.value);
    case "link":
      return orderTest(read, operator, (stored) => compareBytes(stored as Uint8Array, value.key as Uint8Array));
    default:
      return orderTest(read, operator, (stored) => compareBytes(stored as Uint8Array, value.value));
  }
}

type NumberReader = (row: Row) => number | null;

/** The hot ones, each with its own comparison. Bigints on either side are compared exactly by the language itself. */
function numberTest(read: NumberReader, operator: RelationalOperator, constant: number | bigint): RowTest {
  const value = constant as number;
  if (Number.isNaN(value)) return nanTest(read, operator);
  switch (operator) {
    case "<":
      return (row) => {
        const stored = read(row);
        return stored !== null && stored < value;
      };
    case "<=":
      return (row) => {
        const stored = read(row);
        return stored !== null && stored <= value;
      };
    case ">":
      return (row) => {
        const stored = read(row);
        return stored !== null && stored > value;
      };
    case ">=":
      return (row) => {
        const stored = read(row);
        return stored !== null && stored >= value;
      };
    default: {
      const isEqual = operator === "==";
      if (typeof constant !== "bigint" && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return (row) => (read(row) === value) === isEqual;
      // Here a number and a bigint can be one value.
      return (row) => {
        const stored = read(row);
        return (stored !== null && compareNumbers(stored, constant) === 0) === isEqual;
      };
    }
  }
}

function nanTest(read: ValueReader, operator: RelationalOperator): RowTest {
  if (operator === "==") return (row) => Number.isNaN(read(row));
  if (operator === "!=") return (row) => !Number.isNaN(read(row));
  return () => false;
}

function decimalTest(read: ValueReader, operator: RelationalOperator, value: Decimal): RowTest {
  const isConstantNaN = value.special === "NaN";
  return orderTest(read, operator, (stored) => {
    const decimal = asDecimal(stored);
    const isStoredNaN = decimal.special === "NaN";
    if (isStoredNaN || isConstantNaN) return isStoredNaN && isConstantNaN && (operator === "==" || operator === "!=") ? 0 : NaN;
    return compareDecimals(decimal, value);
  });
}

function equalityTest(read: ValueReader, operator: RelationalOperator, value: StoredValue): RowTest {
  if (operator === "==") return (row) => read(row) === value;
  return (row) => read(row) !== value;
}

function orderTest(read: ValueReader, operator: RelationalOperator, order: (stored: NonNullable<StoredValue>) => number): RowTest {
  const test = relationTest(operator);
  const isNullMatch = operator === "!=";
  return (row) => {
    const stored = read(row);
    return stored === null ? isNullMatch : test(order(stored));
  };
}

/** What an operator makes of an order; an order of NaN is only unequal. */
function relationTest(operator: RelationalOperator): (order: number) => boolean {
  switch (operator) {
    case "==":
      return (order) => order === 0;
    case "!=":
      return (order) => order !== 0;
    case "<":
      return (order) => order < 0;
    case "<=":
      return (order) => order <= 0;
    case ">":
      return (order) => order > 0;
    case ">=":
      return (order) => order >= 0;
  }
}

function compileMembership(membership: CheckedMembership, source: QuerySource): RowTest {
  const { left, values, isCaseInsensitive } = membership;
  const read = readerOf(left, source);
  const isText = left.property.type === "string";
  if (isText || values.every((value) => value === null || (value.type === "number" && Number.isSafeInteger(value.value)))) {
    // Set looks numbers up as === does, but for NaN, which no safe integer is.
    const wanted = new Set<StoredValue>(values.map((value) => (value === null ? null : isText ? textTestValue(value, isCaseInsensitive) : (value as { value: number }).value)));
    return isCaseInsensitive ? (row) => wanted.has(foldOrNull(read(row))) : (row) => wanted.has(read(row));
  }
  return anyOf(values.map((value) => constantTest(read, "==", value, isCaseInsensitive)));
}

function allOf(tests: readonly RowTest[]): RowTest {
  const [first, second, third] = tests;
  if (first !== undefined && third === undefined) return second === undefined ? first : (row) => first(row) && second(row);
  return (row) => {
    for (const test of tests) if (!test(row)) return false;
    return true;
  };
}

function anyOf(tests: readonly RowTest[]): RowTest {
  const [first, second, third] = tests;
  if (first !== undefined && third === undefined) return second === undefined ? first : (row) => first(row) || second(row);
  return (row) => {
    for (const test of tests) if (test(row)) return true;
    return false;
  };
}

function compileListMembership(membership: CheckedListMembership, source: QuerySource): RowTest {
  const { left, list, isCaseInsensitive } = membership;
  const readList = readerOf(list, source);
  if (left.kind === "path") {
    const readLeft = readerOf(left, source);
    const test = pairTest(left, list, "==", isCaseInsensitive);
    return (row) => {
      const value = readLeft(row);
      return elementsOf(readList(row)).some((element) => test(element, value));
    };
  }
  // The element stands in for the row: the same tests serve both.
  let current: StoredValue = null;
  const test = constantTest(() => current, "==", left.value, isCaseInsensitive);
  return (row) => {
    for (const element of elementsOf(readList(row))) {
      current = element;
      if (test(row)) return true;
    }
    return false;
  };
}

function elementsOf(list: StoredValue): readonly StoredValue[] {
  return Array.isArray(list) ? list : [];
}

function foldOrNull(value: StoredValue): StoredValue {
  return value === null ? null : foldValue(value);
}

function typeOf(operand: CheckedOperand): Parameters<typeof comparatorOf>[0] {
  // Only paths are asked: a constant has been brought into the path's type.
  return operand.kind === "path" ? operand.property.type : "string";
}
