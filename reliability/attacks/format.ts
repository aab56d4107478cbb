/**
 * What an attacker knows of the file: docs/format/file.md, written down once more, and sealing for whoever has the key or
 * needs none (a plain file).
 *
 * Shares no code with the engine but the cipher, so that a forged file is what the specification says.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { SecretKey, type UnitIdentity, type UnitSeal } from "@holdfast/core-cipher";
import { createNodeUnitSeal, nodeBackend } from "@holdfast/core-cipher/node";

export const PAGE_BYTES = 8192;
export const HEADER_BYTES = 256;
export const SLOT_BYTES = 832;
export const SLOT_OFFSETS: readonly [number, number] = [PAGE_BYTES, 2 * PAGE_BYTES];
export const LOG_OFFSET: number = 3 * PAGE_BYTES;
/** The published key of the tests: bytes 0 to 63. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

const KIND = { slot: 1, space: 5 } as const;
const ZERO_CONTEXT = new Uint8Array(16);

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The seal of a plain file (a checksum), or of one with the tests' key. */
export function sealFor(isEncrypted: boolean): UnitSeal {
  return isEncrypted ? createNodeUnitSeal(SecretKey.from(TEST_KEY)) : plainSeal();
}

function plainSeal(): UnitSeal {
  const tag = (identity: UnitIdentity, body: Uint8Array): Uint8Array => {
    const block = new Uint8Array(64);
    block.set(new TextEncoder().encode("HOLDFAST"));
    const fields = view(block);
    fields.setUint16(8, 1, true);
    fields.setUint16(10, identity.kind, true);
    fields.setUint32(12, body.length - 16, true);
    block.set(identity.fileId, 16);
    fields.setBigUint64(32, BigInt(identity.place), true);
    fields.setBigUint64(40, BigInt(identity.birth), true);
    block.set(identity.context, 48);
    const result = new Uint8Array(32);
    view(result).setUint32(0, crc32(body, crc32(block)), true);
    return result;
  };
  return {
    isEncrypted: false,
    seal(identity, plaintext, iv, target, targetOffset) {
      target.set(iv, targetOffset);
      target.set(plaintext, targetOffset + 16);
      target.set(tag(identity, target.subarray(targetOffset, targetOffset + 16 + plaintext.length)), targetOffset + 16 + plaintext.length);
    },
    open: (_identity, sealed) => sealed.slice(16, -32),
    verify: () => true,
    keyCheck: () => new Uint8Array(32),
    randomBytes: (count) => nodeBackend.randomBytes(count),
    close() {},
  };
}

/** Puts the right checksum at the end of a header. */
export function fixHeaderChecksum(header: Uint8Array): void {
  view(header).setUint32(252, crc32(header.subarray(0, 252)), true);
}

/** An empty database with a ring of any length: the engine makes one length only, and small files can be attacked exhaustively. */
export function emptyFile(seal: UnitSeal, ringBytes: number): Uint8Array {
  const first = (LOG_OFFSET + ringBytes) / PAGE_BYTES;
  const bytes = new Uint8Array((first + 1) * PAGE_BYTES);
  const fileId = nodeBackend.randomBytes(16);
  const header = bytes.subarray(0, HEADER_BYTES);
  header.set(new TextEncoder().encode("HOLDFAST"));
  const fields = view(header);
  fields.setUint16(8, 2, true);
  fields.setUint16(10, seal.isEncrypted ? 1 : 0, true);
  fields.setUint32(12, PAGE_BYTES, true);
  fields.setBigUint64(16, BigInt(ringBytes), true);
  header.set(fileId, 40);
  header.set(seal.keyCheck(fileId), 56);
  fixHeaderChecksum(header);
  const map = new Uint8Array(16 + Math.ceil((first + 1) / 8));
  view(map).setBigUint64(0, BigInt(first + 1), true);
  for (let page = 0; page <= first; page++) map[16 + (page >>> 3)] = (map[16 + (page >>> 3)] ?? 0) | (1 << (page & 7));
  const at = first * PAGE_BYTES;
  view(bytes).setBigUint64(at, 1n, true);
  seal.seal({ kind: KIND.space, fileId, place: first, birth: 1, context: ZERO_CONTEXT }, map, nodeBackend.randomBytes(16), bytes, at + 8);
  const reference = new Uint8Array(28);
  view(reference).setUint32(0, first, true);
  view(reference).setUint16(4, 1, true);
  view(reference).setUint32(6, 1, true);
  reference.set(bytes.subarray(at + 8 + 16 + map.length, at + 8 + 32 + map.length), 12);
  for (const generation of [1, 2]) writeSlot(bytes, seal, { generation, reference, mapBytes: map.length });
  return bytes;
}

