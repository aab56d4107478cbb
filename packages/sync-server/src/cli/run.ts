/**
 * From a configuration to a running server.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import pg from "pg";
import { AuthService } from "../auth/auth-service.ts";
import { openPostgresUserDatabase } from "../auth/postgres-user-database.ts";
import { usersOf } from "../auth/served-users.ts";
import { openSqliteUserDatabase } from "../auth/sqlite-user-database.ts";
import { SyncServerError } from "../errors.ts";
import { natsHints } from "../hints/nats-hints.ts";
import { AdminServer } from "../operations/admin-server.ts";
import type { Log } from "../operations/log.ts";
import type { Store } from "../store/store.ts";
import { PostgresStore } from "../store/postgres/postgres-store.ts";
import type { PostgresOptions } from "../store/postgres/postgres-store.ts";
import { connectionFailure, securedConnection } from "../store/postgres/secured-connection.ts";
import type { SqliteDriver } from "../store/sqlite/connection.ts";
import { PLAIN_SQLITE } from "../store/sqlite/plain-driver.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { encryptedSqlite } from "../store/sqlite/store-encryption.ts";
import { SyncServer } from "../sync-server.ts";
import type { SyncServerOptions } from "../sync-server.ts";
import { storeEncryption } from "./config.ts";
import type { DatabaseConfig, ServerConfig } from "./config.ts";

type Hints = NonNullable<PostgresOptions["hints"]>;

/** What runs. */
export interface RunningServer {
  readonly server: SyncServer;
  readonly admin: AdminServer | undefined;
  stop(): Promise<void>;
}

/** Starts everything that a configuration asks for. */
export async function runServer(config: ServerConfig, log: Log): Promise<RunningServer> {
  const stores = await openStores(config);
  const opened = await openUsers(config, log);
  const users = opened?.users;
  const server = new SyncServer({
    ...optionsOf(config), ...stores, log, authenticator: config.authenticator ?? (users as AuthService).authenticator(), ...(users === undefined ? {} : { users: usersOf([users]) }),
  });
  await opened?.start();
  await server.start();
  const admin = config.adminPort === undefined ? undefined : new AdminServer({ port: config.adminPort, metrics: server.metrics, isReady: () => server.isReady, shardsReady: () => server.shardsReady, facts: () => ({ store: kindsOf(stores), address: server.url }) });
  await admin?.start();
  return {
    server,
    admin,
    async stop() {
      await admin?.stop();
      await server.stop();
      await opened?.close();
    },
  };
}

/** Users, and the connections under them. */
export interface OpenedUsers {
  readonly users: AuthService;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The users of a configuration, without a server; undefined if others verify its tokens. */
export async function openUsers(config: ServerConfig, log: Log): Promise<OpenedUsers | undefined> {
  if (config.auth === undefined) return undefined;
  if (config.postgres === undefined) {
    const path = usersPath(config.sqlite ?? "");
    const database = openSqliteUserDatabase(path, await driverOf(config, path));
    const users = new AuthService({ ...config.auth, database });
    return { users, start: () => users.start(), close: () => database.close() };
  }
  const pool = new pg.Pool({ ...securedConnection(connectionOf(config.postgres)), max: 4 });
  pool.on("error", () => log.warn("a connection of the users' part was lost"));
  const users = new AuthService({ ...config.auth, database: openPostgresUserDatabase(pool) });
  const start = async (): Promise<void> => {
    try {
      await users.start();
    } catch (error) {
      throw connectionFailure(error);
    }
  };
  return { users, start, close: () => pool.end() };
}

/** Where users are, beside the embedded store. */
function usersPath(sqlite: string): string {
  return `${sqlite}-users`;
}

/** All files of the embedded store: the servers' own first, since who runs holds their locks. */
export function sqlitePaths({ sqlite, shards }: ServerConfig): readonly string[] {
  const stores = shards === undefined ? [sqlite] : Object.values(shards).map((shard) => shard.sqlite);
  return [...stores, sqlite === undefined ? undefined : usersPath(sqlite)].filter((path) => path !== undefined);
}

async function driverOf(config: ServerConfig, path: string): Promise<SqliteDriver> {
  const encryption = storeEncryption(config);
  return encryption === undefined ? PLAIN_SQLITE : encryptedSqlite(path, encryption);
}

/** The database, or those of the shards. Refuses one without TLS before anything connects to it. */
async function openStores(config: ServerConfig): Promise<Pick<SyncServerOptions, "store" | "shards" | "shardOf">> {
  const { shards, shardOf } = config;
  const hints = hintsOf(config);
  if (shards === undefined || shardOf === undefined) return { store: await openStore(config, config, hints) };
  const opened: Record<string, Store> = {};
  for (const [name, shard] of Object.entries(shards)) opened[name] = await openStore(config, shard, hints);
  return { shards: opened, shardOf };
}

async function openStore(config: ServerConfig, { sqlite = "", postgres }: DatabaseConfig, hints: Hints): Promise<Store> {
  return postgres === undefined ? new SqliteStore(sqlite, await driverOf(config, sqlite)) : new PostgresStore({ connection: connectionOf(postgres), hints });
}

/** One connection to a bus, whatever the number of shards. */
function hintsOf({ hints = "notify" }: ServerConfig): Hints {
  if (typeof hints === "string") return hints;
  const { tls, ...nats } = hints.nats;
  if (tls === undefined) return natsHints(nats);
  const { caFile, certFile, keyFile } = tls;
  return natsHints({ ...nats, tls: { ...(caFile === undefined ? {} : { ca: readPem(caFile) }), ...(certFile === undefined ? {} : { cert: readPem(certFile) }), ...(keyFile === undefined ? {} : { key: readPem(keyFile) }) } });
}

function kindsOf({ store, shards = {} }: Pick<SyncServerOptions, "store" | "shards">): string {
  const kinds = (store === undefined ? Object.values(shards) : [store]).map((each) => (each instanceof SqliteStore && each.isEncrypted ? "sqlite, encrypted" : each.kind));
  return [...new Set(kinds)].join("; ");
}

function optionsOf(config: ServerConfig): Omit<SyncServerOptions, "store" | "log" | "authenticator" | "users"> {
  const { host, port, tls, schema, schemaPolicy, rules, usesPolicies, offlineDays, pollMs } = config;
  return {
    rules,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(tls === undefined ? {} : { tls: { cert: readPem(tls.certFile), key: readPem(tls.keyFile) } }),
    ...(schema === undefined ? {} : { schema }),
    ...(schemaPolicy === undefined ? {} : { schemaPolicy }),
    ...(usesPolicies === undefined ? {} : { usesPolicies }),
    ...(offlineDays === undefined ? {} : { offlineDays }),
    ...(pollMs === undefined ? {} : { pollMs }),
  };
}

function connectionOf({ caFile, ...connection }: NonNullable<ServerConfig["postgres"]>): pg.ClientConfig {
  return caFile === undefined ? connection : { ...connection, ssl: { ca: readPem(caFile) } };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new SyncServerError("CONFIGURATION_INVALID", `${path} cannot be read`, { cause });
  }
}
