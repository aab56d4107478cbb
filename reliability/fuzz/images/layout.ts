/**
 * Where things stand in a file, written down a second time from docs/format/file.md.
 *
 * @module
 */

export const PAGE_BYTES = 8192;
export const HEADER_BYTES = 256;
export const SLOT_OFFSETS: readonly number[] = [8192, 16_384];
export const SLOT_CLEAR_BYTES = 272;
export const SLOT_PLAIN_BYTES = 512;
export const LOG_OFFSET = 24_576;
/** The shortest ring that the format allows: the images of the fuzzer have it, so that they are small. */
export const SMALL_LOG_BYTES = 65_536;
/** Where the offsets of the cells begin in a page. */
export const DIRECTORY_OFFSET = 12;
export const UNIT_KIND: { readonly slot: 1; readonly record: 2; readonly page: 3; readonly extent: 4; readonly space: 5 } = { slot: 1, record: 2, page: 3, extent: 4, space: 5 };
export const NO_CONTEXT: Uint8Array = new Uint8Array(16);
/** Bytes of a stored page or extent before its sealed unit: the birth. */
export const PREFIX_BYTES = 8;

/** A view for numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function readU64(bytes: Uint8Array, at: number): number {
  return Number(viewOf(bytes).getBigUint64(at, true));
}

/** A reference: place u32, pages u16, birth u48, tag (16). */
export interface Ref {
  readonly place: number;
  readonly pages: number;
  readonly birth: number;
  readonly tag: Uint8Array;
}

export function readRef(bytes: Uint8Array, at: number): Ref {
  const view = viewOf(bytes);
  return { place: view.getUint32(at, true), pages: view.getUint16(at + 4, true), birth: view.getUint32(at + 6, true) + view.getUint16(at + 10, true) * 0x1_0000_0000, tag: bytes.slice(at + 12, at + 28) };
}

export function writeRef(bytes: Uint8Array, at: number, ref: Ref): void {
  const view = viewOf(bytes);
  view.setUint32(at, ref.place, true);
  view.setUint16(at + 4, ref.pages, true);
  view.setUint32(at + 6, ref.birth % 0x1_0000_0000, true);
  view.setUint16(at + 10, Math.floor(ref.birth / 0x1_0000_0000), true);
  bytes.set(ref.tag, at + 12);
}
