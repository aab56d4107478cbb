/**
 * Texts of decimal128, as the BSON specification writes them: one text for each number with its precision (1.0 and 1.00 are two).
 *
 * @module
 */

const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:E([+-]?[0-9]{1,4}))?$/;
const MOST_DIGITS = 34;
const LEAST_EXPONENT = -6176;
const MOST_EXPONENT = 6111;

/** True for the canonical text of a decimal128; there is one NaN, without a sign. */
export function isDecimalText(text: string): boolean {
  return text === "NaN" || text === "Infinity" || text === "-Infinity" || canonicalDecimal(text) === text;
}

/** The canonical text of a finite decimal; undefined if decimal128 cannot hold it exactly. */
export function canonicalDecimal(text: string): string | undefined {
  if (text.length > 48) return undefined;
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  const digits = `${whole}${fraction}`.replace(/^0+(?=[0-9])/, "");
  const exponent = Number(exponentText) - fraction.length;
  if (digits.length > MOST_DIGITS || exponent < LEAST_EXPONENT || exponent > MOST_EXPONENT) return undefined;
  return sign + written(digits, exponent);
}

/** To scientific notation only where the exponent is positive or the number very small. */
function written(digits: string, exponent: number): string {
  const scientific = exponent + digits.length - 1;
  if (exponent > 0 || scientific < -6) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${digits[0] ?? ""}${rest}E${scientific < 0 ? "" : "+"}${scientific}`;
  }
  if (exponent === 0) return digits;
  const padded = digits.padStart(1 - exponent, "0");
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
