/**
 * A page reference: what a parent holds of a child, so that the root authenticates the whole tree.
 *
 * Layout (28 bytes): place u32 | pages u16 | birth u48 | first 16 bytes of the tag. docs/format/file.md section 5.
 *
 * @module
 */
import { readU16, readU32, readU48, writeU16, writeU32, writeU48 } from "./bytes.ts";
import { REF_TAG_BYTES } from "./layout.ts";

/** Place and pages count in pages; birth is the generation of the slot that made the page durable. */
export interface PageRef {
  readonly place: number;
  readonly pages: number;
  readonly birth: number;
  /** The first 16 bytes of the unit's tag. */
  readonly tag: Uint8Array;
}

export function readRef(bytes: Uint8Array, offset: number): PageRef {
  return {
    place: readU32(bytes, offset),
    pages: readU16(bytes, offset + 4),
    birth: readU48(bytes, offset + 6),
    tag: bytes.slice(offset + 12, offset + 12 + REF_TAG_BYTES),
  };
}

export function writeRef(bytes: Uint8Array, offset: number, ref: PageRef): void {
  writeU32(bytes, offset, ref.place);
  writeU16(bytes, offset + 4, ref.pages);
  writeU48(bytes, offset + 6, ref.birth);
  bytes.set(ref.tag, offset + 12);
}
