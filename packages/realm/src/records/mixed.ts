/**
 * Mixed values in stored form: one byte that says the type, then the value's bytes. docs/format/records.md specifies them.
 *
 * A list or dictionary carries an id, so that whoever holds it finds it again when its neighbours move, and notices when another
 * one has taken its place.
 *
 * @module
 */
import { dataDamaged } from "../errors.ts";
import type { StoredDictionary, StoredValue } from "./stored-value.ts";
import { readText, utf8Bytes } from "./text.ts";

/** The types that a mixed value can have; a type's place in this list is its byte in the file, less one. */
export const MIXED_TYPES = ["bool", "int", "double", "string", "data", "date", "decimal128", "objectId", "uuid", "link", "list", "dictionary"] as const;

/** Type of a mixed value. */
export type MixedType = (typeof MIXED_TYPES)[number];

/** A mixed value taken apart. */
export interface MixedValue {
  readonly type: MixedType;
  /** For a link the target's key; for a list or dictionary, elements in encoded form or null. */
  readonly value: StoredValue;
  /** Class of a link's target. */
  readonly className?: string;
  /** Of a list or dictionary. */
  readonly id?: number;
}

const ID_BYTES = 4;
const TYPE_BYTE: Readonly<Record<string, number>> = Object.fromEntries(MIXED_TYPES.map((type, index) => [type, index + 1]));

let lastId = Math.floor(Math.random() * 2 ** 32);

/**
 * An id for a new list or dictionary.
 *
 * It has to differ from the others in its property and from those that somebody in this process may still hold: ids count on
 * from a random start, so the second is as good as sure.
 */
export function freshCollectionId(): number {
  lastId = (lastId + 1) >>> 0;
  return lastId;
}

/** Type of an encoded value. */
export function mixedType(bytes: Uint8Array): MixedType {
  const type = MIXED_TYPES[(bytes[0] as number) - 1];
  if (type === undefined) throw dataDamaged("a mixed value of a type that there is not");
  return type;
}

