/**
 * Creates and updates objects from plain values.
 *
 * @module
 */
import { flags } from "../flags.ts";
import { RealmError, TypeAssertionError } from "../errors.ts";
import { encodeKey } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { withoutCollectionIds } from "../records/mixed.ts";
import { emptyOf, sameStored } from "../records/stored-value.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import type { Field } from "../records/layout.ts";
import { isCollection, isMixedProperty } from "../schema/types.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { RealmContext, UpdateMode } from "./context.ts";
import { toStoredPrimitive } from "./primitives.ts";
import { toStored } from "./values.ts";
import { noteAssigned } from "./write-field.ts";

/** Reads the mode argument of `create`. */
export function parseUpdateMode(mode: unknown): UpdateMode {
  if (mode === undefined || mode === false || mode === "never") return "never";
  if (mode === true || mode === "all") return "all";
  if (mode === "modified") return "modified";
  throw new RealmError("ARGUMENT_INVALID", "Unsupported 'updateMode'. Only 'never', 'modified' or 'all' is supported.");
}

/** Creates or updates one object; gives its key. */
export function createObject(context: RealmContext, table: ClassTable, values: Record<string, unknown>, mode: UpdateMode): Uint8Array {
  const primary = table.layout.primary;
  if (primary === undefined) return insertObject(context, table, values, mode, table.freshKey(), undefined);
  const primaryValue = primaryOf(context, table, primary, values);
  const key = encodeKey(primary.property.type as KeyType, primaryValue as KeyValue);
  const record = table.get(key);
  if (record === undefined) return insertObject(context, table, values, mode, key, primaryValue);
  if (mode === "never") {
    throw new RealmError(
      "OBJECT_EXISTS",
      `Attempting to create an object of type '${table.name}' with an existing primary key value '${shownKey(primary, values)}'.`,
    );
  }
  updateObject(context, table, { key, before: table.readSlots(key, record) }, values, mode);
  return key;
}

function shownKey(primary: Field, values: Record<string, unknown>): string {
  const value = values[primary.property.name];
  return value === undefined ? "null" : String(value);
}

function primaryOf(context: RealmContext, table: ClassTable, primary: Field, values: Record<string, unknown>): StoredValue {
  const value = values[primary.property.name];
  if (value === undefined) return defaultOf(context, table, primary.property, "never");
  return toStoredPrimitive(primary.property.type, primary.property.optional, value, primary.property.name);
}

function insertObject(
  context: RealmContext,
  table: ClassTable,
  values: Record<string, unknown>,
  mode: UpdateMode,
  key: Uint8Array,
  primaryValue: StoredValue | undefined,
): Uint8Array {
  const { fields } = table.layout;
  const slots: StoredValue[] = new Array(fields.length);
  for (let slot = 0; slot < fields.length; slot++) {
    const field = fields[slot] as Field;
    if (field.group === "key") {
      slots[slot] = primaryValue as StoredValue;
      continue;
    }
    const value = values[field.property.name];
    slots[slot] = value === undefined ? defaultOf(context, table, field.property, mode) : toStored(context, field.property, value, mode);
  }
  table.insert(key, slots);
  const touched = table.session.touched?.note(table, key);
  if (touched !== undefined) for (const { property } of fields) if (values[property.name] === undefined) touched.intents.set(property.mapTo, "default");
  return key;
}

function defaultOf(context: RealmContext, table: ClassTable, property: CanonicalProperty, mode: UpdateMode): StoredValue {
  const given = property.default;
  const value: unknown = typeof given === "function" ? (given as () => unknown)() : given;
  if (value !== undefined) return toStored(context, property, value, mode);
  if (property.optional || isCollection(property)) return emptyOf(property);
  throw new RealmError("VALUE_MISSING", `Missing value for property '${table.name}.${property.name}'`);
}

function updateObject(
  context: RealmContext,
  table: ClassTable,
  row: { key: Uint8Array; before: StoredValue[] },
  values: Record<string, unknown>,
  mode: UpdateMode,
): void {
  const after = [...row.before];
  let isChanged = false;
  for (const field of table.layout.fields) {
    const value = values[field.property.name];
    if (field.group === "key" || value === undefined) continue;
    const stored = toStored(context, field.property, value, mode);
    if (mode === "modified" && isUnchanged(field.property, row.before[field.slot] as StoredValue, stored)) continue;
    after[field.slot] = stored;
    isChanged = true;
    noteAssigned(table, row.key, field.property);
  }
  if (!isChanged) return;
  // What was created for nested values may have moved this row's links: read what stands there now.
  table.update(row.key, table.readSlots(row.key, table.get(row.key) as Uint8Array), after);
  for (const field of table.links) table.removeEmbedded(field, row.before[field.slot] as StoredValue, after[field.slot] as StoredValue);
}

/** Ids of collections in mixed values are new each time that they are assigned: they do not make a difference. */
function isUnchanged(property: CanonicalProperty, before: StoredValue, after: StoredValue): boolean {
  return isMixedProperty(property) ? sameStored(withoutIds(before), withoutIds(after)) : sameStored(before, after);
}

function withoutIds(value: StoredValue): StoredValue {
  if (value instanceof Uint8Array) return withoutCollectionIds(value);
  if (Array.isArray(value)) return value.map(withoutIds);
  return value instanceof Map ? new Map([...(value as StoredDictionary)].map(([key, element]) => [key, withoutIds(element)])) : value;
}

/** Checks that `create` was handed values; an array, where it is allowed, holds them in the order of the schema's properties. */
export function valuesByName(table: ClassTable, values: unknown): Record<string, unknown> {
  if (Array.isArray(values) && flags.ALLOW_VALUES_ARRAYS) {
    const names = Object.values(table.schema.properties).filter((property) => property.type !== "linkingObjects").map((property) => property.name);
    return Object.fromEntries(names.slice(0, values.length).map((name, index) => [name, values[index] as unknown]));
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) throw new TypeAssertionError("an object", values, "values");
  return values as Record<string, unknown>;
}

/** A plain object with the defaults, or zero values, of all required properties. */
export function templateOf(properties: readonly CanonicalProperty[]): Record<string, unknown> {
  const template: Record<string, unknown> = {};
  for (const property of properties) {
    if (property.default !== undefined) template[property.name] = typeof property.default === "function" ? (property.default as () => unknown)() : property.default;
    else if (!property.optional && property.type in ZEROS) template[property.name] = (ZEROS[property.type] as () => unknown)();
  }
  return template;
}

const ZEROS: Record<string, () => unknown> = {
  bool: () => false,
  int: () => 0,
  float: () => 0,
  double: () => 0,
  string: () => "",
  data: () => new ArrayBuffer(0),
  date: () => new Date(0),
};
