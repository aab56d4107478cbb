/**
 * Decodes BSON's decimal128 (IEEE 754-2008, binary integer decimal) for comparisons.
 *
 * @module
 */
import { decimalOf } from "@holdfast/query";
import type { Decimal, NumberValue } from "@holdfast/query";

const EXPONENT_BIAS = 6176;

/** The decimal in 16 bytes, little endian. */
export function readDecimal(bytes: Uint8Array): Decimal {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const low = view.getBigUint64(0, true);
  const high = view.getBigUint64(8, true);
  const isNegative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 31n);
  if (combination === 31) return { special: "NaN" };
  if (combination === 30) return { special: isNegative ? "-Infinity" : "Infinity" };
  // The form with an implied 100 in front always exceeds 34 digits, and the standard reads that as zero.
  if (combination >= 24) return { coefficient: 0n, exponent: 0 };
  const magnitude = ((high & 0x1ffffffffffffn) << 64n) | low;
  return { coefficient: isNegative ? -magnitude : magnitude, exponent: Number((high >> 49n) & 0x3fffn) - EXPONENT_BIAS };
}

/** A decimal, or another number, as BSON's Decimal128 reads it. */
export function decimalString(value: NonNullable<NumberValue>): string {
  const decimal = typeof value === "object" ? value : decimalOf(value);
  return decimal.special ?? `${String(decimal.coefficient)}E${String(decimal.exponent)}`;
}
