/**
 * Sealed units, opened: docs/format/sealed-unit.md, and nothing of the packages' code.
 *
 * @module
 */
import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import { crc32, isEqual } from "./bytes.ts";

/** What the tag of a unit binds besides IV and ciphertext. */
export interface Identity {
  readonly kind: number;
  readonly fileId: Uint8Array;
  readonly place: number;
  readonly birth: number;
  readonly context: Uint8Array;
}

/** Bytes that a sealed unit adds to its plaintext: 16 of IV in front, 32 of tag behind. */
export const OVERHEAD_BYTES = 48;

/** How units of one file are opened. */
export interface Opener {
  /** The plaintext, or `undefined` if the tag does not match. */
  open(identity: Identity, sealed: Uint8Array): Uint8Array | undefined;
  keyCheck(fileId: Uint8Array): Uint8Array;
}

/** The 64 bytes that are MACed in front of IV and ciphertext. */
export function identityBlock(identity: Identity, plaintextBytes: number): Uint8Array {
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  block.set(new TextEncoder().encode("HOLDFAST"), 0);
  view.setUint16(8, 1, true);
  view.setUint16(10, identity.kind, true);
  view.setUint32(12, plaintextBytes, true);
  block.set(identity.fileId, 16);
  view.setBigUint64(32, BigInt(identity.place), true);
  view.setBigUint64(40, BigInt(identity.birth), true);
  block.set(identity.context, 48);
  return block;
}

/** Opens units of an encrypted file. */
export function encryptedOpener(key: Uint8Array): Opener {
  const [cipherKey, macKey] = [key.subarray(0, 32), key.subarray(32, 64)];
  const mac = (hmacKey: Uint8Array, parts: readonly Uint8Array[]): Uint8Array => {
    const hmac = createHmac("sha256", hmacKey);
    for (const part of parts) hmac.update(part);
    return new Uint8Array(hmac.digest());
  };
  return {
    open(identity, sealed) {
      if (sealed.length < OVERHEAD_BYTES) return undefined;
      const body = sealed.subarray(0, sealed.length - 32);
      const expected = mac(macKey, [identityBlock(identity, body.length - 16), body]);
      if (!timingSafeEqual(expected, sealed.subarray(body.length))) return undefined;
      const decipher = createDecipheriv("aes-256-ctr", cipherKey, body.subarray(0, 16));
      return new Uint8Array(decipher.update(body.subarray(16)));
    },
    keyCheck(fileId) {
      const label = new TextEncoder().encode("holdfast key check v1");
      return mac(macKey, [label, fileId, mac(cipherKey, [label, fileId])]);
    },
  };
}

/** Opens units of a plain file: the same form, a CRC-32 and zeros in the tag's place. */
export function plainOpener(): Opener {
  return {
    open(identity, sealed) {
      if (sealed.length < OVERHEAD_BYTES) return undefined;
      const body = sealed.subarray(0, sealed.length - 32);
      const tag = new Uint8Array(32);
      new DataView(tag.buffer).setUint32(0, crc32(identityBlock(identity, body.length - 16), body), true);
      return isEqual(tag, sealed.subarray(body.length)) ? body.slice(16) : undefined;
    },
    keyCheck: () => new Uint8Array(32),
  };
}
