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
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { SyncServer } from "../sync-server.ts";
import type { SyncServerOptions } from "../sync-server.ts";
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
  const store = connection === undefined ? new SqliteStore(config.sqlite ?? "") : new PostgresStore({ connection });
  const pool = connection === undefined || config.auth === undefined ? undefined : new pg.Pool({ ...connection, max: 4 });
  pool?.on("error", () => log.warn("a connection of the users' part was lost"));
  const users = config.auth === undefined ? undefined : new AuthService({ ...config.auth, database: pool === undefined ? openSqliteUserDatabase(`${config.sqlite ?? ""}-users`) : openPostgresUserDatabase(pool) });
  const server = new SyncServer(optionsOf(config, { store, log, authenticator: config.authenticator ?? (users as AuthService).authenticator(), ...(users === undefined ? {} : { users: usersOf([users]) }) }));
  await users?.start();
  await server.start();
  const admin = config.adminPort === undefined ? undefined : new AdminServer({ port: config.adminPort, metrics: server.metrics, isReady: () => server.isReady, facts: () => ({ store: store.kind, address: server.url }) });
  await admin?.start();
  return {
    server,
    admin,
    async stop() {
      await admin?.stop();
      await server.stop();
      await pool?.end();
    },
  };
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
