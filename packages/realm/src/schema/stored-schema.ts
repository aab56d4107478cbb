/**
 * The schema as it stands in the file, and what opening it with another schema takes.
 *
 * Only persisted names are in it. It is JSON under one key of the meta tree, so that another process can see that it changed.
 *
 * @module
 */
import type { Added } from "../records/layout.ts";
import { emptyOf } from "../records/stored-value.ts";
import type { CanonicalObjectSchema, CanonicalProperty } from "./types.ts";
import { shownType } from "./parse-schema.ts";

/** Number of the format of records, mixed values and index keys: docs/format/records.md. */
export const RECORD_FORMAT = 2;

/** A stored property. */
export interface StoredProperty {
  name: string;
  type: string;
  objectType?: string;
  property?: string;
  optional: boolean;
  indexed: boolean | "full-text";
  /** Which section of a record it stands in; absent: the base. */
  section?: number;
  /** What it reads as in records from before it was added; absent: null, an empty collection, or its type's zero. */
  fill?: number | string | boolean;
}

/** A stored class. */
export interface StoredClass {
  name: string;
  primaryKey?: string;
  embedded: boolean;
  properties: StoredProperty[];
}

/** The stored schema. */
export interface StoredSchema {
  format: typeof RECORD_FORMAT;
  version: number;
  classes: StoredClass[];
}

