/**
 * The record layout of one class: where each field stands, and how one field is read without its neighbours.
 *
 * A record is a base section and, behind it, one section for each time that properties were added: a record that is shorter was
 * written before they were, and reads as their fill value. Each section:
 *
 *     flags      1 bit for each bool, then 1 bit for each optional bool and optional fixed field: set = null
 *     fixed      double, float, decimal128, objectId, uuid: at a constant offset, zeros when null
 *     ints       int and date
 *     blobs      string, data, mixed, links, lists, sets, dictionaries
 *
 * Within each group fields are ordered by their name in the file, so the layout follows from the set of properties and their
 * sections alone. docs/format/records.md specifies every byte. The primary key is not in the record: it is the row's key.
 *
 * @module
 */
import type { CanonicalObjectSchema, CanonicalProperty } from "../schema/types.ts";
import { readBlob, readFixed, readInt, skipBlob, skipInt } from "./read.ts";
import { readKey } from "./keys.ts";
import type { KeyType } from "./keys.ts";
import type { Row } from "./row.ts";
import { emptyOf } from "./stored-value.ts";
import type { StoredValue } from "./stored-value.ts";

/** The groups of fields. */
export type FieldGroup = "key" | "bool" | "fixed" | "int" | "blob";

/** Sizes of the types that stand at a constant offset. */
export const FIXED_BYTES: Readonly<Record<string, number>> = { double: 8, float: 4, decimal128: 16, objectId: 12, uuid: 16 };

/** When a property was added, and what it reads as in records from before. */
export interface Added {
  readonly section: number;
  readonly fill: StoredValue;
}

/** One stored property of a class. */
export interface Field {
  readonly property: CanonicalProperty;
  readonly group: FieldGroup;
  /** Index in `RecordLayout.fields` and in an array of slots. */
  readonly slot: number;
  /** Which section it stands in: 0 the base. */
  readonly section: number;
  /** What it reads as in a record without its section. */
  readonly fill: StoredValue;
  /** bool: its bit. fixed: its offset. int and blob: its place in the group. All within the section. */
  readonly position: number;
  /** The bit that says null, or -1. */
  readonly nullBit: number;
  /** Reads the field from a row, in stored form (`stored-value.ts`). */
  readonly read: (row: Row) => StoredValue;
  /** Of the blobs: where the field stands in the row's value bytes; negative in a record without its section. */
  readonly at: (row: Row) => number;
}

/** One section of a record. */
export interface Section {
  /** 0 for the base. */
  readonly number: number;
  readonly bools: readonly Field[];
  readonly fixed: readonly Field[];
  readonly ints: readonly Field[];
  readonly blobs: readonly Field[];
  readonly flagBytes: number;
  /** Where the ints begin. */
  readonly headBytes: number;
}

/** The layout of one class. The base section's parts are its own. */
export interface RecordLayout extends Section {
  readonly schema: CanonicalObjectSchema;
  /** Stored properties in the schema's order: all but linkingObjects. */
  readonly fields: readonly Field[];
  /** The base section first. */
  readonly sections: readonly Section[];
  readonly primary: Field | undefined;
  fieldOf(name: string): Field | undefined;
}

/** The group that a property's values belong to. */
export function groupOf(property: CanonicalProperty): FieldGroup {
  if (property.type === "bool") return "bool";
  if (property.type in FIXED_BYTES) return "fixed";
  return property.type === "int" || property.type === "date" ? "int" : "blob";
}

/** How much a reader has to pass over in the sections before its own. */
interface Shape {
  readonly headBytes: number;
  readonly intCount: number;
  readonly blobCount: number;
}

/**
 * Computes the layout of a class.
 *
 * @param added - By the name in the file: the properties that are not in the base section.
 */
