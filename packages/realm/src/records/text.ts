/**
 * Strings from bytes and to bytes, fast for the short ASCII ones that most are.
 *
 * `TextDecoder` costs more than the copying of a short string; so ASCII is marked when it is written and read without it.
 *
 * @module
 */

type Slice = (this: Uint8Array, start: number, end: number) => string;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** Where the platform has Node's native slices, long ASCII strings use them. */
const latin1Slice = (globalThis as { Buffer?: { prototype: { latin1Slice?: Slice } } }).Buffer?.prototype.latin1Slice;
/** Below this length the characters are put together one by one. */
const SHORT_LENGTH = 16;

/** Reads bytes that are known to be ASCII. */
export function readAscii(bytes: Uint8Array, start: number, end: number): string {
  if (end - start >= SHORT_LENGTH && latin1Slice !== undefined) return latin1Slice.call(bytes, start, end);
  let text = "";
  let at = start;
  for (; at + 4 <= end; at += 4) {
    text += String.fromCharCode(bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number, bytes[at + 3] as number);
  }
  switch (end - at) {
    case 3:
      return text + String.fromCharCode(bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number);
    case 2:
      return text + String.fromCharCode(bytes[at] as number, bytes[at + 1] as number);
    case 1:
      return text + String.fromCharCode(bytes[at] as number);
    default:
      return text;
  }
}

/** Reads UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** Reads UTF-8 of which it is not known whether it is ASCII. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) if ((bytes[at] as number) > 127) return readUtf8(bytes, start, end);
  return readAscii(bytes, start, end);
}

/**
 * Writes a string if it is ASCII.
 *
 * @returns The end of what was written, or -1 if the string is not ASCII. The target must have room for its length.
 */
export function writeAscii(text: string, target: Uint8Array, offset: number): number {
  const length = text.length;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return -1;
    target[offset + index] = code;
  }
  return offset + length;
}

/** UTF-8 of a string. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A string that is equal for equal bytes: what a Map of row keys is keyed by. */
export function keyText(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string {
  return readAscii(bytes, start, end);
}

/** The bytes that `keyText` was made of. */
export function keyBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
