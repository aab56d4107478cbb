/**
 * Opens the file behind a Realm instance, or joins the instances that have it open.
 *
 * @module
 */
import type { SecretKey } from "@holdfast/storage-engine";
import { RealmError, TypeAssertionError } from "./errors.ts";
import { checkKey } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import { RealmObject } from "./objects/realm-object.ts";
import { parseSchema } from "./schema/parse-schema.ts";
import { migrationFindings, toStoredSchema } from "./schema/stored-schema.ts";
import type { StoredSchema } from "./schema/stored-schema.ts";
import type { CanonicalObjectSchema } from "./schema/types.ts";
import { checkJoin, endBackground, openFileAt, registerFile } from "./store/coordinator.ts";
import type { OpenFile } from "./store/coordinator.ts";
import { FileSession } from "./store/file-session.ts";
import { requireSyncProvider } from "./replica/sync-provider.ts";
import { applySchema } from "./store/migrate.ts";
import { memoryVolume, openStore } from "./store/open-store.ts";

/** What opening needs beside the configuration. */
export interface OpenRequest {
  readonly config: Configuration;
  readonly path: string;
  /** Runs a user's callback with Realm instances; the realm layer stands above this one. */
  readonly onMigration: ((session: FileSession, old: FileSession, oldSchema: StoredSchema, schema: readonly CanonicalObjectSchema[]) => void) | undefined;
  readonly onFirstOpen: ((session: FileSession, schema: readonly CanonicalObjectSchema[]) => void) | undefined;
}

/** True for classes that extend Realm.Object. */
export function isModel(candidate: unknown): boolean {
  return typeof candidate === "function" && candidate.prototype instanceof RealmObject;
}

/** Opens or joins; gives the open file and the schema that the instance sees. */
export function openFile(request: OpenRequest): { file: OpenFile; schema: CanonicalObjectSchema[] } {
  const { config, path } = request;
  const parsed = config.schema === undefined ? undefined : parseSchema(config.schema, isModel, config.sync !== undefined);
  const schema = parsed === undefined || config.sync === undefined ? parsed : (requireSyncProvider().shape?.(config, parsed) ?? parsed);
  const key = config.encryptionKey === undefined ? undefined : checkKey(config.encryptionKey);
  // A configuration of another schema, key or user may follow: what goes on in the background begins anew with it.
  endBackground(path);
  const known = openFileAt(path);
  try {
    if (known === undefined) return openFresh(request, key, schema);
    const joined = { file: known, schema: join(known, config, { key, schema }) };
    key?.wipe();
    return joined;
  } catch (error) {
    key?.wipe();
    throw error;
  }
}

function openFresh(request: OpenRequest, key: SecretKey | undefined, schema: CanonicalObjectSchema[] | undefined): { file: OpenFile; schema: CanonicalObjectSchema[] } {
  const { config, path } = request;
  const store = openStore({ path, key, readOnly: config.readOnly === true, freshness: config.freshness, ...(config.inMemory === true ? { volume: memoryVolume() } : {}) });
  let session: FileSession | undefined;
  try {
    session = new FileSession(store, path);
    session.mayReplicate = config.sync !== undefined;
    const schemaVersion = prepare(session, request, schema);
    const file = registerFile({ path, session, key, inMemory: config.inMemory === true, readOnly: config.readOnly === true, hasAnchor: config.freshness !== undefined, isSynced: config.sync !== undefined, schemaVersion });
    return { file, schema: schema ?? [...session.schemaMap.values()] };
  } catch (error) {
    if (session === undefined) store.close();
    else session.close();
    throw error;
  }
}

function prepare(session: FileSession, request: OpenRequest, schema: CanonicalObjectSchema[] | undefined): number {
  const { config, onMigration, onFirstOpen } = request;
  if (config.shouldCompact !== undefined && config.readOnly !== true) compactIfWanted(session, config.shouldCompact);
  return applySchema({
    session,
    schema,
    version: config.schemaVersion,
    deleteIfNeeded: config.deleteRealmIfMigrationNeeded === true,
    readOnly: config.readOnly === true,
    resolvesEmbedded: config.migrationOptions?.resolveEmbeddedConstraints === true,
    onMigration: onMigration === undefined ? undefined : (old, oldSchema) => onMigration(session, old, oldSchema, schema ?? []),
    onFirstOpen: onFirstOpen === undefined ? undefined : () => onFirstOpen(session, schema ?? []),
  });
}

function compactIfWanted(session: FileSession, shouldCompact: (totalBytes: number, usedBytes: number) => boolean): void {
  const { fileBytes, usedBytes } = session.store.stats();
  const answer: unknown = shouldCompact(fileBytes, usedBytes);
  if (typeof answer !== "boolean") throw new TypeAssertionError("a boolean", answer, "shouldCompact()");
  if (answer) session.compact();
}

function join(file: OpenFile, config: Configuration, given: { key: SecretKey | undefined; schema: CanonicalObjectSchema[] | undefined }): CanonicalObjectSchema[] {
  const { key, schema } = given;
  const schemaVersion = schema === undefined ? undefined : (config.schemaVersion ?? 0);
  checkJoin(file, { key, inMemory: config.inMemory === true, readOnly: config.readOnly === true, hasAnchor: config.freshness !== undefined, isSynced: config.sync !== undefined, schemaVersion });
  if (schema === undefined) return [...file.session.schemaMap.values()];
  const stored = toStoredSchema([...file.session.schemaMap.values()], file.schemaVersion);
  const isSame = migrationFindings(stored, schema).length === 0 && schema.every((entry) => file.session.tables.has(entry.name));
  if (!isSame) throw new RealmError("CONFIGURATION_CONFLICT", `Realm at path '${file.path}' already opened on current thread with different schema.`);
  return schema;
}
