/**
 * A small schema for the tests.
 *
 * @module
 */
import type { QueryProperty, QuerySchema } from "../src/index.ts";

const PERSON: Record<string, QueryProperty> = {
  id: { name: "id", type: "int" },
  name: { name: "name", type: "string" },
  full_name: { name: "name", type: "string" },
  age: { name: "age", type: "int" },
  weight: { name: "weight", type: "double" },
  ratio: { name: "ratio", type: "float" },
  price: { name: "price", type: "decimal128" },
  isActive: { name: "isActive", type: "bool" },
  photo: { name: "photo", type: "data" },
  born: { name: "born", type: "date" },
  oid: { name: "oid", type: "objectId" },
  uuid: { name: "uuid", type: "uuid" },
  anything: { name: "anything", type: "mixed" },
  friend: { name: "friend", type: "object", objectType: "Person" },
  dog: { name: "dog", type: "object", objectType: "Dog" },
  tags: { name: "tags", type: "string", collection: "list" },
  friends: { name: "friends", type: "object", objectType: "Person", collection: "list" },
};
const DOG: Record<string, QueryProperty> = {
  name: { name: "name", type: "string" },
  owner: { name: "owner", type: "object", objectType: "Person" },
};

/** Two classes with every type; `name` of Person is persisted as `full_name`. */
export const SCHEMA: QuerySchema = {
  findClass: (name) => {
    const properties = name === "Person" ? PERSON : name === "Dog" ? DOG : undefined;
    return properties === undefined ? undefined : { name, findProperty: (property) => properties[property] };
  },
};
