/**
 * Values as every platform can hold them: ASCII with a check.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import { openText, sealText } from "./checked-text.ts";

/** First part of a value's text: version 1. */
const VALUE_TAG = "v1";

/** The text of a value. */
export function encodeValue(bytes: Uint8Array): string {
  return sealText([VALUE_TAG, base64urlnopad.encode(bytes)]);
}

/** The value of a text, or undefined if it is damaged. */
export function tryDecodeValue(text: string): Uint8Array | undefined {
  const parts = openText(text);
  if (parts?.length !== 2 || parts[0] !== VALUE_TAG) return undefined;
  try {
    return base64urlnopad.decode(parts[1] as string);
  } catch {
    return undefined;
  }
}
