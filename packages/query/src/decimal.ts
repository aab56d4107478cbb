/**
 * Decimal numbers, exact: enough to compare a decimal128 with anything numeric.
 *
 * @module
 */

/** `coefficient * 10 ** exponent`, or one of the three that are no such number. */
export type Decimal =
  | { readonly special: "NaN" | "Infinity" | "-Infinity" }
  | { readonly special?: never; readonly coefficient: bigint; readonly exponent: number };

const DECIMAL_TEXT = /^([+-]?)(\d+)?(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** The decimal that a text spells, as BSON's Decimal128 prints it; undefined if it spells none. */
export function parseDecimal(text: string): Decimal | undefined {
  const special = /^([+-]?)(?:(inf(?:inity)?)|(nan))$/i.exec(text);
  if (special !== null) return { special: special[3] !== undefined ? "NaN" : special[1] === "-" ? "-Infinity" : "Infinity" };
  const match = DECIMAL_TEXT.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const magnitude = BigInt(whole + fraction);
  return { coefficient: sign === "-" ? -magnitude : magnitude, exponent: Number(exponent) - fraction.length };
}

/** The decimal with the shortest text that a number or bigint prints as. */
export function decimalOf(value: number | bigint): Decimal {
  return parseDecimal(String(value)) as Decimal;
}

/** Below zero, zero or above. NaN equals itself and comes before every number. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const leftRank = rankOf(left);
  const rightRank = rankOf(right);
  if (leftRank !== rightRank || left.special !== undefined || right.special !== undefined) return leftRank - rightRank;
  const signs = signOf(left.coefficient) - signOf(right.coefficient);
  if (signs !== 0 || left.coefficient === 0n) return signs;
  // Far apart in size: settled without building the long integers.
  const sizes = digitsBeforePoint(left) - digitsBeforePoint(right);
  if (sizes !== 0) return left.coefficient > 0n ? sizes : -sizes;
  const exponent = Math.min(left.exponent, right.exponent);
  const difference = scaled(left, exponent) - scaled(right, exponent);
  return signOf(difference);
}

/** True for the decimal that is not a number. */
export function isDecimalNaN(value: Decimal): boolean {
  return value.special === "NaN";
}

function rankOf(value: Decimal): number {
  if (value.special === undefined) return 2;
  return value.special === "NaN" ? 0 : value.special === "-Infinity" ? 1 : 3;
}

function signOf(value: bigint): number {
  return value > 0n ? 1 : value < 0n ? -1 : 0;
}

function digitsBeforePoint(value: { readonly coefficient: bigint; readonly exponent: number }): number {
  return String(value.coefficient).replace("-", "").length + value.exponent;
}

function scaled(value: { readonly coefficient: bigint; readonly exponent: number }, exponent: number): bigint {
  return value.coefficient * 10n ** BigInt(value.exponent - exponent);
}

/** Digits of a decimal128. */
const DIGITS_MAX = 34;
const NOT_A_NUMBER: Decimal = { special: "NaN" };

/** The sum, rounded to 34 digits. */
export function addDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.special !== undefined || right.special !== undefined) return addSpecials(left, right);
  const [large, small] = left.exponent >= right.exponent ? [left, right] : [right, left];
  // So far apart that the smaller one only could change digits beyond the last.
  if (large.coefficient !== 0n && digitsBeforePoint(large) - digitsBeforePoint(small) > 2 * DIGITS_MAX) return large;
  if (small.coefficient !== 0n && digitsBeforePoint(small) - digitsBeforePoint(large) > 2 * DIGITS_MAX) return small;
  if (large.coefficient === 0n) return small;
  return rounded({ coefficient: scaled(large, small.exponent) + small.coefficient, exponent: small.exponent });
}

function addSpecials(left: Decimal, right: Decimal): Decimal {
  if (left.special === "NaN" || right.special === "NaN") return NOT_A_NUMBER;
  if (left.special === undefined) return right;
  return right.special === undefined || right.special === left.special ? left : NOT_A_NUMBER;
}

/** The product, rounded to 34 digits. */
export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.special === undefined && right.special === undefined) {
    return rounded({ coefficient: left.coefficient * right.coefficient, exponent: left.exponent + right.exponent });
  }
  const sign = signOfDecimal(left) * signOfDecimal(right);
  if (left.special === "NaN" || right.special === "NaN" || sign === 0) return NOT_A_NUMBER;
  return { special: sign > 0 ? "Infinity" : "-Infinity" };
}

/** The quotient, rounded to 34 digits. Something divided by zero is infinite, zero divided by zero is not a number. */
export function divideDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.special === "NaN" || right.special === "NaN") return NOT_A_NUMBER;
  if (right.special !== undefined) return left.special === undefined ? { coefficient: 0n, exponent: 0 } : NOT_A_NUMBER;
  const sign = signOfDecimal(left) * (right.coefficient < 0n ? -1 : 1);
  if (left.special !== undefined || right.coefficient === 0n) return sign === 0 ? NOT_A_NUMBER : { special: sign > 0 ? "Infinity" : "-Infinity" };
  const shift = Math.max(0, DIGITS_MAX + 2 + digitCount(right.coefficient) - digitCount(left.coefficient));
  const dividend = left.coefficient * 10n ** BigInt(shift);
  const ideal = left.exponent - right.exponent;
  const quotient = dividend / right.coefficient;
  if (dividend % right.coefficient === 0n) return rounded(shortened(quotient, ideal - shift, ideal));
  // One more digit that says "not exact", so that rounding sees a remainder.
  return rounded({ coefficient: quotient * 10n + BigInt(sign), exponent: ideal - shift - 1 });
}

/** Without zeros at the end, as far as the exponent does not grow beyond a limit. */
function shortened(coefficient: bigint, exponent: number, exponentMax: number): { readonly coefficient: bigint; readonly exponent: number } {
  let short = coefficient;
  let grown = exponent;
  while (grown < exponentMax && short % 10n === 0n) {
    short /= 10n;
    grown++;
  }
  return { coefficient: short, exponent: grown };
}

/** The same with the other sign. */
export function negateDecimal(value: Decimal): Decimal {
  if (value.special === "NaN") return value;
  if (value.special !== undefined) return { special: value.special === "Infinity" ? "-Infinity" : "Infinity" };
  return { coefficient: -value.coefficient, exponent: value.exponent };
}

function signOfDecimal(value: Decimal): number {
  if (value.special === undefined) return signOf(value.coefficient);
  return value.special === "Infinity" ? 1 : value.special === "-Infinity" ? -1 : NaN;
}

function digitCount(coefficient: bigint): number {
  return String(coefficient < 0n ? -coefficient : coefficient).length;
}

/** To 34 digits, half to even. */
function rounded(value: { readonly coefficient: bigint; readonly exponent: number }): Decimal {
  const surplus = digitCount(value.coefficient) - DIGITS_MAX;
  if (surplus <= 0) return value;
  const unit = 10n ** BigInt(surplus);
  const magnitude = value.coefficient < 0n ? -value.coefficient : value.coefficient;
  const rest = magnitude % unit;
  const down = magnitude / unit;
  const isUp = rest * 2n > unit || (rest * 2n === unit && down % 2n === 1n);
  const coefficient = isUp ? down + 1n : down;
  return { coefficient: value.coefficient < 0n ? -coefficient : coefficient, exponent: value.exponent + surplus };
}
