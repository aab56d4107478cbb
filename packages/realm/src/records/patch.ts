/**
 * Writes one field into a record without reading the others.
 *
 * @module
 */
import { FIXED_BYTES } from "./layout.ts";
import type { Field, RecordLayout, Section } from "./layout.ts";
import { skipBlob, skipInt } from "./read.ts";
import type { StoredValue } from "./stored-value.ts";
import { encodeField } from "./write.ts";

/**
 * The record with another value in one field: fresh bytes.
 *
 * @returns Undefined if the record was written before the field's section was added: it has to be written whole.
 */
export function patchRecord(layout: RecordLayout, record: Uint8Array, field: Field, value: StoredValue): Uint8Array | undefined {
  const own = layout.sections.find((section) => section.number === field.section);
  let start = 0;
  for (const section of layout.sections) {
    if (section === own) break;
    if (start >= record.length) return undefined;
    start = sectionEnd(section, record, start);
  }
  if (own === undefined || (start >= record.length && field.section > 0)) return undefined;
  if (field.group === "bool" || field.group === "fixed") return patchHead(record, start, field, value as boolean | number | Uint8Array | null);
  let at = start + own.headBytes;
  if (field.group === "int") for (let index = field.position; index > 0; index--) at = skipInt(record, at);
  else {
    for (let index = own.ints.length; index > 0; index--) at = skipInt(record, at);
    for (let index = field.position; index > 0; index--) at = skipBlob(record, at);
  }
  const end = field.group === "int" ? skipInt(record, at) : skipBlob(record, at);
  const encoded = encodeField(field, value);
  const patched = new Uint8Array(record.length - (end - at) + encoded.length);
  patched.set(record.subarray(0, at));
  patched.set(encoded, at);
  patched.set(record.subarray(end), at + encoded.length);
  return patched;
}

function sectionEnd(section: Section, record: Uint8Array, start: number): number {
  let at = start + section.headBytes;
  for (let index = section.ints.length; index > 0; index--) at = skipInt(record, at);
  for (let index = section.blobs.length; index > 0; index--) at = skipBlob(record, at);
  return at;
}

/** Bools and fixed fields stand at constant places. */
function patchHead(record: Uint8Array, start: number, field: Field, value: boolean | number | Uint8Array | null): Uint8Array {
  const patched = record.slice();
  const setBit = (bit: number, isSet: boolean): void => {
    const at = start + (bit >> 3);
    const mask = 1 << (bit & 7);
    patched[at] = isSet ? (patched[at] as number) | mask : (patched[at] as number) & ~mask;
  };
  if (field.nullBit >= 0) setBit(field.nullBit, value === null);
  if (field.group === "bool") {
    setBit(field.position, value === true);
    return patched;
  }
  const at = start + field.position;
  const size = FIXED_BYTES[field.property.type] as number;
  if (value === null) patched.fill(0, at, at + size);
  else patched.set(encodeField(field, value).subarray(0, size), at);
  return patched;
}
