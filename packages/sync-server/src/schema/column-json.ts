/**
 * Collections, embedded objects and mixed values as JSON columns, readable by whoever queries them, and back.
 *
 * Where the schema gives the type, an element stands as plain JSON: a date as ISO text, ids as their digits, a link as its key, data in
 * base64. In mixed, whose type the schema does not give, values keep the tags they have on the wire.
 *
 * @module
 */
import type { PlainObject, PlainValue, SyncClass, SyncProperty, WireValue } from "@holdfast/sync-protocol";
import type { Scalar } from "../filters/filter.ts";
import { scalarTypeOf } from "./table-layout.ts";
import { keyColumnText, scalarOfWire, wireOfScalar } from "./wire-scalar.ts";

/** JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** The JSON of a property's value. */
export function columnJson(value: PlainValue | undefined, property: SyncProperty, classes: ReadonlyMap<string, SyncClass>): Json {
  if (value === undefined || value === null) return null;
  const one = (element: PlainValue): Json => elementJson(element, property, classes);
  if (Array.isArray(value)) return property.type === "mixed" && property.collection === undefined ? (value as Json) : (value as readonly PlainValue[]).map(one);
  if (typeof value === "object" && property.collection !== undefined) {
    if ("$set" in value) return (value.$set as readonly PlainValue[]).map(one);
    if ("$dict" in value) return Object.fromEntries(Object.entries(value.$dict as Record<string, PlainValue>).map(([key, element]) => [key, one(element)]));
  }
  return one(value);
}

function elementJson(value: PlainValue, property: SyncProperty, classes: ReadonlyMap<string, SyncClass>): Json {
  if (value === null || property.type === "mixed") return value as Json;
  if (typeof value === "object" && "$object" in value) {
    const target = classes.get(property.objectType ?? "");
    const fields = value.$object as PlainObject;
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, columnJson(field, target?.properties.find((each) => each.name === name) ?? { name, type: "mixed" }, classes)]));
  }
  const type = scalarTypeOf(property) ?? "link";
  if (type === "data") return (value as { readonly $data: string }).$data;
  if (type === "link") return linkJson(value);
  return scalarJson(scalarOfWire(value, type), type);
}

function linkJson(value: PlainValue): Json {
  if (typeof value !== "object" || value === null || !("$link" in value)) return null;
  const [, key] = value.$link as readonly [string, Parameters<typeof keyColumnText>[0]];
  return typeof key === "number" ? key : keyColumnText(key);
}

function scalarJson(value: Scalar, type: string): Json {
  if (type === "date" && typeof value === "number") return new Date(value).toISOString();
  if (typeof value === "bigint") return String(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** The value of a property that another program wrote as JSON. Undefined if it is none of the property's type. */
export function valueOfColumnJson(json: Json, property: SyncProperty, classes: ReadonlyMap<string, SyncClass>): PlainValue | undefined {
  const one = (element: Json): PlainValue | undefined => elementOfJson(element, property, classes);
  switch (property.collection) {
    case "list":
      return Array.isArray(json) ? allOf((json as readonly Json[]).map(one)) : json === null ? [] : undefined;
    case "set": {
      const values = Array.isArray(json) ? allOf((json as readonly Json[]).map(one)) : json === null ? [] : undefined;
      return values === undefined ? undefined : { $set: values as readonly WireValue[] };
    }
    case "dict": {
      if (json === null) return { $dict: {} };
      if (typeof json !== "object" || Array.isArray(json)) return undefined;
      const entries = Object.entries(json as Record<string, Json>).map(([key, element]) => [key, one(element)] as const);
      return entries.every(([, value]) => value !== undefined) ? { $dict: Object.fromEntries(entries as readonly (readonly [string, PlainValue])[]) } : undefined;
    }
    default:
      return one(json);
  }
}

function elementOfJson(json: Json, property: SyncProperty, classes: ReadonlyMap<string, SyncClass>): PlainValue | undefined {
  if (json === null || property.type === "mixed") return json as PlainValue;
  if (property.type === "object") {
    const target = classes.get(property.objectType ?? "");
    if (target?.embedded === true) return embeddedOfJson(json, target, classes);
    const key = target?.properties.find((each) => each.name === target.primaryKey);
    if (target === undefined || key === undefined || typeof json === "object" || typeof json === "boolean") return undefined;
    if (key.type === "int" && !(typeof json === "number" ? Number.isSafeInteger(json) : /^-?\d{1,19}$/.test(json))) return undefined;
    return wireOfScalar(key.type === "int" ? BigInt(json) : String(json), "link", { name: target.name, keyType: scalarTypeOf(key) ?? "string" });
  }
  const type = scalarTypeOf(property);
  switch (type) {
    case "bool":
      return typeof json === "boolean" ? json : undefined;
    case "int":
      return (typeof json === "number" && Number.isInteger(json)) || (typeof json === "string" && /^-?\d+$/.test(json)) ? wireOfScalar(BigInt(json), "int") : undefined;
    case "double":
      return typeof json === "number" || typeof json === "string" ? wireOfScalar(Number(json), "double") : undefined;
    case "date": {
      const ms = typeof json === "string" ? Date.parse(json) : Number.NaN;
      return Number.isNaN(ms) ? undefined : { $date: ms };
    }
    case "data":
      return typeof json === "string" ? { $data: Buffer.from(json, "base64").toString("base64") } : undefined;
    default:
      return typeof json === "string" && type !== undefined ? wireOfScalar(type === "objectId" || type === "uuid" ? json.toLowerCase() : json, type) : undefined;
  }
}

function embeddedOfJson(json: Json, target: SyncClass, classes: ReadonlyMap<string, SyncClass>): PlainValue | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const fields: [string, PlainValue][] = [];
  for (const property of target.properties) {
    const field = (json as Record<string, Json>)[property.name];
    if (field === undefined) continue;
    const value = valueOfColumnJson(field, property, classes);
    if (value === undefined) return undefined;
    fields.push([property.name, value]);
  }
  return { $object: Object.fromEntries(fields) };
}

function allOf(values: readonly (PlainValue | undefined)[]): readonly PlainValue[] | undefined {
  return values.every((value) => value !== undefined) ? (values as readonly PlainValue[]) : undefined;
}
