/**
 * Configurations and their schemas: what is accepted must open, keep every property, hold an object, and open again.
 *
 * @module
 */
import { BSON } from "@holdfast/realm";
import type { Realm } from "@holdfast/realm";
import type { Random } from "../fuzzer/random.ts";
import { codeOf } from "../fuzzer/failure.ts";
import { openOn, smallVolume } from "../images/memory-realm.ts";
import { PromiseBroken } from "../target.ts";
import type { FuzzTarget } from "../target.ts";
import { mutateJson } from "./json-mutations.ts";
import { SCHEMA_SEEDS, SCHEMA_WORDS, SPECIAL_VALUES } from "./schema-words.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The target. Input: JSON of a schema (a list) or of a configuration; words with `$` stand for what JSON does not have. */
export const target: FuzzTarget = {
  name: "schema",
  what: "configurations and schemas: refused with a code, or opened with every property, written to, and opened again from the file",
  maxBytes: 4096,
  limits: { steps: 3_000_000, bytes: 64_000_000 },
  isText: true,
  dictionary: [...SCHEMA_WORDS.names, ...SCHEMA_WORDS.values.map((value) => JSON.stringify(value))].filter((word) => word !== ""),
  seeds: () => SCHEMA_SEEDS.map((seed) => encoder.encode(JSON.stringify(seed))),
  mutate: (input, random: Random) => mutateJson(input, random, SCHEMA_WORDS),
  run(input) {
    let json: unknown;
    try {
      json = JSON.parse(decoder.decode(input));
    } catch {
      return;
    }
    tryConfiguration(withSpecials(json));
  },
};

function withSpecials(value: unknown): unknown {
  if (typeof value === "string") return Object.hasOwn(SPECIAL_VALUES, value) ? SPECIAL_VALUES[value] : value;
  if (Array.isArray(value)) return value.map(withSpecials);
  if (typeof value !== "object" || value === null) return value;
  const result = {};
  for (const [name, inner] of Object.entries(value)) Object.defineProperty(result, name, { value: withSpecials(inner), writable: true, enumerable: true, configurable: true });
  return result;
}

function tryConfiguration(value: unknown): void {
  const config = (typeof value === "object" && value !== null && !Array.isArray(value) ? value : { schema: value }) as Realm.Configuration;
  const volume = smallVolume();
  let realm: Realm | undefined;
  codeOf(() => {
    realm = openOn(volume, config);
  });
  if (realm === undefined) return;
  const stored = useRealm(realm, config);
  expectReopened(volume, config, stored);
}

/** Looks at the schema, makes an object of each class, reads it. @returns What the file should hold of the schema. */
function useRealm(realm: Realm, config: Realm.Configuration): string {
  try {
    for (const declared of config.schema ?? []) {
      const found = realm.schema.find((entry) => entry.name === declared.name);
      if (found === undefined) throw new PromiseBroken("CLASS_LOST", String(declared.name));
      for (const name of Object.keys((declared as Realm.ObjectSchema).properties)) {
        if (!Object.hasOwn(found.properties, name)) throw new PromiseBroken("PROPERTY_LOST", `${found.name}.${name}`);
      }
    }
    for (const entry of realm.schema) if (!entry.embedded && config.readOnly !== true) useClass(realm, entry);
    return storedShape(realm.schema);
  } finally {
    realm.close();
  }
}

function useClass(realm: Realm, entry: Realm.CanonicalObjectSchema): void {
  // What the application's own default throws reaches the application as it is.
  if (Object.values(entry.properties).some(hasThrowingDefault)) return;
  const values: Record<string, unknown> = {};
  for (const property of Object.values(entry.properties)) {
    if (!property.optional && Object.hasOwn(VALUES, property.type)) Object.defineProperty(values, property.name, { value: VALUES[property.type], enumerable: true, configurable: true, writable: true });
  }
  let isCreated = false;
  // Defaults of other classes may have created some already.
  const countBefore = realm.objects(entry.name).length;
  const code = codeOf(() => realm.write(() => {
    const object = realm.create(entry.name, values);
    for (const name of Object.keys(entry.properties)) void (object as Record<string, unknown>)[name];
    void JSON.stringify(object);
    isCreated = true;
  }));
  if (isCreated && code === undefined && realm.objects(entry.name).length <= countBefore) throw new PromiseBroken("OBJECT_LOST", entry.name);
}

function hasThrowingDefault({ default: given }: Realm.CanonicalPropertySchema): boolean {
  if (typeof given !== "function") return false;
  try {
    (given as () => unknown)();
    return false;
  } catch {
    return true;
  }
}

const VALUES: Readonly<Record<string, unknown>> = {
  bool: true, int: 1, float: 0.5, double: 0.5, string: "text", data: new ArrayBuffer(3), date: new Date(0), decimal128: BSON.Decimal128.fromString("1.5"),
  objectId: new BSON.ObjectId("0123456789abcdef01234567"), uuid: new BSON.UUID("01234567-89ab-4def-8123-456789abcdef"),
};

/** From the file alone, and with the same configuration: the same schema, and no migration. */
function expectReopened(volume: Parameters<typeof openOn>[0], config: Realm.Configuration, stored: string): void {
  for (const { schema, onMigration, ...rest } of [{ readOnly: true }, config] as Realm.Configuration[]) {
    let realm: Realm;
    try {
      realm = openOn(volume, { ...rest, ...(schema === undefined ? {} : { schema }), ...(onMigration === undefined ? {} : { onMigration }) });
    } catch (cause) {
      throw new PromiseBroken("NOT_REOPENED", (cause as Error).message, { cause });
    }
    const found = storedShape(realm.schema);
    realm.close();
    if (found !== stored) throw new PromiseBroken("SCHEMA_NOT_STABLE", `${stored} became ${found}`);
  }
}

/** The part of a schema that stands in the file: persisted names, no inverse relationships. */
function storedShape(schema: readonly Realm.CanonicalObjectSchema[]): string {
  const classes = schema.map((entry) => {
    const properties = Object.values(entry.properties).filter((property) => property.type !== "linkingObjects");
    const primary = entry.primaryKey === undefined ? undefined : entry.properties[entry.primaryKey]?.mapTo;
    return [entry.name, entry.embedded, primary, properties.map(({ mapTo, type, objectType, optional, indexed }) => [mapTo, type, objectType, optional, indexed]).sort(byFirst)] as const;
  });
  return JSON.stringify(classes.toSorted(byFirst));
}

function byFirst(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}
