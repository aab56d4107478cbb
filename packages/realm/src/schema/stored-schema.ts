/**
 * The schema as it stands in the file, and what opening it with another schema takes.
 *
 * Only persisted names are in it. It is JSON under one key of the meta tree, so that another process can see that it changed.
 *
 * @module
 */
import type { CanonicalObjectSchema, CanonicalProperty } from "./types.ts";
import { shownType } from "./parse-schema.ts";

/** A stored property. */
export interface StoredProperty {
  name: string;
  type: string;
  objectType?: string;
  property?: string;
  optional: boolean;
  indexed: boolean;
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
  format: 1;
  version: number;
  classes: StoredClass[];
}

/** The stored form of a schema. */
export function toStoredSchema(classes: readonly CanonicalObjectSchema[], version: number): StoredSchema {
  return { format: 1, version, classes: classes.map(toStoredClass).sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function toStoredClass(schema: CanonicalObjectSchema): StoredClass {
  const primary = schema.primaryKey === undefined ? undefined : schema.properties[schema.primaryKey]?.mapTo;
  return {
    name: schema.name,
    ...(primary === undefined ? {} : { primaryKey: primary }),
    embedded: schema.embedded,
    properties: Object.values(schema.properties).filter((property) => property.type !== "linkingObjects").map(toStoredProperty),
  };
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
    properties: Object.fromEntries(entry.properties.map((property) => [property.name, { ...property, mapTo: property.name } as CanonicalProperty])),
  }));
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
