/**
 * Statements about one class's table in PostgreSQL.
 *
 * @module
 */
import type { SyncClass } from "@holdfast/sync-protocol";
import type { Image } from "../../merge/image.ts";
import { columnJson } from "../../schema/column-json.ts";
import { STATE_COLUMN, VERSION_COLUMN } from "../../schema/table-layout.ts";
import type { Column, TableLayout } from "../../schema/table-layout.ts";
import { scalarOfWire } from "../../schema/wire-scalar.ts";
import { castType, columnType, quoteName, quoteText, scalarText } from "./postgres-dialect.ts";
import { foreignTriggerSql, rowSecuritySql } from "./postgres-only.ts";

const ZEROS: Readonly<Record<string, string>> = {
  bool: "false", int: "0", double: "0", string: "", data: "\\x", date: "1970-01-01T00:00:00Z", decimal128: "0", objectId: "0".repeat(24), uuid: "00000000-0000-0000-0000-000000000000",
};

/** The table's name. */
export function tableName(table: TableLayout): string {
  return `app.${quoteName(table.name)}`;
}

/** Makes what is missing of a table: table, columns, index, trigger, row-level security. Can be run again. */
export function ensureTableSql(table: TableLayout): readonly string[] {
  const name = tableName(table);
  const watched = JSON.stringify(Object.fromEntries(table.columns.map((column) => [column.name, column.kind === "json"])));
  return [
    `CREATE TABLE IF NOT EXISTS ${name} (${quoteName(table.key.name)} ${columnType(table.key)} PRIMARY KEY, ${quoteName(STATE_COLUMN)} text NOT NULL DEFAULT '', ${quoteName(VERSION_COLUMN)} bigint NOT NULL DEFAULT 0)`,
    ...table.columns.filter((column) => column !== table.key).map((column) => `ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${quoteName(column.name)} ${columnType(column)}${requirement(column)}`),
    foreignTriggerSql(name, { key: table.key.name, watched }),
    rowSecuritySql(name),
  ];
}

function requirement(column: Column): string {
  const zero = zeroText(column);
  return zero === undefined ? "" : ` NOT NULL DEFAULT ${quoteText(zero)}`;
}

/** What a required column holds if nothing was said; undefined for one that may be null. */
function zeroText(column: Column): string | undefined {
  const { property, kind } = column;
  if (property.collection !== undefined) return property.collection === "dict" ? "{}" : "[]";
  if (kind === "json" || kind === "link" || property.optional === true) return undefined;
  const given = property.default === undefined || property.default === null ? null : scalarOfWire(property.default, kind);
  return given === null ? ZEROS[kind] : scalarText(given, kind);
}

/** A value of a column as text for its cast. */
export function columnText(image: Image, column: Column, classes: ReadonlyMap<string, SyncClass>): string | null {
  const value = image[column.name];
  if (column.kind === "json") {
    const json = columnJson(value, column.property, classes);
    return json === null ? (zeroText(column) ?? null) : JSON.stringify(json);
  }
  const scalar = scalarOfWire(value, column.kind);
  if (scalar === null) return zeroText(column) ?? null;
  return scalarText(scalar, column.kind);
}

/** Writes rows: one array of texts per column, then states, then the version. */
export function upsertSql(table: TableLayout): string {
  const names = [...table.columns.map(({ name }) => quoteName(name)), quoteName(STATE_COLUMN)];
  const aliases = names.map((_name, index) => `c${String(index)}`);
  const values = [...table.columns.map((column, index) => `c${String(index)}::${castType(column)}`), `c${String(table.columns.length)}`, `$${String(names.length + 1)}::bigint`];
  const columns = [...names, quoteName(VERSION_COLUMN)];
  const updates = columns.slice(1).map((name) => `${name} = excluded.${name}`);
  return `INSERT INTO ${tableName(table)} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM unnest(${names.map((_name, index) => `$${String(index + 1)}::text[]`).join(", ")}) AS t(${aliases.join(", ")}) ON CONFLICT (${names[0] ?? ""}) DO UPDATE SET ${updates.join(", ")}`;
}

/** Deletes rows by the texts of their keys. */
export function deleteSql(table: TableLayout): string {
  return `DELETE FROM ${tableName(table)} WHERE ${quoteName(table.key.name)} = ANY($1::${castType(table.key)}[])`;
}

/** States by keys, as `typ`, `pk` (the column's text), `m`, the version `v`, and `last`, which only tombstones have; `parameter` numbers the array of keys. */
export function statesSql(table: TableLayout, parameter: number): string {
  const key = quoteName(table.key.name);
  return `SELECT ${quoteText(table.name)} AS typ, ${key}::text AS pk, ${quoteName(STATE_COLUMN)} AS m, ${quoteName(VERSION_COLUMN)} AS v, NULL::text AS last FROM ${tableName(table)} WHERE ${key} = ANY($${String(parameter)}::${castType(table.key)}[])`;
}

/** A page of rows behind a key. */
export function pageSql(table: TableLayout, condition: string, options: { readonly after: number | undefined; readonly limit: number }): string {
  const key = quoteName(table.key.name);
  const behind = options.after === undefined ? "" : ` AND ${key} > $${String(options.after)}::${castType(table.key)}`;
  return `SELECT ${key}::text AS pk, ${quoteName(STATE_COLUMN)} AS m FROM ${tableName(table)} WHERE ${quoteName(STATE_COLUMN)} <> ''${behind} AND ${condition} ORDER BY ${key} LIMIT ${String(options.limit)}`;
}
