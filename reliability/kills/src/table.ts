/**
 * What a run prints.
 *
 * @module
 */
import type { Row } from "./run.ts";

const COLUMNS = ["activity", "form", "rounds", "kills", "at rest", "survived", "unreturned", "failed"] as const;

/** The summary as lines of aligned columns, with a sum below. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = rows.map((row) => [row.activity, row.form, row.rounds, row.kills, row.killsAtRest, row.survived, row.unreturned, row.failures.length]);
  const sums = ["sum", "", ...[2, 3, 4, 5, 6, 7].map((column) => cells.reduce((sum, line) => sum + Number(line[column]), 0))];
  const lines = [[...COLUMNS], ...cells, sums].map((line) => line.map(String));
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  return lines.map((line) => line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join("  ").trimEnd());
}

/** The kills after which all held, and the rounds after which something did not. */
export function countsOf(rows: readonly Row[]): { passed: number; failed: number } {
  return {
    passed: rows.reduce((sum, row) => sum + row.kills, 0),
    failed: rows.reduce((sum, row) => sum + row.failures.length, 0),
  };
}
