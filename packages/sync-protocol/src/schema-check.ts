/**
 * Whether an operation fits a schema: the properties that its path names, and the types of its values.
 *
 * The merge core does without a schema. A server asks here before it takes an operation, so that what it stores fits its columns.
 *
 * @module
 */
import { isInt } from "./merge/ints.ts";
import { isNewBox } from "./merge/slot.ts";
import type { BoxKind, Content, Operation } from "./operation.ts";
import { ProtocolError } from "./protocol-error.ts";
import { classOf, type SyncProperty, type SyncSchema } from "./sync-schema.ts";
import type { WireKey, WireValue } from "./wire-value.ts";

/** What the schema says about a place: a property, the elements of one, or anything (inside mixed). */
type Expected = SyncProperty | "mixed";

/**
 * Checks an operation against a schema.
 *
 * @throws {ProtocolError} `OPERATION_INVALID` for a class, property or container that the schema does not have there, `VALUE_INVALID` for a
 * value of another type.
 */
export function checkOperation(operation: Operation, schema: SyncSchema): void {
  const { type, pk, path, do: action } = operation;
  const owner = classOf(schema, type);
  const key = owner?.properties.find((property) => property.name === owner.primaryKey);
  if (owner === undefined || owner.embedded === true) throw invalid(`the schema has no class "${type}" with a primary key`);
  if (key !== undefined && !keyFits(pk, key)) throw new ProtocolError("VALUE_INVALID", `"${type}" has keys of another type`);
  let inside: { readonly properties: readonly SyncProperty[] } | Expected = owner;
  let expected: Expected = "mixed";
  for (const step of path) {
    const name = typeof step === "string" ? step : step.at;
    if (inside !== "mixed" && "properties" in inside) {
      if (inside === owner && name === owner.primaryKey) throw invalid("a primary key does not change");
      const property: SyncProperty | undefined = inside.properties.find((each) => each.name === name);
      if (property === undefined) throw invalid("no such property");
      expected = property;
    } else expected = inside;
    if (typeof step !== "string") inside = entered(expected, step.box, schema);
    else if (expected !== "mixed" && expected.collection !== undefined) throw invalid(`property "${name}" is a collection`);
  }
  if (action.act === "set") checkContent(action.value, expected, schema);
  else if (action.act === "inc" && expected !== "mixed" && expected.type !== "int" && expected.type !== "mixed") throw invalid("only an int can be incremented");
  else if (action.act === "insert") for (const value of action.values) checkContent(value, inside as Expected, schema);
  else if (action.act === "add" || action.act === "drop") checkContent(action.value, inside as Expected, schema);
}

/** What is inside a container. */
function entered(expected: Expected, kind: BoxKind, schema: SyncSchema): { readonly properties: readonly SyncProperty[] } | Expected {
  if (expected !== "mixed" && expected.collection !== undefined) {
    if (expected.collection !== kind) throw invalid(`property "${expected.name}" is a ${expected.collection}`);
    const { collection: _collection, ...element } = expected;
    return element;
  }
  if (expected === "mixed" || expected.type === "mixed") {
    if (kind === "list" || kind === "dict") return "mixed";
    throw invalid("a mixed value holds lists and dictionaries");
  }
  const embedded = embeddedOf(expected, schema);
  if (embedded === undefined || kind !== "object") throw invalid(`property "${expected.name}" holds no ${kind}`);
  return embedded;
}

function checkContent(content: Content, expected: Expected, schema: SyncSchema): void {
  if (isNewBox(content)) entered(expected, content.$new, schema);
  else if (expected !== "mixed" && !valueFits(content, expected, schema)) throw new ProtocolError("VALUE_INVALID", `property "${expected.name}" has another type`);
}

/** True if a property can hold a value; of a collection, if its elements can be it. */
export function valueFits(value: WireValue, property: SyncProperty, schema: SyncSchema): boolean {
  const { type } = property;
  if (type === "mixed") return true;
  if (type === "object") return value === null ? (property.collection === undefined || property.optional === true || property.collection === "dict") : linkFits(value, property, schema);
  if (value === null) return property.optional === true;
  if (typeof value === "boolean") return type === "bool";
  if (typeof value === "string") return type === "string";
  if (isInt(value)) return type === "int";
  if (typeof value === "number" || "$double" in value) return type === "double" || type === "float";
  if ("$date" in value) return type === "date";
  if ("$data" in value) return type === "data";
  if ("$decimal" in value) return type === "decimal128";
  return "$oid" in value ? type === "objectId" : "$uuid" in value && type === "uuid";
}

function linkFits(value: Exclude<WireValue, null>, property: SyncProperty, schema: SyncSchema): boolean {
  return typeof value === "object" && "$link" in value && value.$link[0] === property.objectType && embeddedOf(property, schema) === undefined;
}

function keyFits(key: WireKey, property: SyncProperty): boolean {
  if (key === null) return property.optional === true;
  if (typeof key === "string") return property.type === "string";
  if (isInt(key)) return property.type === "int";
  return "$oid" in key ? property.type === "objectId" : property.type === "uuid";
}

function embeddedOf(property: SyncProperty, schema: SyncSchema): { readonly properties: readonly SyncProperty[] } | undefined {
  const target = property.objectType === undefined ? undefined : classOf(schema, property.objectType);
  return target?.embedded === true ? target : undefined;
}

function invalid(reason: string): ProtocolError {
  return new ProtocolError("OPERATION_INVALID", reason);
}
