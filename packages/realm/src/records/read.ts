/**
 * Reads the parts of a record: ints, blobs, fixed fields, lists. The layout is described in layout.ts.
 *
 * @module
 */
import { dataDamaged } from "../errors.ts";
import type { RealmError } from "../errors.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { StoredDictionary, StoredValue } from "./stored-value.ts";
import { copyBytes } from "./row.ts";
import { readAscii, readUtf8 } from "./text.ts";

/** What is added to an int that takes one byte. */
export const INT_BIAS = 24;
/** The byte that stands for a null int; larger ones count the bytes that follow. */
export const INT_NULL = 247;
/** Blob headers below this take one byte. */
export const BLOB_WIDE = 240;

const FIXED_SIZES: Readonly<Record<string, number>> = { double: 8, float: 4, decimal128: 16, objectId: 12, uuid: 16 };

const numberScratch = new Float64Array(1);
const numberBytes = new Uint8Array(numberScratch.buffer);
const floatScratch = new Float32Array(1);
const floatBytes = new Uint8Array(floatScratch.buffer);

/** Where the int at `at` ends. */
export function skipInt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  return first <= INT_NULL ? at + 1 : at + 1 + first - INT_NULL;
}

/** Reads the int at `at`. */
export function readInt(bytes: Uint8Array, at: number): number | bigint | null {
  const first = bytes[at] as number;
  // Two functions: this one is small enough to become part of its callers.
  return first < INT_NULL ? first - INT_BIAS : readWideInt(bytes, at, first - INT_NULL);
}

function readWideInt(bytes: Uint8Array, at: number, count: number): number | bigint | null {
  if (count === 0) return null;
  // Not true of NaN either, which is what a byte behind the end makes of it.
  if (!(at + count < bytes.length)) throw endsTooEarly();
  if (count <= 4) return readSmall(bytes, at + 1, count);
  const low = readUnsigned(bytes, at + 1, 4);
  const high = readSmall(bytes, at + 5, count - 4);
  if (count <= 6 || (high >= -0x200000 && high < 0x200000)) return high * 4294967296 + low;
  return BigInt(high) * 4294967296n + BigInt(low);
}

/** Signed little endian of 1 to 4 bytes. */
function readSmall(bytes: Uint8Array, at: number, count: number): number {
  const unused = 32 - count * 8;
  return (readUnsigned(bytes, at, count) << unused) >> unused;
}

function readUnsigned(bytes: Uint8Array, at: number, count: number): number {
  let value = bytes[at] as number;
  if (count > 1) value |= (bytes[at + 1] as number) << 8;
  if (count > 2) value |= (bytes[at + 2] as number) << 16;
  if (count > 3) value |= (bytes[at + 3] as number) << 24;
  return value >>> 0;
}

/** Where the blob at `at` ends. */
export function skipBlob(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < BLOB_WIDE) return at + 1 + (first >> 1);
  return at + 1 + (first - BLOB_WIDE + 1) + Math.floor(readHeader(bytes, at) / 2);
}

/** The header of the blob at `at`: byte length * 2 + flag. */
export function readHeader(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  return first < BLOB_WIDE ? first : readUnsigned(bytes, at + 1, first - BLOB_WIDE + 1);
}

/** Where the content of the blob at `at` begins. */
export function blobStart(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  return first < BLOB_WIDE ? at + 1 : at + 1 + first - BLOB_WIDE + 1;
}

/** Reads the blob at `at` as the property's type says. */
export function readBlob(property: CanonicalProperty, bytes: Uint8Array, at: number): StoredValue {
  switch (property.type) {
    case "string":
      return readString(bytes, at);
    case "list":
    case "set":
      return readList(property.objectType as string, property.optional, bytes, blobStart(bytes, at));
    case "dictionary":
      return readDictionary(property.objectType as string, property.optional, bytes, blobStart(bytes, at));
    case "data":
      return readHeader(bytes, at) === 1 ? null : content(bytes, at);
    case "object":
      return readHeader(bytes, at) === 0 ? null : copyOfContent(bytes, at);
    default:
      return readHeader(bytes, at) === 0 ? null : content(bytes, at);
  }
}

function content(bytes: Uint8Array, at: number): Uint8Array {
  const end = skipBlob(bytes, at);
  if (!(end <= bytes.length)) throw endsTooEarly();
  return bytes.subarray(blobStart(bytes, at), end);
}

/** Links are copied: most of them become the keys of objects, which outlive the page. */
function copyOfContent(bytes: Uint8Array, at: number): Uint8Array {
  const start = blobStart(bytes, at);
  const end = skipBlob(bytes, at);
  if (!(end <= bytes.length)) throw endsTooEarly();
  return copyBytes(bytes, start, end);
}

/** A record that passes its own end. Checked wherever bytes are taken by a length that stands in the record. */
function endsTooEarly(): RealmError {
  return dataDamaged("a record that ends too early");
}