/** The stored form of a schema. Classes that `before` has too keep the places of their properties, unless they are written anew. */
export function toStoredSchema(
  classes: readonly CanonicalObjectSchema[],
  version: number,
  before?: StoredSchema,
  isRewritten: (className: string) => boolean = () => false,
): StoredSchema {
  const stored = classes.map((schema) => {
    const known = isRewritten(schema.name) ? undefined : before?.classes.find((entry) => entry.name === schema.name);
    return toStoredClass(schema, known);
  });
  return { format: RECORD_FORMAT, version, classes: stored.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function toStoredClass(schema: CanonicalObjectSchema, before?: StoredClass): StoredClass {
  const primary = schema.primaryKey === undefined ? undefined : schema.properties[schema.primaryKey]?.mapTo;
  const last = Math.max(0, ...(before?.properties.map((property) => property.section ?? 0) ?? []));
  const properties = Object.values(schema.properties).filter((property) => property.type !== "linkingObjects");
  return {
    name: schema.name,
    ...(primary === undefined ? {} : { primaryKey: primary }),
    embedded: schema.embedded,
    properties: properties.map((property) => ({ ...toStoredProperty(property), ...placeOf(property, before, last + 1) })),
  };
}

function placeOf(property: CanonicalProperty, before: StoredClass | undefined, next: number): Pick<StoredProperty, "section" | "fill"> {
  if (before === undefined) return {};
  const known = before.properties.find((entry) => entry.name === property.mapTo);
  if (known === undefined) return { section: next, ...fillOf(property) };
  return { ...(known.section === undefined ? {} : { section: known.section }), ...(known.fill === undefined ? {} : { fill: known.fill }) };
}

/** A plain default is what objects from before an addition get; Realm gives them the zero, which nobody expects. */
export function fillOf(property: CanonicalProperty): { fill?: number | string | boolean } {
  const given = property.default;
  const isPlain = typeof given === "string" ? property.type === "string" : typeof given === "boolean" ? property.type === "bool" : NUMERIC.has(property.type) && typeof given === "number";
  if (!isPlain || (property.type === "int" && !Number.isSafeInteger(given))) return {};
  return { fill: property.type === "float" ? Math.fround(given as number) : (given as number | string | boolean) };
}

const NUMERIC = new Set(["int", "float", "double"]);

/** When the properties of a class were added, as the layout of its records wants to know. */
export function addedOf(stored: StoredSchema | undefined, schema: CanonicalObjectSchema): Map<string, Added> {
  const added = new Map<string, Added>();
  const entry = stored?.classes.find((candidate) => candidate.name === schema.name);
  for (const property of Object.values(schema.properties)) {
    const known = entry?.properties.find((candidate) => candidate.name === property.mapTo);
    if (known?.section !== undefined) added.set(property.mapTo, { section: known.section, fill: known.fill ?? emptyOf(property) });
  }
  return added;
}

/** True if records that were written for the one property can be read as the other. */
export function isSameEncoding(before: StoredProperty, after: CanonicalProperty): boolean {
  if (before.type !== after.type || before.objectType !== after.objectType) return false;
  if (before.optional === after.optional) return true;
  // Null has a place of its own in ints and in blobs that are no collections; elsewhere a bit or byte says it.
  return after.optional && (after.type === "int" || after.type === "date" || after.type === "string" || after.type === "data");
}

function toStoredProperty(property: CanonicalProperty): StoredProperty {
  return {
    name: property.mapTo,
    type: property.type,
    ...(property.objectType === undefined ? {} : { objectType: property.objectType }),
    optional: property.optional,
    indexed: property.indexed,
  };
}

/** The canonical form of a stored schema: what an application sees that gives none. */
export function fromStoredSchema(stored: StoredSchema): CanonicalObjectSchema[] {
  return stored.classes.map((entry) => ({
    name: entry.name,
    ...(entry.primaryKey === undefined ? {} : { primaryKey: entry.primaryKey }),
    embedded: entry.embedded,
    asymmetric: false,
    properties: Object.fromEntries(entry.properties.map((property) => [property.name, toCanonical(property)])),
  }));
}

function toCanonical({ name, type, objectType, optional, indexed }: StoredProperty): CanonicalProperty {
  return { name, type: type as CanonicalProperty["type"], ...(objectType === undefined ? {} : { objectType }), optional, indexed, mapTo: name };
}

/**
 * What in the file differs from the schema so that a migration is needed, in Realm's words.
 *
 * New classes are no difference, nor are indexes: both are added without a new version.
 */
export function migrationFindings(before: StoredSchema, classes: readonly CanonicalObjectSchema[]): string[] {
  const findings: string[] = [];
  for (const after of classes) {
    const stored = before.classes.find((entry) => entry.name === after.name);
    if (stored !== undefined) classFindings(stored, after, findings);
  }
  return findings;
}

function classFindings(before: StoredClass, schema: CanonicalObjectSchema, findings: string[]): void {
  const after = toStoredClass(schema);
  const canonical = new Map(Object.values(schema.properties).map((property) => [property.mapTo, property]));
  for (const old of before.properties) {
    const property = canonical.get(old.name);
    if (property === undefined || property.type === "linkingObjects") findings.push(`Property '${before.name}.${old.name}' has been removed.`);
    else propertyFindings(before.name, old, property, findings);
  }
  for (const property of after.properties) {
    if (!before.properties.some((old) => old.name === property.name)) findings.push(`Property '${before.name}.${property.name}' has been added.`);
  }
  if (before.primaryKey !== after.primaryKey) {
    if (before.primaryKey === undefined) findings.push(`Primary Key for class '${before.name}' has been added.`);
    else if (after.primaryKey === undefined) findings.push(`Primary Key for class '${before.name}' has been removed.`);
    else findings.push(`Primary Key for class '${before.name}' has changed from '${before.primaryKey}' to '${after.primaryKey}'.`);
  }
  if (before.embedded !== after.embedded) {
    findings.push(`Class '${before.name}' has been changed from ${before.embedded ? "Embedded to TopLevel" : "TopLevel to Embedded"}.`);
  }
}

function propertyFindings(className: string, before: StoredProperty, after: CanonicalProperty, findings: string[]): void {
  const name = `'${className}.${before.name}'`;
  const beforeType = shownType({ ...before, mapTo: before.name } as CanonicalProperty);
  if (beforeType !== shownType(after) || (before.type === "object" && before.objectType !== after.objectType)) {
    const shown = (type: string, target: string | undefined): string => (type === "object" ? `<${target}>` : type);
    findings.push(
      `Property ${name} has been changed from '${shown(beforeType, before.objectType)}' to '${shown(shownType(after), after.objectType)}'.`,
    );
  } else if (before.optional !== after.optional) {
    findings.push(`Property ${name} has been made ${after.optional ? "optional" : "required"}.`);
  }
}
