/**
 * The configuration file: JSON, or a module whose default export is the same object. Flags win over it.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type pg from "pg";
import type { SyncSchema } from "@holdfast/sync-protocol";
import type { AuthOptions } from "../auth/auth-options.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { localKeyProvider } from "../auth/key-provider.ts";
import { SyncServerError } from "../errors.ts";
import type { NatsHintsOptions } from "../hints/nats-hints.ts";
import type { Rules } from "../permissions/rules.ts";
import type { SchemaPolicy } from "../sessions/session-context.ts";
import { checkShardName, compileShardChoice } from "../shards/shard-choice.ts";
import type { ShardChoice } from "../shards/shard-choice.ts";
import type { StoreEncryption } from "../store/sqlite/store-encryption.ts";

/** Where a database is; one of the two. */
export interface DatabaseConfig {
  readonly sqlite?: string;
  /** Fields of `pg`, or `connectionString`. */
  readonly postgres?: pg.ClientConfig & { readonly caFile?: string };
}

/** How to reach NATS; the files are PEM. */
export interface NatsConfig extends Omit<NatsHintsOptions, "tls"> {
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

/** What a configuration file holds. */
export interface ServerConfig extends DatabaseConfig {
  readonly host?: string;
  readonly port?: number;
  /** Of metrics and status page, on loopback. Absent: none. */
  readonly adminPort?: number;
  /** Files in PEM. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Of `sqlite`, of its users' file and of shards: wrapping keys in files, or, in a module, key providers. */
  readonly encryption?: StoreEncryption | StoreKeyFiles;
  /** Several databases, by name. `sqlite` or `postgres` beside it is then the users' alone. */
  readonly shards?: Readonly<Record<string, DatabaseConfig>>;
  /** Of `shards`: to which one a user belongs. */
  readonly shardOf?: ShardChoice;
  /** How servers of a PostgreSQL database tell each other that there is something new. Default: notify. */
  readonly hints?: "notify" | "poll" | { readonly nats: NatsConfig };
  /** How often to look for what other servers and programs wrote, whatever hints come. Default: 200. */
  readonly pollMs?: number;
  readonly schema?: SyncSchema;
  readonly schemaPolicy?: SchemaPolicy;
  readonly rules: Rules;
  readonly usesPolicies?: boolean;
  readonly offlineDays?: number;
  /** Users of this server's own. Only in a module: providers are functions. */
  readonly auth?: Omit<AuthOptions, "database">;
  /** Instead: whoever else verifies tokens. Only in a module. */
  readonly authenticator?: Authenticator;
}

/** Wrapping keys of the server's own: files with 32 bytes, or their base64. */
export interface StoreKeyFiles extends Pick<StoreEncryption, "cipher"> {
  readonly keyFile: string;
  readonly formerKeyFiles?: readonly string[];
}

/** The encryption of the embedded store that a configuration asks for. */
export function storeEncryption({ encryption }: ServerConfig): StoreEncryption | undefined {
  if (encryption === undefined || !("keyFile" in encryption)) return encryption;
  const { keyFile, formerKeyFiles = [], ...rest } = encryption;
  try {
    return { ...rest, providers: [localKeyProvider({ key: { file: keyFile }, former: formerKeyFiles.map((file) => ({ file })) })] };
  } catch (cause) {
    throw invalid(`encryption: ${cause instanceof Error ? cause.message : "unknown"}`, cause);
  }
}

/** Reads and checks it. @param storeKeyFile - Takes the place of the wrapping key that the file names. @throws {SyncServerError} `CONFIGURATION_INVALID` */
export async function loadConfig(path: string, storeKeyFile?: string): Promise<ServerConfig> {
  const full = resolve(path);
  let config: unknown;
  try {
    config = full.endsWith(".json") ? JSON.parse(readFileSync(full, "utf8")) : ((await import(pathToFileURL(full).href)) as { readonly default?: unknown }).default;
  } catch (cause) {
    throw invalid(`${path} cannot be read: ${cause instanceof Error ? cause.message : "unknown"}`, cause);
  }
  return checked(storeKeyFile === undefined ? config : { ...(config as object), encryption: { ...(config as ServerConfig).encryption, keyFile: storeKeyFile } });
}

function checked(config: unknown): ServerConfig {
  if (typeof config !== "object" || config === null) throw invalid("expected an object");
  const known = new Set(["host", "port", "adminPort", "tls", "sqlite", "encryption", "postgres", "shards", "shardOf", "hints", "pollMs", "schema", "schemaPolicy", "rules", "usesPolicies", "offlineDays", "auth", "authenticator"]);
  const unknown = Object.keys(config).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(`there is no setting ${unknown}`);
  const given = config as ServerConfig;
  for (const name of ["port", "adminPort", "offlineDays", "pollMs"] as const) if (given[name] !== undefined && (!Number.isInteger(given[name]) || given[name] < 0)) throw invalid(`${name}: expected a whole number`);
  checkDatabases(given);
  checkEncryption(given);
  checkHints(given);
  if (typeof given.rules !== "object" || given.rules === null || typeof given.rules.classes !== "object") throw invalid("rules: expected an object with classes; without rules nobody may do anything");
  if ((given.auth === undefined) === (given.authenticator === undefined)) throw invalid("expected one of auth and authenticator, in a module (.mjs): without them nobody could log in");
  if (given.tls !== undefined && (typeof given.tls.certFile !== "string" || typeof given.tls.keyFile !== "string")) throw invalid("tls: expected certFile and keyFile");
  return given;
}

function checkEncryption({ encryption, postgres, shards = {} }: ServerConfig): void {
  if (encryption === undefined) return;
  if ([postgres, ...Object.values(shards).map((shard) => shard.postgres)].some((each) => each !== undefined)) throw invalid("encryption is the embedded store's; for PostgreSQL encrypt its volume (docs/guides/deploy-sync.md)");
  if (encryption.cipher !== undefined && encryption.cipher !== "sqlcipher" && encryption.cipher !== "aegis-256") throw invalid('encryption: cipher is "sqlcipher" or "aegis-256"');
  if ("keyFile" in encryption ? typeof encryption.keyFile !== "string" : !Array.isArray(encryption.providers) || encryption.providers.length === 0) throw invalid("encryption: expected keyFile, or providers in a module (.mjs)");
}

function checkHints({ hints, pollMs }: ServerConfig): void {
  if (pollMs === 0) throw invalid("pollMs: expected a whole number above 0");
  if (hints === undefined || hints === "notify" || hints === "poll") return;
  if (typeof hints !== "object" || hints === null || !Array.isArray(hints.nats?.servers) || hints.nats.servers.length === 0) throw invalid('hints: expected "notify", "poll" or { nats: { servers: [...] } }');
}

function checkDatabases({ shards, shardOf, auth, ...database }: ServerConfig): void {
  const count = Number(database.sqlite !== undefined) + Number(database.postgres !== undefined);
  if ((shards === undefined) !== (shardOf === undefined)) throw invalid("shards and shardOf belong together");
  if (shards === undefined || shardOf === undefined) {
    if (count !== 1) throw invalid("expected one of sqlite and postgres");
    return;
  }
  if (count > 1 || (count === 1) !== (auth !== undefined)) throw invalid("beside shards, sqlite or postgres is where the users of auth are; expected one with auth, and none without");
  if (typeof shards !== "object" || shards === null || Object.keys(shards).length === 0) throw invalid("shards: expected databases by name");
  compileShardChoice(shardOf);
  for (const [name, shard] of Object.entries(shards)) {
    checkShardName(name);
    const unknown = Object.keys(shard).find((setting) => setting !== "sqlite" && setting !== "postgres");
    if (unknown !== undefined) throw invalid(`shards.${name}: there is no setting ${unknown}`);
    if ((shard.sqlite === undefined) === (shard.postgres === undefined)) throw invalid(`shards.${name}: expected one of sqlite and postgres`);
  }
}

function invalid(message: string, cause?: unknown): SyncServerError {
  return new SyncServerError("CONFIGURATION_INVALID", message, { cause });
}
