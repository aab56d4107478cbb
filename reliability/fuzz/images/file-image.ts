/**
 * A database file taken apart: the plaintext of every unit and which unit refers to which. It can be changed anywhere and
 * put together again with every tag right, as a defect of ours, or the owner of a plain file, could write it.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { DIRECTORY_OFFSET, HEADER_BYTES, LOG_OFFSET, NO_CONTEXT, PAGE_BYTES, PREFIX_BYTES, readRef, readU64, SLOT_CLEAR_BYTES, SLOT_OFFSETS, SLOT_PLAIN_BYTES, UNIT_KIND, viewOf, writeRef } from "./layout.ts";
import type { Ref } from "./layout.ts";
import type { ImageSeal } from "./seals.ts";

/** A reference inside a unit. */
export interface Link {
  /** Where it stands in the plaintext. */
  readonly at: number;
  /** The unit that it names; index in `FileImage.units`. */
  target: number;
}

/** A page of a tree, an extent or the space map. */
export interface ImageUnit {
  readonly kind: number;
  readonly place: number;
  readonly pages: number;
  readonly birth: number;
  plaintext: Uint8Array;
  readonly links: Link[];
  /** True if plaintext or links differ from the unit's origin, so that it must be sealed anew. */
  isChanged: boolean;
}

/** One of the two slots. */
export interface ImageSlot {
  generation: number;
  readonly plaintext: Uint8Array;
  readonly links: Link[];
}

/** Everything of a file but its log and its free pages. */
export interface FileImage {
  readonly header: Uint8Array;
  readonly slots: readonly [ImageSlot, ImageSlot];
  readonly units: readonly ImageUnit[];
  readonly sizeBytes: number;
}

/** Takes a whole file apart. */
export function readImage(file: Uint8Array, seal: ImageSeal): FileImage {
  const header = file.slice(0, HEADER_BYTES);
  const fileId = header.slice(40, 56);
  const units: ImageUnit[] = [];
  const known = new Map<string, number>();
  const unitOf = (ref: Ref, kind: number, lengthBytes: number): number => {
    const name = `${ref.place}.${ref.birth}`;
    const index = known.get(name);
    if (index !== undefined) return index;
    const start = ref.place * PAGE_BYTES + PREFIX_BYTES;
    const plaintext = seal.open({ kind, fileId, place: ref.place, birth: ref.birth, context: NO_CONTEXT }, file.slice(start, start + lengthBytes + 48));
    if (plaintext === undefined) throw new Error(`page ${ref.place} of the image does not open`);
    const unit: ImageUnit = { kind, place: ref.place, pages: ref.pages, birth: ref.birth, plaintext, links: [], isChanged: false };
    known.set(name, units.length);
    units.push(unit);
    const at = units.length - 1;
    if (kind === UNIT_KIND.page) unit.links.push(...linksOfPage(plaintext, unitOf));
    return at;
  };
  const pageBytes = PAGE_BYTES - PREFIX_BYTES - 48;
  const slot = (offset: number): ImageSlot => {
    const generation = readU64(file, offset + 8);
    const sealed = file.slice(offset + SLOT_CLEAR_BYTES, offset + SLOT_CLEAR_BYTES + SLOT_PLAIN_BYTES + 48);
    const plaintext = seal.open({ kind: UNIT_KIND.slot, fileId, place: (generation % 2) + 1, birth: generation, context: NO_CONTEXT }, sealed);
    if (plaintext === undefined) throw new Error("a slot of the image does not open");
    const links: Link[] = [];
    const catalog = readRef(plaintext, 56);
    if (catalog.pages > 0) {
      links.push({ at: 56, target: unitOf(catalog, UNIT_KIND.page, pageBytes) });
      followCatalog(units, links[0] as Link, (ref) => unitOf(ref, UNIT_KIND.page, pageBytes));
    }
    links.push({ at: 84, target: unitOf(readRef(plaintext, 84), UNIT_KIND.space, readU64(plaintext, 112)) });
    return { generation, plaintext, links };
  };
  return { header, slots: [slot(SLOT_OFFSETS[0] as number), slot(SLOT_OFFSETS[1] as number)], units, sizeBytes: file.length };
}

