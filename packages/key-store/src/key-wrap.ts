/**
 * A way to keep the 64 bytes inside an entry: as they are, under a passphrase, under a key management service.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import { KeyStoreError } from "./errors.ts";

/** What a wrap is bound to, where its kind can bind: a wrap moved to another database does not open. */
export interface WrapContext {
  readonly databaseName: string;
  readonly keyId: string;
}

/** Wraps and unwraps the 64 bytes. */
export interface KeyWrap {
  /** `[a-z0-9-]+`; stands before the payload in the entry. */
  readonly kind: string;
  /** @returns A payload of `[A-Za-z0-9_~-]`. */
  wrap(key: Uint8Array, context: WrapContext): Promise<string>;
  /** @returns 64 fresh bytes. @throws {KeyStoreError} `WRAP_REFUSED`, `STORE_UNAVAILABLE`, ... */
  unwrap(payload: string, context: WrapContext): Promise<Uint8Array>;
}

/** Length of a database key in bytes. */
export const KEY_BYTES = 64;

/** The bytes as they are: the store itself is what keeps them secret. */
export const rawWrap: KeyWrap = {
  kind: "raw",
  wrap: async (key) => base64urlnopad.encode(key),
  unwrap: async (payload) => {
    const key = decodePayload(payload);
    if (key?.length !== KEY_BYTES) throw new KeyStoreError("KEY_CORRUPT", `the stored key has ${key?.length ?? "no readable"} bytes instead of ${KEY_BYTES}`);
    return key;
  },
};

/** Bytes of a base64url payload, or undefined. */
export function decodePayload(payload: string): Uint8Array | undefined {
  try {
    return base64urlnopad.decode(payload);
  } catch {
    return undefined;
  }
}

/** The context as bytes, for wraps that authenticate it: each part with its length before it, so that parts cannot be shifted. */
export function contextBytes(kind: string, { databaseName, keyId }: WrapContext): Uint8Array {
  const parts = ["holdfast key wrap v1", kind, databaseName, keyId];
  return new TextEncoder().encode(parts.map((part) => `${part.length}:${part}`).join(","));
}
