/**
 * Random bytes from the platform's cryptographically secure generator.
 *
 * @module
 */
import { KeyStoreError } from "./errors.ts";

/** Gives `count` fresh bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** Web Crypto's generator. There is no other: never `Math.random`. @throws {KeyStoreError} `STORE_UNAVAILABLE` */
export const platformRandomBytes: RandomBytes = (count) => {
  const { crypto } = globalThis as { crypto?: { getRandomValues?: (bytes: Uint8Array) => Uint8Array } };
  if (crypto?.getRandomValues === undefined) {
    throw new KeyStoreError("STORE_UNAVAILABLE", "this platform has no crypto.getRandomValues: hand in randomBytes (on React Native that of react-native-quick-crypto)");
  }
  return crypto.getRandomValues(new Uint8Array(count));
};
