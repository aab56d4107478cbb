/**
 * Schemas: names that are there once, types that exist, links that lead somewhere.
 *
 * @module
 */
import type { Limits } from "../limits.ts";
import type { SyncClass, SyncProperty, SyncSchema } from "../sync-schema.ts";
import { field, listOf, maybe, oneOf, record, refuse, yes, type Reading } from "./reading.ts";
import type { ValueReadings } from "./values.ts";

const TYPES = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid", "mixed", "object"] as const;
const KEY_TYPES: readonly string[] = ["int", "string", "objectId", "uuid"];

/** Readings of schemas within limits. */
export class SchemaReadings {
  readonly #values: ValueReadings;
  readonly #limits: Limits;

  constructor(values: ValueReadings, limits: Limits) {
    this.#values = values;
    this.#limits = limits;
  }

  /** All classes. */
  readonly schema: Reading<SyncSchema> = (value) => {
    const schema = { classes: field(record(value), "classes", listOf(this.#class, this.#limits.classes)) };
    checkLinks(schema);
    return schema;
  };

  readonly #class: Reading<SyncClass> = (value) => {
    const from = record(value);
    const read: SyncClass = {
      name: field(from, "name", this.#values.name),
      ...maybe(from, "primaryKey", this.#values.name),
      ...maybe(from, "embedded", yes),
      ...maybe(from, "asymmetric", yes),
      properties: field(from, "properties", listOf(this.#property, this.#limits.propertiesPerClass)),
    };
    checkClass(read);
    return read;
  };

  readonly #property: Reading<SyncProperty> = (value) => {
    const from = record(value);
    return {
      name: field(from, "name", this.#values.name),
      type: field(from, "type", oneOf(TYPES)),
      ...maybe(from, "objectType", this.#values.name),
      ...maybe(from, "collection", oneOf(["list", "set", "dict"])),
      ...maybe(from, "optional", yes),
      ...maybe(from, "counter", yes),
      ...maybe(from, "default", this.#values.value),
    };
  };
}

function checkClass(read: SyncClass): void {
  const names = new Set(read.properties.map((property) => property.name));
  if (names.size !== read.properties.length) refuse("SCHEMA_INVALID", `class "${read.name}" has a property twice`);
  if ((read.primaryKey === undefined) !== (read.embedded === true)) refuse("SCHEMA_INVALID", `class "${read.name}": every class but embedded ones has a primary key`);
  if (read.embedded === true && read.asymmetric === true) refuse("SCHEMA_INVALID", `class "${read.name}" is embedded and asymmetric`);
  for (const property of read.properties) {
    const where = `property "${read.name}.${property.name}"`;
    if ((property.type === "object") !== (property.objectType !== undefined)) refuse("SCHEMA_INVALID", `${where}: links, and only they, have a class`);
    if (property.counter === true && (property.type !== "int" || property.collection !== undefined)) refuse("SCHEMA_INVALID", `${where}: only an int can be a counter`);
    if (property.name === read.primaryKey && (!KEY_TYPES.includes(property.type) || property.collection !== undefined)) refuse("SCHEMA_INVALID", `${where}: no type of a primary key`);
  }
}

function checkLinks({ classes }: SyncSchema): void {
  const byName = new Map(classes.map((each) => [each.name, each]));
  if (byName.size !== classes.length) refuse("SCHEMA_INVALID", "a class stands twice in the schema");
  for (const { name, properties } of classes) {
    for (const { name: property, objectType, collection } of properties) {
      if (objectType === undefined) continue;
      const target = byName.get(objectType);
      if (target === undefined) refuse("SCHEMA_INVALID", `property "${name}.${property}" links to a class that is not there`);
      else if (target.embedded === true && collection === "set") refuse("SCHEMA_INVALID", `property "${name}.${property}": embedded objects are not in sets`);
    }
  }
}
