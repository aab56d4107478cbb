/**
 * Random bytes where there is no Node: Web Crypto, which every browser, Bun, Deno and worker has.
 *
 * @module
 */
import { UnitError } from "./errors.ts";

/** Web Crypto refuses to fill more at once (Web Cryptography API 10.1.1). */
const MAX_DRAW_BYTES = 65_536;

/**
 * Fresh bytes of `globalThis.crypto.getRandomValues`.
 *
 * @throws {UnitError} `RANDOM_UNAVAILABLE`, as on React Native without a polyfill. There is no fallback: a guessable key is worse than none.
 */
export function platformRandomBytes(count: number): Uint8Array {
  const source = globalThis.crypto;
  if (typeof source?.getRandomValues !== "function") {
    throw new UnitError(
      "RANDOM_UNAVAILABLE",
      "this platform has no crypto.getRandomValues; install one (on React Native: react-native-get-random-values) or pass randomBytes",
    );
  }
  const bytes = new Uint8Array(count);
  for (let offset = 0; offset < count; offset += MAX_DRAW_BYTES) {
    source.getRandomValues(bytes.subarray(offset, Math.min(offset + MAX_DRAW_BYTES, count)));
  }
  return bytes;
}

/** Wraps a source that an application passed, so that a short draw is an error and not a weak IV. */
export function withLengthCheck(randomBytes: (count: number) => Uint8Array): (count: number) => Uint8Array {
  return (count) => {
    const bytes = randomBytes(count);
    if (bytes.length === count) return bytes;
    throw new UnitError("RANDOM_UNAVAILABLE", `expected ${count} bytes of the randomBytes that was passed, got ${bytes.length}`);
  };
}
