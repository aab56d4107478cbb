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
