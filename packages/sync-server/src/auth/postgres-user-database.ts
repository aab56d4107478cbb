/**
 * Users in PostgreSQL, in the schema `sync` of the same database as everything else.
 *
 * @module
 */
import { repeated } from "../store/postgres/repeated.ts";
import type { SqlRow, SqlValue, UserDatabase } from "./user-database.ts";

/** The part of `Pool` of `pg` that is used. */
export interface PgPool {
  query(text: string, values: SqlValue[]): Promise<{ rows: SqlRow[] }>;
  connect(): Promise<PgConnection>;
}

/** The part of `PoolClient` of `pg` that is used. */
export interface PgConnection {
  query(text: string, values?: SqlValue[]): Promise<{ rows: SqlRow[] }>;
  release(error?: Error | boolean): void;
}

/** Users over a pool, which stays the caller's to end. */
export function openPostgresUserDatabase(pool: PgPool): UserDatabase {
  const once = async <Result>(work: (connection: PgConnection) => Promise<Result>): Promise<Result> => {
    const connection = await pool.connect();
    let failure: Error | undefined;
    try {
      await connection.query("BEGIN");
      const result = await work(connection);
      await connection.query("COMMIT");
      return result;
    } catch (error) {
      failure = error as Error;
      // The connection may be what has failed: it is thrown away then.
      await connection.query("ROLLBACK").then(() => (failure = undefined), () => undefined);
      throw error;
    } finally {
      connection.release(failure);
    }
  };
  return {
    dialect: "postgres",
    // A statement by itself is a transaction too.
    query: (sql, values = []) => repeated(async () => (await pool.query(sql, [...values])).rows),
    transaction: (work) => repeated(() => once((connection) => work({ query: async (sql, values = []) => (await connection.query(sql, [...values])).rows }))),
    close: async () => undefined,
  };
}
