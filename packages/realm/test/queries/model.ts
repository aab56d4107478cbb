/**
 * The classes that the tests of queries use, and the plain objects of both the model and the records.
 *
 * @module
 */
import { encodeKey } from "../../src/records/keys.ts";
import { parseSchema } from "../../src/schema/parse-schema.ts";
import type { CanonicalObjectSchema } from "../../src/schema/types.ts";
import type { StoredObject } from "./memory-source.ts";

/** Person (with every type) and Dog. */
export const SCHEMAS: ReadonlyMap<string, CanonicalObjectSchema> = new Map(
  parseSchema(
    [
      {
        name: "Person",
        primaryKey: "id",
        properties: {
          id: "int",
          name: { type: "string", optional: true, mapTo: "full_name" },
          nick: { type: "string", optional: true, indexed: true },
          age: "int?",
          level: { type: "int", optional: true, indexed: true },
          weight: "double?",
          ratio: "float?",
          price: "decimal128?",
          isActive: "bool?",
          photo: "data?",
          born: { type: "date", optional: true, indexed: true },
          code: { type: "objectId", optional: true, indexed: true },
          token: "uuid?",
          note: { type: "string", optional: true, indexed: "full-text" },
          anything: { type: "mixed", indexed: true },
          dog: "Dog",
          friend: "Person",
          tags: "string?[]",
          scores: "int?[]",
          dogs: "Dog[]",
        },
      },
      { name: "Dog", primaryKey: "name", properties: { name: "string", age: { type: "int", optional: true, indexed: true }, owner: "Person" } },
    ],
    () => false,
  ).map((schema) => [schema.name, schema]),
);

/** The stored form of a link to a dog. */
export function dogKey(name: string): Uint8Array {
  return encodeKey("string", name);
}

/** The stored form of a link to a person. */
export function personKey(id: number): Uint8Array {
  return encodeKey("int", id);
}

/** A person without anything but an id and what is given. */
export function person(id: number, values: StoredObject = {}): StoredObject {
  return {
    id, name: null, nick: null, age: null, level: null, weight: null, ratio: null, price: null, isActive: null, photo: null,
    born: null, code: null, token: null, note: null, anything: null, dog: null, friend: null, tags: [], scores: [], dogs: [], ...values,
  };
}
