/**
 * The record layout of one class: where each field stands, and how one field is read without its neighbours.
 *
 *     flags      1 bit for each bool, then 1 bit for each optional bool and optional fixed field: set = null
 *     fixed      double, float, decimal128, objectId, uuid: at a constant offset, zeros when null
 *     ints       int and date: one byte for -24..222 (value + 24), 247 = null, 247+n = n bytes follow, little endian, two's complement
 *     blobs      string, data, mixed, links, lists: header (byte length * 2 + flag), bytes
 *
 * Within each group fields are ordered by their name in the file, so the layout follows from the set of properties alone.
 * A blob's header is one byte below 240, else 239+n and n bytes little endian. The flag says "not ASCII" for strings; a string
 * or data of length 0 with the flag is null. A null link or mixed is an empty blob. The primary key is not in the record: it is
 * the row's key. A list's blob holds the count of elements (as an int), then each element: bool 1 byte (2 = null), fixed ones as
 * above with a byte in front when optional, ints and blobs as above.
 *
 * @module
 */
import type { CanonicalObjectSchema, CanonicalProperty } from "../schema/types.ts";
import { readBlob, readFixed, readInt, skipBlob, skipInt } from "./read.ts";
import { readKey } from "./keys.ts";
import type { KeyType } from "./keys.ts";
import type { Row } from "./row.ts";
import type { StoredValue } from "./stored-value.ts";

/** The groups of fields. */
export type FieldGroup = "key" | "bool" | "fixed" | "int" | "blob";

/** Sizes of the types that stand at a constant offset. */
export const FIXED_BYTES: Readonly<Record<string, number>> = { double: 8, float: 4, decimal128: 16, objectId: 12, uuid: 16 };

/** One stored property of a class. */
export interface Field {
  readonly property: CanonicalProperty;
  readonly group: FieldGroup;
  /** Index in `RecordLayout.fields` and in an array of slots. */
  readonly slot: number;
  /** bool: its bit. fixed: its offset. int and blob: its place in the group. */
  readonly position: number;
  /** The bit that says null, or -1. */
  readonly nullBit: number;
  /** Reads the field from a row, in stored form (`stored-value.ts`). */
  readonly read: (row: Row) => StoredValue;
}

/** The layout of one class. */
export interface RecordLayout {
  readonly schema: CanonicalObjectSchema;
  /** Stored properties in the schema's order: all but linkingObjects. */
  readonly fields: readonly Field[];
  readonly bools: readonly Field[];
  readonly fixed: readonly Field[];
  readonly ints: readonly Field[];
  readonly blobs: readonly Field[];
  readonly flagBytes: number;
  /** Where the ints begin. */
  readonly headBytes: number;
  readonly primary: Field | undefined;
  fieldOf(name: string): Field | undefined;
}

/** The group that a property's values belong to. */
export function groupOf(property: CanonicalProperty): FieldGroup {
  if (property.type === "bool") return "bool";
  if (property.type in FIXED_BYTES) return "fixed";
  return property.type === "int" || property.type === "date" ? "int" : "blob";
}

/** Computes the layout of a class. */
export function layoutOf(schema: CanonicalObjectSchema): RecordLayout {
  const stored = Object.values(schema.properties).filter((property) => property.type !== "linkingObjects");
  const inFile = stored.filter((property) => property.name !== schema.primaryKey).sort((a, b) => (a.mapTo < b.mapTo ? -1 : 1));
  const group = (wanted: FieldGroup): CanonicalProperty[] => inFile.filter((property) => groupOf(property) === wanted);
  const bools = group("bool");
  const fixed = group("fixed");
  const nullable = [...bools, ...fixed].filter((property) => property.optional);
  const flagBytes = Math.ceil((bools.length + nullable.length) / 8);
  const offsets = new Map<CanonicalProperty, number>();
  let headBytes = flagBytes;
  for (const property of fixed) {
    offsets.set(property, headBytes);
    headBytes += FIXED_BYTES[property.type] as number;
  }
  const groups = { key: [], bool: bools, fixed, int: group("int"), blob: group("blob") };
  const shape = { flagBytes, headBytes, intCount: groups.int.length };
  const fields = stored.map((property, slot): Field => {
    const kind = property.name === schema.primaryKey ? "key" : groupOf(property);
    const nullIndex = nullable.indexOf(property);
    const place = {
      property,
      group: kind,
      slot,
      position: offsets.get(property) ?? (groups[kind] as CanonicalProperty[]).indexOf(property),
      nullBit: nullIndex < 0 ? -1 : bools.length + nullIndex,
    };
    return { ...place, read: readerOf(place, shape) };
  });
  const ofGroup = (wanted: FieldGroup): Field[] => fields.filter((field) => field.group === wanted).sort((a, b) => a.position - b.position);
  const byName = new Map(fields.map((field) => [field.property.name, field]));
  for (const field of fields) if (!byName.has(field.property.mapTo)) byName.set(field.property.mapTo, field);
  return {
    schema,
    fields,
    bools: ofGroup("bool"),
    fixed: ofGroup("fixed"),
    ints: ofGroup("int"),
    blobs: ofGroup("blob"),
    flagBytes,
    headBytes,
    primary: fields.find((field) => field.group === "key"),
    fieldOf: (name) => byName.get(name),
  };
}

function readerOf(field: Omit<Field, "read">, shape: { headBytes: number; intCount: number }): (row: Row) => StoredValue {
  const { position, nullBit, property } = field;
  const { headBytes, intCount } = shape;
  switch (field.group) {
    case "key":
      return (row) => readKey(property.type as KeyType, row.bytes, row.keyStart, row.keyEnd);
    case "bool":
      return (row) => (nullBit >= 0 && hasBit(row, nullBit) ? null : hasBit(row, position));
    case "fixed":
      return (row) => (nullBit >= 0 && hasBit(row, nullBit) ? null : readFixed(property.type, row.valueBytes, row.valueStart + position));
    case "int":
      return (row) => {
        let at = row.valueStart + headBytes;
        for (let index = position; index > 0; index--) at = skipInt(row.valueBytes, at);
        return readInt(row.valueBytes, at);
      };
    case "blob":
      return (row) => {
        const bytes = row.valueBytes;
        let at = row.valueStart + headBytes;
        for (let index = intCount; index > 0; index--) at = skipInt(bytes, at);
        for (let index = position; index > 0; index--) at = skipBlob(bytes, at);
        return readBlob(property, bytes, at);
      };
  }
}

function hasBit(row: Row, bit: number): boolean {
  return (((row.valueBytes[row.valueStart + (bit >> 3)] as number) >> (bit & 7)) & 1) === 1;
}
