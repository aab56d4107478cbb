/**
 * Names as every platform can hold them: base32 of the UTF-8 bytes.
 *
 * Some stores cut a name at a NUL, fold case, or allow few characters only. Lower-case base32 (RFC 4648, no padding) is the same
 * in all of them, and different names stay different.
 *
 * @module
 */
import { base32nopad } from "@scure/base";
import { KeyStoreError } from "./errors.ts";

/** Longest name in UTF-16 units. */
export const MAX_NAME_LENGTH = 255;

/** @throws {KeyStoreError} `NAME_INVALID` */
export function encodeName(name: string): string {
  if (typeof name !== "string") throw new KeyStoreError("NAME_INVALID", `a name has to be a string, not ${typeof name}`);
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) throw new KeyStoreError("NAME_INVALID", `a name has 1 to ${MAX_NAME_LENGTH} characters, this one has ${name.length}`);
  if (name.includes("\0")) throw new KeyStoreError("NAME_INVALID", "a name may not hold a NUL character: some stores would cut it there");
  if (hasLoneSurrogate(name)) throw new KeyStoreError("NAME_INVALID", "a name may not hold half of a surrogate pair: it would come back as another name");
  return base32nopad.encode(new TextEncoder().encode(name)).toLowerCase();
}

/** True for a text that UTF-8 cannot hold. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** The name of an entry, or undefined if this is no entry of ours. */
export function decodeName(encoded: string): string | undefined {
  try {
    const name = new TextDecoder("utf-8", { fatal: true }).decode(base32nopad.decode(encoded.toUpperCase()));
    return encodeName(name) === encoded ? name : undefined;
  } catch {
    return undefined;
  }
}
