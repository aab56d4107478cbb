/**
 * Ids of replicas.
 *
 * @module
 */

/** 64 random bits as 16 hexadecimal digits. */
export function randomReplicaId(): string {
  return randomHex(8);
}

/** Random bytes of the platform's generator as hexadecimal digits. */
export function randomHex(byteCount: number): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(byteCount));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