function writeSlot(bytes: Uint8Array, seal: UnitSeal, slot: { generation: number; reference: Uint8Array; mapBytes: number }): void {
  const at = SLOT_OFFSETS[slot.generation % 2 === 0 ? 0 : 1];
  const header = bytes.subarray(0, HEADER_BYTES);
  const plaintext = new Uint8Array(512);
  const fields = view(plaintext);
  fields.setUint32(0, slot.generation, true);
  fields.setUint32(48, 1, true);
  plaintext.set(slot.reference, 84);
  fields.setUint32(112, slot.mapBytes, true);
  plaintext.set(header, 256);
  view(bytes).setUint32(at, 0x544c5348, true);
  view(bytes).setUint32(at + 4, 512, true);
  view(bytes).setUint32(at + 8, slot.generation, true);
  bytes.set(header, at + 16);
  seal.seal(slotIdentity(bytes, slot.generation), plaintext, nodeBackend.randomBytes(16), bytes, at + 272);
}

function slotIdentity(bytes: Uint8Array, generation: number): UnitIdentity {
  return { kind: KIND.slot, fileId: bytes.subarray(40, 56), place: (generation % 2) + 1, birth: generation, context: ZERO_CONTEXT };
}

/** Where the log's ring ends and the pages begin. */
export function ringEnd(bytes: Uint8Array): number {
  return LOG_OFFSET + Number(view(bytes).getBigUint64(16, true));
}

/** The commit that each slot names, for those who may open it; 0 where it does not open. */
export function slotCommits(bytes: Uint8Array, seal: UnitSeal): readonly number[] {
  return SLOT_OFFSETS.map((at) => {
    const generation = Number(view(bytes).getBigUint64(at + 8, true));
    const plaintext = seal.open(slotIdentity(bytes, generation), bytes.subarray(at + 272, at + SLOT_BYTES));
    return plaintext === undefined ? 0 : Number(view(plaintext).getBigUint64(8, true));
  });
}

/** One record of the log as its clear part gives it. */
export interface RecordPlace {
  /** Offset in the file; the record may run over the end of the ring. */
  readonly offset: number;
  readonly sizeBytes: number;
  readonly commit: number;
  readonly position: number;
}

/** What looks like a record, by its clear part alone: all that an attacker needs. In order of commits. */
export function findRecords(bytes: Uint8Array): RecordPlace[] {
  const end = ringEnd(bytes);
  const fields = view(bytes);
  const found: RecordPlace[] = [];
  for (let offset = LOG_OFFSET; offset + 64 <= end; offset += 64) {
    if (fields.getUint32(offset, true) !== 0x43455248) continue;
    const sizeBytes = Math.ceil((96 + fields.getUint32(offset + 4, true)) / 64) * 64;
    if (sizeBytes > end - LOG_OFFSET) continue;
    found.push({ offset, sizeBytes, commit: Number(fields.getBigUint64(offset + 8, true)), position: Number(fields.getBigUint64(offset + 16, true)) });
  }
  return found.toSorted((a, b) => a.commit - b.commit);
}
