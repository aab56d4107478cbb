/**
 * Frames: JSON that is not too long and not too deep to be parsed at all.
 *
 * @module
 */
import type { Limits } from "../limits.ts";
import { ProtocolError } from "../protocol-error.ts";
import { record, refuse, type Json } from "./reading.ts";

/** Parses the text of a frame, which has to be an object. */
export function parseFrame(text: string, limits: Limits): Json {
  if (utf8Length(text, limits.frameBytes) > limits.frameBytes) refuse("FRAME_TOO_LARGE", `at most ${limits.frameBytes} bytes`);
  if (isDeeper(text, limits.depth)) refuse("MESSAGE_TOO_DEEP", `at most ${limits.depth} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not the cause: its message quotes what was sent.
    throw new ProtocolError("MESSAGE_MALFORMED", "not JSON");
  }
  return record(value);
}

/** Length in UTF-8, counted no further than `enough`. */
function utf8Length(text: string, enough: number): number {
  if (text.length > enough) return text.length;
  if (text.length * 3 <= enough) return text.length;
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // A pair of surrogates is four bytes: two for each half.
    if (unit >= 0x80) length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return length;
}

/** Not every parser of JSON survives a million opening brackets, so they are counted first. */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22) index = endOfString(text, index);
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > most) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return false;
}

/** Where the string that begins at `start` ends: its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === 0x5c) first -= 1;
  return (at - first) % 2 === 1;
}
