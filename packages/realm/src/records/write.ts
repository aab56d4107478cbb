/**
 * Writes records: slots in, bytes out, in one pass over one reused buffer. The layout is described in layout.ts.
 *
 * @module
 */
import { rangeError } from "../errors.ts";
import type { Field, RecordLayout, Section } from "./layout.ts";
import { FIXED_BYTES } from "./layout.ts";
import { BLOB_WIDE, INT_BIAS, INT_NULL } from "./read.ts";
import type { StoredDictionary, StoredValue } from "./stored-value.ts";
import { utf8Bytes, writeAscii } from "./text.ts";

/** Longest blob: the length's header has 4 bytes, and the engine takes values of 64 MiB. */
const BLOB_MAX_BYTES = 64 * 1024 * 1024;

let buffer = new Uint8Array(64 * 1024);
let end = 0;

const numberScratch = new Float64Array(1);
const numberBytes = new Uint8Array(numberScratch.buffer);
const floatScratch = new Float32Array(1);
const floatBytes = new Uint8Array(floatScratch.buffer);

/**
 * Encodes the slots of one object.
 *
 * @returns A view of a shared buffer: valid until the next call.
 */
export function encodeRecord(layout: RecordLayout, slots: readonly StoredValue[]): Uint8Array {
  end = 0;
  for (const section of layout.sections) writeSection(section, slots);
  return buffer.subarray(0, end);
}

/**
 * Encodes the value of one field as it stands in a record; of a fixed field, its bytes without what says null.
 *
 * @returns A view of a shared buffer: valid until the next call.
 */
export function encodeField(field: Field, value: StoredValue): Uint8Array {
  end = 0;
  ensure(0);
  if (field.group === "int") writeInt(value as number | bigint | null);
  else if (field.group === "blob") writeBlobField(field, value);
  else {
    putFixed(field.property.type, value as number | Uint8Array, 0);
    end = FIXED_BYTES[field.property.type] as number;
  }
  return buffer.subarray(0, end);
}

function writeSection(section: Section, slots: readonly StoredValue[]): void {
  ensure(section.headBytes);
  sectionStart = end;
  end += section.headBytes;
  for (let index = 0; index < section.flagBytes; index++) buffer[sectionStart + index] = 0;
  for (const field of section.bools) writeBool(field, slots[field.slot] as boolean | null);
  for (const field of section.fixed) writeFixedField(field, slots[field.slot] as number | Uint8Array | null);
  for (const field of section.ints) writeInt(slots[field.slot] as number | bigint | null);
  for (const field of section.blobs) writeBlobField(field, slots[field.slot] as StoredValue);
}

/** Where the section that is being written begins. */
let sectionStart = 0;

function ensure(byteCount: number): void {
  if (end + byteCount + 64 <= buffer.length) return;
  const larger = new Uint8Array(Math.max(buffer.length * 2, end + byteCount + 64));
  larger.set(buffer);
  buffer = larger;
}

function setBit(bit: number): void {
  const at = sectionStart + (bit >> 3);
  buffer[at] = (buffer[at] as number) | (1 << (bit & 7));
}

function writeBool(field: Field, value: boolean | null): void {
  if (value === true) setBit(field.position);
  else if (value === null) setBit(field.nullBit);
}

function writeFixedField(field: Field, value: number | Uint8Array | null): void {
  if (value !== null) {
    putFixed(field.property.type, value, sectionStart + field.position);
    return;
  }
  setBit(field.nullBit);
  const at = sectionStart + field.position;
  buffer.fill(0, at, at + (FIXED_BYTES[field.property.type] as number));
}

function putFixed(type: string, value: number | Uint8Array, at: number): void {
  if (type === "double") {
    numberScratch[0] = value as number;
    for (let index = 0; index < 8; index++) buffer[at + index] = numberBytes[index] as number;
  } else if (type === "float") {
    floatScratch[0] = value as number;
    for (let index = 0; index < 4; index++) buffer[at + index] = floatBytes[index] as number;
  } else {
    buffer.set(value as Uint8Array, at);
  }
}

function writeInt(value: number | bigint | null): void {
  if (value === null) buffer[end++] = INT_NULL;
  else if (typeof value === "bigint") writeBigInt(value);
  else if (value >= -INT_BIAS && value < INT_NULL - INT_BIAS) buffer[end++] = value + INT_BIAS;
  else writeWideInt(value);
  if (end + 32 > buffer.length) ensure(0);
}

function writeWideInt(value: number): void {
  const high = Math.floor(value / 4294967296);
  const low = value - high * 4294967296;
  let count = 1;
  for (let limit = 128; value >= limit || value < -limit; limit *= 256) count++;
  buffer[end++] = INT_NULL + count;
  for (let index = 0; index < count; index++) buffer[end++] = index < 4 ? (low >>> (index * 8)) & 255 : (high >> ((index - 4) * 8)) & 255;
}