export function layoutOf(schema: CanonicalObjectSchema, added: ReadonlyMap<string, Added> = new Map()): RecordLayout {
  const stored = Object.values(schema.properties).filter((property) => property.type !== "linkingObjects");
  const sectionOf = (property: CanonicalProperty): number => added.get(property.mapTo)?.section ?? 0;
  const inRecord = stored.filter((property) => property.name !== schema.primaryKey).sort((a, b) => (a.mapTo < b.mapTo ? -1 : 1));
  const numbers = [...new Set([0, ...inRecord.map(sectionOf)])].sort((a, b) => a - b);
  const shapes: Shape[] = [];
  const made = new Map<CanonicalProperty, Field>();
  const sections = numbers.map((number): Section => {
    const own = inRecord.filter((property) => sectionOf(property) === number);
    const plan = planSection(own);
    const before = shapes.slice();
    shapes.push({ headBytes: plan.headBytes, intCount: plan.ints.length, blobCount: plan.blobs.length });
    const toField = (property: CanonicalProperty): Field => {
      const { group, position, nullBit } = plan.placeOf(property);
      const fill = added.get(property.mapTo)?.fill ?? emptyOf(property);
      const place = { property, group, slot: stored.indexOf(property), section: number, fill, position, nullBit };
      const shape = { headBytes: plan.headBytes, intCount: plan.ints.length };
      const field = { ...place, read: readerOf(place, shape, before), at: locatorOf(place, shape, before) };
      made.set(property, field);
      return field;
    };
    const [bools, fixed, ints, blobs] = [plan.bools, plan.fixed, plan.ints, plan.blobs].map((group) => group.map(toField)) as [Field[], Field[], Field[], Field[]];
    return { number, bools, fixed, ints, blobs, flagBytes: plan.flagBytes, headBytes: plan.headBytes };
  });
  const fields = stored.map((property, slot) => made.get(property) ?? keyField(property, slot));
  const byName = new Map(fields.map((field) => [field.property.name, field]));
  for (const field of fields) if (!byName.has(field.property.mapTo)) byName.set(field.property.mapTo, field);
  return { ...(sections[0] as Section), schema, fields, sections, primary: fields.find((field) => field.group === "key"), fieldOf: (name) => byName.get(name) };
}

interface SectionPlan extends Shape {
  readonly bools: readonly CanonicalProperty[];
  readonly fixed: readonly CanonicalProperty[];
  readonly ints: readonly CanonicalProperty[];
  readonly blobs: readonly CanonicalProperty[];
  readonly flagBytes: number;
  placeOf(property: CanonicalProperty): { group: FieldGroup; position: number; nullBit: number };
}

function planSection(own: readonly CanonicalProperty[]): SectionPlan {
  const group = (wanted: FieldGroup): CanonicalProperty[] => own.filter((property) => groupOf(property) === wanted);
  const [bools, fixed, ints, blobs] = [group("bool"), group("fixed"), group("int"), group("blob")];
  const nullable = [...bools, ...fixed].filter((property) => property.optional);
  const flagBytes = Math.ceil((bools.length + nullable.length) / 8);
  const offsets = new Map<CanonicalProperty, number>();
  let headBytes = flagBytes;
  for (const property of fixed) {
    offsets.set(property, headBytes);
    headBytes += FIXED_BYTES[property.type] as number;
  }
  const groups: Readonly<Record<string, readonly CanonicalProperty[]>> = { bool: bools, int: ints, blob: blobs };
  return {
    ...{ bools, fixed, ints, blobs, flagBytes, headBytes, intCount: ints.length, blobCount: blobs.length },
    placeOf(property) {
      const kind = groupOf(property);
      const nullIndex = nullable.indexOf(property);
      const position = offsets.get(property) ?? (groups[kind] as readonly CanonicalProperty[]).indexOf(property);
      return { group: kind, position, nullBit: nullIndex < 0 ? -1 : bools.length + nullIndex };
    },
  };
}

