/**
 * One commit as a record of the log: what it changed, sealed and chained to the record before it.
 *
 * Layout (docs/format/file.md section 4): magic u32 | plaintext length u32 | commit u64 | position u64 |
 * previous tag (16) | zeros (8) | IV (16) | ciphertext | tag (32) | padding to 64 bytes.
 *
 * @module
 */
import { TAG_BYTES, UNIT_KIND, UNIT_OVERHEAD_BYTES, type UnitIdentity, type UnitSeal } from "@holdfast/core-cipher";
import { readU16, readU32, readU64, writeU16, writeU32, writeU64 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { MAX_KEY_BYTES, RECORD_ALIGNMENT_BYTES, REF_TAG_BYTES } from "./layout.ts";

const MAGIC = 0x43455248;
/** Bytes before the sealed unit of a record. */
export const RECORD_HEADER_BYTES = 48;

/** What a record's clear part says. Believed only once the tag has been checked. */
export interface RecordHeader {
  readonly plainBytes: number;
  readonly commit: number;
  readonly position: number;
  readonly previousTag: Uint8Array;
}

export function recordBytes(plainBytes: number): number {
  const bytes = RECORD_HEADER_BYTES + UNIT_OVERHEAD_BYTES + plainBytes;
  return Math.ceil(bytes / RECORD_ALIGNMENT_BYTES) * RECORD_ALIGNMENT_BYTES;
}

/** @returns The record's bytes, and the 16 bytes of its tag that the next record carries. */
export function sealRecord(header: Omit<RecordHeader, "plainBytes">, plaintext: Uint8Array, seal: UnitSeal, fileId: Uint8Array): { bytes: Uint8Array; tag: Uint8Array } {
  const bytes = new Uint8Array(recordBytes(plaintext.length));
  writeU32(bytes, 0, MAGIC);
  writeU32(bytes, 4, plaintext.length);
  writeU64(bytes, 8, header.commit);
  writeU64(bytes, 16, header.position);
  bytes.set(header.previousTag, 24);
  seal.seal(identityOf(header, fileId), plaintext, seal.randomBytes(16), bytes, RECORD_HEADER_BYTES);
  const tagOffset = RECORD_HEADER_BYTES + UNIT_OVERHEAD_BYTES + plaintext.length - TAG_BYTES;
  return { bytes, tag: bytes.slice(tagOffset, tagOffset + REF_TAG_BYTES) };
}

function identityOf(header: Omit<RecordHeader, "plainBytes">, fileId: Uint8Array): UnitIdentity {
  return { kind: UNIT_KIND.record, fileId, place: header.position, birth: header.commit, context: header.previousTag };
}

/** The clear part of a record, or undefined if there is none here. */
export function readRecordHeader(bytes: Uint8Array, offset: number): RecordHeader | undefined {
  if (readU32(bytes, offset) !== MAGIC || readU64(bytes, offset + 40) !== 0) return undefined;
  return {
    plainBytes: readU32(bytes, offset + 4),
    commit: readU64(bytes, offset + 8),
    position: readU64(bytes, offset + 16),
    previousTag: bytes.slice(offset + 24, offset + 40),
  };
}

/** Opens a record whose header was read; undefined if its tag does not match. */
export function openRecord(header: RecordHeader, bytes: Uint8Array, seal: UnitSeal, fileId: Uint8Array): { plaintext: Uint8Array; tag: Uint8Array } | undefined {
  const end = RECORD_HEADER_BYTES + UNIT_OVERHEAD_BYTES + header.plainBytes;
  const plaintext = seal.open(identityOf(header, fileId), bytes.subarray(RECORD_HEADER_BYTES, end));
  if (plaintext === undefined) return undefined;
  return { plaintext, tag: bytes.slice(end - TAG_BYTES, end - TAG_BYTES + REF_TAG_BYTES) };
}

/** What one commit did, in order. */
export const OPERATION = { put: 1, delete: 2, createTree: 3, dropTree: 4, clearTree: 5 } as const;

export interface Operation {
  readonly kind: number;
  readonly treeId: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const OPERATION_HEADER_BYTES = 11;

/** Collects a transaction's operations: u8 kind | u32 tree | u16 key length | u32 value length | key | value. */
export class OperationList {
  #bytes = new Uint8Array(1024);
  #length = 0;
  #isTooLong = false;
  readonly #limit: number;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** True if the operations did not fit into the limit; they are not kept any more. */
  get isTooLong(): boolean {
    return this.#isTooLong;
  }

  get isEmpty(): boolean {
    return this.#length === 0 && !this.#isTooLong;
  }

  get plaintext(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  add(kind: number, treeId: number, key: Uint8Array, value: Uint8Array): void {
    if (this.#isTooLong) return;
    const length = OPERATION_HEADER_BYTES + key.length + value.length;
    if (this.#length + length > this.#limit) {
      this.#isTooLong = true;
      this.#bytes = new Uint8Array(0);
      this.#length = 0;
      return;
    }
    this.#reserve(length);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = kind;
    writeU32(bytes, at + 1, treeId);
    writeU16(bytes, at + 5, key.length);
    writeU32(bytes, at + 7, value.length);
    bytes.set(key, at + OPERATION_HEADER_BYTES);
    bytes.set(value, at + OPERATION_HEADER_BYTES + key.length);
    this.#length += length;
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/**
 * Reads a record's operations.
 *
 * @throws {StoreError} `LOG_DAMAGED` if lengths do not add up; the tag was right, so a writer was wrong.
 */
export function* readOperations(plaintext: Uint8Array): Generator<Operation> {
  let at = 0;
  while (at < plaintext.length) {
    const keyStart = at + OPERATION_HEADER_BYTES;
    if (keyStart > plaintext.length) throw new StoreError("LOG_DAMAGED", "a log record ends inside an operation");
    const valueStart = keyStart + readU16(plaintext, at + 5);
    const end = valueStart + readU32(plaintext, at + 7);
    if (end > plaintext.length) throw new StoreError("LOG_DAMAGED", "a log record ends inside an operation");
    const kind = plaintext[at] as number;
    const keyBytes = valueStart - keyStart;
    // A longer key would never fit into a page, however often that is split.
    if (hasKey(kind) && (keyBytes === 0 || keyBytes > MAX_KEY_BYTES)) throw new StoreError("LOG_DAMAGED", `a log record holds a key of ${keyBytes} bytes`);
    yield {
      kind,
      treeId: readU32(plaintext, at + 1),
      key: plaintext.subarray(keyStart, valueStart),
      value: plaintext.subarray(valueStart, end),
    };
    at = end;
  }
}

function hasKey(kind: number): boolean {
  return kind === OPERATION.put || kind === OPERATION.delete || kind === OPERATION.createTree;
}
