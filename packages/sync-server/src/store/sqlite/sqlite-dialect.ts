/**
 * SQLite's side of filters and columns. Text is compared by its bytes; `lower` folds A to Z and nothing else.
 *
 * A bool is 0 or 1, a date its milliseconds, data a blob, a decimal its text. NaN, which SQLite would store as NULL, is the text "NaN".
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import { compareDecimals, parseDecimal } from "@holdfast/query";
import type { RelationOperator, Scalar, ScalarType, TextOperator } from "../../filters/filter.ts";
import type { SqlDialect } from "../../filters/sql.ts";
import { containsText, likeTest } from "../../filters/text-search.ts";
import type { Column } from "../../schema/table-layout.ts";
import type { SqliteConnection } from "./connection.ts";

const COLUMN_TYPES: Readonly<Record<ScalarType, string>> = {
  bool: "INTEGER", int: "INTEGER", double: "REAL", string: "TEXT", data: "BLOB", date: "INTEGER", decimal128: "TEXT", objectId: "TEXT", uuid: "TEXT", link: "TEXT",
};
const OPERATORS: Readonly<Record<RelationOperator, string>> = { "==": "=", "!=": "IS NOT", "<": "<", "<=": "<=", ">": ">", ">=": ">=" };

/** A part from which on SQLite's own search, text times part, is not left to it. */
const LONG = 64;

/** An identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The declared type of a column. */
export function columnType(column: Column): string {
  return column.kind === "json" ? "TEXT" : COLUMN_TYPES[column.kind === "link" ? (column.linkType ?? "string") : column.kind];
}

/** A scalar as SQLite takes it. */
export function sqlValue(value: Scalar, type: ScalarType): SQLInputValue {
  if (value === null) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (type === "data") return Buffer.from(String(value), "hex");
  if (type === "int" && typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (type === "date") return BigInt(value);
  if (typeof value === "number" && Number.isNaN(value)) return "NaN";
  return value;
}

/** Statements; constants are pushed onto `parameters` in the order in which they stand. */
export function statementDialect(parameters: SQLInputValue[]): SqlDialect {
  return {
    name: "sqlite",
    column: quoteName,
    constant(value, type) {
      if (type === "int" && typeof value === "bigint" && BigInt.asIntN(64, value) !== value) parameters.push(Number(value));
      else parameters.push(sqlValue(value, type));
      return "?";
    },
    relation,
    text: (left, operator, wanted) => textTest(left, operator, wanted, parameters),
    anyElement: (column, type, test) => `EXISTS (SELECT 1 FROM json_each(${column}) AS e WHERE ${test(elementSql(type))})`,
    elementCount: (column) => `coalesce(json_array_length(${column}), 0)`,
  };
}

/** The functions that filters call. */
export function addFunctions(db: Pick<SqliteConnection, "function">): void {
  const texts = (test: (text: string, wanted: string) => boolean) => (text: unknown, wanted: unknown): SQLInputValue => (typeof text === "string" && typeof wanted === "string" ? Number(test(text, wanted)) : null);
  let last: { readonly pattern: string; readonly test: (text: string) => boolean } | undefined;
  db.function("holdfast_decimal_order", { deterministic: true }, decimalOrder);
  db.function("holdfast_date", { deterministic: true }, (text) => (typeof text === "string" ? Date.parse(text) : null));
  db.function("holdfast_contains", { deterministic: true }, texts(containsText));
  db.function("holdfast_like", { deterministic: true }, texts((text, pattern) => {
    if (last?.pattern !== pattern) last = { pattern, test: likeTest(pattern) };
    return last.test(text);
  }));
}

/** The order of two decimals, for SQL: null if there is none. */
function decimalOrder(left: unknown, right: unknown): number | null {
  if (typeof left !== "string" || typeof right !== "string") return null;
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  if (a === undefined || b === undefined) return null;
  const order = compareDecimals(a, b);
  return Number.isNaN(order) ? null : order;
}

function relation(left: string, operator: RelationOperator, right: string, type: ScalarType): string {
  if (type === "decimal128") {
    const order = `holdfast_decimal_order(${left}, ${right})`;
    return operator === "!=" ? `(${order} IS NOT 0)` : `(${order} ${OPERATORS[operator]} 0)`;
  }
  // The text "NaN" is above every number here; in queries it is neither above nor below anything.
  const guard = type === "double" && (operator === ">" || operator === ">=") ? ` AND typeof(${left}) <> 'text'` : "";
  return `(${left} ${OPERATORS[operator]} ${right}${guard})`;
}

function textTest(left: string, operator: TextOperator, wanted: string, parameters: SQLInputValue[]): string {
  if (wanted === "" && operator !== "LIKE") return `(${left} IS NOT NULL)`;
  parameters.push(wanted);
  const length = String([...wanted].length);
  switch (operator) {
    case "BEGINSWITH":
      return `(substr(${left}, 1, ${length}) = ?)`;
    case "ENDSWITH":
      return `(substr(${left}, -${length}) = ?)`;
    case "CONTAINS":
      return wanted.length > LONG ? `holdfast_contains(${left}, ?)` : `(instr(${left}, ?) > 0)`;
    case "LIKE":
      // Not GLOB, whose time is that of text times pattern, on the thread that all share.
      return `holdfast_like(${left}, ?)`;
  }
}

function elementSql(type: ScalarType): string {
  switch (type) {
    case "date":
      return "holdfast_date(e.value)";
    case "int":
      return "CAST(e.value AS INTEGER)";
    default:
      return "e.value";
  }
}