/** Takes an encoded value apart. Bytes in the result are views. */
export function readMixed(bytes: Uint8Array): MixedValue {
  const type = mixedType(bytes);
  if (!hasLengthOf(type, bytes)) throw dataDamaged(`a mixed value of type ${type} with an impossible length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case "bool":
      return { type, value: bytes[1] === 1 };
    case "int":
    case "date":
      return { type, value: readInteger(view) };
    case "double":
      return { type, value: view.getFloat64(1, true) };
    case "string":
      return { type, value: readText(bytes, 1, bytes.length) };
    case "link": {
      const keyAt = 2 + (bytes[1] as number);
      return { type, className: readText(bytes, 2, keyAt), value: bytes.subarray(keyAt) };
    }
    case "list":
      return { type, id: view.getUint32(1, true), value: readElements(bytes) };
    case "dictionary":
      return { type, id: view.getUint32(1, true), value: readEntries(bytes) };
    default:
      return { type, value: bytes.subarray(1) };
  }
}

/** Lengths of the types that have one, type byte included; of the others the least. */
const LENGTHS: Readonly<Record<string, number>> = { double: 9, decimal128: 17, objectId: 13, uuid: 17 };
const INTEGER_LENGTHS: ReadonlySet<number> = new Set([2, 3, 5, 9]);

function hasLengthOf(type: MixedType, bytes: Uint8Array): boolean {
  switch (type) {
    case "bool":
      return bytes.length > 1;
    case "int":
    case "date":
      return INTEGER_LENGTHS.has(bytes.length);
    case "link":
      return bytes.length > 1 && bytes.length >= 2 + (bytes[1] as number);
    case "list":
    case "dictionary":
      return bytes.length > ID_BYTES;
    default:
      return LENGTHS[type] === undefined || bytes.length === LENGTHS[type];
  }
}

/** Id of an encoded list or dictionary; undefined for other values. */
export function collectionIdOf(value: StoredValue): number | undefined {
  if (!(value instanceof Uint8Array) || (value[0] as number) < (TYPE_BYTE["list"] as number)) return undefined;
  if (value.length <= ID_BYTES) throw dataDamaged("a mixed collection that ends too early");
  return new DataView(value.buffer, value.byteOffset).getUint32(1, true);
}

function readInteger(view: DataView): number | bigint {
  switch (view.byteLength) {
    case 2:
      return view.getInt8(1);
    case 3:
      return view.getInt16(1, true);
    case 5:
      return view.getInt32(1, true);
    default: {
      const exact = view.getBigInt64(1, true);
      const number = Number(exact);
      return Number.isSafeInteger(number) ? number : exact;
    }
  }
}

function readElements(bytes: Uint8Array): StoredValue[] {
  const elements: StoredValue[] = [];
  const reader = { bytes, at: 1 + ID_BYTES };
  while (reader.at < bytes.length) elements.push(readElement(reader));
  return elements;
}

function readEntries(bytes: Uint8Array): StoredDictionary {
  const entries = new Map<string, StoredValue>();
  const reader = { bytes, at: 1 + ID_BYTES };
  while (reader.at < bytes.length) {
    const length = readLength(reader);
    if (reader.at + length > bytes.length) throw dataDamaged("a mixed dictionary that ends too early");
    const key = readText(bytes, reader.at, reader.at + length);
    reader.at += length;
    entries.set(key, readElement(reader));
  }
  return entries;
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function readElement(reader: Reader): Uint8Array | null {
  const length = readLength(reader);
  reader.at += length;
  if (reader.at > reader.bytes.length) throw dataDamaged("a mixed collection that ends too early");
  return length === 0 ? null : reader.bytes.subarray(reader.at - length, reader.at);
}

function readLength(reader: Reader): number {
  let length = 0;
  for (let factor = 1; ; factor *= 128) {
    if (reader.at >= reader.bytes.length) throw dataDamaged("a mixed collection that ends too early");
    const byte = reader.bytes[reader.at++] as number;
    length += (byte & 127) * factor;
    if (byte < 128) return length;
  }
}

/** Encodes a single value. */
export function encodeMixed(type: Exclude<MixedType, "link" | "list" | "dictionary">, value: StoredValue): Uint8Array {
  switch (type) {
    case "bool":
      return tagged(type, Uint8Array.of(value === true ? 1 : 0));
    case "int":
    case "date":
      return tagged(type, integerBytes(value as number | bigint));
    case "double":
      return tagged(type, new Uint8Array(Float64Array.of(value as number).buffer));
    case "string":
      return tagged(type, utf8Bytes(value as string));
    default:
      return tagged(type, value as Uint8Array);
  }
}

/** Encodes a link. */
export function encodeMixedLink(className: string, key: Uint8Array): Uint8Array {
  const name = utf8Bytes(className);
  return tagged("link", joined([Uint8Array.of(name.length), name, key]));
}

/** Encodes a list of encoded elements. */
export function encodeMixedList(id: number, elements: readonly StoredValue[]): Uint8Array {
  let byteCount = 1 + ID_BYTES;
  for (const element of elements) byteCount += elementBytes(element as Uint8Array | null);
  const bytes = collectionBytes("list", id, byteCount);
  let at = 1 + ID_BYTES;
  for (const element of elements) at = writeElement(element as Uint8Array | null, bytes, at);
  return bytes;
}

/** Encodes a dictionary of encoded elements. */
export function encodeMixedDictionary(id: number, entries: StoredDictionary): Uint8Array {
  const names = [...entries.keys()].map(utf8Bytes);
  let byteCount = 1 + ID_BYTES;
  for (const name of names) byteCount += lengthBytes(name.length) + name.length;
  for (const element of entries.values()) byteCount += elementBytes(element as Uint8Array | null);
  const bytes = collectionBytes("dictionary", id, byteCount);
  let at = 1 + ID_BYTES;
  let index = 0;
  for (const element of entries.values()) {
    const name = names[index++] as Uint8Array;
    at = writeLength(name.length, bytes, at);
    bytes.set(name, at);
    at = writeElement(element as Uint8Array | null, bytes, at + name.length);
  }
  return bytes;
}

function collectionBytes(type: MixedType, id: number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  bytes[0] = TYPE_BYTE[type] as number;
  new DataView(bytes.buffer).setUint32(1, id, true);
  return bytes;
}

function elementBytes(element: Uint8Array | null): number {
  return element === null ? 1 : lengthBytes(element.length) + element.length;
}

function lengthBytes(length: number): number {
  let count = 1;
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) count++;
  return count;
}

function writeElement(element: Uint8Array | null, target: Uint8Array, at: number): number {
  if (element === null) return writeLength(0, target, at);
  const start = writeLength(element.length, target, at);
  // A loop is faster than `set` for the few bytes that most elements have.
  if (element.length > 32) target.set(element, start);
  else for (let index = 0; index < element.length; index++) target[start + index] = element[index] as number;
  return start + element.length;
}

function writeLength(length: number, target: Uint8Array, offset: number): number {
  let at = offset;
  let rest = length;
  for (; rest > 127; rest = Math.floor(rest / 128)) target[at++] = (rest % 128) + 128;
  target[at++] = rest;
  return at;
}

/** True if there is a link in an encoded value, at any depth. Looks at the bytes alone. */
export function holdsLink(encoded: Uint8Array): boolean {
  return holdsLinkIn({ bytes: encoded, at: 0 }, encoded.length);
}

function holdsLinkIn(reader: Reader, end: number): boolean {
  const type = reader.bytes[reader.at] as number;
  if (type === TYPE_BYTE["link"]) return true;
  if (type !== TYPE_BYTE["list"] && type !== TYPE_BYTE["dictionary"]) return false;
  reader.at += 1 + ID_BYTES;
  while (reader.at < end) {
    if (type === TYPE_BYTE["dictionary"]) {
      const nameLength = readLength(reader);
      reader.at += nameLength;
    }
    const length = readLength(reader);
    const next = reader.at + length;
    if (length > 0 && holdsLinkIn(reader, next)) return true;
    reader.at = next;
  }
  return false;
}

/** An encoded value as if all ids in it were 0: what tells whether two values have the same content. */
export function withoutCollectionIds(encoded: Uint8Array): Uint8Array {
  if (collectionIdOf(encoded) === undefined) return encoded;
  const { type, value } = readMixed(encoded);
  const strip = (element: StoredValue): StoredValue => (element === null ? null : withoutCollectionIds(element as Uint8Array));
  if (type === "list") return encodeMixedList(0, (value as StoredValue[]).map(strip));
  return encodeMixedDictionary(0, new Map([...(value as StoredDictionary)].map(([key, element]) => [key, strip(element)])));
}

function integerBytes(value: number | bigint): Uint8Array {
  const number = Number(value);
  const view = new DataView(new ArrayBuffer(8));
  let byteCount = 8;
  if (number >= -128 && number < 128) byteCount = 1;
  else if (number >= -32768 && number < 32768) byteCount = 2;
  else if (number >= -2147483648 && number < 2147483648) byteCount = 4;
  view.setBigInt64(0, BigInt(value), true);
  return new Uint8Array(view.buffer, 0, byteCount);
}

function tagged(type: MixedType, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 1);
  bytes[0] = TYPE_BYTE[type] as number;
  bytes.set(content, 1);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
