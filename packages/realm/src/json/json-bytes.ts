/**
 * Bytes as text in JSON, and back.
 *
 * @module
 */
import { Decimal128, UUID } from "../bson.ts";

/** Base64 with padding. */
export function bytesToBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @throws The text is no base64. */
export function base64ToBytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Two digits for each byte. */
export function bytesToHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws The text is not `byteCount` bytes in hex. */
export function hexToBytes(text: string, byteCount: number): Uint8Array {
  if (text.length !== byteCount * 2 || !/^[0-9a-f]*$/i.test(text)) throw new Error(`expected ${byteCount * 2} hexadecimal digits`);
  return Uint8Array.from({ length: byteCount }, (_, index) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16));
}

/** A UUID with its dashes. */
export function uuidText(bytes: Uint8Array): string {
  return new UUID(bytes.slice() as never).toHexString();
}

/** @throws The text is no UUID. */
export function uuidBytes(text: string): Uint8Array {
  return new Uint8Array(new UUID(text).buffer);
}

/** A decimal as BSON writes it. */
export function decimalText(bytes: Uint8Array): string {
  return new Decimal128(bytes.slice() as never).toString();
}

/** @throws The text is no decimal. */
export function decimalBytes(text: string): Uint8Array {
  return new Uint8Array((Decimal128.fromString(text) as unknown as { bytes: Uint8Array }).bytes);
}
