/**
 * Statements about one class's table in SQLite. The tables have the classes' names; the server's own begin with `sync_`.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import type { SyncClass } from "@holdfast/sync-protocol";
import { SyncServerError } from "../../errors.ts";
import type { Image } from "../../merge/image.ts";
import { columnJson } from "../../schema/column-json.ts";
import { STATE_COLUMN, VERSION_COLUMN } from "../../schema/table-layout.ts";
import type { Column, TableLayout } from "../../schema/table-layout.ts";
import { scalarOfWire } from "../../schema/wire-scalar.ts";
import type { SqliteConnection } from "./connection.ts";
import { columnType, quoteName, sqlValue } from "./sqlite-dialect.ts";

/** Makes what is missing of a table. */
export function ensureTable(db: SqliteConnection, table: TableLayout): void {
  if (/^(?:sync|sqlite)_/i.test(table.name)) throw new SyncServerError("SCHEMA_UNSUPPORTED", `a class cannot be called ${table.name}`);
  const name = quoteName(table.name);
  db.exec(`CREATE TABLE IF NOT EXISTS ${name} (${quoteName(table.key.name)} ${columnType(table.key)} PRIMARY KEY NOT NULL, ${quoteName(STATE_COLUMN)} TEXT NOT NULL, ${quoteName(VERSION_COLUMN)} INTEGER NOT NULL) WITHOUT ROWID`);
  const present = new Set((db.prepare(`SELECT name FROM pragma_table_info(?)`).all(table.name) as { name: string }[]).map((row) => row.name));
  for (const column of table.columns) if (!present.has(column.name)) db.exec(`ALTER TABLE ${name} ADD COLUMN ${quoteName(column.name)} ${columnType(column)}`);
}

/** Writes a row: its columns, its state, the version. */
export function upsertSql(table: TableLayout): string {
  const names = [...table.columns.map(({ name }) => name), STATE_COLUMN, VERSION_COLUMN].map(quoteName);
  const updates = names.slice(1).map((name) => `${name} = excluded.${name}`);
  return `INSERT INTO ${quoteName(table.name)} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")}) ON CONFLICT DO UPDATE SET ${updates.join(", ")}`;
}

/** A value of a column. */
export function columnValue(image: Image, column: Column, classes: ReadonlyMap<string, SyncClass>): SQLInputValue {
  const value = image[column.name];
  if (column.kind === "json") {
    const json = columnJson(value, column.property, classes);
    return json === null ? null : JSON.stringify(json);
  }
  return sqlValue(scalarOfWire(value, column.kind), column.kind);
}

/** The value of a key's column, from the text that names it in pages. */
export function keyValue(text: string, table: TableLayout): SQLInputValue {
  return table.key.kind === "int" ? BigInt(text) : text;
}
