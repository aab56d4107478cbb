/**
 * Texts that show their own damage: `tag.payload.check`, all ASCII.
 *
 * The check is the first 4 bytes of SHA-256 over everything before it, in base64url. It finds accidents. Whoever can write to the
 * store can make another: the store is what keeps others out.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { base64urlnopad } from "@scure/base";

/** Joins the parts and appends the check. Parts hold no dot. */
export function sealText(parts: readonly string[]): string {
  const body = parts.join(".");
  return `${body}.${checkOf(body)}`;
}

/** The parts, or undefined if the check does not fit. */
export function openText(text: string): string[] | undefined {
  const end = text.lastIndexOf(".");
  if (end < 0) return undefined;
  const body = text.slice(0, end);
  return text.slice(end + 1) === checkOf(body) ? body.split(".") : undefined;
}

function checkOf(body: string): string {
  return base64urlnopad.encode(sha256(new TextEncoder().encode(body)).subarray(0, 4));
}
