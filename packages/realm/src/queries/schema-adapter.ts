/**
 * A realm's schema as the query package sees it.
 *
 * @module
 */
import type { CollectionKind, QueryClass, QueryProperty, QuerySchema, ValueType } from "@holdfast/query";
import { isMixedProperty, linkTargetOf, PRIMITIVE_TYPES } from "../schema/types.ts";
import type { CanonicalObjectSchema, CanonicalProperty } from "../schema/types.ts";

/** The classes of a realm by name. */
export type SchemaMap = ReadonlyMap<string, CanonicalObjectSchema>;

const classCache = new WeakMap<CanonicalObjectSchema, QueryClass>();

/** A view of the schema that answers the query package's lookups. */
export function querySchemaOf(schema: SchemaMap): QuerySchema {
  return {
    findClass(name) {
      const entry = schema.get(name);
      return entry === undefined ? undefined : classOf(entry);
    },
    classesLinkingTo(name) {
      const canLink = (property: CanonicalProperty): boolean => linkTargetOf(property) === name || isMixedProperty(property);
      return [...schema.values()].filter(({ properties }) => Object.values(properties).some(canLink)).map((entry) => entry.name);
    },
  };
}

function classOf(schema: CanonicalObjectSchema): QueryClass {
  const cached = classCache.get(schema);
  if (cached !== undefined) return cached;
  const properties = Object.values(schema.properties);
  const byName = new Map<string, QueryProperty>();
  for (const property of properties) byName.set(property.name, propertyOf(property));
  // A persisted name is accepted too; a JavaScript name that looks the same comes first.
  for (const property of properties) if (!byName.has(property.mapTo)) byName.set(property.mapTo, propertyOf(property));
  const primaryKey = schema.primaryKey === undefined ? undefined : byName.get(schema.primaryKey);
  const view: QueryClass = { name: schema.name, ...(primaryKey === undefined ? {} : { primaryKey }), findProperty: (name) => byName.get(name) };
  classCache.set(schema, view);
  return view;
}

const COLLECTIONS: ReadonlySet<string> = new Set<CollectionKind>(["list", "set", "dictionary"]);

function propertyOf(property: CanonicalProperty): QueryProperty {
  const { name, type, objectType } = property;
  const target = objectType === undefined ? {} : { objectType };
  const fullText = property.indexed === "full-text" ? { isFullText: true } : {};
  if (type === "linkingObjects") return { name, type: "object", collection: "linkingObjects", ...target, originProperty: property.property ?? "" };
  if (!COLLECTIONS.has(type)) return { name, type: type as ValueType, ...target, ...fullText };
  const collection = type as CollectionKind;
  if (PRIMITIVE_TYPES.has(objectType ?? "")) return { name, type: objectType as ValueType, collection };
  return { name, type: "object", collection, ...target };
}
