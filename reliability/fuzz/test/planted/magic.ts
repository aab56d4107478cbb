/**
 * A parser with a mistake five conditions deep. Instrumented like the packages' sources.
 *
 * @module
 */

/** Fails for inputs that begin with the right five bytes. */
export function parseMagic(bytes: Uint8Array): number {
  if (bytes[0] === 0x48) {
    if (bytes[1] === 0xe1) {
      if (bytes[2] === 0x9c) {
        if (bytes[3] === 0x07 && bytes[4] === 0xd3) throw new RangeError("the planted mistake");
      }
    }
  }
  return bytes.length;
}
