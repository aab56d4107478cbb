/**
 * The static header: what never changes in a file's life. Specified in docs/format/file.md section 2.
 *
 * @module
 */
import { equalBytes, readU16, readU32, readU64, writeU16, writeU32, writeU64 } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import { FORMAT_VERSION, HEADER_BYTES, LOG_BYTES, PAGE_BYTES } from "./layout.ts";
import { portableCrc32 } from "./plain-seal.ts";

const MAGIC = new TextEncoder().encode("HOLDFAST");
const CHECKSUM_OFFSET = HEADER_BYTES - 4;
const ENCRYPTED_FLAG = 1;

/** The database that a file is a backup of, and which of its commits it holds. */
export interface BackupOrigin {
  /** 16 bytes. */
  readonly fileId: Uint8Array;
  readonly commit: number;
}

export interface StaticHeader {
  readonly isEncrypted: boolean;
  readonly logBytes: number;
  /** 16 random bytes. */
  readonly fileId: Uint8Array;
  /** 32 bytes; zeros in a plain file. */
  readonly keyCheck: Uint8Array;
  /** Absent unless the file is a backup, or was restored from one. */
  readonly origin?: BackupOrigin | undefined;
}

export function encodeHeader(header: StaticHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  writeU16(bytes, 8, FORMAT_VERSION);
  writeU16(bytes, 10, header.isEncrypted ? ENCRYPTED_FLAG : 0);
  writeU32(bytes, 12, PAGE_BYTES);
  writeU64(bytes, 16, header.logBytes);
  bytes.set(header.fileId, 40);
  bytes.set(header.keyCheck, 56);
  if (header.origin !== undefined) {
    bytes.set(header.origin.fileId, 88);
    writeU64(bytes, 104, header.origin.commit);
  }
  writeU32(bytes, CHECKSUM_OFFSET, portableCrc32(bytes.subarray(0, CHECKSUM_OFFSET)));
  return bytes;
}

export function hasMagic(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);
}

/** True if the header's own checksum fits. That finds accidents; forgeries are found by the slots' tags. */
export function isHeaderWhole(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && hasMagic(bytes) && readU32(bytes, CHECKSUM_OFFSET) === portableCrc32(bytes.subarray(0, CHECKSUM_OFFSET));
}

/**
 * Reads a header whose checksum fits.
 *
 * @throws {StoreError} `FORMAT_UNSUPPORTED` for a file of a newer or unknown form.
 */
export function decodeHeader(bytes: Uint8Array): StaticHeader {
  const version = readU16(bytes, 8);
  if (version !== FORMAT_VERSION) throw unsupported(`format version ${version}; this release reads version ${FORMAT_VERSION}`);
  const incompatible = readU32(bytes, 32);
  const flags = readU16(bytes, 10);
  if (incompatible !== 0 || flags > ENCRYPTED_FLAG) throw unsupported("it uses a feature that this release does not know");
  if (readU32(bytes, 12) !== PAGE_BYTES) throw unsupported(`pages of ${readU32(bytes, 12)} bytes`);
  const logBytes = readU64(bytes, 16);
  if (logBytes % PAGE_BYTES !== 0 || logBytes < PAGE_BYTES * 8 || logBytes > 1024 * LOG_BYTES) throw unsupported(`a log of ${logBytes} bytes`);
  const fileId = bytes.slice(88, 104);
  const origin = fileId.every((byte) => byte === 0) ? undefined : { fileId, commit: readU64(bytes, 104) };
  return { isEncrypted: flags === ENCRYPTED_FLAG, logBytes, fileId: bytes.slice(40, 56), keyCheck: bytes.slice(56, 88), origin };
}

/** True if the file may be read but not written: it has a feature that only readers may ignore. */
export function isReadOnlyCompatible(bytes: Uint8Array): boolean {
  return readU32(bytes, 28) !== 0;
}

function unsupported(found: string): StoreError {
  return new StoreError("FORMAT_UNSUPPORTED", `the file needs a newer release: ${found}`);
}
