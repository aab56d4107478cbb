/**
 * From classes to tables: one table per class, one typed column per property, so that any program with the rights can read them.
 *
 * @module
 */
import type { SyncClass, SyncProperty, SyncSchema } from "@holdfast/sync-protocol";
import { SyncServerError } from "../errors.ts";
import type { FilterField, ScalarType } from "../filters/filter.ts";

/** How a column holds its value: a scalar in the database's own type, a link as its target's key, everything else as JSON. */
export type ColumnKind = ScalarType | "json";

/** A column. */
export interface Column {
  readonly name: string;
  readonly property: SyncProperty;
  readonly kind: ColumnKind;
  /** Of a link: the type of the target's primary key. */
  readonly linkType?: ScalarType;
}

/** A table. */
export interface TableLayout {
  readonly name: string;
  readonly class: SyncClass;
  readonly key: Column;
  /** All columns that hold properties, the key first. */
  readonly columns: readonly Column[];
}

/** The column of merge states, and the one of the version that wrote the row last. */
export const STATE_COLUMN = "_m";
export const VERSION_COLUMN = "_v";

const RESERVED: ReadonlySet<string> = new Set([STATE_COLUMN, VERSION_COLUMN]);
const KEY_TYPES: ReadonlySet<string> = new Set(["int", "string", "objectId", "uuid"]);
const NAME_BYTES_MAX = 63;

/** The tables of a schema, by class; embedded classes have none. */
export class SchemaLayout {
  readonly schema: SyncSchema;
  readonly tables: ReadonlyMap<string, TableLayout>;
  readonly classes: ReadonlyMap<string, SyncClass>;

  /** @throws {SyncServerError} `SCHEMA_UNSUPPORTED` for names and keys that no table can have. */
  constructor(schema: SyncSchema) {
    this.schema = schema;
    this.classes = new Map(schema.classes.map((each) => [each.name, each]));
    const stored = schema.classes.filter((each) => each.embedded !== true);
    checkCase(stored);
    this.tables = new Map(stored.map((each) => [each.name, this.#layoutOf(each)]));
  }

  /** A field that filters can ask about: null for one of a type that they cannot, undefined for none. */
  findField(type: string, name: string): FilterField | null | undefined {
    const column = this.tables.get(type)?.columns.find((each) => each.name === name);
    if (column === undefined) return undefined;
    const { property, kind } = column;
    if (kind !== "json") return { name, type: kind, isCollection: false };
    const element = scalarTypeOf(property);
    const isPlainCollection = (property.collection === "list" || property.collection === "set") && element !== undefined && element !== "data" && element !== "decimal128";
    return isPlainCollection ? { name, type: element, isCollection: true } : null;
  }

  #layoutOf(each: SyncClass): TableLayout {
    checkName(each.name);
    checkCase(each.properties);
    const columns = each.properties.map((property) => this.#columnOf(property));
    const key = columns.find(({ name }) => name === each.primaryKey);
    if (key === undefined || !KEY_TYPES.has(key.kind) || key.property.collection !== undefined) throw new SyncServerError("SCHEMA_UNSUPPORTED", `class ${each.name} needs a primary key of type int, string, objectId or uuid`);
    if (key.property.optional === true) throw new SyncServerError("SCHEMA_UNSUPPORTED", `the primary key of class ${each.name} cannot be optional`);
    return { name: each.name, class: each, key, columns: [key, ...columns.filter((column) => column !== key)] };
  }

  #columnOf(property: SyncProperty): Column {
    checkName(property.name);
    if (RESERVED.has(property.name)) throw new SyncServerError("SCHEMA_UNSUPPORTED", `a property cannot be called ${property.name}`);
    const { name } = property;
    if (property.collection !== undefined || property.type === "mixed") return { name, property, kind: "json" };
    if (property.type !== "object") return { name, property, kind: scalarTypeOf(property) as ScalarType };
    const target = this.classes.get(property.objectType ?? "");
    if (target === undefined) throw new SyncServerError("SCHEMA_UNSUPPORTED", `property ${name} has a class that the schema lacks`);
    if (target.embedded === true) return { name, property, kind: "json" };
    const keyProperty = target.properties.find((each) => each.name === target.primaryKey);
    return { name, property, kind: "link", linkType: keyProperty === undefined ? "string" : (keyProperty.type as ScalarType) };
  }
}

/** The type as filters and columns see it; undefined for mixed and objects. */
export function scalarTypeOf({ type }: SyncProperty): ScalarType | undefined {
  if (type === "mixed" || type === "object") return undefined;
  return type === "float" ? "double" : type;
}

/** SQLite takes names that differ only in case for one; so that a schema is good for every store, none takes two of them. */
function checkCase(named: readonly { readonly name: string }[]): void {
  const names = new Map<string, string>();
  for (const { name } of named) {
    const other = names.get(name.toLowerCase());
    if (other !== undefined && other !== name) throw new SyncServerError("SCHEMA_UNSUPPORTED", `${name} and ${other} differ only in case`);
    names.set(name.toLowerCase(), name);
  }
}

function checkName(name: string): void {
  if (name === "" || name.includes("\0") || !name.isWellFormed() || new TextEncoder().encode(name).length > NAME_BYTES_MAX) {
    throw new SyncServerError("SCHEMA_UNSUPPORTED", `a name of 1 to ${String(NAME_BYTES_MAX)} bytes is needed for each class and property`);
  }
}
