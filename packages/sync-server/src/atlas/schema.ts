/**
 * JSON schemas of App Services as classes of ours.
 *
 * @module
 */
import type { SyncClass, SyncProperty, SyncType } from "@holdfast/sync-protocol";

type Json = Readonly<Record<string, unknown>>;

/** A collection's schema, as exported. */
export interface AtlasCollection {
  readonly schema: Json;
  /** `relationships.json`: links by property. */
  readonly relationships: Json;
  /** The class of a collection, by database and name. */
  readonly classNamed: (reference: string) => string | undefined;
  /** Something that could not be carried over. */
  readonly note: (text: string) => void;
}

const TYPES: Readonly<Record<string, SyncType>> = {
  bool: "bool", boolean: "bool", int: "int", long: "int", integer: "int", double: "double", number: "double", float: "float", string: "string",
  binData: "data", date: "date", decimal: "decimal128", objectId: "objectId", uuid: "uuid", mixed: "mixed",
};

/** The class of a collection, with its embedded ones. */
export function classesOf({ schema, relationships, classNamed, note }: AtlasCollection): SyncClass[] {
  const found: SyncClass[] = [];
  const add = (given: Json, name: string, isEmbedded: boolean): void => {
    const required = new Set(Array.isArray(given["required"]) ? given["required"] : []);
    const properties = Object.entries((given["properties"] ?? {}) as Json).flatMap(([property, value]) => {
      const link = isEmbedded ? undefined : linkOf(property, relationships);
      const made = link === undefined ? propertyOf(property, value as Json, { owner: name, isOptional: !required.has(property) && (isEmbedded || property !== "_id"), note, embed: (inner, innerName) => add(inner, innerName, true) }) : linked(property, link, classNamed(link.reference), note);
      return made === undefined ? [] : [made];
    });
    found.push({ name, ...(isEmbedded ? { embedded: true as const } : { primaryKey: "_id" }), properties });
  };
  add(schema, String(schema["title"]), false);
  return found;
}

interface Link {
  readonly reference: string;
  readonly isList: boolean;
}

function linkOf(property: string, relationships: Json): Link | undefined {
  const { ref, is_list: isList } = (relationships[property] ?? {}) as { ref?: unknown; is_list?: unknown };
  return typeof ref === "string" ? { reference: ref, isList: isList === true } : undefined;
}

function linked(name: string, { isList }: Link, target: string | undefined, note: AtlasCollection["note"]): SyncProperty | undefined {
  if (target === undefined) {
    note(`property ${name}: the collection it links to has no schema; left out`);
    return undefined;
  }
  return { name, type: "object", objectType: target, ...(isList ? { collection: "list" as const } : { optional: true as const }) };
}

interface PropertyContext {
  readonly owner: string;
  readonly isOptional: boolean;
  readonly note: AtlasCollection["note"];
  readonly embed: (schema: Json, name: string) => void;
}

function propertyOf(name: string, value: Json, context: PropertyContext): SyncProperty | undefined {
  const kind = kindOf(value);
  const optional = context.isOptional ? { optional: true as const } : {};
  if (kind === "array") {
    const element = elementOf(name, (value["items"] ?? {}) as Json, context);
    return element === undefined ? undefined : { name, ...element, collection: value["uniqueItems"] === true ? "set" : "list" };
  }
  if (kind === "object" && value["properties"] === undefined) {
    const element = elementOf(name, (typeof value["additionalProperties"] === "object" ? value["additionalProperties"] : { bsonType: "mixed" }) as Json, context);
    return element === undefined ? undefined : { name, ...element, collection: "dict" };
  }
  const element = elementOf(name, value, context);
  if (element === undefined) return undefined;
  return { name, ...element, ...(element.type === "object" || element.type === "mixed" ? { optional: true as const } : optional) };
}

function elementOf(name: string, value: Json, { owner, note, embed }: PropertyContext): Pick<SyncProperty, "type" | "objectType"> | undefined {
  const kind = kindOf(value);
  if (kind === "object" && value["properties"] !== undefined) {
    const objectType = typeof value["title"] === "string" && value["title"] !== "" ? value["title"] : `${owner}_${name}`;
    embed(value, objectType);
    return { type: "object", objectType };
  }
  const type = Object.hasOwn(TYPES, kind) ? TYPES[kind] : undefined;
  if (type === undefined) note(`property ${owner}.${name}: there is no type ${kind} here; left out`);
  return type === undefined ? undefined : { type };
}

function kindOf({ bsonType, type }: Json): string {
  const kind = bsonType ?? type ?? "mixed";
  return Array.isArray(kind) ? (kind.length === 1 ? String(kind[0]) : "mixed") : String(kind);
}
