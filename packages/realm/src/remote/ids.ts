/**
 * Ids and decimals on a page: what `Realm.BSON` has, without the package.
 *
 * @module
 */
import { rangeError } from "../errors.ts";

const HEX_OF_OBJECT_ID = /^[0-9a-f]{24}$/i;
const HEX_OF_UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const DECIMAL = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i;

let counter = Math.floor(Math.random() * 0x1000000);

/** A 12-byte id. */
export class ObjectId {
  readonly _bsontype = "ObjectId";
  readonly id: Uint8Array;

  /** @param value - 24 hexadecimal digits, or 12 bytes. A fresh one without it: seconds, five random bytes, a counter. */
  constructor(value?: string | Uint8Array) {
    this.id = value === undefined ? freshObjectId() : typeof value === "string" ? bytesOf(value, HEX_OF_OBJECT_ID, "24 hexadecimal digits") : copied(value, 12);
    Object.freeze(this);
  }
  toHexString(): string {
    return hexOf(this.id);
  }
  toString(): string {
    return this.toHexString();
  }
  toJSON(): string {
    return this.toHexString();
  }
  equals(other: unknown): boolean {
    return isSameId(this, other);
  }
  /** When it was made, to the second. */
  getTimestamp(): Date {
    return new Date(new DataView(this.id.buffer, this.id.byteOffset).getUint32(0, false) * 1000);
  }
}

/** A 16-byte id. */
export class UUID {
  readonly _bsontype = "UUID";
  readonly buffer: Uint8Array;

  /** @param value - Hexadecimal digits with or without hyphens, or 16 bytes. A random one (version 4) without it. */
  constructor(value?: string | Uint8Array) {
    this.buffer = value === undefined ? freshUuid() : typeof value === "string" ? bytesOf(value.replaceAll("-", ""), /^[0-9a-f]{32}$/i, "a UUID", HEX_OF_UUID.test(value)) : copied(value, 16);
    Object.freeze(this);
  }
  toHexString(includeDashes: boolean = true): string {
    const hex = hexOf(this.buffer);
    return includeDashes ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : hex;
  }
  toString(): string {
    return this.toHexString();
  }
  toJSON(): string {
    return this.toHexString();
  }
  equals(other: unknown): boolean {
    return isSameId(this, other);
  }
}

/** A decimal of up to 34 digits. The page only carries its text; calculating is the database's. */
export class Decimal128 {
  readonly _bsontype = "Decimal128";
  readonly #text: string;

  constructor(text: string) {
    if (typeof text !== "string" || !DECIMAL.test(text)) throw rangeError("Expected a decimal number as text.");
    this.#text = text;
    Object.freeze(this);
  }
  static fromString(text: string): Decimal128 {
    return new Decimal128(text);
  }
  toString(): string {
    return this.#text;
  }
  toJSON(): { readonly $numberDecimal: string } {
    return { $numberDecimal: this.#text };
  }
}

function isSameId(id: ObjectId | UUID, other: unknown): boolean {
  if (typeof other === "string") return other.toLowerCase() === id.toString();
  return typeof other === "object" && other !== null && "_bsontype" in other && String(other).toLowerCase() === id.toString();
}

function bytesOf(hex: string, pattern: RegExp, expected: string, isWellFormed = true): Uint8Array {
  if (!isWellFormed || !pattern.test(hex)) throw rangeError(`Expected ${expected}.`);
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}

function copied(bytes: Uint8Array, length: number): Uint8Array {
  if (!ArrayBuffer.isView(bytes) || bytes.length !== length) throw rangeError(`Expected ${length} bytes.`);
  return Uint8Array.from(bytes);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const processBytes = crypto.getRandomValues(new Uint8Array(5));

function freshObjectId(): Uint8Array {
  const id = new Uint8Array(12);
  const view = new DataView(id.buffer);
  view.setUint32(0, Math.floor(Date.now() / 1000), false);
  id.set(processBytes, 4);
  counter = (counter + 1) % 0x1000000;
  view.setUint8(9, Math.floor(counter / 0x10000));
  view.setUint16(10, counter % 0x10000, false);
  return id;
}

function freshUuid(): Uint8Array {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) % 16) + 0x40;
  bytes[8] = ((bytes[8] as number) % 64) + 0x80;
  return bytes;
}
