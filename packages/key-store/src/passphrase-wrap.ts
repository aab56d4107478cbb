/**
 * The key under a passphrase: argon2id, then AES-256-GCM.
 *
 * Payload, in base64url: memory in KiB (4 bytes, big endian), iterations (1), parallelism (1), salt (16), nonce (12), the 64 bytes of
 * ciphertext, tag (16). Authenticated beside them: the context and the first 22 bytes.
 *
 * @module
 */
import { gcm } from "@noble/ciphers/aes.js";
import { base64urlnopad } from "@scure/base";
import { DEFAULT_COST, isAcceptable, portableArgon2id } from "./argon2id.ts";
import type { Argon2id, Argon2idCost } from "./argon2id.ts";
import { KeyStoreError } from "./errors.ts";
import { contextBytes, decodePayload, KEY_BYTES } from "./key-wrap.ts";
import type { KeyWrap, WrapContext } from "./key-wrap.ts";
import { platformRandomBytes } from "./random-bytes.ts";
import type { RandomBytes } from "./random-bytes.ts";

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PARAMETER_BYTES = 4 + 1 + 1 + SALT_BYTES;
const PAYLOAD_BYTES = PARAMETER_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/** What a passphrase wrap is made of. */
export interface PassphraseWrapOptions {
  /** Normalized to NFKC, as typed on any keyboard. At least 8 characters to make a wrap. */
  readonly passphrase: string;
  /** For new wraps. Default {@link DEFAULT_COST}. */
  readonly cost?: Argon2idCost;
  readonly argon2id?: Argon2id;
  readonly randomBytes?: RandomBytes;
}

/** Shortest passphrase that a key is put under. */
export const MIN_PASSPHRASE_LENGTH = 8;

/** A wrap under a passphrase. A wrong passphrase and an altered wrap look the same: `WRAP_REFUSED`. */
export function passphraseWrap({ passphrase, cost = DEFAULT_COST, argon2id = portableArgon2id, randomBytes = platformRandomBytes }: PassphraseWrapOptions): KeyWrap {
  const text = new TextEncoder().encode(passphrase.normalize("NFKC"));
  return {
    kind: "pass",
    async wrap(key, context) {
      if ([...passphrase].length < MIN_PASSPHRASE_LENGTH) throw new KeyStoreError("WRAP_REFUSED", `a passphrase has at least ${MIN_PASSPHRASE_LENGTH} characters`);
      if (!isAcceptable(cost)) throw new KeyStoreError("UNSUPPORTED_OPTION", "the cost of argon2id lies outside of the limits (COST_LIMITS)");
      const parameters = encodeParameters(cost, randomBytes(SALT_BYTES));
      const nonce = randomBytes(NONCE_BYTES);
      const wrappingKey = await argon2id(text, parameters.subarray(6), cost);
      const sealed = gcm(wrappingKey, nonce, additionalData(parameters, context)).encrypt(key);
      wrappingKey.fill(0);
      return base64urlnopad.encode(Uint8Array.of(...parameters, ...nonce, ...sealed));
    },
    async unwrap(payload, context) {
      const bytes = decodePayload(payload);
      if (bytes?.length !== PAYLOAD_BYTES) throw new KeyStoreError("KEY_CORRUPT", "the passphrase wrap does not have its length");
      const parameters = bytes.subarray(0, PARAMETER_BYTES);
      const stored = decodeCost(parameters);
      if (!isAcceptable(stored)) throw new KeyStoreError("KEY_CORRUPT", "the passphrase wrap asks for a cost of argon2id outside of the limits");
      const nonce = bytes.subarray(PARAMETER_BYTES, PARAMETER_BYTES + NONCE_BYTES);
      const wrappingKey = await argon2id(text, parameters.subarray(6), stored);
      try {
        return gcm(wrappingKey, nonce, additionalData(parameters, context)).decrypt(bytes.subarray(PARAMETER_BYTES + NONCE_BYTES));
      } catch {
        throw new KeyStoreError("WRAP_REFUSED", "the passphrase is not the one that this key was put under, or the wrap was altered");
      } finally {
        wrappingKey.fill(0);
      }
    },
  };
}

function additionalData(parameters: Uint8Array, context: WrapContext): Uint8Array {
  return Uint8Array.of(...contextBytes("pass", context), ...parameters);
}

function encodeParameters({ memoryKib, iterations, parallelism }: Argon2idCost, salt: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PARAMETER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, memoryKib, false);
  view.setUint8(4, iterations);
  view.setUint8(5, parallelism);
  bytes.set(salt, 6);
  return bytes;
}

function decodeCost(parameters: Uint8Array): Argon2idCost {
  const view = new DataView(parameters.buffer, parameters.byteOffset, parameters.length);
  return { memoryKib: view.getUint32(0, false), iterations: view.getUint8(4), parallelism: view.getUint8(5) };
}
