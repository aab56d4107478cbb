import { expect, it } from "vitest";
import { layoutOf } from "../src/records/layout.ts";
import type { Added } from "../src/records/layout.ts";
import { encodeMixed, encodeMixedDictionary, encodeMixedLink, encodeMixedList, holdsLink, readMixed } from "../src/records/mixed.ts";
import { patchRecord } from "../src/records/patch.ts";
import { rowOf } from "../src/records/row.ts";
import { emptyOf } from "../src/records/stored-value.ts";
import type { StoredValue } from "../src/records/stored-value.ts";
import { encodeRecord } from "../src/records/write.ts";
import type { CanonicalProperty } from "../src/schema/types.ts";
import { randomOf } from "./support/random.ts";

const SEED = 4711;
const TYPES = ["bool", "int", "float", "double", "string", "data", "date", "decimal128", "objectId", "uuid", "mixed", "list", "set", "dictionary"] as const;

it(`a patched record is the record that would have been written whole, in every section (seed ${SEED})`, () => {
  const random = randomOf(SEED);
  for (let round = 0; round < 400; round++) {
    const properties = Object.fromEntries(
      Array.from({ length: 1 + random(9) }, (_, index): [string, CanonicalProperty] => {
        const type = TYPES[random(TYPES.length)] as CanonicalProperty["type"];
        const isCollection = type === "list" || type === "set" || type === "dictionary";
        const name = `${String.fromCharCode(97 + random(26))}${index}`;
        return [name, { name, mapTo: name, type, ...(isCollection ? { objectType: "int" } : {}), optional: type === "mixed" || random(2) === 0, indexed: false }];
      }),
    );
    const schema = { name: "T", embedded: false, asymmetric: false, properties };
    const added = new Map<string, Added>();
    for (const property of Object.values(properties)) if (random(3) === 0) added.set(property.name, { section: 1 + random(2), fill: emptyOf(property) });
    const layout = layoutOf(schema, added);
    const slots = layout.fields.map((field) => valueOf(field.property, random));
    const record = encodeRecord(layout, slots).slice();
    for (const field of layout.fields) {
      const value = valueOf(field.property, random);
      const patched = patchRecord(layout, record, field, value) as Uint8Array;
      const whole = encodeRecord(layout, slots.map((slot, index) => (index === field.slot ? value : slot))).slice();
      expect([round, field.property.name, [...patched]]).toEqual([round, field.property.name, [...whole]]);
      expect(field.read(rowOf(new Uint8Array(1), patched))).toEqual(field.property.type === "float" && typeof value === "number" ? Math.fround(value) : value);
    }
    // A record from before the later sections reads as their fill, and cannot be patched there.
    const base = encodeRecord(layoutOf({ ...schema, properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !added.has(name))) }), slots.filter((_, index) => !added.has(layout.fields[index]!.property.name))).slice();
    for (const field of layout.fields.filter((each) => each.section > 0)) {
      expect(field.read(rowOf(new Uint8Array(1), base))).toEqual(field.fill);
      expect(patchRecord(layout, base, field, field.fill)).toBe(undefined);
    }
  }
});

it("a link is seen in the bytes of a mixed value at any depth, and nothing is taken for one", () => {
  const link = encodeMixedLink("Person", Uint8Array.of(1, 2));
  const plain = [encodeMixed("int", 10), encodeMixed("string", "\n\u000b"), encodeMixed("data", link), null];
  const list = encodeMixedList(1, plain);
  const deep = encodeMixedDictionary(2, new Map<string, StoredValue>([["a".repeat(200), list], ["k", encodeMixedList(3, [null, list, link])]]));
  expect([holdsLink(link), holdsLink(list), holdsLink(encodeMixedDictionary(4, new Map([["x", list]]))), holdsLink(deep)]).toEqual([true, false, false, true]);
  expect([...(readMixed(deep).value as Map<string, StoredValue>).keys()].map((key) => key.length)).toEqual([200, 1]);
  expect(readMixed(list).value).toEqual(plain);
});

function valueOf({ type, optional }: CanonicalProperty, random: (below: number) => number): StoredValue {
  const isCollection = type === "list" || type === "set" || type === "dictionary";
  if (optional && !isCollection && random(4) === 0) return null;
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => random(256));
  switch (type) {
    case "bool":
      return random(2) === 0;
    case "int":
    case "date":
      return (random(2) === 0 ? -1 : 1) * random(2 ** 31) * (random(3) === 0 ? 2 ** 20 : 1) || 0;
    case "float":
    case "double":
      return random(1000) / 8;
    case "string":
      return random(2) === 0 ? "x".repeat(random(300)) : "ä".repeat(random(5));
    case "data":
      return bytes(random(300));
    case "decimal128":
    case "uuid":
      return bytes(16);
    case "objectId":
      return bytes(12);
    case "mixed":
      return encodeMixed("int", random(1000));
    case "dictionary":
      return new Map(Array.from({ length: random(4) }, (_, index): [string, StoredValue] => [`k${index}`, optional && index === 1 ? null : random(9)]));
    default:
      return Array.from({ length: random(4) }, (_, index) => (optional && index === 1 ? null : random(9)));
  }
}