function keyField(property: CanonicalProperty, slot: number): Field {
  const type = property.type as KeyType;
  const read = (row: Row): StoredValue => readKey(type, row.bytes, row.keyStart, row.keyEnd);
  return { property, group: "key", slot, section: 0, fill: null, position: 0, nullBit: -1, read, at: () => -1 };
}

type Place = Omit<Field, "read" | "at">;

function locatorOf({ group, position }: Place, { headBytes, intCount }: { headBytes: number; intCount: number }, before: readonly Shape[]): (row: Row) => number {
  if (group !== "blob") return () => -1;
  return (row) => {
    const bytes = row.valueBytes;
    let at = before.length === 0 ? row.valueStart : passSections(row, before);
    if (before.length > 0 && at >= row.valueEnd) return -1;
    at += headBytes;
    for (let index = intCount; index > 0; index--) at = skipInt(bytes, at);
    for (let index = position; index > 0; index--) at = skipBlob(bytes, at);
    return at;
  };
}

function readerOf(field: Place, shape: { headBytes: number; intCount: number }, before: readonly Shape[]): (row: Row) => StoredValue {
  if (before.length > 0) return laterReaderOf(field, shape, before);
  const { position, nullBit, property } = field;
  const { headBytes, intCount } = shape;
  switch (field.group) {
    case "bool":
      return (row) => (nullBit >= 0 && hasBit(row.valueBytes, row.valueStart, nullBit) ? null : hasBit(row.valueBytes, row.valueStart, position));
    case "fixed":
      return (row) => (nullBit >= 0 && hasBit(row.valueBytes, row.valueStart, nullBit) ? null : readFixed(property.type, row.valueBytes, row.valueStart + position));
    case "int":
      return (row) => {
        let at = row.valueStart + headBytes;
        for (let index = position; index > 0; index--) at = skipInt(row.valueBytes, at);
        return readInt(row.valueBytes, at);
      };
    default:
      return (row) => {
        const bytes = row.valueBytes;
        let at = row.valueStart + headBytes;
        for (let index = intCount; index > 0; index--) at = skipInt(bytes, at);
        for (let index = position; index > 0; index--) at = skipBlob(bytes, at);
        return readBlob(property, bytes, at);
      };
  }
}

/** The reader of a field that was added later: it passes over the sections before, which may be all that there is. */
function laterReaderOf(field: Place, shape: { headBytes: number; intCount: number }, before: readonly Shape[]): (row: Row) => StoredValue {
  const { position, nullBit, property, group, fill } = field;
  const { headBytes, intCount } = shape;
  return (row) => {
    const bytes = row.valueBytes;
    const start = passSections(row, before);
    if (start >= row.valueEnd) return fill;
    if (nullBit >= 0 && hasBit(bytes, start, nullBit)) return null;
    if (group === "bool") return hasBit(bytes, start, position);
    if (group === "fixed") return readFixed(property.type, bytes, start + position);
    let at = start + headBytes;
    if (group === "int") {
      for (let index = position; index > 0; index--) at = skipInt(bytes, at);
      return readInt(bytes, at);
    }
    for (let index = intCount; index > 0; index--) at = skipInt(bytes, at);
    for (let index = position; index > 0; index--) at = skipBlob(bytes, at);
    return readBlob(property, bytes, at);
  };
}

function passSections(row: Row, shapes: readonly Shape[]): number {
  let at = row.valueStart;
  for (const { headBytes, intCount, blobCount } of shapes) {
    // Each section that is there has at least one byte; the base of a class with nothing but a key has none.
    if (at >= row.valueEnd) return at;
    at += headBytes;
    for (let index = intCount; index > 0; index--) at = skipInt(row.valueBytes, at);
    for (let index = blobCount; index > 0; index--) at = skipBlob(row.valueBytes, at);
  }
  return at;
}

function hasBit(bytes: Uint8Array, start: number, bit: number): boolean {
  return (((bytes[start + (bit >> 3)] as number) >> (bit & 7)) & 1) === 1;
}
