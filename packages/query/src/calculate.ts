/**
 * Arithmetic as queries do it: whole numbers stay whole and exact, floats have 32 bits, decimals 34 digits.
 *
 * @module
 */
import type { ArithmeticOperator } from "./ast.ts";
import { addDecimals, decimalOf, divideDecimals, multiplyDecimals, negateDecimal } from "./decimal.ts";
import type { Decimal } from "./decimal.ts";
import type { OperandType } from "./checked.ts";
import type { ValueType } from "./schema-view.ts";

/** A number of any kind, or none. */
export type NumberValue = number | bigint | Decimal | null;

const RANKS: readonly (OperandType | "null")[] = ["int", "float", "double", "decimal128", "mixed"];
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** The type of what comes out of two numbers: the wider of theirs. */
export function numberTypeOf(left: OperandType | "null", right: OperandType | "null"): ValueType {
  return RANKS[Math.max(0, RANKS.indexOf(left), RANKS.indexOf(right))] as ValueType;
}

/**
 * One calculation; null if one of the two is.
 *
 * @param type - What comes out. For `mixed` it follows from the values: whole numbers count as ints.
 */
export function calculate(operator: ArithmeticOperator, left: NumberValue, right: NumberValue, type: ValueType): NumberValue {
  if (left === null || right === null) return null;
  if (type === "decimal128" || typeof left === "object" || typeof right === "object") return calculateDecimals(operator, asDecimal(left), asDecimal(right));
  const isWhole = type === "int" || (type === "mixed" && isInt(left) && isInt(right));
  if (isWhole) return calculateInts(operator, left, right);
  const result = calculateNumbers(operator, Number(left), Number(right));
  return type === "float" ? Math.fround(result) : result;
}

function isInt(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

function asDecimal(value: number | bigint | Decimal): Decimal {
  return typeof value === "object" ? value : decimalOf(value);
}

function calculateNumbers(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
  }
}

function calculateInts(operator: ArithmeticOperator, left: number | bigint, right: number | bigint): number | bigint {
  if (operator === "/") return divideInts(left, right);
  if (typeof left === "number" && typeof right === "number") {
    const result = calculateNumbers(operator, left, right);
    if (Number.isSafeInteger(result)) return result;
  }
  const [a, b] = [BigInt(left), BigInt(right)];
  return narrow(operator === "+" ? a + b : operator === "-" ? a - b : a * b);
}

/** Whole numbers are divided to whole numbers; by zero gives the largest or the smallest int, as in Realm. */
function divideInts(left: number | bigint, right: number | bigint): number | bigint {
  if (Number(right) === 0) return left < 0 ? INT_MIN : INT_MAX;
  if (typeof left === "number" && typeof right === "number") return Math.trunc(left / right) + 0;
  return narrow(BigInt(left) / BigInt(right));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function calculateDecimals(operator: ArithmeticOperator, left: Decimal, right: Decimal): Decimal {
  switch (operator) {
    case "+":
      return addDecimals(left, right);
    case "-":
      return addDecimals(left, negateDecimal(right));
    case "*":
      return multiplyDecimals(left, right);
    case "/":
      return divideDecimals(left, right);
  }
}
