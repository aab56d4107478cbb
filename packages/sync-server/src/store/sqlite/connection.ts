/**
 * What is used of a SQLite binding: the shape of `node:sqlite`, which the encrypting one is given, too.
 *
 * @module
 */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";

/** A prepared statement. Parameters are `?`, in their order. */
export interface SqliteStatement {
  get(...values: SQLInputValue[]): unknown;
  all(...values: SQLInputValue[]): unknown[];
  run(...values: SQLInputValue[]): unknown;
}

/** One connection. */
export interface SqliteConnection {
  readonly isOpen: boolean;
  readonly isTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  function(name: string, options: { readonly deterministic: boolean }, call: (...values: SQLOutputValue[]) => SQLInputValue): void;
  close(): void;
}

/** How a connection is opened. */
export interface SqliteOpenOptions {
  readonly isReadOnly?: boolean;
  /** How long a statement waits for another connection's lock. */
  readonly timeoutMs?: number;
}

/** Opens connections: to plain files, or to one encrypted file. */
export interface SqliteDriver {
  /** True if what reaches the disk is encrypted. */
  readonly isEncrypted: boolean;
  open(path: string, options?: SqliteOpenOptions): SqliteConnection;
}
