/**
 * The backend over a crypto module that the application hands in: anything with Node's `createCipheriv`, `createHmac` and `randomBytes`.
 *
 * Meant for react-native-quick-crypto (1.1.7 was read), where no module can be imported by name. Its results are Buffers of
 * its own kind; only their bytes are used. Before a module is trusted, it has to answer two published test vectors.
 *
 * @module
 */
import type { CipherBackend, KeyedCipher } from "./cipher-backend.ts";
import { constantTimeEquals } from "./constant-time.ts";
import { UnitError } from "./errors.ts";
import { KEY_BYTES } from "./key-validation.ts";
import { withLengthCheck } from "./portable-random.ts";
import { secretArray } from "./secret-array.ts";
import { encryptionHalf, macHalf } from "./secret-key.ts";
import type { SecretKey } from "./secret-key.ts";
import { UNIT_BLOCK_BYTES } from "./unit-identity.ts";
import { createUnitSeal } from "./unit-seal.ts";
import type { UnitSeal } from "./unit-seal.ts";

/** What is used of Node's `crypto`, or of a module that is made like it. */
export interface InjectedCrypto {
  createCipheriv(algorithm: "aes-256-ctr", key: Uint8Array, iv: Uint8Array): {
    update(source: Uint8Array): Uint8Array;
    final(): Uint8Array;
  };
  createHmac(algorithm: "sha256", key: Uint8Array): InjectedHmac;
  /** Bytes of a CSPRNG. */
  randomBytes(count: number): Uint8Array;
}

/** A running HMAC. */
export interface InjectedHmac {
  update(message: Uint8Array): unknown;
  digest(): Uint8Array;
}

/**
 * Makes a function that makes seals over a crypto module.
 *
 * @throws {UnitError} `CIPHER_UNFIT` if the module lacks a function or does not answer the vectors of NIST SP 800-38A F.5.5 and RFC 4231 4.3.
 */
export function createInjectedSealer(crypto: InjectedCrypto): (key: SecretKey) => UnitSeal {
  const backend = createInjectedBackend(crypto);
  assertFit(crypto, backend);
  return backend.createUnitSeal;
}

/** AES-256-CTR and HMAC-SHA-256 of the module. Not checked: `createInjectedSealer` does. */
export function createInjectedBackend(crypto: InjectedCrypto): CipherBackend {
  const backend: CipherBackend = {
    name: "injected",
    aesCtr: (key, iv, source) => crypt(crypto, { key, iv }, source),
    hmacSha256: (key, message) => mac(crypto, key, [message]),
    equals: constantTimeEquals,
    randomBytes: withLengthCheck((count) => ownBytes(crypto.randomBytes(count))),
    createUnitSeal: (key) => createUnitSeal(backend, key, createInjectedCipher(crypto, key)),
  };
  return backend;
}

function createInjectedCipher(crypto: InjectedCrypto, key: SecretKey): KeyedCipher {
  // Arrays with buffers of their own: the module hands those to its native half without copying them once more.
  const encryptionKey = secretArray(KEY_BYTES / 2);
  const macKey = secretArray(KEY_BYTES / 2);
  encryptionKey.set(encryptionHalf(key));
  macKey.set(macHalf(key));
  const block = new Uint8Array(UNIT_BLOCK_BYTES);
  return {
    block,
    crypt: (iv, source) => crypt(crypto, { key: encryptionKey, iv }, source),
    tag: (ivAndCiphertext) => mac(crypto, macKey, [block, ivAndCiphertext]),
    wipe() {
      encryptionKey.fill(0);
      macKey.fill(0);
    },
  };
}

function crypt(crypto: InjectedCrypto, { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array }, source: Uint8Array): Uint8Array {
  const cipher = crypto.createCipheriv("aes-256-ctr", key, iv);
  const result = ownBytes(cipher.update(source));
  // CTR is a stream: nothing is left to come, and the native context is freed now.
  cipher.final();
  if (result.length !== source.length) throw new UnitError("CIPHER_UNFIT", `the crypto module that was passed gave ${result.length} bytes for ${source.length}`);
  return result;
}

function mac(crypto: InjectedCrypto, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const hmac = crypto.createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return ownBytes(hmac.digest());
}

/** The same bytes in a plain Uint8Array with a buffer of its own. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole ? new Uint8Array(bytes.buffer) : Uint8Array.prototype.slice.call(bytes);
}

function assertFit(crypto: InjectedCrypto, backend: CipherBackend): void {
  for (const name of ["createCipheriv", "createHmac", "randomBytes"] as const) {
    if (typeof crypto[name] !== "function") throw new UnitError("CIPHER_UNFIT", `the crypto module that was passed has no ${name}`);
  }
  // The inputs are views into larger arrays on purpose: a module that takes a view's whole buffer gives something else.
  const ctr = backend.aesCtr(view(CTR_VECTOR.key), view(CTR_VECTOR.iv), view(CTR_VECTOR.plaintext));
  const hmac = backend.hmacSha256(view(HMAC_VECTOR.key), view(HMAC_VECTOR.message));
  if (toHex(ctr) === CTR_VECTOR.ciphertext && toHex(hmac) === HMAC_VECTOR.tag) return;
  throw new UnitError("CIPHER_UNFIT", "the crypto module that was passed does not compute AES-256-CTR and HMAC-SHA-256 as published; leave it out to use the portable cipher");
}

/** NIST SP 800-38A F.5.5, the first two blocks. */
const CTR_VECTOR = {
  key: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
  iv: "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
  plaintext: "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
  ciphertext: "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5",
} as const;

/** RFC 4231 4.3: the key "Jefe". */
const HMAC_VECTOR = {
  key: "4a656665",
  message: "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
  tag: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
} as const;

function view(hex: string): Uint8Array {
  const count = hex.length / 2;
  const bytes = new Uint8Array(count + 9).subarray(5, 5 + count);
  for (let index = 0; index < count; index += 1) bytes[index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  return bytes;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
