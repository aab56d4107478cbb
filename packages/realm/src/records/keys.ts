/**
 * Keys whose bytes are ordered as their values are: for primary keys, row ids and index entries.
 *
 * Every encoding says where it ends, so an index key is the value's followed by the row's. Null is first of all.
 *
 *     null        00
 *     int, date   80+n, n bytes big endian (value >= 0);  7f-n, n bytes of the complement (value < 0); n is the fewest that hold it
 *     bool        01 false, 02 true
 *     double      01, 8 bytes big endian, sign bit flipped (all bits if negative)
 *     string      01, UTF-8 with 00 escaped as 00 ff, then 00 01
 *     objectId    01, 12 bytes;  uuid  01, 16 bytes
 *     mixed       in indexes only: a byte for the kind, then: 01 bool 00 or 01; 02 any number as a double; 03 string and 04 data as a
 *                 string's escaped bytes; 05 date as an int; 06 objectId; 07 uuid; 08 link, list, dictionary: nothing more
 *
 * @module
 */
import { Decimal128 } from "../bson.ts";
import { dataDamaged, RealmError } from "../errors.ts";
import { readMixed } from "./mixed.ts";
import { readText, utf8Bytes, writeAscii } from "./text.ts";

/** Longest string that can be a primary key, in bytes of UTF-8: link entries hold two keys. */
export const PRIMARY_KEY_MAX_BYTES = 400;
/** Longest part of a string that an index orders by; a reader of an index compares longer values itself. */
export const INDEX_STRING_MAX_BYTES = 400;

/** Types that can be a key. */
export type KeyType = "int" | "string" | "objectId" | "uuid" | "bool" | "date" | "double" | "float" | "mixed";

/** A value as records hold it: dates as milliseconds, ids as bytes. */
export type KeyValue = null | boolean | number | bigint | string | Uint8Array;

const scratch = new Uint8Array(2048);
const float = new DataView(new ArrayBuffer(8));
const NULL_BYTE = 0;
/** First byte of keys that stand for no value: rows have them while a migration gives them new ones. */
export const PLACEHOLDER = 255;

/** Key bytes of a value: fresh bytes. */
export function encodeKey(type: KeyType, value: KeyValue): Uint8Array {
  const end = writeKey(type, value, scratch, 0, PRIMARY_KEY_MAX_BYTES);
  if (end > 16) return scratch.slice(0, end);
  // Short keys are on the way of every read by primary key: a loop is faster than `slice`.
  const key = new Uint8Array(end);
  for (let index = 0; index < end; index++) key[index] = scratch[index] as number;
  return key;
}

/** Bytes of an index entry: the value's, then the row's key. */
export function encodeIndexKey(type: KeyType, value: KeyValue, rowKey: Uint8Array): Uint8Array {
  const end = writeKey(type, value, scratch, 0, -INDEX_STRING_MAX_BYTES);
  scratch.set(rowKey, end);
  return scratch.slice(0, end + rowKey.length);
}

/** The bytes that all entries of an index for one value begin with. */
export function encodeIndexPrefix(type: KeyType, value: KeyValue): Uint8Array {
  return scratch.slice(0, writeKey(type, value, scratch, 0, -INDEX_STRING_MAX_BYTES));
}

/** The first key behind all that begin with the prefix. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 255) length--;
  if (length === 0) return undefined;
  const after = prefix.slice(0, length);
  after[length - 1] = (after[length - 1] as number) + 1;
  return after;
}

/**
 * Writes a key.
 *
 * @param limit - Most bytes of a string; negative: longer strings are cut instead of refused.
 * @returns Where it ends.
 */
export function writeKey(type: KeyType, value: KeyValue, target: Uint8Array, offset: number, limit: number): number {
  if (value === null) {
    target[offset] = NULL_BYTE;
    return offset + 1;
  }
  switch (type) {
    case "int":
    case "date":
      return typeof value === "bigint" ? writeBigIntKey(value, target, offset) : writeIntKey(value as number, target, offset);
    case "string":
      return writeStringKey(value as string, target, offset, limit);
    case "bool":
      target[offset] = value === true ? 2 : 1;
      return offset + 1;
    case "double":
    case "float":
      return writeDoubleKey(value as number, target, offset);
    case "mixed":
      return writeMixedKey(value as Uint8Array, target, offset, limit);
    default:
      target[offset] = 1;
      target.set(value as Uint8Array, offset + 1);
      return offset + 1 + (value as Uint8Array).length;
  }
}

