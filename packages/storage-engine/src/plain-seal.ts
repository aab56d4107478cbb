/**
 * The seal of a plain file: the same unit as core-cipher's, with a CRC-32 in the tag's place and nothing enciphered.
 *
 * It finds accidents, not forgers. The 32 tag bytes are the checksum (u32, little endian) and 28 zeros.
 *
 * @module
 */
import { IV_BYTES, TAG_BYTES, UNIT_BLOCK_BYTES, UNIT_FORMAT_VERSION, type UnitIdentity, type UnitSeal } from "@holdfast/core-cipher";
import { readU32, writeU16, writeU32, writeU64 } from "./bytes.ts";

/** CRC-32 (ISO 3309) of `bytes`, continued from `seed`. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number;

const DOMAIN = new TextEncoder().encode("HOLDFAST");

export function createPlainSeal(crc32: Crc32, randomBytes: (count: number) => Uint8Array): UnitSeal {
  const block = new Uint8Array(UNIT_BLOCK_BYTES);
  block.set(DOMAIN);
  writeU16(block, 8, UNIT_FORMAT_VERSION);

  const checksum = (identity: UnitIdentity, body: Uint8Array): number => {
    writeU16(block, 10, identity.kind);
    writeU32(block, 12, body.length - IV_BYTES);
    block.set(identity.fileId, 16);
    writeU64(block, 32, identity.place);
    writeU64(block, 40, identity.birth);
    block.set(identity.context, 48);
    return crc32(body, crc32(block));
  };
  const verify = (identity: UnitIdentity, sealed: Uint8Array): boolean => {
    const tagOffset = sealed.length - TAG_BYTES;
    if (tagOffset < IV_BYTES) return false;
    for (let i = tagOffset + 4; i < sealed.length; i++) if (sealed[i] !== 0) return false;
    return readU32(sealed, tagOffset) === checksum(identity, sealed.subarray(0, tagOffset));
  };
  return {
    isEncrypted: false,
    seal(identity, plaintext, iv, target, targetOffset) {
      const tagOffset = targetOffset + IV_BYTES + plaintext.length;
      target.set(iv, targetOffset);
      target.set(plaintext, targetOffset + IV_BYTES);
      target.fill(0, tagOffset, tagOffset + TAG_BYTES);
      writeU32(target, tagOffset, checksum(identity, target.subarray(targetOffset, tagOffset)));
    },
    open(identity, sealed) {
      return verify(identity, sealed) ? sealed.slice(IV_BYTES, sealed.length - TAG_BYTES) : undefined;
    },
    verify,
    keyCheck: () => new Uint8Array(32),
    randomBytes,
    close() {},
  };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 without any platform's help. */
export function portableCrc32(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed >>> 0;
  for (let i = 0; i < bytes.length; i++) crc = (CRC_TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
