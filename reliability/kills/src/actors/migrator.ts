/**
 * Raises the schema version again and again: each version names one property after itself and drops the one before.
 *
 * @module
 */
import type Realm from "@holdfast/realm";
import { configurationOf, type Actor } from "../job.ts";

/** How many objects a migration rewrites. */
export const NOTE_COUNT = 1200;

/** The name of the property that a version has. */
function propertyOf(version: number): string {
  return `note${version}`;
}

/** The value that the migration to a version gives to a note. */
function noteOf(id: number, version: number): string {
  return `note ${id} of version ${version} ${"x".repeat((id * 7) % 120)}`;
}

/** The schema of a version. */
export function schemaOfVersion(version: number): Realm.ObjectSchema[] {
  return [{ name: "Note", primaryKey: "_id", properties: { _id: "int", [propertyOf(version)]: "string" } }];
}

/** Creates the notes of version 1. */
export function createNotes(realm: Realm): void {
  realm.write(() => {
    for (let id = 0; id < NOTE_COUNT; id += 1) realm.create("Note", { _id: id, [propertyOf(1)]: noteOf(id, 1) });
  });
}

/** What differs between the notes of a realm and what they are in a version; undefined if nothing does. */
export function notesDifference(realm: Realm, version: number): string | undefined {
  const notes = realm.objects("Note");
  if (notes.length !== NOTE_COUNT) return `${notes.length} notes, not ${NOTE_COUNT}`;
  for (const note of notes) {
    const id = note["_id"] as number;
    if (note[propertyOf(version)] !== noteOf(id, version)) return `note ${id} does not have its value of version ${version}`;
  }
  return undefined;
}

/** Says "migrated" with the version after each migration. */
export const migrator: Actor = async (context) => {
  const { job, Realm } = context;
  await context.start();
  for (let version = job.number + 1; !context.isStopped; version += 1) {
    const realm = new Realm(
      configurationOf(job.path, job.key, {
        schema: schemaOfVersion(version),
        schemaVersion: version,
        onMigration(_before, after) {
          for (const note of after.objects("Note")) note[propertyOf(version)] = noteOf(note["_id"] as number, version);
        },
      }),
    );
    context.ack(`migrated ${version}`);
    realm.close();
    await context.breathe();
  }
};
