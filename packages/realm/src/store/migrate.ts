/**
 * Brings a file to a schema: creates, extends, migrates or empties it, all in one transaction.
 *
 * Only what has to be is written anew: properties that were added stand in a section of their own, which older records lack.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import { fromStoredSchema, isSameEncoding, migrationFindings, toStoredSchema } from "../schema/stored-schema.ts";
import type { StoredClass, StoredSchema } from "../schema/stored-schema.ts";
import { indexTreeName, linkTreeName, recordTreeName } from "./class-table.ts";
import { checkEmbedded } from "./embedded-migration.ts";
import { FileSession } from "./file-session.ts";
import { rewriteClasses } from "./rewrite.ts";

/** What a file shall be brought to. */
export interface SchemaTarget {
  readonly session: FileSession;
  readonly schema: readonly CanonicalObjectSchema[] | undefined;
  readonly version: number | undefined;
  readonly deleteIfNeeded: boolean;
  readonly readOnly: boolean;
  /** Deletes orphans and copies shared objects of classes that become embedded. */
  readonly resolvesEmbedded: boolean;
  /** Runs when the version rises. `old` reads the file as it was. */
  readonly onMigration: ((old: FileSession, oldSchema: StoredSchema) => void) | undefined;
  /** Runs in the transaction that creates the schema. */
  readonly onFirstOpen: (() => void) | undefined;
}

/** Brings the file to the schema; gives the version that it has then. */
export function applySchema(target: SchemaTarget): number {
  const { session, schema, version } = target;
  const stored = session.readSchema();
  if (schema === undefined || target.readOnly) return adoptStored(target, stored);
  const wanted = version ?? 0;
  if (stored !== undefined && isCurrent(stored, schema, wanted)) {
    session.setSchema(withUnknownClasses(schema, stored));
    return wanted;
  }
  // Decided again under the writer's lock: another process may be doing the same.
  session.begin();
  try {
    change(target, session.readSchema(), wanted);
    session.acceptSchema();
    session.commit();
  } catch (error) {
    if (session.isInTransaction) session.abort();
    throw error;
  }
  return wanted;
}

function adoptStored({ session, schema, version }: SchemaTarget, stored: StoredSchema | undefined): number {
  if (schema !== undefined && stored !== undefined) {
    const findings = migrationFindings(stored, schema);
    if (findings.length > 0) throw migrationRequired(findings);
    if (version !== undefined && version !== stored.version) checkVersion(stored, version);
  }
  const classes = stored === undefined ? [] : schema === undefined ? fromStoredSchema(stored) : withUnknownClasses(schema, stored);
  session.setSchema(classes);
  return stored?.version ?? version ?? 0;
}

function isCurrent(stored: StoredSchema, schema: readonly CanonicalObjectSchema[], version: number): boolean {
  if (stored.version !== version || migrationFindings(stored, schema).length > 0) return false;
  const next = toStoredSchema(schema, version);
  return next.classes.every((entry) => {
    const before = stored.classes.find((candidate) => candidate.name === entry.name);
    return before !== undefined && entry.properties.every((property) => before.properties.find((old) => old.name === property.name)?.indexed === property.indexed);
  });
}

/** Classes of the file that the application does not name stay, and are kept whole. */
function withUnknownClasses(schema: readonly CanonicalObjectSchema[], stored: StoredSchema): CanonicalObjectSchema[] {
  const names = new Set(schema.map((entry) => entry.name));
  return [...schema, ...fromStoredSchema(stored).filter((entry) => !names.has(entry.name))];
}

function checkVersion(stored: StoredSchema, version: number): void {
  if (version >= stored.version) return;
  throw new RealmError("SCHEMA_VERSION_LOW", `Provided schema version ${version} is less than last set version ${stored.version}.`);
}

function migrationRequired(findings: readonly string[]): RealmError {
  return new RealmError("MIGRATION_REQUIRED", `Migration is required due to the following errors:\n- ${findings.join("\n- ")}`);
}

function change(target: SchemaTarget, stored: StoredSchema | undefined, version: number): void {
  const { session, schema } = target;
  const given = schema as readonly CanonicalObjectSchema[];
  if (stored === undefined) {
    create(target, given, version);
    return;
  }
  const findings = migrationFindings(stored, given);
  if (target.deleteIfNeeded && (findings.length > 0 || version < stored.version)) {
    for (const name of session.treeNames()) session.dropTree(name);
    create(target, given, version);
    return;
  }
  checkVersion(stored, version);
  if (findings.length > 0 && version === stored.version) throw migrationRequired(findings);
  migrate(target, { stored, all: withUnknownClasses(given, stored), version });
}

