/**
 * Sums of ints as the wire has them: signed, 64 bits, wrapping around.
 *
 * @module
 */
import type { WireInt, WireValue } from "../wire-value.ts";

/** The int that a value is; undefined if it is none. */
export function intOf(value: WireValue | undefined): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value === "object" && value !== null && "$int" in value) return BigInt(value.$int);
  return undefined;
}

/** The wire's form of an int; what does not fit into 64 bits wraps around, as Realm's does. */
export function wireInt(value: bigint | number): number | WireInt {
  const wrapped = BigInt.asIntN(64, BigInt(value));
  const number = Number(wrapped);
  return Number.isSafeInteger(number) ? number : { $int: String(wrapped) };
}

/** The sum of two ints, without a detour through BigInt for small ones. */
export function sumOf(one: number | WireInt, other: number | WireInt): number | WireInt {
  if (typeof one === "number" && typeof other === "number" && Number.isSafeInteger(one + other)) return one + other;
  return wireInt((intOf(one) ?? 0n) + (intOf(other) ?? 0n));
}

/** True for a value that is an int. */
export function isInt(value: WireValue | undefined): value is number | WireInt {
  return typeof value === "number" ? Number.isSafeInteger(value) : typeof value === "object" && value !== null && "$int" in value;
}