/** References of a page: to children in a branch, to extents in a leaf. */
function linksOfPage(page: Uint8Array, unitOf: (ref: Ref, kind: number, lengthBytes: number) => number): Link[] {
  const links: Link[] = [];
  const view = viewOf(page);
  for (let i = 0; i < view.getUint16(2, true); i++) {
    const cell = view.getUint16(DIRECTORY_OFFSET + 2 * i, true);
    const keyBytes = view.getUint16(cell, true);
    if (page[0] === 2) links.push({ at: cell + 2 + keyBytes, target: unitOf(readRef(page, cell + 2 + keyBytes), UNIT_KIND.page, page.length) });
    else if (view.getUint16(cell + 2, true) === 0xffff) {
      const at = cell + 4 + keyBytes;
      links.push({ at, target: unitOf(readRef(page, at), UNIT_KIND.extent, view.getUint32(at + 28, true)) });
    }
  }
  return links;
}

/** The values of the catalog hold the roots of the trees. The catalog of an image is one leaf. */
function followCatalog(units: readonly ImageUnit[], link: Link, unitOf: (ref: Ref) => number): void {
  const catalog = units[link.target] as ImageUnit;
  if (catalog.links.length > 0) return;
  const view = viewOf(catalog.plaintext);
  for (let i = 0; i < view.getUint16(2, true); i++) {
    const cell = view.getUint16(DIRECTORY_OFFSET + 2 * i, true);
    const at = cell + 4 + view.getUint16(cell, true) + 12;
    const ref = readRef(catalog.plaintext, at);
    if (ref.pages > 0) catalog.links.push({ at, target: unitOf(ref) });
  }
}

/** A copy whose parts can be changed. Plaintexts are shared until `ownUnit`. */
export function copyImage(image: FileImage): FileImage {
  const slot = ({ generation, plaintext, links }: ImageSlot): ImageSlot => ({ generation, plaintext: plaintext.slice(), links: links.map((link) => ({ ...link })) });
  return {
    header: image.header.slice(),
    slots: [slot(image.slots[0]), slot(image.slots[1])],
    units: image.units.map((unit) => ({ ...unit, links: unit.links.map((link) => ({ ...link })) })),
    sizeBytes: image.sizeBytes,
  };
}

/** The unit, with a plaintext of its own. */
export function ownUnit(image: FileImage, index: number): ImageUnit {
  const unit = image.units[index] as ImageUnit;
  if (!unit.isChanged) {
    unit.plaintext = unit.plaintext.slice();
    unit.isChanged = true;
  }
  return unit;
}

/** Bytes for a place in the file. */
export interface Part {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Puts images together; remembers what a unit that was not changed looks like. */
export class ImageWriter {
  readonly #seal: ImageSeal;
  readonly #unchanged = new Map<number, { stored: Uint8Array; ref: Ref }>();

  constructor(seal: ImageSeal) {
    this.#seal = seal;
  }

