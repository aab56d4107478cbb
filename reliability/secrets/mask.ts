/**
 * A key that is not itself until it is needed: the process that is searched for it must not have brought it along.
 *
 * @module
 */

/** Neither constant nor a pad of HMAC: each byte moves by another amount. */
const maskOf = (index: number): number => (index * 101 + 77) & 0xff;

export function mask(key: Uint8Array): Uint8Array {
  return key.map((byte, index) => (byte + maskOf(index)) & 0xff);
}

/** Writes the key into `target` and nowhere else. */
export function unmask(masked: Uint8Array, target: Uint8Array): void {
  for (let index = 0; index < target.length; index++) target[index] = ((masked[index] ?? 0) - maskOf(index)) & 0xff;
}
