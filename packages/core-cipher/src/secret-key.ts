/**
 * The handle on a key: it can be compared, wiped and handed to a seal, and it never shows its bytes.
 *
 * @module
 */
import { constantTimeEquals } from "./constant-time.ts";
import { KeyTypeError } from "./errors.ts";
import { KEY_BYTES, copyKeyBytes } from "./key-validation.ts";

const REDACTED = "SecretKey(64 bytes)";

let readBytes: (key: SecretKey) => Uint8Array;

/**
 * A 64-byte key. Owns a private copy; whoever made it calls `wipe` when done.
 *
 * Printing, serialising or cloning one gives `SecretKey(64 bytes)` or an empty object, never a byte.
 */
export class SecretKey {
  readonly #bytes: Uint8Array;
  #isWiped = false;

  /** The one way to the bytes, shared with the functions below. No static block: React Native's Babel preset does not know those. */
  static readonly #read: (key: SecretKey) => Uint8Array = shared((key) => {
    if (key.#isWiped) throw new KeyTypeError("KEY_WIPED", "This SecretKey was wiped; make a new one from the key's bytes.");
    return key.#bytes;
  });

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Takes a copy of a key.
   *
   * @param value - An `ArrayBuffer`, any view, a list of 64 integers from 0 to 255, or a `SecretKey`. Not kept.
   * @throws {KeyError} `KEY_TYPE`, `KEY_LENGTH`, `KEY_ENTRY`, or `KEY_WIPED`.
   */
  static from(value: unknown): SecretKey {
    if (value instanceof SecretKey) return new SecretKey(copyKeyBytes(secretKeyBytes(value)));
    return new SecretKey(copyKeyBytes(value));
  }

  /** True once `wipe` was called; the key is then of no use. */
  get isWiped(): boolean {
    return this.#isWiped;
  }

  /**
   * Compares two keys in constant time.
   *
   * @throws {KeyError} `KEY_WIPED` if either was wiped: a wiped key equals nothing, not even another wiped one.
   */
  equals(other: SecretKey): boolean {
    return constantTimeEquals(SecretKey.#read(this), SecretKey.#read(other));
  }

  /** Overwrites the bytes. Calling it again does nothing. A seal that was made from this key keeps working until it is closed. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#isWiped = true;
  }

  /** For logs and templates: never a byte of the key. */
  toString(): string {
    return REDACTED;
  }

  /** For `JSON.stringify`: never a byte of the key. */
  toJSON(): string {
    return REDACTED;
  }
}

// For `util.inspect` and `console.log` on Node, Bun and Deno: never a byte of the key.
Object.defineProperty(SecretKey.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: () => REDACTED });

/**
 * The bytes of a key, not a copy. For the seals in this package alone; no entry of the package exports it.
 *
 * @throws {KeyError} `KEY_WIPED`.
 */
export function secretKeyBytes(key: SecretKey): Uint8Array {
  return readBytes(key);
}

/** The first half: the AES-256-CTR key. A view, not a copy. */
export function encryptionHalf(key: SecretKey): Uint8Array {
  return secretKeyBytes(key).subarray(0, KEY_BYTES / 2);
}

/** The second half: the HMAC-SHA-256 key. A view, not a copy. */
export function macHalf(key: SecretKey): Uint8Array {
  return secretKeyBytes(key).subarray(KEY_BYTES / 2);
}

function shared(reader: (key: SecretKey) => Uint8Array): (key: SecretKey) => Uint8Array {
  readBytes = reader;
  return reader;
}
