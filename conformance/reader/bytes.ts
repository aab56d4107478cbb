/**
 * Numbers out of bytes, and CRC-32, as docs/format/file.md needs them.
 *
 * @module
 */
import { ReaderError } from "./errors.ts";

/** Reads little-endian numbers at offsets. A place outside the bytes is damage, under the code that the caller names. */
export class Fields {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: string;

  constructor(bytes: Uint8Array, code: string) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  u8(offset: number): number {
    this.slice(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.slice(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.slice(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  u48(offset: number): number {
    return this.u32(offset) + this.u16(offset + 4) * 2 ** 32;
  }

  u64(offset: number): number {
    this.slice(offset, 8);
    const value = this.#view.getBigUint64(offset, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ReaderError(this.#code, `the number at ${offset} exceeds 2^53 - 1`);
    return Number(value);
  }

  slice(offset: number, length: number): Uint8Array {
    if (offset < 0 || offset + length > this.bytes.length) {
      throw new ReaderError(this.#code, `${length} bytes at ${offset} lie outside ${this.bytes.length} bytes`);
    }
    return this.bytes.subarray(offset, offset + length);
  }
}

/** True if both have the same bytes. Not for secrets. */
export function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return compareBytes(left, right) === 0;
}

/** Order by unsigned bytes, a prefix before what it is a prefix of. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32 of ISO 3309 over all parts, one after the other. */
export function crc32(...parts: readonly Uint8Array[]): number {
  let crc = 0xffffffff;
  for (const part of parts) for (const byte of part) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
