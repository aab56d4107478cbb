/**
 * Brings a file to a schema: creates, extends, migrates or empties it, all in one transaction.
 *
 * @module
 */
import { notYet, RealmError } from "../errors.ts";
import { zeroOf } from "../objects/create.ts";
import { encodeKey } from "../records/keys.ts";
import type { KeyType, KeyValue } from "../records/keys.ts";
import { keyText } from "../records/text.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { isLinkProperty } from "../schema/types.ts";
import type { CanonicalObjectSchema } from "../schema/types.ts";
import { fromStoredSchema, migrationFindings, toStoredSchema } from "../schema/stored-schema.ts";
import type { StoredSchema } from "../schema/stored-schema.ts";
import type { ClassTable } from "./class-table.ts";
import { indexTreeName, recordTreeName } from "./class-table.ts";
import { FileSession } from "./file-session.ts";

/** What a file shall be brought to. */
export interface SchemaTarget {
  readonly session: FileSession;
  readonly schema: readonly CanonicalObjectSchema[] | undefined;
  readonly version: number | undefined;
  readonly deleteIfNeeded: boolean;
  readonly readOnly: boolean;
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
  const all = withUnknownClasses(given, stored);
  // The file as it was: the store's newest commit, which the open transaction does not touch.
  const old = new FileSession(session.store, session.path);
  try {
    old.setSchema(fromStoredSchema(stored));
    session.writeSchema(toStoredSchema(all, version));
    session.setSchema(all);
    if (findings.length > 0) rewrite(session, old);
    else rebuildIndexes(session, stored);
    if (version > stored.version && target.onMigration !== undefined) {
      session.isMigrating = true;
      target.onMigration(old, stored);
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

function rebuildIndexes(session: FileSession, stored: StoredSchema): void {
  for (const table of session.tables.values()) {
    const before = stored.classes.find((entry) => entry.name === table.name);
    if (before === undefined) continue;
    for (const field of table.layout.fields) {
      if (field.group === "key") continue;
      const wasIndexed = before.properties.find((property) => property.name === field.property.mapTo)?.indexed === true;
      if (field.property.indexed && !wasIndexed) table.rebuildIndex(field);
      if (!field.property.indexed && wasIndexed) session.dropTree(indexTreeName(table.name, field.property.mapTo));
    }
  }
}

/** Writes every object anew under the new schema; links follow the keys. */
function rewrite(session: FileSession, old: FileSession): void {
  const keys = new Map([...old.tables.values()].map((table) => [table.name, newKeys(table, session.table(table.name))]));
  for (const name of session.treeNames()) if (name !== "meta") session.dropTree(name);
  for (const before of old.tables.values()) {
    const after = session.table(before.name);
    if (after.schema.embedded !== before.schema.embedded) throw notYet("Changing a class to or from embedded");
    rewriteClass(before, after, keys);
  }
}

type KeyMap = ReadonlyMap<string, Uint8Array> | undefined;

/** New keys of a class's rows; undefined if they stay. */
function newKeys(before: ClassTable, after: ClassTable): KeyMap {
  const [old, now] = [before.layout.primary?.property, after.layout.primary?.property];
  if (old?.mapTo === now?.mapTo && old?.type === now?.type) return undefined;
  const keys = new Map<string, Uint8Array>();
  const seen = new Set<string>();
  const source = now === undefined ? undefined : before.layout.fieldOf(now.mapTo);
  const cursor = before.cursor();
  while (cursor?.next() === true) {
    let key: Uint8Array;
    if (now === undefined) key = after.freshKey();
    else {
      const value = source?.property.type === now.type ? source.read(cursor) : zeroOf(now);
      key = encodeKey(now.type as KeyType, value as KeyValue);
    }
    if (seen.has(keyText(key))) throw new RealmError("MIGRATION_REQUIRED", `Primary key property '${after.name}.${now?.name}' has duplicate values after migration.`);
    seen.add(keyText(key));
    keys.set(keyText(cursor.bytes, cursor.keyStart, cursor.keyEnd), key);
  }
  return keys;
}

function rewriteClass(before: ClassTable, after: ClassTable, keys: ReadonlyMap<string, KeyMap>): void {
  const own = keys.get(before.name);
  const sources = after.layout.fields.map((field) => {
    const source = before.layout.fieldOf(field.property.mapTo);
    const isSame = source !== undefined && source.property.type === field.property.type && source.property.objectType === field.property.objectType;
    return { field, source: isSame ? source : undefined };
  });
  const cursor = before.cursor();
  while (cursor?.next() === true) {
    const oldKey = cursor.bytes.slice(cursor.keyStart, cursor.keyEnd);
    const key = own?.get(keyText(oldKey)) ?? oldKey;
    const slots = sources.map(({ field, source }): StoredValue => {
      const value = source === undefined ? defaultSlot(field.property.default, field) : source.read(cursor);
      if (value === null) return zeroOf(field.property);
      return isLinkProperty(field.property) ? mapLinks(value, keys.get(field.property.objectType as string)) : value;
    });
    after.insert(key, slots);
  }
}

function defaultSlot(given: unknown, field: { property: CanonicalObjectSchema["properties"][string] }): StoredValue {
  return typeof given === "number" || typeof given === "string" || typeof given === "boolean" ? given : zeroOf(field.property);
}

function mapLinks(value: StoredValue, keys: KeyMap): StoredValue {
  if (keys === undefined) return value;
  const one = (link: StoredValue): StoredValue => keys.get(keyText(link as Uint8Array)) ?? link;
  return Array.isArray(value) ? value.map(one) : one(value);
}

/** Drops a class and its objects in a migration. */
export function dropClass(session: FileSession, name: string): void {
  const table = session.table(name);
  for (const other of session.tables.values()) {
    if (other === table) continue;
    if (other.links.some((field) => field.property.objectType === name)) {
      throw new RealmError("SCHEMA_INVALID", `Cannot remove class_${name} that is target of outside links`);
    }
  }
  for (const field of table.indexed) session.dropTree(indexTreeName(name, field.property.mapTo));
  session.dropTree(recordTreeName(name));
  session.dropTree(`links:${name}`);
}
