/**
 * Random schemas, as data that both the realm and the model read.
 */
import Realm, { BSON } from "../../src/index.ts";
import type { Random } from "./random.ts";

/** What a property holds one of, or many of. */
export interface Property {
  readonly name: string;
  readonly container: "one" | "list" | "set" | "dictionary";
  /** A primitive type, the name of a class, or the name of an embedded class. */
  readonly element: string;
  readonly kind: "primitive" | "link" | "embedded";
  readonly isOptional: boolean;
  readonly isIndexed: boolean;
}

export interface ClassShape {
  readonly name: string;
  readonly keyType: "int" | "string" | "uuid" | "none";
  readonly properties: readonly Property[];
}

/** A schema: classes, and embedded ones with primitives only. */
export interface Shape {
  readonly classes: readonly ClassShape[];
  readonly embedded: readonly ClassShape[];
}

const PRIMITIVES = ["bool", "int", "double", "float", "string", "data", "date", "decimal128", "objectId", "uuid", "mixed"] as const;
const INDEXABLE = new Set<string>(["bool", "int", "string", "date", "objectId", "uuid"]);

/** Every class has an `id`, by which the model knows its objects; with some key types it is the primary key. */
export function randomShape(random: Random): Shape {
  const embedded = [{ name: "Part", keyType: "none" as const, properties: randomProperties(random, 3, []) }];
  const names = ["Apple", "Berry", "Cherry"].slice(0, 1 + random.below(3));
  const targets = [...names, "Part"];
  const classes = names.map((name) => ({ name, keyType: random.pick(["int", "string", "uuid", "none"] as const), properties: randomProperties(random, 6, targets) }));
  return { classes, embedded };
}

function randomProperties(random: Random, count: number, targets: readonly string[]): Property[] {
  return Array.from({ length: 1 + random.below(count) }, (_, index): Property => {
    const name = `p${index}`;
    const container = random.pick(["one", "one", "list", "set", "dictionary"] as const);
    const target = targets.length > 0 && random.chance(0.4) ? random.pick(targets) : undefined;
    if (target === undefined) {
      const element = random.pick(PRIMITIVES);
      const isOptional = element === "mixed" || random.chance(0.5);
      return { name, container, element, kind: "primitive", isOptional, isIndexed: container === "one" && INDEXABLE.has(element) && random.chance(0.5) };
    }
    const kind = target === "Part" ? "embedded" : "link";
    return { name, container: kind === "embedded" && container === "set" ? "list" : container, element: target, kind, isOptional: container === "one" || container === "dictionary", isIndexed: false };
  });
}

/** The schema as Realm takes it. */
export function toRealmSchema({ classes, embedded }: Shape): Realm.ObjectSchema[] {
  const ofClass = ({ name, keyType, properties }: ClassShape, isEmbedded: boolean): Realm.ObjectSchema => ({
    name,
    ...(isEmbedded ? { embedded: true } : {}),
    ...(keyType === "none" ? {} : { primaryKey: "id" }),
    properties: {
      ...(isEmbedded ? {} : { id: keyType === "none" ? "int" : keyType }),
      ...Object.fromEntries(properties.map((property) => [property.name, ofProperty(property)])),
    },
  });
  return [...classes.map((shape) => ofClass(shape, false)), ...embedded.map((shape) => ofClass(shape, true))];
}

const CONTAINER_TYPES = { one: "", list: "list", set: "set", dictionary: "dictionary" } as const;

function ofProperty({ container, element, kind, isOptional, isIndexed }: Property): Realm.PropertySchema {
  if (container !== "one") return { type: CONTAINER_TYPES[container], objectType: element, ...(kind === "primitive" && isOptional && element !== "mixed" ? { optional: true } : {}) } as Realm.PropertySchema;
  if (kind !== "primitive") return { type: "object", objectType: element, optional: true } as Realm.PropertySchema;
  return { type: element, ...(isOptional ? { optional: true } : {}), ...(isIndexed ? { indexed: true } : {}) } as Realm.PropertySchema;
}

/** An id that no other object has: of the type that the class asks for. */
export function idValue(shape: ClassShape, number: number): unknown {
  if (shape.keyType === "string") return `key ${number}`;
  if (shape.keyType === "uuid") return new BSON.UUID(`00000000-0000-4000-8000-${String(number).padStart(12, "0")}`);
  return number;
}

/** A value of a primitive type; few different ones, so that equal values meet. */
export function randomPrimitive(random: Random, { element, isOptional }: Property): unknown {
  if (isOptional && random.chance(0.2)) return null;
  const small = random.below(4);
  switch (element) {
    case "bool":
      return random.chance(0.5);
    case "int":
      return random.pick([0, 1, -1, small, 2 ** 40 + small, -(2 ** 52)]);
    case "double":
      return random.pick([0, small / 3, -1e300, Infinity, 5e-324]);
    case "float":
      return Math.fround(random.pick([0, small / 4, -1.5]));
    case "string":
      return random.pick(["", "a", "Ä", "😀", `text ${small}`, "x".repeat(random.pick([10, 300, 3000]))]);
    case "data":
      return Uint8Array.from({ length: random.pick([0, 1, 5, 2500]) }, (_, index) => index * small).buffer;
    case "date":
      return new Date(random.pick([0, -1, 1, small * 1e9, -62_135_596_800_000, 253_402_300_799_999]));
    case "decimal128":
      return BSON.Decimal128.fromString(random.pick(["0", "1.5", "-7", "1E+100", `${small}`]));
    case "objectId":
      return new BSON.ObjectId(`0123456789abcdef0123456${small}`);
    case "uuid":
      return new BSON.UUID(`12345678-1234-4234-8234-12345678901${small}`);
    default:
      return random.pick([true, small, 1.5, "mixed", `mixed ${small}`, new Date(small), new BSON.UUID(`12345678-1234-4234-8234-12345678901${small}`)]);
  }
}
