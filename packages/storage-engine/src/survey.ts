/**
 * A file as far as it can be opened: for those who look at damage (verify, salvage). Changes nothing on the disk.
 *
 * Opening a store refuses a file at the first thing that is wrong. A survey goes on: a damaged header is taken from a copy,
 * in the clear or inside a slot; a slot counts if its sealed unit is whole, whatever became of its clear part.
 *
 * @module
 */
import { constantTimeEquals, UNIT_KIND, type SecretKey, type UnitSeal } from "@holdfast/core-cipher";
import { equalBytes, readU64 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { fits, noHeader, readHeaderCopies, readSlots, sealFor, type SlotPair } from "./file-opening.ts";
import { decodeHeader, isHeaderWhole, type StaticHeader } from "./header.ts";
import { firstPage, LOG_BYTES, PAGE_BYTES, PAGE_PREFIX_BYTES, SLOT_OFFSETS } from "./layout.ts";
import { findMalformation } from "./node-page.ts";
import type { Platform } from "./platform.ts";
import { openSlotUnit, SLOT_BYTES, slotGeneration, type Slot } from "./slot.ts";
import { NO_CONTEXT } from "./unit-file.ts";
import type { StorageFile } from "./volume/volume.ts";

export interface SurveyInput {
  readonly file: StorageFile;
  readonly path: string;
  readonly key: SecretKey | undefined;
  readonly platform: Platform;
  /** 16 bytes that the caller knows from elsewhere, for a file whose header and slots are gone. */
  readonly fileId?: Uint8Array | undefined;
}

export interface Survey {
  readonly file: StorageFile;
  readonly path: string;
  readonly header: StaticHeader;
  readonly seal: UnitSeal;
  /** Slots whose sealed unit is whole. */
  readonly slots: SlotPair;
  /** Slots that are whole in every byte that counts. */
  readonly isSlotWhole: readonly [boolean, boolean];
  /** False if the header at the file's start is not the one that is used. */
  readonly isHeaderWhole: boolean;
}

/** What was found out about the header, and how sure it is. */
interface FoundHeader {
  readonly header: StaticHeader;
  /** Absent if only the file id is known. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * Looks at header, key and slots.
 *
 * @throws {StoreError} `NOT_A_STORE`, `FORMAT_UNSUPPORTED`, `HEADER_DAMAGED` (nothing of it is left), `KEY_MISSING`, `KEY_SUPERFLUOUS`, `KEY_WRONG`.
 */
export function surveyFile(input: SurveyInput): Survey {
  const { file, path, key, platform } = input;
  const copies = readHeaderCopies(file);
  const whole = copies.filter(isHeaderWhole);
  const isEncrypted = whole.length === 0 ? key !== undefined : decodeHeader(mostFrequent(whole)).isEncrypted;
  const seal = sealFor({ isEncrypted }, path, key, platform);
  try {
    const found = findHeader(input, { copies, whole, seal });
    if (found === undefined) throw whole.length > 0 ? wrongKey(path) : noHeader(path, copies);
    const { header, bytes } = found;
    const slots = SLOT_OFFSETS.map((_, index) => openAnySlot(file, index, seal, [header.fileId])?.slot) as unknown as SlotPair;
    const strict = bytes === undefined ? [undefined, undefined] : readSlots(file, { header, headerBytes: bytes, seal });
    return {
      file,
      path,
      header,
      seal,
      slots,
      isSlotWhole: [strict[0] !== undefined, strict[1] !== undefined],
      isHeaderWhole: bytes !== undefined && equalBytes(copies[0] as Uint8Array, bytes),
    };
  } catch (error) {
    seal.close();
    throw error;
  }
}

function wrongKey(path: string): StoreError {
  return new StoreError("KEY_WRONG", `the key is not the one that '${path}' was written with`);
}

/** Most certain first: the copy inside a slot's unit, a copy that the key check fits, the file id alone. */
function findHeader(input: SurveyInput, found: { copies: Uint8Array[]; whole: Uint8Array[]; seal: UnitSeal }): FoundHeader | undefined {
  const { copies, whole, seal } = found;
  const { file } = input;
  const fileIds = [...copies.map((copy) => copy.subarray(40, 56)), ...(input.fileId === undefined ? [] : [input.fileId])];
  for (const index of [0, 1]) {
    const bytes = openAnySlot(file, index, seal, fileIds)?.headerBytes;
    if (bytes !== undefined) return { header: decodeHeader(bytes), bytes };
  }
  for (const bytes of whole) {
    const header = decodeHeader(bytes);
    if (!seal.isEncrypted || fits(header, seal)) return { header, bytes };
  }
  if (whole.length > 0) return undefined;
  const fileId = fileIds.find((id, index) => isKnownId(file, id, copies[index], seal));
  if (fileId === undefined) return undefined;
  return { header: { isEncrypted: seal.isEncrypted, logBytes: LOG_BYTES, fileId: fileId.slice(), keyCheck: seal.keyCheck(fileId) }, bytes: undefined };
}

/** True if the key check beside the file id fits, or any page of the file opens under it. */
function isKnownId(file: StorageFile, fileId: Uint8Array, copy: Uint8Array | undefined, seal: UnitSeal): boolean {
  if (seal.isEncrypted && copy !== undefined && constantTimeEquals(seal.keyCheck(fileId), copy.subarray(56, 88))) return true;
  const stored = new Uint8Array(PAGE_BYTES);
  const identity = { kind: UNIT_KIND.page, fileId, place: 0, birth: 0, context: NO_CONTEXT };
  const end = Math.floor(file.sizeBytes() / PAGE_BYTES);
  for (identity.place = firstPage(8 * PAGE_BYTES); identity.place < end; identity.place++) {
    file.read(identity.place * PAGE_BYTES, stored);
    identity.birth = readU64(stored, 0);
    if (identity.birth === 0 || !Number.isSafeInteger(identity.birth)) continue;
    const plaintext = seal.open(identity, stored.subarray(PAGE_PREFIX_BYTES));
    // With a wrong first half of the key the tag verifies and the plaintext is noise.
    if (plaintext !== undefined) return findMalformation(plaintext) === undefined;
  }
  return false;
}

/** Opens a slot by its unit alone: under any of the file ids, with the generation that either slot names or suggests. */
function openAnySlot(file: StorageFile, index: number, seal: UnitSeal, fileIds: readonly Uint8Array[]): { slot: Slot; headerBytes: Uint8Array } | undefined {
  const bytes = new Uint8Array(SLOT_BYTES);
  const other = new Uint8Array(SLOT_BYTES);
  if (file.read(SLOT_OFFSETS[index as 0 | 1], bytes) !== SLOT_BYTES) return undefined;
  file.read(SLOT_OFFSETS[(1 - index) as 0 | 1], other);
  const [own, beside] = [slotGeneration(bytes), slotGeneration(other)];
  const generations = [...new Set([own, beside - 1, beside + 1])].filter((generation) => generation > 0 && generation % 2 === index);
  for (const fileId of fileIds) {
    for (const generation of generations) {
      const opened = openSlotUnit(bytes, generation, seal, fileId);
      if (opened !== undefined && isHeaderWhole(opened.headerBytes) && equalBytes(opened.headerBytes.subarray(40, 56), fileId)) return opened;
    }
  }
  return undefined;
}

function mostFrequent(copies: readonly Uint8Array[]): Uint8Array {
  const votes = copies.map((copy) => copies.filter((other) => equalBytes(copy, other)).length);
  return copies[votes.indexOf(Math.max(...votes))] as Uint8Array;
}
