/**
 * Comparison without a branch on the data.
 *
 * @module
 */

/**
 * Tells whether two arrays hold the same bytes, in a time that depends on their length alone.
 *
 * Lengths are public and compared first. JavaScript engines promise nothing about time; this has no
 * branch and no lookup that depends on a byte, which is what can be done. The Node backend uses
 * `timingSafeEqual` instead.
 */
export function constantTimeEquals(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) {
    difference |= (left[index] as number) ^ (right[index] as number);
  }
  return difference === 0;
}
