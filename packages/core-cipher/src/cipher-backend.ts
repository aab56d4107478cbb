/**
 * What a seal needs of a platform: the primitives, keyed once.
 *
 * @module
 */
import type { SecretKey } from "./secret-key.ts";
import type { UnitSeal } from "./unit-seal.ts";

/** One platform's AES-256-CTR, HMAC-SHA-256 and random bytes. */
export interface CipherBackend {
  /** For messages and benchmarks. */
  readonly name: string;
  /**
   * AES-256-CTR (NIST SP 800-38A 6.5): sealing and opening are the same operation.
   *
   * @param key - 32 bytes.
   * @param iv - 16 bytes: the first counter block, incremented as one 128-bit big-endian number.
   * @returns Fresh bytes, as many as `source`.
   */
  aesCtr(key: Uint8Array, iv: Uint8Array, source: Uint8Array): Uint8Array;
  /** HMAC-SHA-256 (RFC 2104, FIPS 180-4), for a key of any length. Returns fresh 32 bytes. */
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** Compares in constant time; false if the lengths differ. */
  equals(left: Uint8Array, right: Uint8Array): boolean;
  /**
   * Fresh bytes of the platform's CSPRNG, never of `Math.random`.
   *
   * @throws {UnitError} `RANDOM_UNAVAILABLE` if the platform has none.
   */
  randomBytes(count: number): Uint8Array;
  /** Makes a seal. The key may be wiped afterwards. */
  createUnitSeal(key: SecretKey): UnitSeal;
}

/** The primitives of one key, ready to be used for many units. A seal owns one and wipes it. */
export interface KeyedCipher {
  /** 64 bytes that the seal encodes the unit's block into before it calls `tag`. */
  readonly block: Uint8Array;
  /** AES-256-CTR. Returns fresh bytes with a buffer of their own. */
  crypt(iv: Uint8Array, source: Uint8Array): Uint8Array;
  /**
   * HMAC-SHA-256 over `block`, then IV and ciphertext.
   *
   * @param ivAndCiphertext - Read, not kept.
   * @returns 32 bytes that are valid until the next call.
   */
  tag(ivAndCiphertext: Uint8Array): Uint8Array;
  /** Overwrites what can be overwritten. */
  wipe(): void;
}
