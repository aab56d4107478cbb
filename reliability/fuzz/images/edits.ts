/**
 * Edits of an image, read from an input of eight bytes each: unit, kind, offset (u16), value (u32).
 *
 * @module
 */
import { ownUnit } from "./file-image.ts";
import type { FileImage, ImageUnit } from "./file-image.ts";
import { DIRECTORY_OFFSET, viewOf } from "./layout.ts";

/** One edit. */
export interface Edit {
  readonly unit: number;
  readonly kind: number;
  readonly offset: number;
  readonly value: number;
}

/** Bytes of an edit. */
export const EDIT_BYTES = 8;
const MAX_EDITS = 48;

/** The edits of an input from `at` on. */
export function readEdits(input: Uint8Array, at: number): Edit[] {
  const edits: Edit[] = [];
  const view = viewOf(input);
  for (; at + EDIT_BYTES <= input.length && edits.length < MAX_EDITS; at += EDIT_BYTES) {
    edits.push({ unit: view.getUint8(at), kind: view.getUint8(at + 1), offset: view.getUint16(at + 2, true), value: view.getUint32(at + 4, true) });
  }
  return edits;
}

/** An edit as bytes: for seeds. */
export function editBytes({ unit, kind, offset, value }: Edit): Uint8Array {
  const bytes = new Uint8Array(EDIT_BYTES);
  const view = viewOf(bytes);
  view.setUint8(0, unit);
  view.setUint8(1, kind);
  view.setUint16(2, offset, true);
  view.setUint32(4, value, true);
  return bytes;
}

/** Changes bytes: the kinds 0 to 6 of every edit. */
export function editBytesOf(bytes: Uint8Array, { kind, offset, value }: Edit): void {
  const at = offset % bytes.length;
  const view = viewOf(bytes);
  switch (kind % 7) {
    case 0:
      bytes[at] = value;
      break;
    case 1:
      view.setUint16(Math.min(at, bytes.length - 2), value % 0x10000, true);
      break;
    case 2:
      view.setUint32(Math.min(at, bytes.length - 4), value, true);
      break;
    case 3:
      view.setBigUint64(Math.min(at, bytes.length - 8), BigInt.asUintN(64, BigInt(value) << BigInt(value % 33)), true);
      break;
    case 4:
      bytes[at] = (bytes[at] as number) + value;
      break;
    case 5:
      bytes.fill(value, at, Math.min(bytes.length, at + ((value >>> 8) % 512)));
      break;
    default:
      bytes.copyWithin(at, value % bytes.length, (value % bytes.length) + ((value >>> 16) % 256));
  }
}

/** How many kinds of edit a page knows: those of bytes, then those of its structure. */
export const PAGE_EDIT_KINDS = 14;

/** Changes a page of a tree, an extent or the space map. */
export function editUnit(image: FileImage, edit: Edit): void {
  const index = edit.unit % image.units.length;
  const kind = edit.kind % PAGE_EDIT_KINDS;
  const unit = ownUnit(image, index);
  if (kind < 7) return editBytesOf(unit.plaintext, edit);
  if (kind < 9) return editLink(image, unit, edit);
  if (unit.kind !== 3) return editBytesOf(unit.plaintext, { ...edit, offset: edit.offset % 64 });
  editStructure(unit, edit);
}

/** 7: the reference names another unit, as right tags can make it do. 8: it is left as it is, for edits of its bytes. */
function editLink(image: FileImage, unit: ImageUnit, { kind, offset, value }: Edit): void {
  if (unit.links.length === 0) return;
  const at = offset % unit.links.length;
  if (kind % PAGE_EDIT_KINDS === 8) unit.links.splice(at, 1);
  else (unit.links[at] as { target: number }).target = value % image.units.length;
}

/** Offsets of place, pages, birth and tag in a reference, and of the length behind it. */
const REF_FIELDS = [0, 4, 6, 12, 28];

/** 9: the page's head. 10: the directory. 11: a cell's lengths. 12: bytes of a cell. 13: a cell's reference or the length beside it. */
function editStructure(unit: ImageUnit, { kind, offset, value }: Edit): void {
  const page = unit.plaintext;
  const view = viewOf(page);
  const count = Math.min(view.getUint16(2, true), 4000);
  const cell = count === 0 ? 0 : offset % count;
  const at = Math.min(view.getUint16(DIRECTORY_OFFSET + 2 * cell, true), page.length - 64);
  const keyBytes = view.getUint16(at, true);
  switch (kind % PAGE_EDIT_KINDS) {
    case 9: {
      const field = offset % 6;
      if (field < 2) page[field] = value;
      else if (field < 5) view.setUint16(2 * (field - 1), value % 0x10000, true);
      else view.setUint32(8, value, true);
      break;
    }
    case 10:
      view.setUint16(DIRECTORY_OFFSET + 2 * cell, value % 0x10000, true);
      break;
    case 11:
      view.setUint16(at + (value % 2) * 2, (value >>> 1) % 0x10000, true);
      break;
    case 12:
      page[Math.min(at + ((value >>> 8) % 64), page.length - 1)] = value;
      break;
    default: {
      const ref = Math.min(at + (page[0] === 2 ? 2 : 4) + keyBytes + (REF_FIELDS[value % REF_FIELDS.length] as number), page.length - 4);
      view.setUint32(ref, value >>> 3, true);
    }
  }
}
