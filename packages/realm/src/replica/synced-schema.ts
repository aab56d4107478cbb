/**
 * A synced realm's schema, without a realm.
 *
 * @module
 */
import { isModel } from "../opening.ts";
import { parseSchema } from "../schema/parse-schema.ts";
import type { CanonicalObjectSchema, ObjectSchema, RealmObjectConstructor } from "../schema/types.ts";

/** Canonical form of what `schema` of a synced realm's configuration may hold. @throws As `Realm.open` for a schema that is wrong. */
export function parseSyncedSchema(schema: readonly (ObjectSchema | RealmObjectConstructor)[]): CanonicalObjectSchema[] {
  return parseSchema(schema, isModel, true);
}
