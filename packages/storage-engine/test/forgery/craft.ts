/**
 * Plain files made by somebody who knows the format and can compute checksums: every unit fits, what it says does not.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { UNIT_KIND } from "@holdfast/core-cipher";
import { decodeHeader } from "../../src/header.ts";
import { firstPage, HEADER_BYTES, LOG_BYTES, LOG_OFFSET, PAGE_BYTES, PAGE_PAYLOAD_BYTES, REF_BYTES } from "../../src/layout.ts";
import { sealRecord } from "../../src/log-record.ts";
import type { PageRef } from "../../src/page-ref.ts";
import { writeRef } from "../../src/page-ref.ts";
import { createPlainSeal } from "../../src/plain-seal.ts";
import { writeEmptyDatabase } from "../../src/file-creation.ts";
import type { MemoryVolume } from "../../src/simulation.ts";
import { encodeSlot, slotOffset, type Slot } from "../../src/slot.ts";
import { UnitFile } from "../../src/unit-file.ts";
import { writeU16, writeU32, writeU48 } from "../../src/bytes.ts";
import type { StorageFile } from "../../src/volume/volume.ts";
import { PATH } from "../simulation/support.ts";
import { volumeWith } from "./support.ts";

const FIRST_PLACE: number = firstPage(LOG_BYTES) + 4;
const seal = createPlainSeal((bytes, seed) => crc32(bytes, seed), (count) => new Uint8Array(count).fill(5));
const encoder = new TextEncoder();

/** A cell of a leaf that is written as it is said, fit or not. */
export interface CraftedCell {
  readonly key: Uint8Array;
  readonly value: Uint8Array | { readonly ref: PageRef; readonly lengthBytes: number };
}

/** A plain file that is being forged. Generation 3 is the slot that `finish` writes. */
export class Craft {
  readonly volume: MemoryVolume = volumeWith(new Uint8Array(1));
  readonly #file: StorageFile = this.volume.open(PATH, "write");
  readonly #units: UnitFile;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #place: number = FIRST_PLACE;
  readonly spaceRef: PageRef;
  readonly spaceBytes: number;

  constructor() {
    writeEmptyDatabase(this.#file, seal);
    this.#file.read(0, this.#header);
    const { fileId } = decodeHeader(this.#header);
    this.#units = new UnitFile(this.#file, seal, fileId, 0);
    this.spaceBytes = 16 + Math.ceil((firstPage(LOG_BYTES) + 2000) / 8);
    const map = new Uint8Array(this.spaceBytes);
    writeU32(map, 0, firstPage(LOG_BYTES) + 2000);
    map.fill(0xff, 16);
    this.spaceRef = this.extent(UNIT_KIND.space, map);
  }

  /** Any payload of a page, sealed at the next place. */
  page(payload: Uint8Array): PageRef {
    this.#place++;
    return this.#units.writePage(payload, this.#place - 1, 3, seal.randomBytes(16));
  }

  extent(kind: number, plaintext: Uint8Array): PageRef {
    const ref = this.#units.writeExtent(kind, plaintext, { place: this.#place, birth: 3, iv: seal.randomBytes(16) });
    this.#place += ref.pages;
    return ref;
  }

  leaf(treeId: number, cells: readonly CraftedCell[]): PageRef {
    return this.page(payloadOf(treeId, 0, cells.map(({ key, value }) => leafCell(key, value))));
  }

  branch(treeId: number, level: number, children: readonly { readonly key: Uint8Array; readonly ref: PageRef }[]): PageRef {
    return this.page(payloadOf(treeId, level, children.map(({ key, ref }) => branchCell(key, ref))));
  }

  /** Bytes of the cell of the catalog that names a tree. */
  catalogCell(name: string, id: number, count: number, ref: PageRef): CraftedCell {
    const value = new Uint8Array(12 + REF_BYTES);
    writeU32(value, 0, id);
    writeU48(value, 4, count);
    writeRef(value, 12, ref);
    return { key: encoder.encode(name), value };
  }

  record(commit: number, position: number, previousTag: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const { bytes, tag } = sealRecord({ commit, position, previousTag }, plaintext, seal, this.#units.fileId);
    this.#file.write(LOG_OFFSET + position, bytes);
    return tag;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#file.write(offset, bytes);
  }

  truncate(bytes: number): void {
    this.#file.truncate(bytes);
  }

  /** Seals the slot of generation 3 over everything. */
  finish(slot: Partial<Slot>): MemoryVolume {
    this.slot({ generation: 3, ...slot });
    // Long enough that the map of used pages is believable.
    this.#file.write((firstPage(LOG_BYTES) + 2000) * PAGE_BYTES, new Uint8Array(1));
    this.#file.close();
    return this.volume;
  }

  slot(slot: Partial<Slot> & { readonly generation: number }): void {
    const whole: Slot = {
      commit: 1, logPosition: 0, logTag: new Uint8Array(16), catalogCount: 1, catalog: undefined, nextTreeId: 9, space: this.spaceRef, spaceBytes: this.spaceBytes, ...slot,
    };
    this.#file.write(slotOffset(whole.generation), encodeSlot(whole, this.#header, seal, this.#units.fileId));
  }
}

/** A slotted page of these cells, whatever they hold. */
export function payloadOf(treeId: number, level: number, cells: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(PAGE_PAYLOAD_BYTES);
  payload[0] = level === 0 ? 1 : 2;
  payload[1] = level;
  writeU32(payload, 8, treeId);
  writeU16(payload, 2, cells.length);
  let heap = PAGE_PAYLOAD_BYTES;
  cells.forEach((cell, index) => {
    heap -= cell.length;
    payload.set(cell, heap);
    writeU16(payload, 12 + index * 2, heap);
  });
  writeU16(payload, 4, heap);
  return payload;
}

function leafCell(key: Uint8Array, value: CraftedCell["value"]): Uint8Array {
  const isInline = value instanceof Uint8Array;
  const cell = new Uint8Array(4 + key.length + (isInline ? value.length : REF_BYTES + 4));
  writeU16(cell, 0, key.length);
  writeU16(cell, 2, isInline ? value.length : 0xffff);
  cell.set(key, 4);
  if (isInline) cell.set(value, 4 + key.length);
  else {
    writeRef(cell, 4 + key.length, value.ref);
    writeU32(cell, 4 + key.length + REF_BYTES, value.lengthBytes);
  }
  return cell;
}

function branchCell(key: Uint8Array, ref: PageRef): Uint8Array {
  const cell = new Uint8Array(2 + key.length + REF_BYTES);
  writeU16(cell, 0, key.length);
  cell.set(key, 2);
  writeRef(cell, 2 + key.length, ref);
  return cell;
}

/** One operation of a log record, lengths as given and not as they should be. */
export function operation(kind: number, treeId: number, key: Uint8Array, value: Uint8Array, said: { key?: number; value?: number } = {}): Uint8Array {
  const bytes = new Uint8Array(11 + key.length + value.length);
  bytes[0] = kind;
  writeU32(bytes, 1, treeId);
  writeU16(bytes, 5, said.key ?? key.length);
  writeU32(bytes, 7, said.value ?? value.length);
  bytes.set(key, 11);
  bytes.set(value, 11 + key.length);
  return bytes;
}
