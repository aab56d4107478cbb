/**
 * From a path and perhaps a key to a checked file: header, key and slots. Changes nothing on the disk.
 *
 * @module
 */
import { constantTimeEquals, SecretKey, type UnitSeal } from "@holdfast/core-cipher";
import { StoreError } from "./errors.ts";
import { decodeHeader, hasMagic, isHeaderWhole, isReadOnlyCompatible, type StaticHeader } from "./header.ts";
import { HEADER_BYTES, LOG_OFFSET, SLOT_OFFSETS } from "./layout.ts";
import { createPlainSeal } from "./plain-seal.ts";
import type { Platform } from "./platform.ts";
import { decodeSlot, SLOT_BYTES, slotHeader, type Slot } from "./slot.ts";
import type { StorageFile } from "./volume/volume.ts";

/** A file that passed all checks. */
export interface CheckedFile {
  readonly header: StaticHeader;
  readonly headerBytes: Uint8Array;
  readonly seal: UnitSeal;
}

/** The slots of a file as they are on the disk at this moment; undefined for one that is damaged or torn. */
export type SlotPair = readonly [Slot | undefined, Slot | undefined];

export function readSlots(file: StorageFile, { header, headerBytes, seal }: CheckedFile): SlotPair {
  const read = (index: 0 | 1): Slot | undefined => {
    const bytes = new Uint8Array(SLOT_BYTES);
    return file.read(SLOT_OFFSETS[index], bytes) === SLOT_BYTES ? decodeSlot(bytes, index, headerBytes, seal, header.fileId) : undefined;
  };
  return [read(0), read(1)];
}

/**
 * Refuses a file that ends before its pages begin, before anything is read at the length that its header gives.
 *
 * @throws {StoreError} `LOG_DAMAGED`.
 */
export function assertLogIsThere(file: StorageFile, { header }: CheckedFile): void {
  const needed = LOG_OFFSET + header.logBytes;
  const sizeBytes = file.sizeBytes();
  if (sizeBytes < needed) throw new StoreError("LOG_DAMAGED", `the file ends inside its log: its pages begin at ${needed} and it has ${sizeBytes} bytes`);
}

/** The slot that counts: the one of the higher generation. */
export function newestSlot([even, odd]: SlotPair): Slot | undefined {
  if (even === undefined || odd === undefined) return even ?? odd;
  return even.generation > odd.generation ? even : odd;
}

/**
 * The newest slot that holds nothing behind `commit`, the newest one that is known to be durable: another handle may just be
 * writing a slot with a commit too large for the log. If both are behind it, the number is old and the newest one counts.
 */
export function newestSlotUpTo(slots: SlotPair, commit: number): Slot | undefined {
  const [even, odd] = slots.map((slot) => (slot !== undefined && slot.commit <= commit ? slot : undefined)) as [Slot | undefined, Slot | undefined];
  return newestSlot([even, odd]) ?? newestSlot(slots);
}

/**
 * Checks header and key.
 *
 * @throws {StoreError} `NOT_A_STORE`, `FORMAT_UNSUPPORTED`, `HEADER_DAMAGED`, `KEY_MISSING`, `KEY_SUPERFLUOUS`, `KEY_WRONG`.
 */
export function checkFile(file: StorageFile, path: string, key: SecretKey | undefined, platform: Platform, readOnly: boolean): CheckedFile {
  const copies = readHeaderCopies(file);
  const stored = copies[0] as Uint8Array;
  const whole = copies.filter(isHeaderWhole);
  if (whole.length === 0) throw noHeader(path, copies);
  const headerBytes = isHeaderWhole(stored) ? stored : (whole[0] as Uint8Array);
  const header = decodeHeader(headerBytes);
  if (!readOnly && isReadOnlyCompatible(headerBytes)) throw new StoreError("FORMAT_UNSUPPORTED", `'${path}' was written by a newer release; open it read-only`);
  const seal = sealFor(header, path, key, platform);
  try {
    if (key !== undefined) checkKey(file, { whole, header, seal, path });
    if (headerBytes !== stored) throw new StoreError("HEADER_DAMAGED", `the header of '${path}' is damaged; its copies in the slots are whole`);
  } catch (error) {
    seal.close();
    throw error;
  }
  return { header, headerBytes, seal };
}

/** The header, and its copies in the two slots, whole or not. */
export function readHeaderCopies(file: StorageFile): Uint8Array[] {
  const read = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    file.read(offset, bytes);
    return bytes;
  };
  return [read(0, HEADER_BYTES), ...SLOT_OFFSETS.map((offset) => slotHeader(read(offset, SLOT_BYTES)).slice())];
}

/** The error for a file of which no copy of the header is whole. */
export function noHeader(path: string, copies: Uint8Array[]): StoreError {
  const looksLikeOne = copies.some(hasMagic);
  return looksLikeOne
    ? new StoreError("HEADER_DAMAGED", `the header of '${path}' and both of its copies are damaged`)
    : new StoreError("NOT_A_STORE", `'${path}' is not a Holdfast file`);
}

/** The seal of a file, once its header says whether it is encrypted. */
export function sealFor(header: Pick<StaticHeader, "isEncrypted">, path: string, key: SecretKey | undefined, platform: Platform): UnitSeal {
  if (header.isEncrypted && key === undefined) throw new StoreError("KEY_MISSING", `'${path}' is encrypted and no key was given`);
  if (!header.isEncrypted && key !== undefined) {
    throw new StoreError("KEY_SUPERFLUOUS", `'${path}' is not encrypted and a key was given; writeCopyTo makes an encrypted copy`);
  }
  return key === undefined ? createPlainSeal(platform.crc32, (count) => platform.volume.randomBytes(count)) : platform.createSeal(key);
}

/** Tells a wrong key from a damaged header: the key is right if it fits any copy, or opens any slot. */
function checkKey(file: StorageFile, found: { whole: Uint8Array[]; header: StaticHeader; seal: UnitSeal; path: string }): void {
  const { whole, header, seal, path } = found;
  if (fits(header, seal)) return;
  for (const headerBytes of whole) {
    const copy = decodeHeader(headerBytes);
    const opens = newestSlot(readSlots(file, { header: copy, headerBytes, seal })) !== undefined;
    if (fits(copy, seal) || opens) throw new StoreError("HEADER_DAMAGED", `the header of '${path}' was changed: the key fits one of its copies`);
  }
  throw new StoreError("KEY_WRONG", `the key is not the one that '${path}' was written with`);
}

/** True if the key check of a header is that of the seal's key. */
export function fits(header: StaticHeader, seal: UnitSeal): boolean {
  return constantTimeEquals(seal.keyCheck(header.fileId), header.keyCheck);
}