function writeBigInt(value: bigint): void {
  if (value >= -(2n ** 53n) && value <= 2n ** 53n) return writeInt(Number(value));
  buffer[end++] = INT_NULL + 8;
  let rest = BigInt.asUintN(64, value);
  for (let index = 0; index < 8; index++) {
    buffer[end++] = Number(rest & 255n);
    rest >>= 8n;
  }
}

function writeHeader(header: number): void {
  if (header < BLOB_WIDE) {
    buffer[end++] = header;
    return;
  }
  const count = headerExtraBytes(header);
  buffer[end++] = BLOB_WIDE + count - 1;
  for (let index = 0; index < count; index++) buffer[end++] = (header >>> (index * 8)) & 255;
}

function headerExtraBytes(header: number): number {
  return header < 0x100 ? 1 : header < 0x10000 ? 2 : header < 0x1000000 ? 3 : 4;
}

function writeBlobField(field: Field, value: StoredValue): void {
  const { property } = field;
  if (property.type === "string") writeString(value as string | null);
  else if (property.type === "list" || property.type === "set") writeList(property.objectType as string, property.optional, value as StoredValue[]);
  else if (property.type === "dictionary") writeDictionary(property.objectType as string, property.optional, value as StoredDictionary);
  else writeBytes(value as Uint8Array | null, property.type);
}

function writeBytes(value: Uint8Array | null, type: string): void {
  if (value === null) {
    buffer[end++] = type === "data" ? 1 : 0;
    return;
  }
  checkLength(value.length);
  ensure(value.length);
  writeHeader(value.length * 2);
  buffer.set(value, end);
  end += value.length;
}

function writeString(value: string | null): void {
  if (value === null) {
    buffer[end++] = 1;
    return;
  }
  ensure(value.length);
  if (value.length * 2 < BLOB_WIDE) {
    const written = writeAscii(value, buffer, end + 1);
    if (written >= 0) {
      buffer[end] = value.length * 2;
      end = written;
      return;
    }
  }
  writeLongString(value);
}

function writeLongString(value: string): void {
  const bytes = utf8Bytes(value);
  checkLength(bytes.length);
  ensure(bytes.length);
  writeHeader(bytes.length * 2 + (bytes.length === value.length ? 0 : 1));
  buffer.set(bytes, end);
  end += bytes.length;
}

function checkLength(byteCount: number): void {
  if (byteCount > BLOB_MAX_BYTES) throw rangeError(`A value can have at most ${BLOB_MAX_BYTES} bytes, got ${byteCount}.`);
}

function writeList(elementType: string, isOptional: boolean, values: readonly StoredValue[]): void {
  const headerAt = end++;
  writeInt(values.length);
  for (const value of values) writeElement(elementType, isOptional, value);
  closeBlob(headerAt);
}

function writeDictionary(elementType: string, isOptional: boolean, values: StoredDictionary): void {
  const headerAt = end++;
  writeInt(values.size);
  for (const [key, value] of values) {
    writeString(key);
    writeElement(elementType, isOptional, value);
  }
  closeBlob(headerAt);
}

/** Writes the header of a blob whose content is there. Its size depends on the content's: one byte was left, the content moves if more are needed. */
function closeBlob(headerAt: number): void {
  const byteCount = end - headerAt - 1;
  checkLength(byteCount);
  if (byteCount * 2 < BLOB_WIDE) {
    buffer[headerAt] = byteCount * 2;
    return;
  }
  ensure(8);
  const header = byteCount * 2;
  const contentAt = headerAt + 1 + headerExtraBytes(header);
  buffer.copyWithin(contentAt, headerAt + 1, headerAt + 1 + byteCount);
  end = headerAt;
  writeHeader(header);
  end = contentAt + byteCount;
}

function writeElement(type: string, isOptional: boolean, value: StoredValue): void {
  if (end + 64 > buffer.length) ensure(0);
  switch (type) {
    case "string":
      return writeString(value as string | null);
    case "int":
    case "date":
      return writeInt(value as number | bigint | null);
    case "bool":
      buffer[end++] = value === null ? 2 : value === true ? 1 : 0;
      return;
    case "double":
    case "float":
    case "decimal128":
    case "objectId":
    case "uuid":
      if (isOptional) buffer[end++] = value === null ? 0 : 1;
      if (value === null) return;
      putFixed(type, value as number | Uint8Array, end);
      end += FIXED_BYTES[type] as number;
      return;
    default:
      writeBytes(value as Uint8Array | null, type);
  }
}
