/**
 * Users in SQLite, in a file of their own: their short transactions never meet those of the sync store.
 *
 * @module
 */
import { chmodSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { SqliteDriver } from "../store/sqlite/connection.ts";
import { PLAIN_SQLITE } from "../store/sqlite/plain-driver.ts";
import type { SqlRow, SqlRunner, SqlValue, UserDatabase } from "./user-database.ts";

/** How long another process may hold the file, in ms. */
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 20;
const PARAMETER = /\$(\d+)/gu;

/**
 * Opens or makes the file; `:memory:` for tests. Only its owner may read it.
 *
 * @param driver - Of an encrypted file: `await encryptedSqlite(path, { providers })`.
 */
export function openSqliteUserDatabase(path: string, driver: SqliteDriver = PLAIN_SQLITE): UserDatabase {
  const connection = driver.open(path);
  if (path !== ":memory:") chmodSync(path, 0o600);
  // Waiting inside SQLite would stop the event loop, and with it the transaction that is waited for if it is this process's.
  connection.exec("PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const run = (sql: string, values: readonly SqlValue[] = []): readonly SqlRow[] => connection.prepare(sql.replaceAll(PARAMETER, "?")).all(...inOrder(sql, values)) as SqlRow[];
  const runner: SqlRunner = { query: async (sql, values) => run(sql, values) };
  return {
    dialect: "sqlite",
    query: (sql, values) => inTurn(() => whenFree(() => run(sql, values))),
    transaction: (work) =>
      inTurn(async () => {
        await whenFree(() => connection.exec("BEGIN IMMEDIATE"));
        try {
          const result = await work(runner);
          await whenFree(() => connection.exec("COMMIT"));
          return result;
        } catch (error) {
          if (connection.isTransaction) connection.exec("ROLLBACK");
          throw error;
        }
      }),
    close: () => inTurn(async () => connection.close()),
  };
}

/** The values in the order in which the statement names them. */
function inOrder(sql: string, values: readonly SqlValue[]): SqlValue[] {
  return [...sql.matchAll(PARAMETER)].map(([, index]) => values[Number(index) - 1] ?? null);
}

async function whenFree<Result>(run: () => Result): Promise<Result> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || performance.now() > endsAtMs) throw error;
      await sleep(pauseMs * Math.random());
    }
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED, with their extended codes. */
function isBusy(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: number; code?: unknown };
  return (errcode !== undefined && [5, 6].includes(errcode % 256)) || /^SQLITE_(?:BUSY|LOCKED)/.test(String(code));
}
