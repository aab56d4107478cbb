/**
 * Sealing: plaintext in, IV | ciphertext | tag out, and back again.
 *
 * Encrypt-then-MAC: AES-256-CTR under the first half of the key, HMAC-SHA-256 under the second.
 * Pure: no I/O, no clock. Layout: docs/format/sealed-unit.md. If the two disagree, this file is the bug.
 *
 * @module
 */
import type { CipherBackend, KeyedCipher } from "./cipher-backend.ts";
import { UnitError } from "./errors.ts";
import { computeKeyCheck } from "./key-check.ts";
import { SecretKey } from "./secret-key.ts";
import { MAX_PLAINTEXT_BYTES, assertIdentity, assertIdentityLengths, createUnitBlock, isEncodable } from "./unit-identity.ts";
import type { UnitIdentity } from "./unit-identity.ts";

/** Length of the IV in bytes: the first counter block of AES-CTR. */
export const IV_BYTES = 16;

/** Length of the tag in bytes: HMAC-SHA-256, not truncated (RFC 4231). */
export const TAG_BYTES = 32;

/** How much longer a sealed unit is than its plaintext: IV and tag. */
export const UNIT_OVERHEAD_BYTES = 48;

/** Seals and opens units under one key. Synchronous; one instance must not be shared between threads. */
export interface UnitSeal {
  /** True for the seals of this package: what is written cannot be read without the key. */
  readonly isEncrypted: boolean;
  /**
   * Writes IV | ciphertext | tag into `target` at `targetOffset`.
   *
   * @param plaintext - Read, not changed. May overlap `target`.
   * @param iv - `IV_BYTES` fresh random bytes. The same IV twice under one key reveals both plaintexts.
   * @param target - Needs `plaintext.length + UNIT_OVERHEAD_BYTES` bytes from `targetOffset`.
   * @throws {UnitError} `UNIT_IDENTITY`, `UNIT_IV_LENGTH`, `UNIT_TOO_LARGE`, `UNIT_TARGET_TOO_SMALL`, `SEAL_CLOSED`; nothing is written then.
   */
  seal(identity: UnitIdentity, plaintext: Uint8Array, iv: Uint8Array, target: Uint8Array, targetOffset: number): void;
  /**
   * Opens a unit. The tag is checked in constant time before anything is decrypted.
   *
   * @param sealed - IV | ciphertext | tag exactly. Read, not kept, not changed.
   * @returns Fresh plaintext with a buffer of its own, or `undefined` if this is not the unit that was sealed under this identity.
   * @throws {UnitError} `UNIT_IDENTITY` if file id or context has the wrong length, `SEAL_CLOSED`.
   */
  open(identity: UnitIdentity, sealed: Uint8Array): Uint8Array | undefined;
  /** Tells whether `open` would succeed; decrypts nothing. Throws as `open` does. */
  verify(identity: UnitIdentity, sealed: Uint8Array): boolean;
  /** The 32-byte key check of a file: see `computeKeyCheck`. */
  keyCheck(fileId: Uint8Array): Uint8Array;
  /** Fresh bytes of the platform's CSPRNG, for IVs and file ids. */
  randomBytes(count: number): Uint8Array;
  /** Wipes what the seal holds. Calling it again does nothing; calling anything else throws `SEAL_CLOSED`. */
  close(): void;
}

/**
 * Makes a seal from a platform's primitives.
 *
 * @param key - Copied: it may be wiped afterwards.
 * @param cipher - The same key, taken over by the seal and wiped on `close`.
 * @throws {KeyError} `KEY_WIPED`.
 */
export function createUnitSeal(backend: CipherBackend, key: SecretKey, cipher: KeyedCipher): UnitSeal {
  const ownKey = SecretKey.from(key);
  const block = createUnitBlock(cipher.block);
  let isClosed = false;

  function assertOpen(): void {
    if (isClosed) throw new UnitError("SEAL_CLOSED", "this seal was closed; make a new one from the key");
  }

  function verify(identity: UnitIdentity, sealed: Uint8Array): boolean {
    assertOpen();
    assertIdentityLengths(identity);
    const plaintextBytes = sealed.length - UNIT_OVERHEAD_BYTES;
    if (plaintextBytes < 0 || plaintextBytes > MAX_PLAINTEXT_BYTES || !isEncodable(identity)) return false;
    block.encode(identity, plaintextBytes);
    const tagOffset = sealed.length - TAG_BYTES;
    return backend.equals(cipher.tag(sealed.subarray(0, tagOffset)), sealed.subarray(tagOffset));
  }

  return {
    isEncrypted: true,
    verify,
    seal(identity, plaintext, iv, target, targetOffset) {
      assertOpen();
      assertIdentity(identity);
      assertSealArguments(plaintext, iv, target, targetOffset);
      const ciphertext = cipher.crypt(iv, plaintext);
      const tagOffset = targetOffset + IV_BYTES + plaintext.length;
      block.encode(identity, plaintext.length);
      target.set(iv, targetOffset);
      target.set(ciphertext, targetOffset + IV_BYTES);
      target.set(cipher.tag(target.subarray(targetOffset, tagOffset)), tagOffset);
    },
    open(identity, sealed) {
      // Encrypt-then-MAC: swap these two lines and a forged unit is decrypted.
      if (!verify(identity, sealed)) return undefined;
      return cipher.crypt(sealed.subarray(0, IV_BYTES), sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES));
    },
    keyCheck(fileId) {
      assertOpen();
      return computeKeyCheck(backend, ownKey, fileId);
    },
    randomBytes(count) {
      assertOpen();
      return backend.randomBytes(count);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      cipher.wipe();
      ownKey.wipe();
    },
  };
}

function assertSealArguments(plaintext: Uint8Array, iv: Uint8Array, target: Uint8Array, targetOffset: number): void {
  if (iv.length !== IV_BYTES) throw new UnitError("UNIT_IV_LENGTH", `expected an IV of ${IV_BYTES} bytes, got ${iv.length}`);
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new UnitError("UNIT_TOO_LARGE", `expected at most ${MAX_PLAINTEXT_BYTES} bytes of plaintext, got ${plaintext.length}`);
  }
  const neededBytes = plaintext.length + UNIT_OVERHEAD_BYTES;
  if (!Number.isSafeInteger(targetOffset) || targetOffset < 0 || target.length - targetOffset < neededBytes) {
    throw new UnitError(
      "UNIT_TARGET_TOO_SMALL",
      `expected room for ${neededBytes} bytes at offset ${targetOffset}, got a target of ${target.length} bytes`,
    );
  }
}
