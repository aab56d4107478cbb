/**
 * BEGINSWITH, ENDSWITH, CONTAINS and LIKE on strings and data.
 *
 * Data is compared through text with one character for each byte, so both go through the same code.
 *
 * @module
 */
import type { CheckedOperand, CheckedStringTest, CheckedValue, StringOperator } from "@holdfast/query";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { readAscii } from "../records/text.ts";
import { compileByteTest } from "./byte-tests.ts";
import type { QuerySource } from "./query-source.ts";
import { foldCase, isLike } from "./text-tests.ts";
import { readerOf } from "./value-reader.ts";

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

/** The test of a string operator over rows. */
export function compileStringTest(predicate: CheckedStringTest, source: QuerySource): (row: Row) => boolean {
  const { operator, isCaseInsensitive, left, right } = predicate;
  if (operator === "BEGINSWITH" && !isCaseInsensitive && left.kind === "path" && left.property.type === "string" && right.kind === "value" && right.value?.type === "string") {
    const byteTest = compileByteTest({ path: left, operator, value: right.value.value }, source);
    if (byteTest !== undefined) return byteTest;
  }
  // A string beside data is compared by its UTF-8, byte for byte.
  const isByBytes = isData(left) || isData(right);
  const readLeft = textReader(left, source, isCaseInsensitive, isByBytes);
  const readRight = textReader(right, source, isCaseInsensitive, isByBytes);
  const test = textTest(operator);
  if (right.kind === "path") return (row) => test(readLeft(row), readRight(row), isCaseInsensitive);
  const needle = textOperand(right.value, isCaseInsensitive, isByBytes);
  return (row) => test(readLeft(row), needle, isCaseInsensitive);
}

type TextTest = (text: string | null, needle: string | null, isCaseInsensitive: boolean) => boolean;

/** Null contains nothing, not even the empty string; everything contains null, as in Realm. LIKE null finds null alone. */
function textTest(operator: StringOperator): TextTest {
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

function isData(operand: CheckedOperand): boolean {
  return operand.kind === "path" ? operand.property.type === "data" : operand.value !== null && operand.value.type === "data";
}

function textReader(operand: CheckedOperand, source: QuerySource, isCaseInsensitive: boolean, isByBytes: boolean): (row: Row) => string | null {
  if (operand.kind === "value") {
    const text = textOperand(operand.value, isCaseInsensitive, isByBytes);
    return () => text;
  }
  const read = readerOf(operand, source);
  if (!isCaseInsensitive && !isByBytes) return read as (row: Row) => string | null;
  return (row) => {
    const value = read(row);
    return value === null ? null : comparableText(value, isCaseInsensitive, isByBytes);
  };
}

function textOperand(value: CheckedValue, isCaseInsensitive: boolean, isByBytes: boolean): string | null {
  if (value === null || (value.type !== "string" && value.type !== "data")) return null;
  return comparableText(value.value, isCaseInsensitive, isByBytes);
}

/** The text that a string or data is compared by. */
export function comparableText(value: NonNullable<StoredValue>, isCaseInsensitive: boolean, isByBytes: boolean): string {
  const text = textOf(isByBytes && typeof value === "string" ? encoder.encode(value) : value);
  return isCaseInsensitive ? foldCase(text) : text;
}
