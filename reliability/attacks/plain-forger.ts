/**
 * The clever attacker on a plain file: changes what a unit says and makes every checksum and reference above it fit.
 *
 * @module
 */
import type { UnitIdentity, UnitSeal } from "@holdfast/core-cipher";
import type { Edit } from "./families/attack.ts";
import { findRecords, PAGE_BYTES, ringEnd, sealFor, SLOT_OFFSETS, view } from "./format.ts";

const KIND = { slot: 1, record: 2, page: 3, extent: 4, space: 5 } as const;
const REF_BYTES = 28;
const PAGE_PLAIN_BYTES = 8136;

/** A unit that the newest slot reaches, the slot itself, or the newest record. */
export interface Unit {
  readonly kind: keyof typeof KIND;
  /** Where the sealed unit begins in the file. */
  readonly offset: number;
  readonly plainBytes: number;
  readonly identity: UnitIdentity;
  /** What holds the reference to it, and where in the plaintext; none for a slot or a record. */
  readonly holder?: { readonly unit: Unit; readonly refOffset: number };
}

const seal: UnitSeal = sealFor(false);
const ZERO_CONTEXT = new Uint8Array(16);

/** Every unit that counts. */
export function unitsOf(bytes: Uint8Array): Unit[] {
  const slot = newestSlot(bytes);
  const units = [slot];
  const plain = plainOf(bytes, slot);
  walk(bytes, units, childOf(bytes, slot, 56, "page", PAGE_PLAIN_BYTES), true);
  const space = childOf(bytes, slot, 84, "space", view(plain).getUint32(112, true));
  if (space !== undefined) units.push(space);
  const record = findRecords(bytes).at(-1);
  if (record !== undefined && record.offset + record.sizeBytes <= ringEnd(bytes)) units.push(recordUnit(bytes, record.offset));
  return units;
}

function newestSlot(bytes: Uint8Array): Unit {
  const generations = SLOT_OFFSETS.map((at) => Number(view(bytes).getBigUint64(at + 8, true)));
  const generation = Math.max(...generations);
  const at = SLOT_OFFSETS[generation % 2 === 0 ? 0 : 1];
  return { kind: "slot", offset: at + 272, plainBytes: 512, identity: identityOf(bytes, "slot", (generation % 2) + 1, generation) };
}

function recordUnit(bytes: Uint8Array, at: number): Unit {
  const fields = view(bytes);
  const identity = { ...identityOf(bytes, "record", Number(fields.getBigUint64(at + 16, true)), Number(fields.getBigUint64(at + 8, true))), context: bytes.slice(at + 24, at + 40) };
  return { kind: "record", offset: at + 48, plainBytes: fields.getUint32(at + 4, true), identity };
}

function identityOf(bytes: Uint8Array, kind: keyof typeof KIND, place: number, birth: number): UnitIdentity {
  return { kind: KIND[kind], fileId: bytes.slice(40, 56), place, birth, context: ZERO_CONTEXT };
}

function childOf(bytes: Uint8Array, holder: Unit, refOffset: number, kind: Unit["kind"], plainBytes: number): Unit | undefined {
  const fields = view(plainOf(bytes, holder));
  const place = fields.getUint32(refOffset, true);
  if (fields.getUint16(refOffset + 4, true) === 0 || place * PAGE_BYTES + plainBytes > bytes.length) return undefined;
  const birth = fields.getUint32(refOffset + 6, true) + fields.getUint16(refOffset + 10, true) * 2 ** 32;
  return { kind, offset: place * PAGE_BYTES + 8, plainBytes, identity: identityOf(bytes, kind, place, birth), holder: { unit: holder, refOffset } };
}

function walk(bytes: Uint8Array, units: Unit[], page: Unit | undefined, isCatalog: boolean): void {
  if (page === undefined) return;
  units.push(page);
  const plain = plainOf(bytes, page);
  const fields = view(plain);
  for (let index = 0; index < fields.getUint16(2, true); index++) {
    const cell = fields.getUint16(12 + index * 2, true);
    const keyBytes = fields.getUint16(cell, true);
    if (plain[0] === 2) walk(bytes, units, childOf(bytes, page, cell + 2 + keyBytes, "page", PAGE_PLAIN_BYTES), isCatalog);
    else if (isCatalog) walk(bytes, units, childOf(bytes, page, cell + 4 + keyBytes + 12, "page", PAGE_PLAIN_BYTES), false);
    else if (fields.getUint16(cell + 2, true) === 0xffff) {
      const at = cell + 4 + keyBytes;
      const extent = childOf(bytes, page, at, "extent", fields.getUint32(at + REF_BYTES, true));
      if (extent !== undefined) units.push(extent);
    }
  }
}

function plainOf(bytes: Uint8Array, unit: Unit): Uint8Array {
  return bytes.slice(unit.offset + 16, unit.offset + 16 + unit.plainBytes);
}

/** What has to be written so that `unit` says something else and everything above it agrees. */
export function forge(bytes: Uint8Array, unit: Unit, change: (plain: Uint8Array) => void): Edit[] {
  const edits: Edit[] = [];
  let plain = plainOf(bytes, unit);
  change(plain);
  for (let current = unit; ; ) {
    const sealed = new Uint8Array(current.plainBytes + 48);
    seal.seal(current.identity, plain, bytes.slice(current.offset, current.offset + 16), sealed, 0);
    edits.push({ offset: current.offset, bytes: sealed });
    if (current.holder === undefined) return edits;
    const { unit: holder, refOffset } = current.holder;
    plain = plainOf(bytes, holder);
    plain.set(sealed.subarray(current.plainBytes + 16, current.plainBytes + 32), refOffset + 12);
    current = holder;
  }
}
