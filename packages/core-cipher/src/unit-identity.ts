/**
 * The identity of a sealed unit, and the fixed-size block that its tag covers first.
 *
 * Layout: docs/format/sealed-unit.md. If the two disagree, this file is the bug.
 *
 * @module
 */
import { UnitError } from "./errors.ts";

/** Length of the block in bytes. */
export const UNIT_BLOCK_BYTES = 64;

/** Version of the sealed unit, in every block: a unit of another version cannot open. */
export const UNIT_FORMAT_VERSION = 1;

/** Length of a file id, and of a context, in bytes. */
export const FILE_ID_BYTES = 16;

/** Largest plaintext of a unit in bytes: the block writes its length as a u32. */
export const MAX_PLAINTEXT_BYTES = 0xffff_ffff;

/** The kinds of sealed unit. */
export const UNIT_KIND = { slot: 1, record: 2, page: 3, extent: 4, space: 5 } as const;

/** What the tag binds besides IV and ciphertext. A caller may reuse one mutable object: nothing of it is kept. */
export interface UnitIdentity {
  /** One of `UNIT_KIND`, written as u16. */
  kind: number;
  /** 16 bytes that name the file. */
  fileId: Uint8Array;
  /** Where the unit lies: a safe integer from 0, written as u64. */
  place: number;
  /** When the unit was written, in commits or sequence numbers: a safe integer from 0, written as u64. */
  birth: number;
  /** 16 bytes: for a log record, the start of the tag of the record before it; else zeros. */
  context: Uint8Array;
}

/** Encodes identities into one block that is reused; a seal owns one of these. */
export interface UnitBlock {
  /** `UNIT_BLOCK_BYTES`: changed by each `encode`. */
  readonly bytes: Uint8Array;
  /** Writes the block of a unit. */
  encode(identity: UnitIdentity, plaintextBytes: number): void;
}

/**
 * Makes a block over the first `UNIT_BLOCK_BYTES` of an array.
 *
 * @param bytes - Kept, and written to by each `encode`.
 */
export function createUnitBlock(bytes: Uint8Array): UnitBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, UNIT_BLOCK_BYTES);
  for (let index = 0; index < DOMAIN.length; index += 1) bytes[index] = DOMAIN.charCodeAt(index);
  view.setUint16(8, UNIT_FORMAT_VERSION, true);
  return {
    bytes,
    encode(identity, plaintextBytes) {
      view.setUint16(10, identity.kind, true);
      view.setUint32(12, plaintextBytes, true);
      bytes.set(identity.fileId, 16);
      setUint64(view, 32, identity.place);
      setUint64(view, 40, identity.birth);
      bytes.set(identity.context, 48);
    },
  };
}

/** Tells whether a unit can have this kind, place and birth at all. False for what was read from damaged bytes. */
export function isEncodable(identity: UnitIdentity): boolean {
  return (
    isCount(identity.place) && isCount(identity.birth) && isCount(identity.kind) && identity.kind > 0 && identity.kind <= 0xffff
  );
}

/** @throws {UnitError} `UNIT_IDENTITY` if file id or context is not 16 bytes long. */
export function assertIdentityLengths(identity: UnitIdentity): void {
  if (identity.fileId.length !== FILE_ID_BYTES) {
    throw new UnitError("UNIT_IDENTITY", `expected a file id of ${FILE_ID_BYTES} bytes, got ${identity.fileId.length}`);
  }
  if (identity.context.length !== FILE_ID_BYTES) {
    throw new UnitError("UNIT_IDENTITY", `expected a context of ${FILE_ID_BYTES} bytes, got ${identity.context.length}`);
  }
}

/** @throws {UnitError} `UNIT_IDENTITY` if no unit can have this identity. */
export function assertIdentity(identity: UnitIdentity): void {
  assertIdentityLengths(identity);
  if (isEncodable(identity)) return;
  throw new UnitError(
    "UNIT_IDENTITY",
    `expected a kind from 1 to 65535 and a place and birth that are safe integers from 0, ` +
      `got kind ${identity.kind}, place ${identity.place}, birth ${identity.birth}`,
  );
}

const DOMAIN = "HOLDFAST";
const TWO_TO_32 = 0x1_0000_0000;

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Two u32 halves: a BigInt each would be garbage on the hottest path. */
function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % TWO_TO_32, true);
  view.setUint32(offset + 4, Math.floor(value / TWO_TO_32), true);
}
