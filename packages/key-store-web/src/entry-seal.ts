/**
 * Sealing an entry's text: AES-256-GCM under the wrapping key, before that under `wrapKey` if there is one.
 *
 * Layout: version (1 byte), layers (1), IV (12), ciphertext and tag. With two layers the plaintext of the outer is IV (12), ciphertext and
 * tag of the inner. Both authenticate namespace, name, version and layers: an entry moved elsewhere does not open.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";

const VERSION = 1;
const HEADER_BYTES = 2;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What an entry is bound to. */
export interface EntryPlace {
  readonly namespace: string;
  /** As the key store's core encodes it. */
  readonly name: string;
}

/** The keys that an entry is sealed under. */
export interface SealKeys {
  readonly wrappingKey: CryptoKey;
  /** The inner layer's. */
  readonly wrapKey: CryptoKey | undefined;
}

/** The bytes that are stored for a text. */
export async function sealEntry(text: string, place: EntryPlace, { wrappingKey, wrapKey }: SealKeys): Promise<Uint8Array<ArrayBuffer>> {
  const header = Uint8Array.of(VERSION, wrapKey === undefined ? 1 : 2);
  const bound = boundBytes(header, place);
  const plaintext = new TextEncoder().encode(text);
  const inner = wrapKey === undefined ? plaintext : await encrypt(wrapKey, bound, plaintext);
  return join(header, await encrypt(wrappingKey, bound, inner));
}

/** @throws {KeyStoreError} `KEY_CORRUPT`; `WRAP_REFUSED` if it is `wrapKey` that does not fit */
export async function openEntry(stored: unknown, place: EntryPlace, { wrappingKey, wrapKey }: SealKeys): Promise<string> {
  if (!(stored instanceof Uint8Array) || stored.length < HEADER_BYTES + IV_BYTES + TAG_BYTES) throw corrupt("it is not what this library writes");
  const [version, layers] = stored;
  if (version !== VERSION) throw corrupt("it has a version that this release does not know");
  const bound = boundBytes(stored.slice(0, HEADER_BYTES), place);
  const inner = await decrypt(wrappingKey, bound, Uint8Array.from(stored.subarray(HEADER_BYTES)));
  if (inner === undefined) throw corrupt("its tag does not fit: it was altered, moved, or sealed under another wrapping key");
  if (layers === 1) return textOf(inner);
  if (wrapKey === undefined) throw new KeyStoreError("WRAP_REFUSED", "the entry is sealed under a wrapKey: hand it in");
  const plaintext = await decrypt(wrapKey, bound, inner);
  if (plaintext === undefined) throw new KeyStoreError("WRAP_REFUSED", "the wrapKey is not the one that the entry was sealed under");
  return textOf(plaintext);
}

/** Each part with its length before it, so that parts cannot be shifted. */
function boundBytes(header: Uint8Array, { namespace, name }: EntryPlace): Uint8Array<ArrayBuffer> {
  const parts = ["holdfast web entry", ...header, namespace, name].map(String);
  return new TextEncoder().encode(parts.map((part) => `${part.length}:${part}`).join(","));
}

async function encrypt(key: CryptoKey, additionalData: Uint8Array<ArrayBuffer>, plaintext: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  return join(iv, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plaintext)));
}

async function decrypt(key: CryptoKey, additionalData: Uint8Array<ArrayBuffer>, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.slice(0, IV_BYTES), additionalData }, key, sealed.slice(IV_BYTES)));
  } catch (error) {
    if ((error as Partial<DOMException>).name === "OperationError") return undefined;
    throw new KeyStoreError("IO", "Web Crypto failed", { cause: error });
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function corrupt(what: string): KeyStoreError {
  return new KeyStoreError("KEY_CORRUPT", `the stored entry cannot be used: ${what}. It was not changed. Restore it from a recovery export.`);
}
