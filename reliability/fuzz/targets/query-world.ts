/**
 * The schema, the objects and the arguments that queries are fuzzed with.
 *
 * Person and Twin hold the same values; Twin has every index that there can be. What a query finds must not depend on that.
 *
 * @module
 */
import { BSON, Realm } from "@holdfast/realm";

/** One person as a plain object. */
export interface Person {
  readonly id: number;
  readonly name: string | null;
  readonly nick: string | null;
  readonly age: number | null;
  readonly level: number;
  readonly weight: number | null;
  readonly isActive: boolean | null;
  readonly born: Date | null;
  readonly tags: readonly (string | null)[];
  readonly scores: readonly number[];
  readonly dog: { readonly name: string; readonly age: number | null } | null;
}

const DOGS = [
  { name: "a", age: 3 },
  { name: "Rex", age: null },
  { name: "", age: -1 },
];

const NAMES = ["a", "A", "", null, "ab", "aé", "é", "É", "a\0", "😀", "\uffff", "aaaaaaaaaaaa", "b*", "?"];
const INTEGERS = [0, 1, -1, 3, null, 222, 223, -24, -25, 65_536, 4_294_967_296, -2_147_483_649, 9_007_199_254_740_991, -9_007_199_254_740_991];
const DOUBLES = [0.5, -0.5, 1, null, 3, Infinity, -Infinity, NaN, 1e300, -0, 1.5, 4, 5e-324, 65_536];
const DATES = [0, 1, -1, null, 500, 1_763_726_400_000, -62_135_596_800_000, 8_640_000_000_000_000, 1000, 999, -1000, 0, 1, 2];

/** The people; their ids ascend. */
export const PEOPLE: readonly Person[] = NAMES.map((name, index) => {
  const born = DATES[index] ?? null;
  return {
    id: index - 3,
    name,
    nick: NAMES[(index * 5 + 1) % NAMES.length] ?? null,
    age: INTEGERS[index] ?? null,
    level: INTEGERS[(index * 3) % INTEGERS.length] ?? 7,
    weight: DOUBLES[index] ?? null,
    isActive: index % 3 === 0 ? null : index % 3 === 1,
    born: born === null ? null : new Date(born),
    tags: index % 4 === 0 ? [] : [name, "x", null].slice(0, index % 4),
    scores: INTEGERS.slice(0, index % 5).map((value) => value ?? 0),
    dog: DOGS[index % 4] ?? null,
  };
});

const OBJECT_ID = new BSON.ObjectId("0123456789abcdef01234567");
const UUID = new BSON.UUID("01234567-89ab-4def-8123-456789abcdef");

/** `$0` to `$10`. */
export const ARGUMENTS: readonly unknown[] = ["a", 3, null, 0.5, true, [1, 3, null], ["a", null, "é"], new Date(0), Uint8Array.of(0x61), OBJECT_ID, 9_007_199_254_740_993n];

/** A realm in memory with these objects. */
export function openWorld(): Realm {
  const realm = new Realm({ path: "fuzz-query.realm", inMemory: true, schema: [personSchema("Person", false), personSchema("Twin", true), { name: "Dog", primaryKey: "name", properties: { name: "string", age: "int?" } }] });
  if (realm.objects("Dog").length > 0) return realm;
  realm.write(() => {
    const dogs = DOGS.map((dog) => realm.create("Dog", dog));
    for (const name of ["Person", "Twin"]) {
      const created: unknown[] = [];
      for (const [index, person] of PEOPLE.entries()) {
        const more = {
          ratio: index % 5 === 0 ? null : index / 4,
          price: index % 4 === 0 ? null : BSON.Decimal128.fromString(["1.50", "-1", "NaN", "1E+30"][index % 4] as string),
          photo: index % 3 === 0 ? null : new Uint8Array(index).fill(0x61).buffer,
          oid: index % 2 === 0 ? null : OBJECT_ID,
          uid: index % 2 === 1 ? null : UUID,
          anything: [null, 1, "a", true][index % 4],
          friend: index % 3 === 0 ? null : (created[index - 1] ?? null),
          friends: created.slice(0, index % 3),
          labels: [person.name, "x"].filter((label) => label !== null).slice(0, index % 3),
          extras: index % 3 === 0 ? {} : { a: [1, "a", null, 1.5][index % 4], b: index },
          numbers: index % 2 === 0 ? { a: index, b: -index } : {},
          note: ["the quick brown fox", "quick", "", null, "Fox and HOUND", "café naïve"][index % 6],
        };
        created.push(realm.create(name, { ...person, ...more, tags: [...person.tags], scores: [...person.scores], dog: person.dog === null ? null : dogs[index % 4] }));
      }
    }
  });
  return realm;
}

function personSchema(name: string, isIndexed: boolean): Realm.ObjectSchema {
  const indexed = (type: string): Realm.PropertySchema => ({ type, indexed: isIndexed }) as Realm.PropertySchema;
  return {
    name,
    primaryKey: "id",
    properties: {
      id: "int",
      name: { ...indexed("string?"), mapTo: "full_name" },
      nick: indexed("string?"),
      age: indexed("int?"),
      level: indexed("int"),
      weight: "double?",
      ratio: "float?",
      price: "decimal128?",
      isActive: indexed("bool?"),
      born: indexed("date?"),
      photo: "data?",
      oid: indexed("objectId?"),
      uid: indexed("uuid?"),
      anything: { type: "mixed", indexed: isIndexed },
      tags: "string?[]",
      scores: "int[]",
      dog: "Dog?",
      friend: `${name}?`,
      friends: `${name}[]`,
      labels: "string<>",
      extras: "mixed{}",
      numbers: "int{}",
      note: { type: "string", optional: true, indexed: "full-text" },
      fans: { type: "linkingObjects", objectType: name, property: "friends" },
    },
  };
}
