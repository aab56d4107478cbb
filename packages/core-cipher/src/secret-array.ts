/**
 * Memory for key bytes.
 *
 * @module
 */

/**
 * Zeros whose one copy is the one that `fill(0)` overwrites.
 *
 * V8 keeps the bytes of a typed array of up to 64 bytes in its own heap, where the garbage collector copies them about
 * and leaves the old copies behind. A buffer that was made first lies outside of that heap and never moves.
 */
export function secretArray(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}
