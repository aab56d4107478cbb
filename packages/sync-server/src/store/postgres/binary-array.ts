/**
 * Arrays of texts in PostgreSQL's binary form: nothing in them is escaped here and nothing unescaped there.
 *
 * Layout: `array_recv` in PostgreSQL's `src/backend/utils/adt/arrayfuncs.c`; all numbers are 32 bits, big-endian.
 *
 * @module
 */

const TEXT_OID = 25;
const HEADER_BYTES = 20;

/** A one-dimensional `text[]` as a parameter; `pg` sends what is a `Buffer` as binary. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let size = HEADER_BYTES;
  const lengths = new Array<number>(values.length);
  for (const [index, value] of values.entries()) {
    const length = value === null ? -1 : Buffer.byteLength(value);
    lengths[index] = length;
    size += 4 + Math.max(length, 0);
  }
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(lengths.includes(-1) ? 1 : 0, 4);
  bytes.writeInt32BE(TEXT_OID, 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = HEADER_BYTES;
  for (const [index, value] of values.entries()) {
    at = bytes.writeInt32BE(lengths[index] as number, at);
    if (value !== null) at += bytes.write(value, at);
  }
  return bytes;
}
