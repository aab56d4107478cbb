/**
 * Key validation: whatever an application passes as `encryptionKey` in, 64 bytes of our own out.
 *
 * Where Realm has a message for the same mistake, ours begins with Realm's sentence, since code
 * matches on it. No message says what a byte of the key is, not even a wrong one.
 *
 * @module
 */
import { KeyRangeError, KeyTypeError } from "./errors.ts";
import { secretArray } from "./secret-array.ts";

/** Length of a key in bytes: 32 for AES-256-CTR, then 32 for HMAC-SHA-256. */
export const KEY_BYTES = 64;

const LENGTH_MESSAGE = "Encryption key must be 64 bytes.";
const TYPE_MESSAGE =
  "Expected 'encryptionKey' on realm configuration to be an ArrayBuffer, ArrayBufferView (Uint8Array), or Int8Array";

/**
 * Copies the bytes of a key out of what an application passed.
 *
 * Accepted: an `ArrayBuffer`; any view, of which its own bytes count, not those of the buffer around
 * it; a list of exactly 64 integers from 0 to 255. A view on shared memory is accepted, as by Realm,
 * and read once; a bare `SharedArrayBuffer` is not, as by Realm.
 *
 * @returns A fresh array of `KEY_BYTES`; the caller owns and wipes it.
 * @throws {KeyError} `KEY_TYPE`, `KEY_LENGTH` or `KEY_ENTRY`.
 */
export function copyKeyBytes(value: unknown): Uint8Array {
  if (Array.isArray(value)) return copyList(value);
  if (ArrayBuffer.isView(value)) return copyView(value);
  if (isArrayBuffer(value)) return copyBytes(value, 0, value.byteLength);
  throw new KeyTypeError("KEY_TYPE", `${TYPE_MESSAGE}, got ${typeWords(value)}.`);
}

function copyView(view: ArrayBufferView): Uint8Array {
  // A DataView on a detached buffer throws when asked for its length; other views answer 0.
  let byteLength = 0;
  let byteOffset = 0;
  try {
    byteLength = view.byteLength;
    byteOffset = view.byteOffset;
  } catch {
    byteLength = 0;
  }
  return copyBytes(view.buffer, byteOffset, byteLength);
}

function copyBytes(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): Uint8Array {
  if (byteLength === 0) {
    throw new KeyRangeError("KEY_LENGTH", `${LENGTH_MESSAGE} Got 0 bytes: the key is empty, or its buffer was detached.`);
  }
  if (byteLength !== KEY_BYTES) {
    throw new KeyRangeError("KEY_LENGTH", `${LENGTH_MESSAGE} Got ${byteLength} ${byteLength === 1 ? "byte" : "bytes"}.`);
  }
  const copy = secretArray(KEY_BYTES);
  copy.set(new Uint8Array(buffer, byteOffset, KEY_BYTES));
  return copy;
}

function copyList(list: readonly unknown[]): Uint8Array {
  if (list.length !== KEY_BYTES) {
    throw new KeyRangeError("KEY_LENGTH", `${LENGTH_MESSAGE} Got a list of ${list.length} ${list.length === 1 ? "entry" : "entries"}.`);
  }
  const copy = secretArray(KEY_BYTES);
  for (let index = 0; index < KEY_BYTES; index += 1) {
    const entry = list[index];
    if (!isByte(entry)) {
      copy.fill(0);
      throw new KeyRangeError(
        "KEY_ENTRY",
        `Encryption key must be a list of 64 integers from 0 to 255: the entry at index ${index} is ${entryWords(entry)}.`,
      );
    }
    copy[index] = entry;
  }
  return copy;
}

function isByte(entry: unknown): entry is number {
  return typeof entry === "number" && Number.isInteger(entry) && entry >= 0 && entry <= 255;
}

/** Says what is wrong with an entry, never what it is: a neighbour of a mistyped key byte is a key byte. */
function entryWords(entry: unknown): string {
  if (typeof entry !== "number") return typeWords(entry);
  return Number.isInteger(entry) ? "out of that range" : "not an integer";
}

const arrayBufferByteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get;

/** Also true for a buffer of another JavaScript context (a vm, a frame, a test runner's sandbox), for which `instanceof` is false. */
function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    arrayBufferByteLength?.call(value);
    return true;
  } catch {
    return false;
  }
}

/** The words that Realm uses for a type in its messages. */
function typeWords(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return "an array";
  if (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer) return "a SharedArrayBuffer";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