function migrate(target: SchemaTarget, { stored, all, version }: { stored: StoredSchema; all: CanonicalObjectSchema[]; version: number }): void {
  const { session } = target;
  const rewritten = classesToRewrite(stored, all);
  // The file as it was: the store's newest commit, which the open transaction does not touch.
  const old = new FileSession(session.store, session.path);
  try {
    old.setSchema(fromStoredSchema(stored));
    session.writeSchema(toStoredSchema(all, version, stored, (name) => rewritten.has(name)));
    session.setSchema(all);
    if (rewritten.size > 0) rewriteClasses(session, old, rewritten);
    rebuildIndexes(session, stored, rewritten);
    if (version > stored.version && target.onMigration !== undefined) {
      session.isMigrating = true;
      target.onMigration(old, stored);
    }
    for (const table of session.tables.values()) table.pending.settle(table);
    for (const before of stored.classes) {
      if (!before.embedded && session.tables.get(before.name)?.schema.embedded === true) checkEmbedded(session, before.name, target.resolvesEmbedded);
    }
  } finally {
    session.isMigrating = false;
    old.closeView();
  }
}

function create({ session, onFirstOpen }: SchemaTarget, schema: readonly CanonicalObjectSchema[], version: number): void {
  session.writeSchema(toStoredSchema(schema, version));
  session.setSchema(schema);
  onFirstOpen?.();
}

/** Names of the classes whose records cannot be read under the new schema, and of those that link to objects with new keys. */
export function classesToRewrite(stored: StoredSchema, all: readonly CanonicalObjectSchema[]): Set<string> {
  const rewritten = new Set<string>();
  const rekeyed = new Set<string>();
  for (const schema of all) {
    const before = stored.classes.find((entry) => entry.name === schema.name);
    if (before === undefined) continue;
    if (isRekeyed(before, schema)) rekeyed.add(schema.name);
    if (rekeyed.has(schema.name) || !isReadable(before, schema)) rewritten.add(schema.name);
  }
  if (rekeyed.size === 0) return rewritten;
  for (const before of stored.classes) {
    // What links in mixed values lead to is only known when they are read.
    if (before.properties.some((property) => rekeyed.has(property.objectType ?? "") || property.type === "mixed" || property.objectType === "mixed")) rewritten.add(before.name);
  }
  return rewritten;
}

function isRekeyed(before: StoredClass, schema: CanonicalObjectSchema): boolean {
  const primary = schema.primaryKey === undefined ? undefined : schema.properties[schema.primaryKey];
  if (before.primaryKey !== primary?.mapTo) return true;
  return primary !== undefined && before.properties.find((property) => property.name === primary.mapTo)?.type !== primary.type;
}

function isReadable(before: StoredClass, schema: CanonicalObjectSchema): boolean {
  const properties = Object.values(schema.properties);
  return before.properties.every((old) => {
    const now = properties.find((property) => property.mapTo === old.name && property.type !== "linkingObjects");
    return now !== undefined && (isSameEncoding(old, now) || (now.name === schema.primaryKey && old.type === now.type && now.optional));
  });
}

function rebuildIndexes(session: FileSession, stored: StoredSchema, rewritten: ReadonlySet<string>): void {
  for (const table of session.tables.values()) {
    const before = stored.classes.find((entry) => entry.name === table.name);
    if (before === undefined || rewritten.has(table.name)) continue;
    for (const field of table.layout.fields) {
      if (field.group === "key") continue;
      const was = before.properties.find((property) => property.name === field.property.mapTo)?.indexed ?? false;
      const { indexed } = field.property;
      if (indexed === was) continue;
      if (was !== false) session.dropTree(indexTreeName(table.name, field.property.mapTo));
      if (indexed !== false) table.rebuildIndex(field);
    }
  }
}

/** Drops a class and its objects in a migration. */
export function dropClass(session: FileSession, name: string): void {
  const table = session.table(name);
  for (const other of session.tables.values()) {
    if (other !== table && other.links.some((field) => field.property.objectType === name)) {
      throw new RealmError("SCHEMA_INVALID", `Cannot remove class_${name} that is target of outside links`);
    }
  }
  for (const key of table.keys()) table.remove(key);
  for (const field of table.indexed) session.dropTree(indexTreeName(name, field.property.mapTo));
  session.dropTree(recordTreeName(name));
  session.dropTree(linkTreeName(name));
}
