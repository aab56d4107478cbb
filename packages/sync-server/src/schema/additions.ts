/**
 * What a new schema adds to the stored one. Anything but additions would take data away from clients that still have the old one.
 *
 * @module
 */
import type { SyncClass, SyncProperty, SyncSchema } from "@holdfast/sync-protocol";
import { SyncServerError } from "../errors.ts";

/** The union of two schemas that do not contradict each other. @throws {SyncServerError} `SCHEMA_UNSUPPORTED` */
export function mergedSchema(stored: SyncSchema | undefined, wanted: SyncSchema): SyncSchema {
  if (stored === undefined) return wanted;
  const classes = new Map(stored.classes.map((each) => [each.name, each]));
  for (const each of wanted.classes) {
    const known = classes.get(each.name);
    classes.set(each.name, known === undefined ? each : mergedClass(known, each));
  }
  return { classes: [...classes.values()] };
}

/** Why a client's schema does not fit the server's: undefined if everything in it is the same there. Names classes and properties. */
export function schemaMismatch(server: SyncSchema, client: SyncSchema): string | undefined {
  for (const each of client.classes) {
    const known = server.classes.find(({ name }) => name === each.name);
    if (known === undefined) return `the server has no class ${each.name}`;
    const difference = classDifference(known, each);
    if (difference !== undefined) return difference;
    for (const property of each.properties) {
      const other = known.properties.find(({ name }) => name === property.name);
      if (other === undefined) return `the server has no property ${each.name}.${property.name}`;
      if (!isSameProperty(other, property)) return `property ${each.name}.${property.name} has another type on the server`;
    }
  }
  return undefined;
}

function mergedClass(known: SyncClass, wanted: SyncClass): SyncClass {
  const difference = classDifference(known, wanted);
  if (difference !== undefined) throw new SyncServerError("SCHEMA_UNSUPPORTED", difference);
  const properties = new Map(known.properties.map((property) => [property.name, property]));
  for (const property of wanted.properties) {
    const other = properties.get(property.name);
    if (other !== undefined && !isSameProperty(other, property)) throw new SyncServerError("SCHEMA_UNSUPPORTED", `property ${known.name}.${property.name} is stored with another type`);
    properties.set(property.name, property);
  }
  return { ...known, properties: [...properties.values()] };
}

function classDifference(known: SyncClass, other: SyncClass): string | undefined {
  if (known.primaryKey !== other.primaryKey) return `class ${known.name} has another primary key on the server`;
  if (known.embedded !== other.embedded) return `class ${known.name} is embedded on one side only`;
  return known.asymmetric === other.asymmetric ? undefined : `class ${known.name} is asymmetric on one side only`;
}

function isSameProperty(one: SyncProperty, other: SyncProperty): boolean {
  return one.type === other.type && one.collection === other.collection && one.optional === other.optional && (one.type !== "object" || one.objectType === other.objectType) && one.counter === other.counter;
}
