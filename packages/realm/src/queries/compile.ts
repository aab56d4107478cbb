/**
 * Turns a checked predicate into a function over rows, chosen once per type and operator so that the inner loop only compares.
 *
 * @module
 */
import { compareDecimals, meetsTerms } from "@holdfast/query";
import type { CheckedComparison, CheckedFullText, CheckedMembership, CheckedPredicate, CheckedStringTest, CheckedValue, Decimal, RelationalOperator } from "@holdfast/query";
import { sameBytes } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { encodeConstant } from "./any-value.ts";
import { compileByteTest } from "./byte-tests.ts";
import { asDecimal, compareBytes, compareNumbers } from "./comparators.ts";
import { compileGeoWithin } from "./geo-tests.ts";
import { compileOperand } from "./operands.ts";
import { nullTest, relationPairTest, relationTest, stringPairTest } from "./pair-tests.ts";
import { quantifier, quantify } from "./quantified.ts";
import type { QuerySource } from "./query-source.ts";
import { foldValue, textTest, textTestValue } from "./string-tests.ts";
import { compareText, foldCase } from "./text-tests.ts";
import { fieldOf, readerOf } from "./value-reader.ts";

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
    case "fullText":
      return compileFullText(predicate, source);
    case "geoWithin":
      return compileGeoWithin(predicate, source, compilePredicate);
  }
}

function compileComparison(comparison: CheckedComparison, source: QuerySource): RowTest {
  const { left, right, operator, isCaseInsensitive } = comparison;
  if (right.kind === "value" && left.type !== "mixed" && left.type !== "typeOf") {
    const { value } = right;
    if (left.kind === "path" && value?.type === "string" && !isCaseInsensitive && (operator === "==" || operator === "!=")) {
      const byteTest = compileByteTest({ path: left, operator, value: value.value }, source);
      if (byteTest !== undefined) return byteTest;
    }
    const operand = compileOperand(left, source, compilePredicate);
    if (!operand.isMultiple) return constantTest(operand.read as StoredReader, operator, value, isCaseInsensitive);
    // The element stands in for the row: the same tests serve both.
    let current: StoredValue = null;
    const test = constantTest(() => current, operator, value, isCaseInsensitive);
    return quantifier(operand, (row) => (element) => {
      current = element as StoredValue;
      return test(row);
    });
  }
  const rawTest = mixedBytesTest(comparison, source);
  if (rawTest !== undefined) return rawTest;
  const operands = [compileOperand(left, source, compilePredicate), compileOperand(right, source, compilePredicate)] as const;
  return quantify(...operands, relationPairTest(operator, ...operands, isCaseInsensitive), operator === "!=");
}

/** A mixed property of the object itself against a constant that has one encoding: their bytes are compared, nothing is decoded. */
function mixedBytesTest({ left, right, operator, isCaseInsensitive }: CheckedComparison, source: QuerySource): RowTest | undefined {
  const isEqual = operator === "==";
  if (left.kind !== "path" || right.kind !== "value" || right.value === null || isCaseInsensitive || (!isEqual && operator !== "!=")) return undefined;
  const [step] = left.steps;
  if (left.steps.length !== 1 || step?.kind !== "property" || step.property.type !== "mixed" || step.property.collection !== undefined || step.access.length > 0) return undefined;
  const encoded = encodeConstant(right.value);
  if (encoded === undefined) return undefined;
  const { read } = fieldOf(source, step.className, step.property.name);
  return (row) => {
    const stored = read(row) as Uint8Array | null;
    return (stored !== null && sameBytes(stored, encoded)) === isEqual;
  };
}

function compileStringTest({ operator, isCaseInsensitive, left, right }: CheckedStringTest, source: QuerySource): RowTest {
  const isPlain = left.kind === "path" && left.type === "string" && right.kind === "value" && right.value?.type === "string";
  if (operator === "BEGINSWITH" && !isCaseInsensitive && isPlain) {
    const byteTest = compileByteTest({ path: left, operator, value: (right.value as { readonly value: string }).value }, source);
    if (byteTest !== undefined) return byteTest;
  }
  const operand = compileOperand(left, source, compilePredicate);
  if (isPlain && !operand.isMultiple) {
    // The needle is folded once.
    const needle = textTestValue(right.value, isCaseInsensitive);
    const test = textTest(operator);
    const read = operand.read as (row: Row) => string | null;
    if (!isCaseInsensitive) return (row) => test(read(row), needle, false);
    return (row) => {
      const text = read(row);
      return test(text === null ? null : foldCase(text), needle, true);
    };
  }
  const other = compileOperand(right, source, compilePredicate);
  return quantify(operand, other, stringPairTest(operator, operand, other, isCaseInsensitive));
}

type StoredReader = (row: Row) => StoredValue;

function constantTest(read: StoredReader, operator: RelationalOperator, value: CheckedValue, isCaseInsensitive: boolean): RowTest {
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
    case "typeOf":
      throw new Error("a type is no stored value");
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

function nanTest(read: StoredReader, operator: RelationalOperator): RowTest {
  if (operator === "==") return (row) => Number.isNaN(read(row));
  if (operator === "!=") return (row) => !Number.isNaN(read(row));
  return () => false;
}

function decimalTest(read: StoredReader, operator: RelationalOperator, value: Decimal): RowTest {
  const isConstantNaN = value.special === "NaN";
  return orderTest(read, operator, (stored) => {
    const decimal = asDecimal(stored);
    const isStoredNaN = decimal.special === "NaN";
    if (isStoredNaN || isConstantNaN) return isStoredNaN && isConstantNaN && (operator === "==" || operator === "!=") ? 0 : NaN;
    return compareDecimals(decimal, value);
  });
}

function equalityTest(read: StoredReader, operator: RelationalOperator, value: StoredValue): RowTest {
  if (operator === "==") return (row) => read(row) === value;
  return (row) => read(row) !== value;
}

function orderTest(read: StoredReader, operator: RelationalOperator, order: (stored: NonNullable<StoredValue>) => number): RowTest {
  const test = relationTest(operator);
  const isNullMatch = operator === "!=";
  return (row) => {
    const stored = read(row);
    return stored === null ? isNullMatch : test(order(stored));
  };
}

function compileMembership(membership: CheckedMembership, source: QuerySource): RowTest {
  const { left, values, isCaseInsensitive } = membership;
  const read = readerOf(left, source) as StoredReader;
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

function foldOrNull(value: StoredValue): StoredValue {
  return value === null ? null : foldValue(value);
}

function compileFullText({ path, terms }: CheckedFullText, source: QuerySource): RowTest {
  const operand = compileOperand(path, source, compilePredicate);
  const test = (value: unknown): boolean => meetsTerms(value as string | null, terms);
  return operand.isMultiple ? quantifier(operand, () => test) : (row) => test(operand.read(row));
}
