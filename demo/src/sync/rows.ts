/**
 * The backend's rows as `psql` would show them.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

const WIDEST = 34;

/** The rows of a query, as a table. */
export function showRows(path: string, sql: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database.prepare(sql).all();
    const columns = Object.keys(rows[0] ?? {});
    const cells = rows.map((row) => columns.map((column) => String(row[column]).slice(0, WIDEST)));
    const widths = columns.map((column, at) => Math.max(column.length, ...cells.map((row) => (row[at] ?? "").length)));
    const line = (row: readonly string[]): string => ` ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")}`.trimEnd();
    return [line(columns), widths.map((width) => "-".repeat(width + 2)).join("+"), ...cells.map(line), `(${rows.length} ${rows.length === 1 ? "row" : "rows"})`];
  } finally {
    database.close();
  }
}
