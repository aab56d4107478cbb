/**
 * The portable backend: audited JavaScript (@noble) for browsers, React Native and everything else.
 *
 * @module
 */
import { ctr } from "@noble/ciphers/aes.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { CipherBackend, KeyedCipher } from "./cipher-backend.ts";
import { constantTimeEquals } from "./constant-time.ts";
import { platformRandomBytes, withLengthCheck } from "./portable-random.ts";
import { KEY_BYTES } from "./key-validation.ts";
import { secretArray } from "./secret-array.ts";
import { encryptionHalf, macHalf } from "./secret-key.ts";
import type { SecretKey } from "./secret-key.ts";
import { UNIT_BLOCK_BYTES } from "./unit-identity.ts";
import { createUnitSeal } from "./unit-seal.ts";
import type { UnitSeal } from "./unit-seal.ts";

/** AES-256-CTR and HMAC-SHA-256 of @noble, random bytes of `globalThis.crypto`. */
export const portableBackend: CipherBackend = createPortableBackend(platformRandomBytes);

/**
 * Makes a seal that runs on any JavaScript engine.
 *
 * @param key - Copied: it may be wiped afterwards.
 * @param randomBytes - A CSPRNG, for platforms without `globalThis.crypto.getRandomValues`.
 * @throws {KeyError} `KEY_WIPED`.
 */
export function createPortableUnitSeal(key: SecretKey, randomBytes?: (count: number) => Uint8Array): UnitSeal {
  const backend = randomBytes === undefined ? portableBackend : createPortableBackend(withLengthCheck(randomBytes));
  return backend.createUnitSeal(key);
}

function createPortableBackend(randomBytes: (count: number) => Uint8Array): CipherBackend {
  const backend: CipherBackend = {
    name: "portable",
    aesCtr: (key, iv, source) => ctr(key, iv).encrypt(source),
    hmacSha256: (key, message) => hmac(sha256, key, message),
    equals: constantTimeEquals,
    randomBytes,
    createUnitSeal: (key) => createUnitSeal(backend, key, createPortableCipher(key)),
  };
  return backend;
}

/** The primitives of one key in JavaScript. */
export function createPortableCipher(key: SecretKey): KeyedCipher {
  const encryptionKey = secretArray(KEY_BYTES / 2);
  encryptionKey.set(encryptionHalf(key));
  // Keyed once: the two hash blocks of ipad and opad are not paid again for each unit.
  const keyedMac = hmac.create(sha256, macHalf(key));
  const block = new Uint8Array(UNIT_BLOCK_BYTES);
  return {
    block,
    crypt: (iv, source) => ctr(encryptionKey, iv).encrypt(source),
    tag: (ivAndCiphertext) => keyedMac.clone().update(block).update(ivAndCiphertext).digest(),
    wipe() {
      encryptionKey.fill(0);
      keyedMac.destroy();
    },
  };
}
