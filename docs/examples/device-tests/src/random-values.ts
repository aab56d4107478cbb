/**
 * React Native has no Web Crypto: the generator of expo-crypto stands where the key stores look for one.
 *
 * @module
 */
import { getRandomValues } from "expo-crypto";

/** Before the first key is made. */
export function installRandomValues(): void {
  const place = globalThis as { crypto?: { getRandomValues?: unknown } };
  place.crypto ??= {};
  place.crypto.getRandomValues ??= getRandomValues;
}
