/**
 * The Node backend: OpenSSL through node:crypto.
 *
 * Two measured choices. The AES key is a `KeyObject`, since a raw key is copied and checked on every
 * call. HMAC is computed as its definition says (RFC 2104 2: H(opad, H(ipad, message))) with two
 * one-shot hashes, which cost less than a `createHmac` object; the tests hold it equal to `createHmac`.
 *
 * @module
 */
import { createCipheriv, createHash, createSecretKey, hash, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { versions } from "node:process";
import type { CipherBackend, KeyedCipher } from "./cipher-backend.ts";
import { createCtrOverEcb, type CtrCipher } from "./node-ctr-over-ecb.ts";
import { nodeRandomBytes } from "./node-random.ts";
import { secretArray } from "./secret-array.ts";
import { encryptionHalf, macHalf } from "./secret-key.ts";
import type { SecretKey } from "./secret-key.ts";
import { UNIT_BLOCK_BYTES } from "./unit-identity.ts";
import { TAG_BYTES, createUnitSeal } from "./unit-seal.ts";
import type { UnitSeal } from "./unit-seal.ts";

/** Block length of SHA-256 in bytes, to which HMAC pads its key. */
const HASH_BLOCK_BYTES = 64;

/** Bytes before IV and ciphertext in the scratch: padded key, then the unit's block. */
const PREFIX_BYTES = HASH_BLOCK_BYTES + UNIT_BLOCK_BYTES;

/** Above this, a unit is hashed where it lies instead of in the scratch, which would stay that large for good. */
const MAX_SCRATCH_BYTES = 262_144;

/** AES-256-CTR and HMAC-SHA-256 of OpenSSL, random bytes of the kernel. */
export const nodeBackend: CipherBackend = {
  name: "node",
  aesCtr: (key, iv, source) => crypt(createSecretKey(key), iv, source),
  hmacSha256: hmacOnce,
  equals: (left, right) => left.length === right.length && timingSafeEqual(left, right),
  randomBytes: nodeRandomBytes,
  createUnitSeal: createNodeUnitSeal,
};

/**
 * Makes a seal over OpenSSL.
 *
 * @param key - Copied: it may be wiped afterwards. OpenSSL keeps a copy of the encryption half that JavaScript cannot wipe; it goes with the seal.
 * @throws {KeyError} `KEY_WIPED`.
 */
export function createNodeUnitSeal(key: SecretKey): UnitSeal {
  return createUnitSeal(nodeBackend, key, createNodeCipher(key));
}

function createNodeCipher(key: SecretKey): KeyedCipher {
  let ctr: CtrCipher | undefined = createCtr(createSecretKey(encryptionHalf(key)));
  const mac = macHalf(key);
  const block = new Uint8Array(UNIT_BLOCK_BYTES);
  const innerPad = paddedKey(mac, 0x36, HASH_BLOCK_BYTES);
  // [opad][inner hash]: the message of the second hash.
  const outer = paddedKey(mac, 0x5c, HASH_BLOCK_BYTES + TAG_BYTES);
  // [ipad][block][IV][ciphertext]: the message of the first hash. Grows to the largest unit seen.
  let scratch = growScratch(new Uint8Array(0), innerPad, 16_384);

  // Valid until the next unit: what `tag` returns.
  const tagBytes = new Uint8Array(TAG_BYTES);

  function innerHash(ivAndCiphertext: Uint8Array): string {
    const messageBytes = PREFIX_BYTES + ivAndCiphertext.length;
    if (messageBytes > MAX_SCRATCH_BYTES) {
      return createHash("sha256").update(innerPad).update(block).update(ivAndCiphertext).digest("binary");
    }
    if (messageBytes > scratch.length) scratch = growScratch(scratch, innerPad, messageBytes);
    scratch.set(block, HASH_BLOCK_BYTES);
    scratch.set(ivAndCiphertext, PREFIX_BYTES);
    return hash("sha256", scratch.subarray(0, messageBytes), "binary");
  }

  return {
    block,
    crypt(iv, source) {
      if (ctr === undefined) throw new Error("a wiped cipher was used");
      return ctr.crypt(iv, source);
    },
    tag(ivAndCiphertext) {
      setBinary(outer, HASH_BLOCK_BYTES, innerHash(ivAndCiphertext));
      setBinary(tagBytes, 0, hash("sha256", outer, "binary"));
      return tagBytes;
    },
    wipe() {
      ctr?.end();
      ctr = undefined;
      for (const secret of [innerPad, outer, scratch]) secret.fill(0);
    },
  };
}

/** HMAC for one message. `createHmac` would leave a copy of the key in memory that nobody can wipe until its object is collected. */
function hmacOnce(key: Uint8Array, message: Uint8Array): Uint8Array {
  const shortKey = key.length > HASH_BLOCK_BYTES ? plainArray(createHash("sha256").update(key).digest()) : key;
  const innerPad = paddedKey(shortKey, 0x36, HASH_BLOCK_BYTES);
  const outer = paddedKey(shortKey, 0x5c, HASH_BLOCK_BYTES + TAG_BYTES);
  outer.set(createHash("sha256").update(innerPad).update(message).digest(), HASH_BLOCK_BYTES);
  const result = plainArray(createHash("sha256").update(outer).digest());
  innerPad.fill(0);
  outer.fill(0);
  return result;
}

/** Which way to AES-CTR is the fastest here: docs/guides/server-runtimes.md has the figures. */
function createCtr(key: KeyObject): CtrCipher {
  if (versions["deno"] !== undefined) return createCtrOverEcb(key);
  return { crypt: (iv, source) => crypt(key, iv, source), end: () => undefined };
}

function crypt(key: KeyObject, iv: Uint8Array, source: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-ctr", key, iv);
  const result = plainArray(cipher.update(source));
  // CTR is a stream, so this returns no byte; it frees OpenSSL's context now instead of at a garbage
  // collection, which makes 8 KiB units twice as fast.
  cipher.final();
  return result;
}

/** The same bytes without Buffer's own `slice` and `toString`, which surprise code that expects a Uint8Array. */
function plainArray(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Node hands out 32 bytes as a one-byte string in half the time of a Buffer, which needs an allocation outside the heap. */
function setBinary(target: Uint8Array, offset: number, binary: string): void {
  for (let index = 0; index < binary.length; index += 1) target[offset + index] = binary.charCodeAt(index);
}

/** The key under a pad, at the start of an array that may be longer. */
function paddedKey(key: Uint8Array, pad: number, lengthBytes: number): Uint8Array {
  const padded = secretArray(lengthBytes).fill(pad, 0, HASH_BLOCK_BYTES);
  for (let index = 0; index < key.length; index += 1) padded[index] = pad ^ (key[index] as number);
  return padded;
}

function growScratch(before: Uint8Array, innerPad: Uint8Array, neededBytes: number): Uint8Array {
  const grown = secretArray(Math.min(MAX_SCRATCH_BYTES, Math.max(neededBytes, before.length * 2)));
  grown.set(innerPad);
  before.fill(0);
  return grown;
}
