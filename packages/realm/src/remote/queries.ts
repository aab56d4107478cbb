/**
 * Queries of pages, run on the realm.
 *
 * @module
 */
import type { Results } from "../collections/results.ts";
import type { Realm } from "../realm.ts";
import type { AnyRealmObject } from "../types.ts";
import type { QueryMessage } from "./messages.ts";
import { fromWire, objectToWire } from "./worker-values.ts";
import type { WireObject } from "./wire.ts";

/** The result of a whole query, live. */
export function resultsOf(realm: Realm, query: QueryMessage): Results<AnyRealmObject> {
  let results = realm.objects(query.type) as Results<AnyRealmObject>;
  if ("primaryKey" in query) return results.filtered(`${primaryKeyOf(realm, query.type)} == $0`, fromWire(query.primaryKey, realm));
  for (const [name, ...args] of query.steps) {
    const values = args.map((arg) => fromWire(arg, realm));
    results = name === "filtered" ? results.filtered(values[0] as string, ...values.slice(1)) : results.sorted(values[0] as string, values[1] as boolean | undefined);
  }
  return results;
}

function primaryKeyOf(realm: Realm, type: string): string {
  // Asks for the object of no key: a class without a primary key is refused in Realm's words.
  const name = realm.schema.find((entry) => entry.name === type)?.primaryKey;
  if (name === undefined) realm.objectForPrimaryKey(type, null);
  return name as string;
}

/** From which index to which a query's window reaches in a result. */
export function windowOf({ window }: QueryMessage, length: number): readonly [start: number, end: number] {
  if (window === undefined) return [0, length];
  const start = Math.min(window.start, length);
  return [start, Math.min(start + window.count, length)];
}

/** The objects in the window, as they travel. */
export function readWindow(results: Results<AnyRealmObject>, query: QueryMessage): { objects: WireObject[]; total: number } {
  const total = results.length;
  const [start, end] = windowOf(query, total);
  const objects: WireObject[] = [];
  for (let index = start; index < end; index++) objects.push(objectToWire(results._at(index) as object, query.depth));
  return { objects, total };
}
