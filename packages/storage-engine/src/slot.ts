/**
 * A commit slot: the root of everything, written at the end of each checkpoint to the older of two places.
 *
 * Layout in docs/format/file.md section 3: a clear part (magic, length, generation, a copy of the static header), then
 * a sealed unit.
 *
 * @module
 */
import { TAG_BYTES, UNIT_KIND, UNIT_OVERHEAD_BYTES, type UnitIdentity, type UnitSeal } from "@holdfast/core-cipher";
import { equalBytes, readU32, readU64, writeU32, writeU64 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { HEADER_BYTES, MAX_TREE_ID, PAGE_BYTES, RECORD_ALIGNMENT_BYTES, REF_BYTES, REF_TAG_BYTES, SLOT_OFFSETS } from "./layout.ts";
import { readRef, writeRef, type PageRef } from "./page-ref.ts";
import { NO_CONTEXT } from "./unit-file.ts";
import type { StorageFile } from "./volume/volume.ts";

const MAGIC = 0x544c5348;
/** Bytes before the sealed unit: magic u32, plaintext length u32, generation u64, copy of the static header. */
export const SLOT_CLEAR_BYTES: number = 16 + HEADER_BYTES;
const PLAIN_BYTES = 512;
/** A page's birth has 6 bytes, and the next generation must fit as well. */
const MAX_GENERATION = 2 ** 48 - 2;
/** Positions and commits must leave room to count on. */
const MAX_NUMBER = 2 ** 52;
/** Bytes of a slot that are written and read. */
export const SLOT_BYTES: number = SLOT_CLEAR_BYTES + PLAIN_BYTES + UNIT_OVERHEAD_BYTES;

/** One durable state of the database. */
export interface Slot {
  /** Counts slots; its parity says where the slot stands. */
  readonly generation: number;
  /** The newest commit that the pages hold. */
  readonly commit: number;
  /** Position in the log of the first record that the pages do not hold. */
  readonly logPosition: number;
  /** First 16 bytes of the tag of the last record that the pages hold; zeros before the first. */
  readonly logTag: Uint8Array;
  readonly catalogCount: number;
  readonly catalog: PageRef | undefined;
  readonly nextTreeId: number;
  readonly space: PageRef;
  readonly spaceBytes: number;
  /** First 16 bytes of the slot's own tag, once it has been sealed. */
  readonly tag?: Uint8Array | undefined;
}

export function encodeSlot(slot: Slot, header: Uint8Array, seal: UnitSeal, fileId: Uint8Array): Uint8Array {
  const plain = new Uint8Array(PLAIN_BYTES);
  writeU64(plain, 0, slot.generation);
  writeU64(plain, 8, slot.commit);
  writeU64(plain, 16, slot.logPosition);
  plain.set(slot.logTag, 24);
  writeU64(plain, 40, slot.catalogCount);
  writeU64(plain, 48, slot.nextTreeId);
  if (slot.catalog !== undefined) writeRef(plain, 56, slot.catalog);
  writeRef(plain, 56 + REF_BYTES, slot.space);
  writeU64(plain, 112, slot.spaceBytes);
  plain.set(header, PLAIN_BYTES - HEADER_BYTES);
  const bytes = new Uint8Array(SLOT_BYTES);
  writeU32(bytes, 0, MAGIC);
  writeU32(bytes, 4, PLAIN_BYTES);
  writeU64(bytes, 8, slot.generation);
  bytes.set(header, 16);
  seal.seal(identityOf(slot.generation, fileId), plain, seal.randomBytes(16), bytes, SLOT_CLEAR_BYTES);
  return bytes;
}

function identityOf(generation: number, fileId: Uint8Array): UnitIdentity {
  return { kind: UNIT_KIND.slot, fileId, place: (generation % 2) + 1, birth: generation, context: NO_CONTEXT };
}

/** The generation that a slot's clear part names, or -1 where there is no slot. Not authenticated. */
export function slotGeneration(bytes: Uint8Array): number {
  if (readU32(bytes, 0) !== MAGIC) return -1;
  const generation = readU64(bytes, 8);
  return generation <= MAX_GENERATION ? generation : -1;
}

/** The copy of the static header in a slot's clear part. */
export function slotHeader(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(16, 16 + HEADER_BYTES);
}

/** Opens a slot; undefined if it is damaged, torn, in the wrong place or was never written. */
export function decodeSlot(bytes: Uint8Array, index: number, header: Uint8Array, seal: UnitSeal, fileId: Uint8Array): Slot | undefined {
  const generation = slotGeneration(bytes);
  if (bytes.length !== SLOT_BYTES || generation < 1 || generation % 2 !== index || readU32(bytes, 4) !== PLAIN_BYTES) return undefined;
  if (!equalBytes(slotHeader(bytes), header)) return undefined;
  const opened = openSlotUnit(bytes, generation, seal, fileId);
  return opened !== undefined && equalBytes(opened.headerBytes, header) ? opened.slot : undefined;
}

/** Opens a slot's unit whatever its clear part says; the caller knows, or guesses, its generation. */
export function openSlotUnit(bytes: Uint8Array, generation: number, seal: UnitSeal, fileId: Uint8Array): { slot: Slot; headerBytes: Uint8Array } | undefined {
  const plain = seal.open(identityOf(generation, fileId), bytes.subarray(SLOT_CLEAR_BYTES));
  if (plain === undefined || readU64(plain, 0) !== generation) return undefined;
  const catalog = readRef(plain, 56);
  const slot: Slot = {
    generation,
    commit: readU64(plain, 8),
    logPosition: readU64(plain, 16),
    logTag: plain.slice(24, 40),
    catalogCount: readU64(plain, 40),
    nextTreeId: readU64(plain, 48),
    catalog: catalog.pages === 0 ? undefined : catalog,
    space: readRef(plain, 56 + REF_BYTES),
    spaceBytes: readU64(plain, 112),
    tag: slotTag(bytes),
  };
  return isPlausible(slot) ? { slot, headerBytes: plain.slice(PLAIN_BYTES - HEADER_BYTES) } : undefined;
}

/** Nobody without the key gets here in an encrypted file; in a plain one, whoever can compute a checksum does. */
function isPlausible(slot: Slot): boolean {
  const { commit, logPosition, catalogCount, nextTreeId, spaceBytes } = slot;
  return [commit, logPosition, catalogCount, spaceBytes].every((number) => number <= MAX_NUMBER) && logPosition % RECORD_ALIGNMENT_BYTES === 0 && nextTreeId <= MAX_TREE_ID + 1;
}

/** First 16 bytes of the tag of an encoded slot. */
export function slotTag(bytes: Uint8Array): Uint8Array {
  return bytes.slice(SLOT_BYTES - TAG_BYTES, SLOT_BYTES - TAG_BYTES + REF_TAG_BYTES);
}

/** File offset of the slot of a generation. */
export function slotOffset(generation: number): number {
  return PAGE_BYTES * (1 + (generation % 2));
}

/** The higher of the generations that the two slots' clear parts name, 0 if there is none. Not authenticated. */
export function readNewestGeneration(file: StorageFile): number {
  const bytes = new Uint8Array(16);
  let newest = 0;
  for (const offset of SLOT_OFFSETS) {
    if (file.read(offset, bytes) < bytes.length) throw endsInside();
    newest = Math.max(newest, slotGeneration(bytes));
  }
  return newest;
}

/** Writes a slot's own bytes again and syncs them: a sync alone brings nothing to the disk after one that failed. */
export function rewriteSlot(file: StorageFile, generation: number): void {
  const bytes = new Uint8Array(SLOT_BYTES);
  const offset = slotOffset(generation);
  if (file.read(offset, bytes) < bytes.length) throw endsInside();
  file.write(offset, bytes);
  file.sync();
}

function endsInside(): StoreError {
  return new StoreError("SLOT_DAMAGED", "the file ends inside a slot");
}