  /** The parts that differ from what `base` wrote, or all of them. */
  write(image: FileImage, isWhole: boolean): Part[] {
    const parts: Part[] = [];
    const done = new Map<number, Ref>();
    const stack = new Set<number>();
    const fileId = image.header.slice(40, 56);
    const place = (index: number): { ref: Ref; isChanged: boolean } => {
      const unit = image.units[index] as ImageUnit;
      const known = done.get(index);
      const origin = this.#unchanged.get(index);
      if (known !== undefined) return { ref: known, isChanged: known !== origin?.ref };
      // A page cannot hold its own tag: the reference that closes a circle keeps what it had.
      if (stack.has(index)) return { ref: origin?.ref ?? { ...unit, tag: NO_CONTEXT }, isChanged: false };
      stack.add(index);
      let isChanged = unit.isChanged;
      const refs = unit.links.map((link) => place(link.target));
      if (refs.some((ref) => ref.isChanged)) isChanged = true;
      stack.delete(index);
      if (!isChanged && origin !== undefined) {
        done.set(index, origin.ref);
        if (isWhole) parts.push({ offset: unit.place * PAGE_BYTES, bytes: origin.stored });
        return { ref: origin.ref, isChanged: false };
      }
      const plaintext = unit.plaintext.slice();
      unit.links.forEach((link, at) => {
        if (link.at + 28 <= plaintext.length) writeRef(plaintext, link.at, (refs[at] as { ref: Ref }).ref);
      });
      const sealed = this.#seal.seal({ kind: unit.kind, fileId, place: unit.place, birth: unit.birth, context: NO_CONTEXT }, plaintext);
      const stored = new Uint8Array(PREFIX_BYTES + sealed.length);
      viewOf(stored).setBigUint64(0, BigInt(unit.birth), true);
      stored.set(sealed, PREFIX_BYTES);
      const tagAt = stored.length - 32;
      const ref: Ref = { place: unit.place, pages: unit.pages, birth: unit.birth, tag: stored.slice(tagAt, tagAt + 16) };
      if (!isChanged) this.#unchanged.set(index, { stored, ref });
      done.set(index, ref);
      parts.push({ offset: unit.place * PAGE_BYTES, bytes: stored });
      return { ref, isChanged };
    };
    image.slots.forEach((slot, index) => {
      const plaintext = slot.plaintext.slice();
      for (const link of slot.links) writeRef(plaintext, link.at, place(link.target).ref);
      parts.push({ offset: SLOT_OFFSETS[index] as number, bytes: this.#slotBytes(image.header, slot, plaintext) });
    });
    parts.push({ offset: 0, bytes: image.header });
    return parts;
  }

  #slotBytes(header: Uint8Array, slot: ImageSlot, plaintext: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(SLOT_CLEAR_BYTES + plaintext.length + 48);
    const view = viewOf(bytes);
    view.setUint32(0, 0x544c5348, true);
    view.setUint32(4, plaintext.length, true);
    view.setBigUint64(8, BigInt(slot.generation), true);
    bytes.set(header, 16);
    const fileId = header.slice(40, 56);
    bytes.set(this.#seal.seal({ kind: UNIT_KIND.slot, fileId, place: (slot.generation % 2) + 1, birth: slot.generation, context: NO_CONTEXT }, plaintext), SLOT_CLEAR_BYTES);
    return bytes;
  }

  /** Gives an image another seal, or another header: the header's checksum, key check and the copies in the slots follow. */
  adoptHeader(image: FileImage): void {
    const { header } = image;
    viewOf(header).setUint16(10, this.#seal.isEncrypted ? 1 : 0, true);
    header.set(this.#seal.keyCheck(header.slice(40, 56)), 56);
    closeHeader(image);
  }
}

/** Makes the header's checksum right and copies it into the slots' plaintexts. */
export function closeHeader({ header, slots }: FileImage): void {
  viewOf(header).setUint32(252, crc32(header.subarray(0, 252)), true);
  for (const slot of slots) slot.plaintext.set(header, SLOT_PLAIN_BYTES - HEADER_BYTES);
}

/** A record of the log, sealed. */
export interface RecordInput {
  readonly commit: number;
  readonly position: number;
  readonly previousTag: Uint8Array;
  readonly plaintext: Uint8Array;
}

/** Seals a record. @returns Its bytes, and the first 16 of its tag. */
export function sealRecord({ commit, position, previousTag, plaintext }: RecordInput, seal: ImageSeal, fileId: Uint8Array): { bytes: Uint8Array; tag: Uint8Array } {
  const length = Math.ceil((96 + plaintext.length) / 64) * 64;
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  view.setUint32(0, 0x43455248, true);
  view.setUint32(4, plaintext.length, true);
  view.setBigUint64(8, BigInt(commit), true);
  view.setBigUint64(16, BigInt(position), true);
  bytes.set(previousTag, 24);
  const sealed = seal.seal({ kind: UNIT_KIND.record, fileId, place: position, birth: commit, context: previousTag }, plaintext);
  bytes.set(sealed, 48);
  const tagAt = 48 + sealed.length - 32;
  return { bytes, tag: bytes.slice(tagAt, tagAt + 16) };
}

/** The parts of a record in the ring: two where it runs over the end. */
export function ringParts(position: number, bytes: Uint8Array, ringBytes: number): Part[] {
  const place = position % ringBytes;
  const first = Math.min(bytes.length, ringBytes - place);
  const parts = [{ offset: LOG_OFFSET + place, bytes: bytes.subarray(0, first) }];
  if (first < bytes.length) parts.push({ offset: LOG_OFFSET, bytes: bytes.subarray(first) });
  return parts;
}
