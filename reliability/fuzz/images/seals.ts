/**
 * The two seals of the format, for those who build files: the cipher's, and the checksum of plain files written down a
 * second time from docs/format/file.md.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { SecretKey, TAG_BYTES, UNIT_BLOCK_BYTES, UNIT_OVERHEAD_BYTES } from "@holdfast/core-cipher";
import type { UnitIdentity } from "@holdfast/core-cipher";
import { createNodeUnitSeal } from "@holdfast/core-cipher/node";

/** The published test key: bytes 0 to 63. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

/** Seals and opens units. */
export interface ImageSeal {
  readonly isEncrypted: boolean;
  /** IV, ciphertext and tag. */
  seal(identity: UnitIdentity, plaintext: Uint8Array): Uint8Array;
  open(identity: UnitIdentity, sealed: Uint8Array): Uint8Array | undefined;
  keyCheck(fileId: Uint8Array): Uint8Array;
}

/** The seal of files under the test key. Every unit gets the same IV: nobody keeps these files. */
export function encryptedSeal(): ImageSeal {
  const seal = createNodeUnitSeal(SecretKey.from(TEST_KEY));
  const iv = new Uint8Array(16).fill(7);
  return {
    isEncrypted: true,
    seal(identity, plaintext) {
      const target = new Uint8Array(plaintext.length + UNIT_OVERHEAD_BYTES);
      seal.seal(identity, plaintext, iv, target, 0);
      return target;
    },
    open: (identity, sealed) => seal.open(identity, sealed),
    keyCheck: (fileId) => seal.keyCheck(fileId),
  };
}

/** The checksum of plain files. */
export function plainSeal(): ImageSeal {
  const checksum = (identity: UnitIdentity, body: Uint8Array): number => {
    const block = new Uint8Array(UNIT_BLOCK_BYTES);
    const view = new DataView(block.buffer);
    block.set(new TextEncoder().encode("HOLDFAST"));
    view.setUint16(8, 1, true);
    view.setUint16(10, identity.kind, true);
    view.setUint32(12, body.length - 16, true);
    block.set(identity.fileId, 16);
    view.setBigUint64(32, BigInt(identity.place), true);
    view.setBigUint64(40, BigInt(identity.birth), true);
    block.set(identity.context, 48);
    return crc32(body, crc32(block));
  };
  return {
    isEncrypted: false,
    seal(identity, plaintext) {
      const target = new Uint8Array(plaintext.length + UNIT_OVERHEAD_BYTES);
      target.set(plaintext, 16);
      const tagAt = target.length - TAG_BYTES;
      new DataView(target.buffer).setUint32(tagAt, checksum(identity, target.subarray(0, tagAt)), true);
      return target;
    },
    open(identity, sealed) {
      const tagAt = sealed.length - TAG_BYTES;
      const found = new DataView(sealed.buffer, sealed.byteOffset).getUint32(tagAt, true);
      return found === checksum(identity, sealed.subarray(0, tagAt)) ? sealed.slice(16, tagAt) : undefined;
    },
    keyCheck: () => new Uint8Array(32),
  };
}
