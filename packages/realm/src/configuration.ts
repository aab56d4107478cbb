/**
 * `config` of a Realm: its type, its checks, its key.
 *
 * @module
 */
import { SecretKey } from "@holdfast/storage-engine";
import { assert, RealmError, rangeError, TypeAssertionError, typeError } from "./errors.ts";
import { checkFreshness } from "./freshness.ts";
import type { FreshnessOptions } from "@holdfast/storage-engine";
import type { ObjectSchema } from "./schema/types.ts";
import type { AnyRealmObject, RealmObjectConstructor } from "./types.ts";
import type { Realm } from "./realm.ts";
import { requireSyncProvider } from "./replica/sync-provider.ts";
import type { SyncPart } from "./replica/sync-provider.ts";

/** Runs when the schema version rises: copies what the schema alone does not say how to carry over. */
export type MigrationCallback = (oldRealm: Realm, newRealm: Realm) => void;

/** What a migration does by itself. */
export interface MigrationOptions {
  /** When a class becomes embedded: objects without a parent are deleted, those with several are copied for each. */
  resolveEmbeddedConstraints?: boolean;
}

/** How a local realm is opened: all there is, for now. */
export type ConfigurationWithoutSync = Configuration;
/** Realm's name for what configurations share. */
export type BaseConfiguration = Configuration;

/** How a realm is opened. */
export interface Configuration {
  path?: string;
  schema?: (ObjectSchema | RealmObjectConstructor<AnyRealmObject>)[];
  schemaVersion?: number;
  inMemory?: boolean;
  readOnly?: boolean;
  /** 64 bytes. */
  encryptionKey?: ArrayBuffer | ArrayBufferView | number[];
  onMigration?: MigrationCallback;
  migrationOptions?: MigrationOptions;
  deleteRealmIfMigrationNeeded?: boolean;
  shouldCompact?: (totalBytes: number, usedBytes: number) => boolean;
  onFirstOpen?: (realm: Realm) => void;
  disableFormatUpgrade?: boolean;
  fifoFilesFallbackPath?: string;
  excludeFromIcloudBackup?: boolean;
  /**
   * How ints are read (ours): "number" as Realm does, rounded beyond 2^53; "exact" as bigint where a number would be rounded;
   * "bigint" always as bigint.
   */
  integers?: "number" | "exact" | "bigint";
  /** How the realm is synced: `@holdfast/sync-client` says what can be here. */
  sync?: SyncPart<"configuration">;
  /** Ours: an anchor outside of the file, which finds an older copy of the whole file. */
  freshness?: FreshnessOptions;
}

const KEY_BYTES = 64;

const FIELD_TYPES: Readonly<Record<string, string>> = {
  path: "string",
  schemaVersion: "number",
  inMemory: "boolean",
  readOnly: "boolean",
  onMigration: "function",
  deleteRealmIfMigrationNeeded: "boolean",
  shouldCompact: "function",
  onFirstOpen: "function",
  disableFormatUpgrade: "boolean",
  fifoFilesFallbackPath: "string",
  excludeFromIcloudBackup: "boolean",
  migrationOptions: "object",
};

