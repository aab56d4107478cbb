/**
 * From a configuration to a running server.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import pg from "pg";
import { AuthService } from "../auth/auth-service.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { openPostgresUserDatabase } from "../auth/postgres-user-database.ts";
import { usersOf } from "../auth/served-users.ts";
import type { ServedUsers } from "../auth/served-users.ts";
import { openSqliteUserDatabase } from "../auth/sqlite-user-database.ts";
import { SyncServerError } from "../errors.ts";
import { AdminServer } from "../operations/admin-server.ts";
import type { Log } from "../operations/log.ts";
import { PostgresStore } from "../store/postgres/postgres-store.ts";
import type { SqliteDriver } from "../store/sqlite/connection.ts";
import { PLAIN_SQLITE } from "../store/sqlite/plain-driver.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { encryptedSqlite } from "../store/sqlite/store-encryption.ts";
import { SyncServer } from "../sync-server.ts";
import type { SyncServerOptions } from "../sync-server.ts";
import { storeEncryption } from "./config.ts";
import type { ServerConfig } from "./config.ts";

/** What runs. */
export interface RunningServer {
  readonly server: SyncServer;
  readonly admin: AdminServer | undefined;
  stop(): Promise<void>;
}

/** Starts everything that a configuration asks for. */
export async function runServer(config: ServerConfig, log: Log): Promise<RunningServer> {
  const connection = config.postgres === undefined ? undefined : connectionOf(config.postgres);
  // Refuses a database without TLS before anything connects to it.
  const store = connection === undefined ? new SqliteStore(config.sqlite ?? "", await driverOf(config, config.sqlite ?? "")) : new PostgresStore({ connection });
  const opened = await openUsers(config, log);
  const users = opened?.users;
  const server = new SyncServer(optionsOf(config, { store, log, authenticator: config.authenticator ?? (users as AuthService).authenticator(), ...(users === undefined ? {} : { users: usersOf([users]) }) }));
  await users?.start();
  await server.start();
  const admin = config.adminPort === undefined ? undefined : new AdminServer({ port: config.adminPort, metrics: server.metrics, isReady: () => server.isReady, facts: () => ({ store: store instanceof SqliteStore && store.isEncrypted ? "sqlite, encrypted" : store.kind, address: server.url }) });
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

/** The users of a configuration, without a server; undefined if others verify its tokens. */
export async function openUsers(config: ServerConfig, log: Log): Promise<{ readonly users: AuthService; close(): Promise<void> } | undefined> {
  if (config.auth === undefined) return undefined;
  if (config.postgres === undefined) {
    const path = usersPath(config.sqlite ?? "");
    const database = openSqliteUserDatabase(path, await driverOf(config, path));
    return { users: new AuthService({ ...config.auth, database }), close: () => database.close() };
  }
  const pool = new pg.Pool({ ...connectionOf(config.postgres), max: 4 });
  pool.on("error", () => log.warn("a connection of the users' part was lost"));
  return { users: new AuthService({ ...config.auth, database: openPostgresUserDatabase(pool) }), close: () => pool.end() };
}

/** Where users are, beside the embedded store. */
export function usersPath(sqlite: string): string {
  return `${sqlite}-users`;
}

async function driverOf(config: ServerConfig, path: string): Promise<SqliteDriver> {
  const encryption = storeEncryption(config);
  return encryption === undefined ? PLAIN_SQLITE : encryptedSqlite(path, encryption);
}

function optionsOf(config: ServerConfig, made: { readonly store: SyncServerOptions["store"]; readonly log: Log; readonly authenticator: Authenticator; readonly users?: ServedUsers }): SyncServerOptions {
  const { host, port, tls, schema, schemaPolicy, rules, usesPolicies, offlineDays } = config;
  return {
    ...made,
    rules,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(tls === undefined ? {} : { tls: { cert: readPem(tls.certFile), key: readPem(tls.keyFile) } }),
    ...(schema === undefined ? {} : { schema }),
    ...(schemaPolicy === undefined ? {} : { schemaPolicy }),
    ...(usesPolicies === undefined ? {} : { usesPolicies }),
    ...(offlineDays === undefined ? {} : { offlineDays }),
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