/** Writes a safe integer as a key. */
export function writeIntKey(value: number, target: Uint8Array, offset: number): number {
  const isNegative = value < 0;
  let rest = isNegative ? -value - 1 : value;
  let count = 0;
  for (let probe = rest; probe > 0; probe = Math.floor(probe / 256)) count++;
  target[offset] = isNegative ? 0x7f - count : 0x80 + count;
  for (let index = count; index > 0; index--) {
    const byte = rest % 256;
    target[offset + index] = isNegative ? 255 - byte : byte;
    rest = (rest - byte) / 256;
  }
  return offset + 1 + count;
}

function writeBigIntKey(value: bigint, target: Uint8Array, offset: number): number {
  const isNegative = value < 0n;
  let rest = isNegative ? -value - 1n : value;
  let count = 0;
  for (let probe = rest; probe > 0n; probe >>= 8n) count++;
  target[offset] = isNegative ? 0x7f - count : 0x80 + count;
  for (let index = count; index > 0; index--) {
    const byte = Number(rest & 255n);
    target[offset + index] = isNegative ? 255 - byte : byte;
    rest >>= 8n;
  }
  return offset + 1 + count;
}

function writeStringKey(value: string, target: Uint8Array, offset: number, limit: number): number {
  target[offset] = 1;
  const at = offset + 1;
  if (value.length <= Math.abs(limit) && !value.includes("\0")) {
    const end = writeAscii(value, target, at);
    if (end >= 0) return writeTerminator(target, end);
  }
  return writeEscaped(utf8Bytes(value), target, at, limit);
}

/** Writes bytes with 00 escaped, and the terminator; for a string, behind its first byte. */
function writeEscaped(whole: Uint8Array, target: Uint8Array, offset: number, limit: number): number {
  let bytes = whole;
  let at = offset;
  if (bytes.length > Math.abs(limit)) {
    if (limit > 0) {
      throw new RealmError("PRIMARY_KEY_INVALID", `A string primary key can have at most ${limit} bytes of UTF-8, got ${bytes.length}.`);
    }
    bytes = bytes.subarray(0, -limit);
  }
  for (const byte of bytes) {
    target[at++] = byte;
    if (byte === 0) target[at++] = 255;
  }
  return writeTerminator(target, at);
}

function writeTerminator(target: Uint8Array, at: number): number {
  target[at] = 0;
  target[at + 1] = 1;
  return at + 2;
}

function writeDoubleKey(value: number, target: Uint8Array, offset: number): number {
  float.setFloat64(0, value === 0 ? 0 : value);
  const isNegative = float.getUint8(0) > 127;
  target[offset] = 1;
  for (let index = 0; index < 8; index++) {
    const byte = float.getUint8(index);
    target[offset + 1 + index] = isNegative ? 255 - byte : index === 0 ? byte + 128 : byte;
  }
  return offset + 9;
}

const MIXED_KIND = { bool: 1, number: 2, string: 3, data: 4, date: 5, objectId: 6, uuid: 7, other: 8 };

function writeMixedKey(encoded: Uint8Array, target: Uint8Array, offset: number, limit: number): number {
  const { type, value } = readMixed(encoded);
  switch (type) {
    case "bool":
      target[offset] = MIXED_KIND.bool;
      target[offset + 1] = value === true ? 1 : 0;
      return offset + 2;
    case "int":
    case "double":
    case "decimal128": {
      const number = type === "decimal128" ? Number(new Decimal128((value as Uint8Array).slice() as never).toString()) : Number(value);
      const end = writeDoubleKey(number, target, offset);
      target[offset] = MIXED_KIND.number;
      return end;
    }
    case "string":
    case "data":
      target[offset] = MIXED_KIND[type];
      return writeEscaped(type === "string" ? utf8Bytes(value as string) : (value as Uint8Array), target, offset + 1, limit);
    case "date":
      target[offset] = MIXED_KIND.date;
      return writeIntKey(value as number, target, offset + 1);
    case "objectId":
    case "uuid":
      target[offset] = MIXED_KIND[type];
      target.set(value as Uint8Array, offset + 1);
      return offset + 1 + (value as Uint8Array).length;
    default:
      target[offset] = MIXED_KIND.other;
      return offset + 1;
  }
}

