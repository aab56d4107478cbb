/**
 * Where things stand in the file. Specified in docs/format/file.md; if the two disagree, this file is the bug.
 *
 * @module
 */
import { UNIT_OVERHEAD_BYTES } from "@holdfast/core-cipher";

/** Number of the draft of the format: a file of another one is refused. */
export const FORMAT_VERSION = 2;
/** Bytes of a page on disk. */
export const PAGE_BYTES = 8192;
/** A page on disk begins with its birth as u64; the sealed unit follows. */
export const PAGE_PREFIX_BYTES = 8;
/** Plaintext bytes of a page. */
export const PAGE_PAYLOAD_BYTES: number = PAGE_BYTES - PAGE_PREFIX_BYTES - UNIT_OVERHEAD_BYTES;
/** The static header stands at offset 0. */
export const HEADER_BYTES = 256;
/** File offset of slot 0 and of slot 1. */
export const SLOT_OFFSETS: readonly [number, number] = [PAGE_BYTES, 2 * PAGE_BYTES];
/** File offset of the log's ring. */
export const LOG_OFFSET: number = 3 * PAGE_BYTES;
/** Default length of the log's ring. */
export const LOG_BYTES: number = 1024 * 1024;
/** Alignment of log records. */
export const RECORD_ALIGNMENT_BYTES = 64;
/** The longest key of a tree. */
export const MAX_KEY_BYTES = 1024;
/** The highest id of a tree: the one behind it must fit as well. */
export const MAX_TREE_ID = 0xffff_fffe;
/** The longest value that stands in a leaf; longer ones get an extent. */
export const MAX_INLINE_VALUE_BYTES = 2000;
/** The longest value of a tree. */
export const MAX_VALUE_BYTES: number = 64 * 1024 * 1024;
/** Length of an encoded page reference. */
export const REF_BYTES = 28;
/** How much of a tag a reference holds. */
export const REF_TAG_BYTES = 16;

/** The index of the first page behind the log. */
export function firstPage(logBytes: number): number {
  return (LOG_OFFSET + logBytes) / PAGE_BYTES;
}

/** Pages that an extent with a plaintext of `lengthBytes` takes. */
export function extentPages(lengthBytes: number): number {
  return Math.ceil((lengthBytes + PAGE_PREFIX_BYTES + UNIT_OVERHEAD_BYTES) / PAGE_BYTES);
}
