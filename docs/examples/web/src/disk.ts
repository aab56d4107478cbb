/**
 * What lies on the disk: the bytes of the private file, as anybody with the disk would see them.
 *
 * @module
 */
import { PATH } from "./schema.ts";

/** The database's file. */
export interface DiskFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Rows of 16 bytes. */
export interface HexRow {
  readonly offset: number;
  readonly bytes: readonly number[];
}

/** A part of the file. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** While a database is open, one of two files is it, and the other is empty or about to be. */
const NAMES = [PATH, `${PATH}.spare`];
/** The log, where a write goes first, begins with the fourth page of 8 KiB (docs/format/file.md). */
const LOG_OFFSET = 3 * 8192;

/** Reads the file, which a worker has open. Undefined if there is none. */
export async function readDisk(): Promise<DiskFile | undefined> {
  const folder = await navigator.storage.getDirectory();
  const found: DiskFile[] = [];
  for (const name of NAMES) {
    const handle = await folder.getFileHandle(name).catch(() => undefined);
    if (handle !== undefined) found.push({ name: PATH, bytes: new Uint8Array(await (await handle.getFile()).arrayBuffer()) });
  }
  return found.toSorted((one, other) => other.bytes.length - one.bytes.length).find(({ bytes }) => bytes.length > 0);
}

/** The rows from an offset on. */
export function hexRows(bytes: Uint8Array, from: number, count: number): readonly HexRow[] {
  return Array.from({ length: count }, (_, row) => ({ offset: from + row * 16, bytes: [...bytes.subarray(from + row * 16, from + (row + 1) * 16)] })).filter((row) => row.bytes.length > 0);
}

/** The bytes from the first to the last that differ; what a new file begins with if there is nothing to compare with. */
export function changeBetween(before: Uint8Array | undefined, after: Uint8Array): ByteRange {
  if (before === undefined) return { from: LOG_OFFSET, to: LOG_OFFSET };
  let from = 0;
  while (from < after.length && before[from] === after[from]) from += 1;
  if (from === after.length) return { from: LOG_OFFSET, to: LOG_OFFSET };
  let to = after.length;
  while (to > from && before[to - 1] === after[to - 1]) to -= 1;
  return { from, to };
}

/** Where a text stands in the bytes, in UTF-8 or UTF-16, as it is or in small letters; -1 if it does not. */
export function findText(bytes: Uint8Array, text: string): number {
  const haystack = latin1(bytes);
  const forms = [...new Set([text, text.toLowerCase()])].flatMap((form) => [latin1(new TextEncoder().encode(form)), latin1(utf16(form))]);
  return forms.reduce((found, form) => (found >= 0 ? found : haystack.indexOf(form)), -1);
}

function utf16(text: string): Uint8Array {
  return Uint8Array.from(Array.from(text, (character) => character.charCodeAt(0)).flatMap((unit) => [unit & 0xff, unit >> 8]));
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return text;
}
