/**
 * Words of schemas: names, types and forms of properties, whole classes. `$` words stand for values that JSON does not have.
 *
 * @module
 */
import type { JsonWords } from "./json-mutations.ts";

const TYPES = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid", "mixed", "object", "list", "set", "dictionary", "linkingObjects", "counter", "Dog", "Person", "Address"];

/** What a value that JSON cannot hold is written as. */
export const SPECIAL_VALUES: Readonly<Record<string, unknown>> = {
  $undefined: undefined,
  $nan: NaN,
  $infinity: Infinity,
  $bigint: 10n,
  $symbol: Symbol("fuzz"),
  $function: () => 1,
  $class: Map,
  $date: new Date(0),
  $bytes: new Uint8Array(4),
  $regexp: /x/,
  $null: null,
};

export const SCHEMA_WORDS: JsonWords = {
  names: [
    "name", "primaryKey", "properties", "embedded", "asymmetric", "type", "objectType", "property", "optional", "indexed", "mapTo", "default", "presentation", "schema", "schemaVersion", "onMigration", "deleteRealmIfMigrationNeeded", "readOnly", "encryptionKey", "shouldCompact",
    "a", "b", "id", "dog", "owner", "__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "length", "isValid", "keys", "objectSchema", "_id", "", " ", "é", "😀", "\ud800", "a.b", "a b", "$0", "n".repeat(57), "n".repeat(58), "n".repeat(63), "n".repeat(64), "é".repeat(32), "0", "-1", "\0",
  ],
  values: [
    ...TYPES, ...TYPES.flatMap((type) => [`${type}?`, `${type}[]`, `${type}<>`, `${type}{}`, `${type}?[]`]), ...Object.keys(SPECIAL_VALUES), "full-text", "counter", "int??", "int[][]", "[]", "?", "<>", "{}", "",
    true, false, null, 0, 1, -1, 0.5, 9_007_199_254_740_991, {}, [],
    ...TYPES.map((type) => ({ type })), { type: "int", indexed: true, default: 3 }, { type: "string", indexed: "full-text" }, { type: "list", objectType: "int" }, { type: "dictionary", objectType: "mixed" }, { type: "set", objectType: "Dog" },
    { type: "object", objectType: "Dog" }, { type: "linkingObjects", objectType: "Person", property: "dog" }, { type: "string", mapTo: "a", default: "x" }, { type: "int", presentation: "counter" }, { type: "date", optional: true, default: "$date" },
    { name: "Dog", properties: { name: "string", owner: { type: "linkingObjects", objectType: "Person", property: "dog" } } }, { name: "Address", embedded: true, properties: { street: "string?" } },
    { name: "Person", primaryKey: "id", properties: { id: "int", dog: "Dog?", home: "Address?", tags: "string[]" } }, [{ name: "Dog", properties: { a: "int" } }],
  ],
};

/** Schemas and configurations to begin with. */
export const SCHEMA_SEEDS: readonly unknown[] = [
  [],
  [{ name: "Dog", properties: { a: "int", b: "string?", c: "double[]", d: "mixed", e: { type: "date", indexed: true } } }],
  [
    { name: "Person", primaryKey: "id", properties: { id: "int", dog: "Dog?", home: "Address?", homes: "Address[]", tags: "string<>", extras: "mixed{}", count: "counter", text: { type: "string", indexed: "full-text" } } },
    { name: "Dog", properties: { name: { type: "string", mapTo: "n", default: "Rex" }, owner: { type: "linkingObjects", objectType: "Person", property: "dog" } } },
    { name: "Address", embedded: true, properties: { street: "string?" } },
  ],
  [{ name: "T", primaryKey: "_id", properties: { _id: "objectId", a: "uuid", b: "decimal128?", c: "data", d: "float", e: "bool" } }],
  { schema: [{ name: "T", properties: { a: "int" } }], schemaVersion: 3, onMigration: "$function" },
  { schema: "$undefined", schemaVersion: 1 },
];
