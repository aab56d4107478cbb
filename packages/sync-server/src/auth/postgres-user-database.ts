/**
 * Users in PostgreSQL, in the schema `sync` of the same database as everything else.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
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

/** How often a transaction that met another one is run again. */
const ATTEMPTS = 8;

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
    query: async (sql, values = []) => (await pool.query(sql, [...values])).rows,
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once((connection) => work({ query: async (sql, values = []) => (await connection.query(sql, [...values])).rows }));
        } catch (error) {
          if (attempt === ATTEMPTS || !isConflict(error)) throw error;
          await sleep(attempt * 5 * Math.random());
        }
      }
    },
    close: async () => undefined,
  };
}

/** serialization_failure and deadlock_detected. */
function isConflict(error: unknown): boolean {
  return ["40001", "40P01"].includes((error as { code?: string }).code ?? "");
}