/** The type whose key ends where the rest of a mixed key does. */
const MIXED_KEY_ENDS: readonly (KeyType | undefined)[] = [undefined, "bool", "double", "string", "string", undefined, "objectId", "uuid"];

function mixedKeyEnd(bytes: Uint8Array, start: number): number {
  const kind = bytes[start] as number;
  if (kind === MIXED_KIND.bool) return start + 2;
  if (kind === MIXED_KIND.date) return keyEnd("date", bytes, start + 1);
  const type = MIXED_KEY_ENDS[kind];
  return type === undefined ? start + 1 : keyEnd(type, bytes, start);
}

/** Reads a key back; integers that a number cannot hold exactly come as bigint. */
export function readKey(type: KeyType, bytes: Uint8Array, start: number, end: number): KeyValue {
  const first = bytes[start] as number;
  if (first === NULL_BYTE) return null;
  if (first === PLACEHOLDER) return placeholderValue(type);
  switch (type) {
    case "int":
    case "date":
      return readIntKey(bytes, start);
    case "string":
      if (end < start + 3) throw dataDamaged("a key that ends too early");
      return readStringKey(bytes, start + 1, end - 2);
    case "bool":
      return first === 2;
    case "double":
    case "float":
      return readDoubleKey(bytes, start);
    default:
      if (end - start !== (type === "objectId" ? 13 : 17)) throw dataDamaged(`a key that is no ${type}`);
      return bytes.slice(start + 1, end);
  }
}

function placeholderValue(type: KeyType): KeyValue {
  if (type === "string") return "";
  return type === "int" ? 0 : new Uint8Array(type === "uuid" ? 16 : 12);
}

function readIntKey(bytes: Uint8Array, start: number): number | bigint {
  const first = bytes[start] as number;
  const isNegative = first < 0x80;
  const count = isNegative ? 0x7f - first : first - 0x80;
  if (!(count <= 8 && start + count < bytes.length)) throw dataDamaged("a key that is no integer");
  let value = 0;
  for (let index = 1; index <= count; index++) {
    const byte = bytes[start + index] as number;
    value = value * 256 + (isNegative ? 255 - byte : byte);
  }
  if (value <= Number.MAX_SAFE_INTEGER) return isNegative ? -value - 1 : value;
  let exact = 0n;
  for (let index = 1; index <= count; index++) {
    const byte = bytes[start + index] as number;
    exact = exact * 256n + BigInt(isNegative ? 255 - byte : byte);
  }
  return isNegative ? -exact - 1n : exact;
}

function readStringKey(bytes: Uint8Array, start: number, end: number): string {
  let zeroCount = 0;
  for (let at = start; at < end; at++) if (bytes[at] === 0) zeroCount++;
  if (zeroCount === 0) return readText(bytes, start, end);
  const plain = new Uint8Array(end - start - zeroCount);
  let to = 0;
  for (let at = start; at < end; at++) {
    plain[to++] = bytes[at] as number;
    if (bytes[at] === 0) at++;
  }
  if (to !== plain.length) throw dataDamaged("a key whose zeros are not escaped");
  return readText(plain, 0, to);
}

function readDoubleKey(bytes: Uint8Array, start: number): number {
  const isNegative = (bytes[start + 1] as number) < 128;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[start + 1 + index] as number;
    float.setUint8(index, isNegative ? 255 - byte : index === 0 ? byte - 128 : byte);
  }
  return float.getFloat64(0);
}

/** Where a key that begins at `start` ends: what tells an index entry's value from its row. */
export function keyEnd(type: KeyType, bytes: Uint8Array, start: number): number {
  const first = bytes[start] as number;
  if (first === NULL_BYTE) return start + 1;
  switch (type) {
    case "int":
    case "date":
      return start + 1 + (first < 0x80 ? 0x7f - first : first - 0x80);
    case "bool":
      return start + 1;
    case "double":
    case "float":
      return start + 9;
    case "objectId":
      return start + 13;
    case "uuid":
      return start + 17;
    case "mixed":
      return mixedKeyEnd(bytes, start);
    default: {
      let at = start + 1;
      while (bytes[at] !== 0 || bytes[at + 1] !== 1) {
        if (at >= bytes.length) throw dataDamaged("an index entry without an end");
        at += bytes[at] === 0 ? 2 : 1;
      }
      return at + 2;
    }
  }
}

