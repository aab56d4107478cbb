/**
 * Key paths of listeners: which properties, of the object and of those it links to, a listener waits for.
 *
 * @module
 */
import { RealmError, TypeAssertionError } from "../errors.ts";
import { COLLECTION_TYPES, PRIMITIVE_TYPES } from "../schema/types.ts";
import type { CanonicalObjectSchema, CanonicalProperty } from "../schema/types.ts";

/** One path taken apart: property names as applications write them, `*` for all. */
export type KeyPath = readonly string[];

/** Parses and checks key paths against a class. Undefined: no filter. */
export function parseKeyPaths(keyPaths: unknown, className: string | undefined, schema: ReadonlyMap<string, CanonicalObjectSchema>): readonly KeyPath[] | undefined {
  if (keyPaths === undefined) return undefined;
  const list = typeof keyPaths === "string" ? [keyPaths] : keyPaths;
  if (!Array.isArray(list)) throw new TypeAssertionError("a string or an array", keyPaths, "keyPaths");
  return list.map((path: unknown) => {
    if (typeof path !== "string") throw new TypeAssertionError("a string", path, "keyPaths");
    const names = path.split(".");
    if (className !== undefined) checkPath({ path, names, className }, schema);
    return names;
  });
}

function checkPath({ path, names, className }: { path: string; names: readonly string[]; className: string }, schema: ReadonlyMap<string, CanonicalObjectSchema>): void {
  const fail = (message: string): never => {
    throw new RealmError("LISTENER_INVALID", message);
  };
  if (path === "") fail("A key path cannot be empty.");
  let current: string | undefined = className;
  for (const [index, name] of names.entries()) {
    // Behind a wildcard there are several classes: what does not fit one of them is passed over.
    if (name === "*") return;
    const entry = schema.get(current as string) as CanonicalObjectSchema;
    const property = propertyOf(entry, name);
    if (property === undefined) return fail(`Property '${name}' in KeyPath '${path}' is not a valid property in ${entry.name}.`);
    current = targetOf(property);
    if (index < names.length - 1 && current === undefined) {
      // What stands in a mixed value is known only when it is there.
      if (property.type === "mixed" || property.objectType === "mixed") return;
      fail(`Property '${name}' in KeyPath '${path}' is not a collection of objects or an object reference, so it cannot be used as an intermediate keypath element.`);
    }
  }
}

/** A property by either of its names. */
export function propertyOf(schema: CanonicalObjectSchema, name: string): CanonicalProperty | undefined {
  return schema.properties[name] ?? Object.values(schema.properties).find((property) => property.mapTo === name);
}

function targetOf(property: CanonicalProperty): string | undefined {
  const isReference = property.type === "object" || property.type === "linkingObjects" || COLLECTION_TYPES.has(property.type);
  return isReference && !PRIMITIVE_TYPES.has(property.objectType ?? "") ? property.objectType : undefined;
}
