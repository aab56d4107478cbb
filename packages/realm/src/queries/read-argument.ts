/**
 * Reads the arguments of a query that only this package knows: objects and BSON values.
 *
 * @module
 */
import type { ArgumentReader, Constant, ObjectReader } from "@holdfast/query";
import { QueryError } from "@holdfast/query";
import { Counter } from "../objects/counter.ts";
import { encodeKey } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";

/** Tells which object an application's value is; undefined for anything that is no managed object. */
export type ObjectKeyReader = (value: unknown) => { readonly className: string; readonly key: Uint8Array } | undefined;

/** BSON's own mark on its values; instances of several copies of the package carry the same. */
const BSON_MARK = "_bsontype";

interface BsonValue {
  readonly [BSON_MARK]: string;
  readonly id?: Uint8Array;
  readonly buffer?: Uint8Array;
  readonly sub_type?: number;
  toString(): string;
}

const UUID_SUBTYPE = 4;

/** The reader to hand to the query package. */
export function argumentReader(objectKeyOf: ObjectKeyReader | undefined): ArgumentReader {
  return (argument) => {
    if (typeof argument !== "object" || argument === null) return undefined;
    if (argument instanceof Counter) throw new QueryError("QUERY_ARGUMENT_INVALID", "Using a Counter as a query argument is not supported. Use 'Counter.value'.");
    if (BSON_MARK in argument && typeof argument[BSON_MARK] === "string") return bsonConstant(argument as BsonValue);
    const object = objectKeyOf?.(argument);
    if (object === undefined) return undefined;
    return { type: "link", className: object.className, key: object.key, label: `'${object.className}'` };
  };
}

function bsonConstant(value: BsonValue): Constant {
  switch (value[BSON_MARK]) {
    case "ObjectID":
    case "ObjectId":
      return { type: "objectId", value: Uint8Array.from(value.id as Uint8Array) };
    case "Decimal128":
      return { type: "decimal128", text: value.toString() };
    case "UUID":
      return { type: "uuid", value: uuidBytes(value) };
    case "Binary":
      if (value.sub_type === UUID_SUBTYPE) return { type: "uuid", value: uuidBytes(value) };
      return { type: "data", value: Uint8Array.from(value.buffer as Uint8Array) };
    default:
      throw new QueryError("QUERY_ARGUMENT_INVALID", `Unable to use a BSON value of type ${value[BSON_MARK]} as an argument of a query`);
  }
}

function uuidBytes(value: BsonValue): Uint8Array {
  return Uint8Array.from((value.id ?? value.buffer) as Uint8Array);
}

/** Names objects for `obj('Class', key)` and `O7`. Rows of a class without a primary key are numbered. */
export const readObject: ObjectReader = (target, key, isRow) => {
  const { name, primaryKey } = target;
  if (isRow === (primaryKey !== undefined)) return undefined;
  const type = primaryKey?.type ?? "int";
  const value = keyValueOf(type, key);
  if (value === undefined) return undefined;
  return { type: "link", className: name, key: encodeKey(type as KeyType, value), label: `'${name}'` };
};

function keyValueOf(type: string, key: Constant): KeyValue | undefined {
  if (key.type === "null") return null;
  if (type === "int") {
    if (key.type === "int") return key.value;
    return key.type === "double" && Number.isSafeInteger(key.value) ? key.value : undefined;
  }
  return key.type === type && (key.type === "string" || key.type === "uuid" || key.type === "objectId") ? key.value : undefined;
}
