/**
 * The schema that both ends agree on, made of a realm's; and what a schema must have to be synced.
 *
 * @module
 */
import type { CanonicalObjectSchema, CanonicalPropertySchema, Configuration } from "@holdfast/realm";
import type { SyncClass, SyncProperty, SyncSchema, SyncType, WireValue } from "@holdfast/sync-protocol";
import { parseSyncedSchema } from "@holdfast/realm/replica";
import type { ReplicaValue } from "@holdfast/realm/replica";
import { SyncError } from "../errors.ts";
import { toPlain } from "./to-plain.ts";

/** The name that Realm gives the primary key of synced classes. */
export const PRIMARY_KEY = "_id";

const COLLECTIONS: Readonly<Record<string, "list" | "set" | "dict">> = { list: "list", set: "set", dictionary: "dict" };

/**
 * The server's `schema`, made of what `Realm.open` takes: server and devices share one text.
 *
 * @throws {SyncError} `PRIMARY_KEY_REQUIRED`, `PRIMARY_KEY_OPTIONAL`; as `Realm.open` for a schema that is wrong.
 */
export function syncSchemaOf(schema: NonNullable<Configuration["schema"]>): SyncSchema {
  return syncSchemaOfClasses(parseSyncedSchema(schema));
}

/** Makes the schema of the wire of an open realm's; names are those in the file. @throws {SyncError} `PRIMARY_KEY_REQUIRED`, `PRIMARY_KEY_OPTIONAL` */
export function syncSchemaOfClasses(classes: readonly CanonicalObjectSchema[]): SyncSchema {
  requireSyncable(classes);
  return { classes: classes.map(syncClassOf).sort((left, right) => (left.name < right.name ? -1 : 1)) };
}

/** Checks what a schema must have to be synced. @throws {SyncError} `PRIMARY_KEY_REQUIRED`, `PRIMARY_KEY_OPTIONAL` */
export function requireSyncable(classes: readonly CanonicalObjectSchema[]): void {
  for (const entry of classes) if (!entry.embedded) requirePrimaryKey(entry);
}

function requirePrimaryKey(entry: CanonicalObjectSchema): void {
  const { primaryKey } = entry;
  if (primaryKey === undefined) throw new SyncError("PRIMARY_KEY_REQUIRED", `There must be a primary key property named '_id' on a synchronized Realm but none was found for type '${entry.name}'`);
  const mapped = entry.properties[primaryKey]?.mapTo;
  if (mapped !== PRIMARY_KEY) throw new SyncError("PRIMARY_KEY_REQUIRED", `The primary key property on a synchronized Realm must be named '_id' but found '${String(mapped)}' for type '${entry.name}'`);
  if (entry.properties[primaryKey]?.optional === true) throw new SyncError("PRIMARY_KEY_OPTIONAL", `The primary key property '_id' of type '${entry.name}' cannot be optional on a synchronized Realm`);
}

function syncClassOf(entry: CanonicalObjectSchema): SyncClass {
  const properties = Object.values(entry.properties).filter((property) => property.type !== "linkingObjects").map(syncPropertyOf);
  return {
    name: entry.name,
    ...(entry.embedded ? { embedded: true as const } : { primaryKey: PRIMARY_KEY }),
    ...(entry.asymmetric ? { asymmetric: true as const } : {}),
    properties: properties.sort((left, right) => (left.name < right.name ? -1 : 1)),
  };
}

function syncPropertyOf(property: CanonicalPropertySchema): SyncProperty {
  const collection = COLLECTIONS[property.type];
  const element = collection === undefined ? property.type : (property.objectType as string);
  const isPrimitive = PRIMITIVES.has(element);
  const type = (isPrimitive ? element : "object") as SyncType;
  const objectType = isPrimitive ? undefined : collection === undefined ? property.objectType : element;
  const value = collection === undefined ? defaultOf(property) : undefined;
  return {
    name: property.mapTo,
    type,
    ...(objectType === undefined ? {} : { objectType }),
    ...(collection === undefined ? {} : { collection }),
    ...(property.optional ? { optional: true as const } : {}),
    ...(property.presentation === "counter" ? { counter: true as const } : {}),
    ...(value === undefined ? {} : { default: value }),
  };
}

const PRIMITIVES: ReadonlySet<string> = new Set(["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid", "mixed"]);

/** Defaults that a function makes are the application's own; those of ids and collections say nothing to a server. */
function defaultOf(property: CanonicalPropertySchema): WireValue | undefined {
  const value = property.default;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return toPlain((property.type === "int" ? BigInt(Math.trunc(value)) : value) as ReplicaValue) as WireValue;
  if (value instanceof Date) return toPlain(value) as WireValue;
  return undefined;
}
