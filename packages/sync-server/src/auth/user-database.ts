/**
 * The little SQL that users need, and their tables: the same statements on SQLite and PostgreSQL.
 *
 * Statements use `$1`-style parameters, `ON CONFLICT` and `RETURNING`, and nothing that PostgreSQL's relatives lack.
 *
 * @module
 */

/** A value that both databases take. */
export type SqlValue = string | number | null;
/** A row as it comes back; integers may come as text, JSON as text or parsed. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Runs statements: the database itself, or one transaction. */
export interface SqlRunner {
  query(sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** Where users are kept. */
export interface UserDatabase extends SqlRunner {
  readonly dialect: "sqlite" | "postgres";
  /** All of `work` or none of it. May run it again after a conflict, so it has no effects elsewhere. */
  transaction<Result>(work: (runner: SqlRunner) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Full name of one of the tables. */
export function tableName({ dialect }: Pick<UserDatabase, "dialect">, name: "user" | "user_key" | "device" | "identity" | "session" | "api_key" | "password" | "mail_token"): string {
  return dialect === "postgres" ? `sync.auth_${name}` : `auth_${name}`;
}

/** Makes the tables that are not there. Several servers may do so at once. */
export async function createUserTables(database: UserDatabase): Promise<void> {
  const json = database.dialect === "postgres" ? "JSONB" : "TEXT";
  const name = (table: Parameters<typeof tableName>[1]): string => tableName(database, table);
  const statements = [
    ...(database.dialect === "postgres" ? ["CREATE SCHEMA IF NOT EXISTS sync"] : []),
    `CREATE TABLE IF NOT EXISTS ${name("user")} (
      app TEXT NOT NULL, id TEXT NOT NULL, created_ms BIGINT NOT NULL, last_login_ms BIGINT NOT NULL, is_disabled INTEGER NOT NULL DEFAULT 0,
      custom_data ${json} NOT NULL, profile ${json} NOT NULL, trigger_done INTEGER NOT NULL DEFAULT 0, trigger_lease_ms BIGINT NOT NULL DEFAULT 0,
      key_version INTEGER NOT NULL DEFAULT 0, key_id TEXT, key_wrapped TEXT, PRIMARY KEY (app, id))`,
    // Keys that a change has taken out of the user's row. The row holds the newest one, so a database from before changes needs nothing done.
    `CREATE TABLE IF NOT EXISTS ${name("user_key")} (
      app TEXT NOT NULL, user_id TEXT NOT NULL, version INTEGER NOT NULL, key_id TEXT NOT NULL, key_wrapped TEXT NOT NULL, ended_ms BIGINT NOT NULL, PRIMARY KEY (app, user_id, version))`,
    `CREATE TABLE IF NOT EXISTS ${name("device")} (
      app TEXT NOT NULL, user_id TEXT NOT NULL, device_id TEXT NOT NULL, key_version INTEGER NOT NULL, seen_ms BIGINT NOT NULL, PRIMARY KEY (app, user_id, device_id))`,
    `CREATE TABLE IF NOT EXISTS ${name("identity")} (
      app TEXT NOT NULL, provider TEXT NOT NULL, subject TEXT NOT NULL, user_id TEXT NOT NULL, created_ms BIGINT NOT NULL, PRIMARY KEY (app, provider, subject))`,
    `CREATE INDEX IF NOT EXISTS auth_identity_by_user ON ${name("identity")} (app, user_id)`,
    `CREATE TABLE IF NOT EXISTS ${name("session")} (
      id TEXT PRIMARY KEY, app TEXT NOT NULL, user_id TEXT NOT NULL, device_id TEXT NOT NULL, seq INTEGER NOT NULL, nonce TEXT NOT NULL, previous_nonce TEXT,
      created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, revoked_ms BIGINT)`,
    `CREATE INDEX IF NOT EXISTS auth_session_by_user ON ${name("session")} (app, user_id)`,
    `CREATE TABLE IF NOT EXISTS ${name("api_key")} (
      app TEXT NOT NULL, id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL, secret_hash TEXT NOT NULL, is_disabled INTEGER NOT NULL DEFAULT 0, created_ms BIGINT NOT NULL,
      PRIMARY KEY (app, id), UNIQUE (app, user_id, name))`,
    `CREATE TABLE IF NOT EXISTS ${name("password")} (app TEXT NOT NULL, email TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (app, email))`,
    `CREATE TABLE IF NOT EXISTS ${name("mail_token")} (
      app TEXT NOT NULL, email TEXT NOT NULL, kind TEXT NOT NULL, token_id TEXT NOT NULL, token_hash TEXT NOT NULL, expires_ms BIGINT NOT NULL, PRIMARY KEY (app, email, kind))`,
  ];
  for (const statement of statements) await runTwice(database, statement);
}

/** PostgreSQL's IF NOT EXISTS loses races against itself: the loser finds the table there the second time. */
async function runTwice(database: UserDatabase, statement: string): Promise<void> {
  try {
    await database.query(statement);
  } catch {
    await database.query(statement);
  }
}

/** An integer column. */
export function integerOf(value: unknown): number {
  return Number(value);
}

/** A JSON column: text in SQLite, parsed in PostgreSQL. */
export function jsonOf(value: unknown): Record<string, unknown> {
  return (typeof value === "string" ? JSON.parse(value) : value) as Record<string, unknown>;
}