/** Reads the string at `at`. */
export function readString(bytes: Uint8Array, at: number): string | null {
  const first = bytes[at] as number;
  if (first < BLOB_WIDE) {
    const end = at + 1 + (first >> 1);
    if (end > bytes.length) throw endsTooEarly();
    if ((first & 1) === 0) return readAscii(bytes, at + 1, end);
    return first === 1 ? null : readUtf8(bytes, at + 1, end);
  }
  const start = blobStart(bytes, at);
  const header = readHeader(bytes, at);
  const end = start + Math.floor(header / 2);
  if (!(end <= bytes.length)) throw endsTooEarly();
  return header % 2 === 0 ? readAscii(bytes, start, end) : readUtf8(bytes, start, end);
}

/** Reads a value of constant size; bytes are views. */
export function readFixed(type: string, bytes: Uint8Array, at: number): number | Uint8Array {
  if (!(at + (FIXED_SIZES[type] as number) <= bytes.length)) throw endsTooEarly();
  if (type === "double") {
    for (let index = 0; index < 8; index++) numberBytes[index] = bytes[at + index] as number;
    return numberScratch[0] as number;
  }
  if (type === "float") {
    for (let index = 0; index < 4; index++) floatBytes[index] = bytes[at + index] as number;
    return floatScratch[0] as number;
  }
  return bytes.subarray(at, at + (FIXED_SIZES[type] as number));
}

function nullElement(): RealmError {
  return dataDamaged("a collection with a null where there may be none");
}

/** The count at the start of a collection: no more than there are bytes, since every element takes one at least. */
function readCount(bytes: Uint8Array, at: number): number {
  const count = readInt(bytes, at);
  // An int may also be null or a bigint, and both compare with numbers.
  if (typeof count !== "number" || !(count >= 0 && count <= bytes.length - at)) throw dataDamaged("a collection with an impossible count");
  return count;
}

function readList(elementType: string, isOptional: boolean, bytes: Uint8Array, start: number): StoredValue[] {
  const count = readCount(bytes, start);
  let at = skipInt(bytes, start);
  const values: StoredValue[] = new Array(count);
  for (let index = 0; index < count; index++) {
    switch (elementType) {
      case "string":
        values[index] = readString(bytes, at);
        at = skipBlob(bytes, at);
        break;
      case "int":
      case "date":
        values[index] = readInt(bytes, at);
        at = skipInt(bytes, at);
        break;
      case "bool": {
        const byte = bytes[at++] as number;
        values[index] = byte === 2 ? null : byte === 1;
        break;
      }
      case "double":
      case "float":
      case "decimal128":
      case "objectId":
      case "uuid": {
        const isNull = isOptional && bytes[at++] === 0;
        values[index] = isNull ? null : readFixed(elementType, bytes, at);
        if (!isNull) at += FIXED_SIZES[elementType] as number;
        break;
      }
      default: {
        const isNull = elementType === "data" ? readHeader(bytes, at) === 1 : readHeader(bytes, at) === 0;
        if (isNull && !isOptional) throw nullElement();
        const isLink = elementType !== "data" && elementType !== "mixed";
        values[index] = isNull ? null : isLink ? copyOfContent(bytes, at) : content(bytes, at);
        at = skipBlob(bytes, at);
      }
    }
  }
  return values;
}

function readDictionary(elementType: string, isOptional: boolean, bytes: Uint8Array, start: number): StoredDictionary {
  const count = readCount(bytes, start);
  let at = skipInt(bytes, start);
  const values = new Map<string, StoredValue>();
  for (let index = 0; index < count; index++) {
    const key = readString(bytes, at);
    if (key === null) throw dataDamaged("a dictionary with a key that is null");
    at = skipBlob(bytes, at);
    values.set(key, readElement(elementType, isOptional, bytes, at));
    at = elementEnd;
  }
  return values;
}

/** Where the element that `readElement` read last ends. */
let elementEnd = 0;

function readElement(type: string, isOptional: boolean, bytes: Uint8Array, at: number): StoredValue {
  switch (type) {
    case "string":
      elementEnd = skipBlob(bytes, at);
      return readString(bytes, at);
    case "int":
    case "date":
      elementEnd = skipInt(bytes, at);
      return readInt(bytes, at);
    case "bool": {
      elementEnd = at + 1;
      return bytes[at] === 2 ? null : bytes[at] === 1;
    }
    default: {
      const size = FIXED_SIZES[type];
      if (size === undefined) {
        elementEnd = skipBlob(bytes, at);
        const isNull = readHeader(bytes, at) === (type === "data" ? 1 : 0);
        if (isNull && !isOptional) throw nullElement();
        if (isNull) return null;
        return type === "data" || type === "mixed" ? content(bytes, at) : copyOfContent(bytes, at);
      }
      const isNull = isOptional && bytes[at] === 0;
      const start = isOptional ? at + 1 : at;
      elementEnd = isNull ? start : start + size;
      return isNull ? null : readFixed(type, bytes, start);
    }
  }
}

/** The count of elements of the collection at `at`, without reading them. */
export function readListCount(bytes: Uint8Array, at: number): number {
  return readCount(bytes, blobStart(bytes, at));
}
