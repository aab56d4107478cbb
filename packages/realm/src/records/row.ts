/**
 * A row as the engine's cursors show it: where the key and the value stand, no copies.
 *
 * @module
 */

/** Views of one entry of a table. A cursor of the engine is one; so is the state of an object. */
export interface Row {
  readonly bytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const NOTHING = new Uint8Array(0);

/** A row that moves on: what is read with it has to be taken before. */
export class MovingRow implements Row {
  bytes: Uint8Array = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  valueBytes: Uint8Array = NOTHING;
  valueStart = 0;
  valueEnd = 0;
}

/** A row made of a whole key and a whole value. */
export function rowOf(key: Uint8Array, value: Uint8Array): Row {
  return { bytes: key, keyStart: 0, keyEnd: key.length, valueBytes: value, valueStart: 0, valueEnd: value.length };
}

/** A copy of a row's key that stays valid. */
export function copyKey(row: Row): Uint8Array {
  return copyBytes(row.bytes, row.keyStart, row.keyEnd);
}

/** Up to this length a loop is faster than `slice`. */
const SHORT_BYTES = 24;

/** A copy of `bytes[start, end)`. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > SHORT_BYTES) return bytes.slice(start, end);
  const copy = new Uint8Array(length);
  for (let index = 0; index < length; index++) copy[index] = bytes[start + index] as number;
  return copy;
}

/** True if two byte strings are equal. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}
