/**
 * The text that holds one database key: an id and one or more wraps of the same 64 bytes.
 *
 * `k1.<key id>.<kind>:<payload>[.<kind>:<payload>...].<check>`, all ASCII. With one raw wrap it has 121 characters.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import { openText, sealText } from "./checked-text.ts";
import { KeyStoreError } from "./errors.ts";

/** First part of the text: version 1. */
const ENTRY_TAG = "k1";
/** Length of a key id in bytes. */
export const KEY_ID_BYTES = 16;

/** One wrap as it is stored. */
export interface StoredWrap {
  readonly kind: string;
  readonly payload: string;
}

/** A parsed entry. */
export interface KeyEntry {
  /** base64url of 16 random bytes. Names the key without telling anything about it. */
  readonly keyId: string;
  readonly wraps: readonly StoredWrap[];
}

/** The text of an entry. */
export function encodeKeyEntry({ keyId, wraps }: KeyEntry): string {
  return sealText([ENTRY_TAG, keyId, ...wraps.map(({ kind, payload }) => `${kind}:${payload}`)]);
}

/** @throws {KeyStoreError} `KEY_CORRUPT`. */
export function decodeKeyEntry(text: string): KeyEntry {
  const parts = openText(text);
  if (parts === undefined) throw corrupt("its check does not fit: it was cut or altered");
  const [tag, keyId, ...wraps] = parts;
  if (tag !== ENTRY_TAG) throw corrupt("it has a version that this release does not know");
  if (keyId === undefined || !isKeyId(keyId)) throw corrupt("its key id has another form");
  const parsed = wraps.map(decodeWrap);
  if (parsed.length === 0) throw corrupt("it holds no wrap");
  return { keyId, wraps: parsed };
}

function decodeWrap(part: string): StoredWrap {
  const match = /^(?<kind>[a-z0-9-]{1,32}):(?<payload>[A-Za-z0-9_~-]+)$/u.exec(part);
  if (match?.groups === undefined) throw corrupt("one of its wraps has another form");
  return { kind: match.groups["kind"] as string, payload: match.groups["payload"] as string };
}

function isKeyId(text: string): boolean {
  try {
    return base64urlnopad.decode(text).length === KEY_ID_BYTES;
  } catch {
    return false;
  }
}

function corrupt(what: string): KeyStoreError {
  return new KeyStoreError("KEY_CORRUPT", `the stored key entry cannot be used: ${what}. It was not changed. Restore the key from a recovery export.`);
}
