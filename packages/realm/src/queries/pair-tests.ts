/**
 * Tests of two values against each other, chosen once per operator and types.
 *
 * @module
 */
import type { RelationalOperator, StringOperator, ValueType } from "@holdfast/query";
import type { StoredValue } from "../records/stored-value.ts";
import { anyOf, areSameKind, compareSameKind, isSameAny } from "./any-value.ts";
import type { AnyValue } from "./any-value.ts";
import { comparatorOf, equals } from "./comparators.ts";
import type { QueryValue } from "./comparators.ts";
import type { Operand } from "./operands.ts";
import { comparableText, textTest } from "./string-tests.ts";
import type { Value } from "./value-reader.ts";

/** True or false of two values. */
export type PairTest = (left: Value, right: Value) => boolean;

/** The test of a relation between values of two operands. */
export function relationPairTest(operator: RelationalOperator, left: Operand, right: Operand, isCaseInsensitive: boolean): PairTest {
  if (left.type === "typeOf") return operator === "==" ? haveCommonBits : (a, b) => !haveCommonBits(a, b);
  if (left.type === "mixed" || right.type === "mixed") return anyPairTest(operator, left, right, isCaseInsensitive);
  if (isCaseInsensitive) {
    const isByBytes = left.type === "data" || right.type === "data";
    const text = (value: Value): string | null => (value === null ? null : comparableText(value as NonNullable<StoredValue>, true, isByBytes));
    return (a, b) => (text(a) === text(b)) === (operator === "==");
  }
  const compare = comparatorOf(left.type as ValueType, right.type as ValueType);
  const isOrdered = relationTest(operator);
  const isEquality = operator === "==" || operator === "!=";
  return (a, b) => {
    if (a === null || b === null) return nullTest(operator, a === b);
    return isEquality ? equals(compare, a as NonNullable<QueryValue>, b as NonNullable<QueryValue>) === (operator === "==") : isOrdered(compare(a as NonNullable<QueryValue>, b as NonNullable<QueryValue>));
  };
}

function haveCommonBits(left: Value, right: Value): boolean {
  // Types are few bits: no sign, no fraction.
  return ((left as number) & (right as number)) !== 0;
}

/** Brings a value of an operand into the form that carries its type. */
function toAny({ type, className }: Operand): (value: Value) => AnyValue {
  if (type === "mixed" || type === "typeOf" || type === "null") return (value) => value as AnyValue;
  return (value) => anyOf(type, value as StoredValue, className);
}

/** Values of different kinds are not equal, and have no order. */
function anyPairTest(operator: RelationalOperator, left: Operand, right: Operand, isCaseInsensitive: boolean): PairTest {
  const leftAny = toAny(left);
  const rightAny = toAny(right);
  const isOrdered = relationTest(operator);
  const isSame = isCaseInsensitive ? isSameText : isSameAny;
  if (operator === "==") return (a, b) => isSame(leftAny(a), rightAny(b));
  if (operator === "!=") return (a, b) => !isSame(leftAny(a), rightAny(b));
  return (a, b) => {
    const [one, other] = [leftAny(a), rightAny(b)];
    if (one === null || other === null) return nullTest(operator, one === other);
    return areSameKind(one, other) && isOrdered(compareSameKind(one, other));
  };
}

function isSameText(left: AnyValue, right: AnyValue): boolean {
  if (left?.type !== right?.type || (left?.type !== "string" && left?.type !== "data") || (right?.type !== "string" && right?.type !== "data")) return isSameAny(left, right);
  return comparableText(left.value as string, true, false) === comparableText(right.value as string, true, false);
}

/** What an operator makes of nulls: two of them are equal, one of them is only unequal. */
export function nullTest(operator: RelationalOperator, areBothNull: boolean): boolean {
  if (operator === "!=") return !areBothNull;
  return areBothNull && operator !== "<" && operator !== ">";
}

/** What an operator makes of an order; an order of NaN is only unequal. */
export function relationTest(operator: RelationalOperator): (order: number) => boolean {
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

/** The test of a string operator between values of two operands. */
export function stringPairTest(operator: StringOperator, left: Operand, right: Operand, isCaseInsensitive: boolean): PairTest {
  const test = textTest(operator);
  if (left.type === "mixed" || right.type === "mixed") {
    const leftAny = toAny(left);
    const rightAny = toAny(right);
    return (a, b) => anyTextTest(operator, leftAny(a), rightAny(b), isCaseInsensitive);
  }
  // A string beside data is compared by its UTF-8, byte for byte.
  const isByBytes = left.type === "data" || right.type === "data";
  const text = (value: Value): string | null => (value === null ? null : comparableText(value as NonNullable<StoredValue>, isCaseInsensitive, isByBytes));
  return (a, b) => test(text(a), text(b), isCaseInsensitive);
}

/** Of two strings, or of two data; null is contained in everything but null, and like null alone. */
function anyTextTest(operator: StringOperator, left: AnyValue, right: AnyValue, isCaseInsensitive: boolean): boolean {
  if (right === null) return operator === "CONTAINS" ? left !== null : operator === "LIKE" && left === null;
  if (left === null || left.type !== right.type || (left.type !== "string" && left.type !== "data")) return false;
  const value = (right as typeof left).value as string;
  return textTest(operator)(comparableText(left.value as string, isCaseInsensitive, false), comparableText(value, isCaseInsensitive, false), isCaseInsensitive);
}