/** Reads and checks the argument of `new Realm` and its relatives; touches no file. */
export function parseConfiguration(arg: unknown): Configuration {
  if (arg === undefined) return {};
  if (typeof arg === "string") return parseConfiguration({ path: arg });
  if (typeof arg !== "object" || arg === null || Array.isArray(arg)) throw new TypeAssertionError("an object", arg, "realm configuration");
  const config = arg as Record<string, unknown>;
  for (const [field, type] of Object.entries(FIELD_TYPES)) {
    const value = config[field];
    if (value === undefined || typeof value === type) continue;
    throw new TypeAssertionError(`a${type === "object" ? "n" : ""} ${type}`, value, field).onConfiguration();
  }
  assert(config["path"] !== "", "The path cannot be empty. Provide a path or remove the field.", "CONFIGURATION_INVALID");
  if (config["sync"] !== undefined) checkSync(config as Configuration);
  const version = config["schemaVersion"];
  if (version !== undefined && !(Number.isSafeInteger(version) && (version as number) >= 0)) {
    throw rangeError(`Expected 'schemaVersion' on realm configuration to be 0 or a positive integer, got ${String(version)}.`);
  }
  if (config["schema"] !== undefined && !Array.isArray(config["schema"])) throw new TypeAssertionError("an array", config["schema"], "realm schema");
  const integers = config["integers"];
  if (integers !== undefined && integers !== "number" && integers !== "exact" && integers !== "bigint") {
    throw rangeError(`Expected 'integers' on realm configuration to be 'number', 'exact' or 'bigint', got ${typeof integers === "string" ? `'${integers}'` : typeof integers}.`);
  }
  checkCombinations(config as Configuration);
  checkFreshness(config["freshness"], config as Configuration);
  if ("encryptionKey" in config && config["encryptionKey"] !== undefined) assertKey(config["encryptionKey"]);
  return config as Configuration;
}

/** Realm's own words: applications match on them. */
function checkSync(config: Configuration): void {
  requireSyncProvider();
  for (const field of ["onMigration", "inMemory", "deleteRealmIfMigrationNeeded", "migrationOptions"] as const) {
    if (config[field] === undefined || config[field] === false) continue;
    throw new RealmError("CONFIGURATION_INVALID", `The realm configuration options '${field}' and 'sync' cannot both be defined.`);
  }
}

function checkCombinations(config: Configuration): void {
  const fail = (message: string): never => {
    throw new RealmError("CONFIGURATION_INVALID", message);
  };
  if (config.deleteRealmIfMigrationNeeded === true && config.readOnly === true) fail("Cannot set 'deleteRealmIfMigrationNeeded' when 'readOnly' is set.");
  if (config.deleteRealmIfMigrationNeeded === true && config.onMigration !== undefined) fail("Cannot set 'deleteRealmIfMigrationNeeded' when 'onMigration' is set.");
  if (config.inMemory === true && config.encryptionKey !== undefined) fail("Encryption is not supported for in-memory realms");
  if (config.onMigration !== undefined && config.schema === undefined) fail("Cannot set 'onMigration' without 'schema'.");
}

/** Checks an encryption key and takes a copy, which the caller wipes; nothing about its content is ever shown. */
export function checkKey(value: unknown): SecretKey {
  assertKey(value);
  return SecretKey.from(value);
}

function assertKey(value: unknown): void {
  if (Array.isArray(value)) return assertKeyList(value);
  const bytes =
    value instanceof ArrayBuffer ? new Uint8Array(value) : ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
  if (bytes === undefined) {
    throw typeError("KEY_INVALID", new TypeAssertionError("an ArrayBuffer, ArrayBufferView (Uint8Array), or Int8Array", value, "encryptionKey").onConfiguration().message + ".");
  }
  if (bytes.length !== KEY_BYTES) throw Object.assign(rangeError(`Encryption key must be 64 bytes. Got ${bytes.length}.`), { code: "KEY_INVALID" });
}

function assertKeyList(list: readonly unknown[]): void {
  if (list.length !== KEY_BYTES) throw Object.assign(rangeError(`Encryption key must be 64 bytes. Expected a list of 64 integers from 0 to 255, got ${list.length} elements.`), { code: "KEY_INVALID" });
  // By index: forEach would pass over the holes of a sparse list.
  for (let index = 0; index < KEY_BYTES; index++) {
    const element = list[index];
    if (typeof element !== "number") throw typeError("KEY_INVALID", `Expected 'encryptionKey[${index}]' to be an integer from 0 to 255, got a ${typeof element}.`);
    if (!Number.isInteger(element) || element < 0 || element > 255) {
      throw Object.assign(rangeError(`Expected 'encryptionKey[${index}]' to be an integer from 0 to 255, got a number that is not.`), { code: "KEY_INVALID" });
    }
  }
}
