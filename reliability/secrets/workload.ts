/**
 * Everything that makes files, on one realm: writes, large values, a checkpoint, a copy, compaction, migration, another key.
 *
 * @module
 */
import { BSON, Realm } from "@holdfast/realm";
import { WORDS } from "./marks.ts";

const [text, className, property, value, primaryKey, bytes] = WORDS as [string, string, string, string, string, string];

/** The schema whose names are searched for. */
export function schemaOf(version: number): Realm.ObjectSchema[] {
  const added = version === 0 ? {} : { [`${property}Two`]: "string?" };
  return [{ name: className, primaryKey, properties: { [primaryKey]: "string", [property]: "string", data: "data?", mixed: "mixed", list: "string[]", ...added } }];
}

/** Writes data of every kind. */
export function fill(realm: Realm, count: number): void {
  for (let index = 0; index < count; index += 20) {
    realm.write(() => {
      for (let entry = index; entry < index + 20; entry++) {
        realm.create(className, {
          [primaryKey]: `${text} ${entry}`,
          [property]: `${value} `.repeat(1 + (entry % 40)),
          data: new TextEncoder().encode(`${bytes} `.repeat(entry % 97 === 0 ? 5000 : 3)).buffer,
          mixed: entry % 2 === 0 ? `${value} mixed` : new BSON.ObjectId(),
          list: [value, text],
        });
      }
    });
  }
}

/** Runs it all on `path`, which is in a folder of its own. The keys belong to the caller. */
export function runEverything(path: string, keys: { readonly first: Uint8Array | undefined; readonly second: Uint8Array | undefined }): void {
  const keyed = (key: Uint8Array | undefined): { encryptionKey?: Uint8Array } => (key === undefined ? {} : { encryptionKey: key });
  const realm = new Realm({ path, schema: schemaOf(0), ...keyed(keys.first) });
  fill(realm, 600);
  realm.beginTransaction();
  realm.create(className, { [primaryKey]: "open", [property]: value, list: [] });
  realm.cancelTransaction();
  realm.writeCopyTo({ path: `${path}.copy`, ...keyed(keys.second) });
  realm.write(() => realm.delete(realm.objects(className).filtered(`${primaryKey} CONTAINS '7'`)));
  realm.compact();
  fill(realm, 0);
  realm.close();
  const migrated = new Realm({ path, schema: schemaOf(1), schemaVersion: 1, onMigration: () => undefined, ...keyed(keys.first) });
  migrated.write(() => {
    for (const object of migrated.objects(className)) (object as unknown as Record<string, string>)[`${property}Two`] = value;
  });
  migrated.close();
  if (keys.second !== undefined) Realm.rekey({ path, ...keyed(keys.first) }, keys.second);
  new Realm({ path, schema: schemaOf(1), schemaVersion: 1, ...keyed(keys.second) }).close();
}
