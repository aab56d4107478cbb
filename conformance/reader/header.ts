/**
 * The static header and the two slots: docs/format/file.md sections 2 and 3.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import { crc32, Fields, isEqual } from "./bytes.ts";
import { ReaderError } from "./errors.ts";
import { encryptedOpener, plainOpener, type Opener } from "./unit.ts";

/** Page length in bytes; the only one there is. */
export const PAGE_BYTES = 8192;
/** Where the ring of the log begins. */
export const LOG_OFFSET = 24_576;
const HEADER_BYTES = 256;
const SLOT_BYTES = 832;

/** What the header says. */
export interface Header {
  readonly bytes: Uint8Array;
  readonly fileId: Uint8Array;
  readonly logBytes: number;
}

/** What the newest valid slot says. */
export interface Slot {
  readonly fileOffset: number;
  readonly generation: number;
  readonly commit: number;
  readonly logPosition: number;
  readonly logTag: Uint8Array;
  readonly catalogCount: number;
  /** 28 bytes. */
  readonly catalogRoot: Uint8Array;
}

/** An opened file: its header, how its units open, and the slots that are valid, newest first. */
export interface OpenedFile {
  readonly header: Header;
  readonly opener: Opener;
  readonly slots: readonly Slot[];
}

/** Checks header, key and slots. */
export function openFile(file: Uint8Array, key: Uint8Array | undefined): OpenedFile {
  const header = readHeader(file, key !== undefined);
  const opener = key === undefined ? plainOpener() : encryptedOpener(key);
  const slots = [0, 1].flatMap((parity) => readSlot(file, header, opener, parity) ?? []);
  if (key !== undefined) checkKey(file, header, opener, slots);
  if (slots.length === 0) throw new ReaderError("SLOT_DAMAGED", "neither slot is valid");
  return { header, opener, slots: slots.sort((left, right) => right.generation - left.generation) };
}

function readHeader(file: Uint8Array, hasKey: boolean): Header {
  const magic = new TextEncoder().encode("HOLDFAST");
  if (file.length < HEADER_BYTES || !isEqual(file.subarray(0, 8), magic)) throw new ReaderError("NOT_A_STORE", "the file does not begin with HOLDFAST");
  const bytes = file.subarray(0, HEADER_BYTES);
  const fields = new Fields(bytes, "HEADER_DAMAGED");
  if (crc32(bytes.subarray(0, 252)) !== fields.u32(252)) throw new ReaderError("HEADER_DAMAGED", "the header's checksum does not match");
  if (fields.u16(8) !== 2) throw new ReaderError("FORMAT_UNSUPPORTED", `format version ${fields.u16(8)}`);
  if (fields.u32(32) !== 0) throw new ReaderError("FORMAT_UNSUPPORTED", `incompatible features ${fields.u32(32)}`);
  if (fields.u32(12) !== PAGE_BYTES) throw new ReaderError("FORMAT_UNSUPPORTED", `pages of ${fields.u32(12)} bytes`);
  const isEncrypted = (fields.u16(10) & 1) === 1;
  if (isEncrypted && !hasKey) throw new ReaderError("KEY_MISSING", "the file is encrypted");
  if (!isEncrypted && hasKey) throw new ReaderError("KEY_SUPERFLUOUS", "the file is not encrypted");
  const logBytes = fields.u64(16);
  if (logBytes === 0 || logBytes % PAGE_BYTES !== 0) throw new ReaderError("HEADER_DAMAGED", `a log of ${logBytes} bytes`);
  return { bytes, fileId: fields.slice(40, 16), logBytes };
}

/** @returns The slot that stands for generations of this parity, if it is whole. */
function readSlot(file: Uint8Array, header: Header, opener: Opener, parity: number): Slot | undefined {
  const fileOffset = PAGE_BYTES * (1 + parity);
  if (file.length < fileOffset + SLOT_BYTES) return undefined;
  const clear = new Fields(file.subarray(fileOffset, fileOffset + SLOT_BYTES), "SLOT_DAMAGED");
  if (clear.u32(0) !== 0x544c5348 || clear.u32(4) !== 512) return undefined;
  const generation = Number(new DataView(clear.bytes.buffer, clear.bytes.byteOffset).getBigUint64(8, true));
  if (!Number.isSafeInteger(generation) || generation % 2 !== parity) return undefined;
  const identity = { kind: 1, fileId: header.fileId, place: 1 + parity, birth: generation, context: new Uint8Array(16) };
  const plaintext = opener.open(identity, clear.slice(272, 560));
  // With a wrong first half of the key the tag verifies and the plaintext is noise: then the copy of the header is none.
  if (plaintext === undefined || !isEqual(plaintext.subarray(256, 512), header.bytes)) return undefined;
  if (!isEqual(clear.slice(16, 256), header.bytes)) return undefined;
  const fields = new Fields(plaintext, "SLOT_DAMAGED");
  if (fields.u64(0) !== generation) return undefined;
  return {
    fileOffset,
    generation,
    commit: fields.u64(8),
    logPosition: fields.u64(16),
    logTag: fields.slice(24, 16),
    catalogCount: fields.u64(40),
    catalogRoot: fields.slice(56, 28),
  };
}

/** The key is wrong only if it fits no copy of the header and opens no slot. */
function checkKey(file: Uint8Array, header: Header, opener: Opener, slots: readonly Slot[]): void {
  const expected = opener.keyCheck(header.fileId);
  if (timingSafeEqual(expected, header.bytes.subarray(56, 88))) return;
  const copies = [1, 2].map((page) => file.subarray(page * PAGE_BYTES + 16, page * PAGE_BYTES + 16 + HEADER_BYTES));
  const fitsCopy = copies.some((copy) => copy.length === HEADER_BYTES && timingSafeEqual(opener.keyCheck(copy.subarray(40, 56)), copy.subarray(56, 88)));
  if (fitsCopy || slots.length > 0) throw new ReaderError("HEADER_DAMAGED", "the header's key check is damaged");
  throw new ReaderError("KEY_WRONG", "the key fits no copy of the key check");
}
