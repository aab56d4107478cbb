/**
 * BEGINSWITH, ENDSWITH, CONTAINS and LIKE on strings and data.
 *
 * Data is compared through text with one character for each byte, so both go through the same code.
 *
 * @module
 */
import type { CheckedValue, StringOperator } from "@holdfast/query";
import type { StoredValue } from "../records/stored-value.ts";
import { readAscii } from "../records/text.ts";
import { foldCase, isLike } from "./text-tests.ts";

const encoder = new TextEncoder();

/** A string as it is, bytes as text of one character each. */
export function textOf(value: NonNullable<StoredValue>): string {
  return value instanceof Uint8Array ? readAscii(value, 0, value.length) : String(value);
}

/** The text of a stored string or data with its case folded. */
export function foldValue(value: NonNullable<StoredValue>): string {
  return foldCase(textOf(value));
}

/** The text of a constant string or data; null stays null. */
export function textTestValue(value: CheckedValue, isCaseInsensitive: boolean): string | null {
  if (value === null || (value.type !== "string" && value.type !== "data")) return null;
  return isCaseInsensitive ? foldValue(value.value) : textOf(value.value);
}

/** A test of a text against another one. */
export type TextTest = (text: string | null, needle: string | null, isCaseInsensitive: boolean) => boolean;

/** Null contains nothing, not even the empty string; everything contains null, as in Realm. LIKE null finds null alone. */
export function textTest(operator: StringOperator): TextTest {
  switch (operator) {
    case "BEGINSWITH":
      return (text, needle) => needle === null || (text !== null && text.startsWith(needle));
    case "ENDSWITH":
      return (text, needle) => needle === null || (text !== null && text.endsWith(needle));
    case "CONTAINS":
      return (text, needle, isCaseInsensitive) => (needle === null ? text !== null || !isCaseInsensitive : text !== null && text.includes(needle));
    case "LIKE":
      return (text, needle) => (text === null || needle === null ? text === needle : isLike(text, needle));
  }
}

/** The text that a string or data is compared by. */
export function comparableText(value: NonNullable<StoredValue>, isCaseInsensitive: boolean, isByBytes: boolean): string {
  const text = textOf(isByBytes && typeof value === "string" ? encoder.encode(value) : value);
  return isCaseInsensitive ? foldCase(text) : text;
}
