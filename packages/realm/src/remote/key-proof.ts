/**
 * Whether two workers were given the same key, found without telling anything about it.
 *
 * @module
 */
import { currentPlatform, SecretKey } from "@holdfast/storage-engine";
import type { KeyProof } from "./messages.ts";

const NONCE_BYTES = 16;

/** A proof that somebody with the same key can check; null without a key. */
export function proveKey(key: Uint8Array | undefined): KeyProof | null {
  if (key === undefined) return null;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return { nonce, check: checkOf(key, nonce) };
}

/** True if the proof was made with this key, or both sides have none. */
export function isSameKey(key: Uint8Array | undefined, proof: KeyProof | null): boolean {
  if (key === undefined || proof === null) return key === undefined && proof === null;
  const check = checkOf(key, proof.nonce);
  return check.length === proof.check.length && check.reduce((difference, byte, index) => difference + Math.abs(byte - (proof.check[index] as number)), 0) === 0;
}

/** Two nested HMACs over the nonce: what a file's header holds over its file id. */
function checkOf(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const secret = SecretKey.from(key);
  const seal = currentPlatform().createSeal(secret);
  try {
    return seal.keyCheck(nonce);
  } finally {
    seal.close();
    secret.wipe();
  }
}
