/**
 * Trees of pages: docs/format/file.md sections 5 and 6.
 *
 * @module
 */
import { compareBytes, Fields, isEqual } from "./bytes.ts";
import { ReaderError } from "./errors.ts";
import { PAGE_BYTES, type OpenedFile } from "./header.ts";

/** A key and its value. */
export type Entry = readonly [Uint8Array, Uint8Array];

/** A sealed unit that was opened, and where it lies. */
export interface Unit {
  readonly kind: "slot" | "record" | "page" | "extent";
  readonly fileOffset: number;
  readonly sizeBytes: number;
}

/** What reading pages needs. Opened units are noted in `units`. */
export interface PageSource extends OpenedFile {
  readonly file: Uint8Array;
  readonly units: Unit[];
}

const CODE = "PAGE_DAMAGED";
const REFERENCE_BYTES = 28;
const PAGE_PLAINTEXT_BYTES = PAGE_BYTES - 56;
const IN_EXTENT = 0xffff;

/** All entries below the root reference of a tree, in key order. */
export function readTree(source: PageSource, treeId: number, root: Uint8Array, count: number): Entry[] {
  const entries: Entry[] = [];
  if (new Fields(root, CODE).u16(4) !== 0) readNode(source, root, { treeId, level: undefined }, entries);
  for (let index = 1; index < entries.length; index += 1) {
    const [before, after] = [entries[index - 1], entries[index]];
    if (before !== undefined && after !== undefined && compareBytes(before[0], after[0]) >= 0) fail("keys are out of order");
  }
  if (entries.length !== count) fail(`a tree of ${count} entries holds ${entries.length}`);
  return entries;
}

/** @param expected - What the parent says; no level for the root. */
function readNode(source: PageSource, reference: Uint8Array, expected: { treeId: number; level: number | undefined }, entries: Entry[]): void {
  const page = new Fields(openReference(source, reference, 3, PAGE_PLAINTEXT_BYTES), CODE);
  const [kind, ownLevel, cellCount] = [page.u8(0), page.u8(1), page.u16(2)];
  const { treeId, level } = expected;
  if (level !== undefined && ownLevel !== level) fail(`level ${ownLevel} below level ${level + 1}`);
  if (page.u32(8) !== treeId) fail(`a page of tree ${page.u32(8)} in tree ${treeId}`);
  if (kind !== (ownLevel === 0 ? 1 : 2)) fail(`a page of kind ${kind} at level ${ownLevel}`);
  for (let index = 0; index < cellCount; index += 1) {
    const cell = page.u16(12 + 2 * index);
    if (kind === 1) entries.push(readLeafCell(source, page, cell));
    else readBranchCell(source, page, { cell, index, treeId, level: ownLevel }, entries);
  }
}

function readLeafCell(source: PageSource, page: Fields, cell: number): Entry {
  const [keyLength, valueLength] = [page.u16(cell), page.u16(cell + 2)];
  if (keyLength < 1 || keyLength > 1024) fail(`a key of ${keyLength} bytes`);
  const key = page.slice(cell + 4, keyLength);
  const valueOffset = cell + 4 + keyLength;
  if (valueLength !== IN_EXTENT) return [key, page.slice(valueOffset, valueLength)];
  const reference = page.slice(valueOffset, REFERENCE_BYTES);
  return [key, openReference(source, reference, 4, page.u32(valueOffset + REFERENCE_BYTES))];
}

/** The child holds the keys from its cell's key up to the next cell's. */
function readBranchCell(source: PageSource, page: Fields, at: { cell: number; index: number; treeId: number; level: number }, entries: Entry[]): void {
  const { cell, index, treeId, level } = at;
  const keyLength = page.u16(cell);
  const key = page.slice(cell + 2, keyLength);
  if ((index === 0) !== (keyLength === 0)) fail("only the first key of a branch is empty");
  const before = entries.at(-1);
  if (index > 0 && before !== undefined && compareBytes(before[0], key) >= 0) fail("a child holds a key of the next one");
  const first = entries.length;
  readNode(source, page.slice(cell + 2 + keyLength, REFERENCE_BYTES), { treeId, level: level - 1 }, entries);
  const smallest = entries[first];
  if (smallest !== undefined && compareBytes(smallest[0], key) < 0) fail("a child holds a key below its own");
}

function openReference(source: PageSource, reference: Uint8Array, kind: number, plaintextBytes: number): Uint8Array {
  const fields = new Fields(reference, CODE);
  const [place, pageCount, birth] = [fields.u32(0), fields.u16(4), fields.u48(6)];
  const sizeBytes = plaintextBytes + 56;
  if (pageCount !== Math.ceil(sizeBytes / PAGE_BYTES)) fail(`${pageCount} pages for ${plaintextBytes} bytes`);
  const whole = new Fields(new Fields(source.file, CODE).slice(place * PAGE_BYTES, sizeBytes), CODE);
  if (whole.u64(0) !== birth) fail(`place ${place} was born in ${whole.u64(0)}, its reference says ${birth}`);
  const sealed = whole.slice(8, sizeBytes - 8);
  const identity = { kind, fileId: source.header.fileId, place, birth, context: new Uint8Array(16) };
  const plaintext = source.opener.open(identity, sealed);
  if (plaintext === undefined) return fail(`place ${place} does not open`);
  if (!isEqual(sealed.subarray(sealed.length - 32, sealed.length - 16), fields.slice(12, 16))) fail(`place ${place} holds another unit than its reference names`);
  source.units.push({ kind: kind === 3 ? "page" : "extent", fileOffset: place * PAGE_BYTES, sizeBytes });
  return plaintext;
}

function fail(message: string): never {
  throw new ReaderError(CODE, message);
}
