/**
 * PostgreSQL's side of filters and columns.
 *
 * Text is compared under the collation "C": by bytes, which is the order of code points and the same on every machine. `lower` folds A to
 * Z under it and nothing else.
 *
 * @module
 */
import type { RelationOperator, Scalar, ScalarType, TextOperator } from "../../filters/filter.ts";
import type { SqlDialect } from "../../filters/sql.ts";
import type { Column } from "../../schema/table-layout.ts";

const COLUMN_TYPES: Readonly<Record<ScalarType, string>> = {
  bool: "boolean", int: "bigint", double: "double precision", string: 'text COLLATE "C"', data: "bytea", date: "timestamptz", decimal128: "numeric",
  objectId: 'text COLLATE "C"', uuid: "uuid", link: 'text COLLATE "C"',
};
const CASTS: Readonly<Record<ScalarType, string>> = {
  bool: "boolean", int: "numeric", double: "float8", string: "text", data: "bytea", date: "timestamptz", decimal128: "numeric", objectId: "text", uuid: "uuid", link: "text",
};
const OPERATORS: Readonly<Record<RelationOperator, string>> = { "==": "=", "!=": "IS DISTINCT FROM", "<": "<", "<=": "<=", ">": ">", ">=": ">=" };
const INT64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];

/** An identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A literal; safe under every setting of `standard_conforming_strings`. */
export function quoteText(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return escaped.includes("\\") ? `E'${escaped.replaceAll("\\", "\\\\")}'` : `'${escaped}'`;
}

/** The type of a column, without its constraints. */
export function columnType(column: Column): string {
  if (column.kind === "json") return "jsonb";
  return COLUMN_TYPES[column.kind === "link" ? (column.linkType ?? "string") : column.kind];
}

/** The type that a column's text is cast to. */
export function castType(column: Column): string {
  if (column.kind === "json") return "jsonb";
  const kind = column.kind === "link" ? (column.linkType ?? "string") : column.kind;
  return kind === "int" ? "bigint" : CASTS[kind];
}

/** Milliseconds as PostgreSQL reads them, in every year that it has. */
export function dateText(ms: number): string {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  const rest = date.toISOString().replace(/^[+-]?\d+/, "");
  return year > 0 ? `${String(year).padStart(4, "0")}${rest}` : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}

/** A scalar as text that PostgreSQL casts to the column's type. */
export function scalarText(value: Exclude<Scalar, null>, type: ScalarType): string {
  if (type === "date") return dateText(Number(value));
  return type === "data" ? `\\x${String(value)}` : Object.is(value, -0) ? "-0" : String(value);
}

/** Statements: constants become parameters, pushed onto `parameters`. */
export function statementDialect(parameters: string[]): SqlDialect {
  return {
    ...common,
    constant(value, type) {
      parameters.push(scalarText(value, type));
      return `($${String(parameters.length)}::${castOf(value, type)})`;
    },
  };
}

/** Policies: constants are literals, and variables come from the setting `holdfast.user`. */
export const policyDialect: SqlDialect = {
  ...makeCommon(),
  constant: (value, type) => `(${quoteText(scalarText(value, type))}::${castOf(value, type)})`,
  variable: (path, type) => jsonScalar(userJson(path), type),
  variableList: (left, path, type) => `EXISTS (SELECT 1 FROM ${userElements(path)} AS e WHERE ${left} = ${jsonScalar("e", type)})`,
};

/** That a variable is there in a type that can be compared; else a rule gives nothing. */
export function variablePresent(path: readonly string[], type: ScalarType, isList: boolean): string {
  const one = `(${jsonScalar(userJson(path), type)} IS NOT NULL)`;
  if (!isList) return one;
  return `(CASE WHEN jsonb_typeof(${userJson(path)}) = 'array' THEN NOT EXISTS (SELECT 1 FROM ${userElements(path)} AS e WHERE ${jsonScalar("e", type)} IS NULL) ELSE ${one} END)`;
}

const common: Omit<SqlDialect, "constant"> = makeCommon();

function makeCommon(): Omit<SqlDialect, "constant"> {
  return {
    name: "postgres",
    column: quoteName,
    relation,
    text,
    textExpression,
    anyElement: (column, type, test) =>
      `EXISTS (SELECT 1 FROM jsonb_array_elements(CASE WHEN jsonb_typeof(${column}) = 'array' THEN ${column} ELSE '[]'::jsonb END) AS e WHERE ${test(elementSql(type))})`,
    elementCount: (column) => `(CASE WHEN jsonb_typeof(${column}) = 'array' THEN jsonb_array_length(${column}) ELSE 0 END)`,
  };
}

/** A bigint column is compared with a bigint where that is exact: its index can be used then. */
function castOf(value: Scalar, type: ScalarType): string {
  if (type === "string" || type === "objectId" || type === "link") return 'text COLLATE "C"';
  if (type !== "int" || typeof value === "string" || typeof value === "boolean" || value === null) return CASTS[type];
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  return isWhole && BigInt(value) >= INT64[0] && BigInt(value) <= INT64[1] ? "bigint" : "numeric";
}

function relation(left: string, operator: RelationOperator, right: string, type: ScalarType): string {
  // Here NaN is above every number; in queries it is neither above nor below anything.
  const guard = (type === "double" || type === "decimal128") && (operator === ">" || operator === ">=") ? ` AND ${left} <> 'NaN'` : "";
  return `(${left} ${OPERATORS[operator]} ${right}${guard})`;
}

function text(left: string, operator: TextOperator, wanted: string): string {
  return textExpression(left, operator, operator === "LIKE" ? quoteText(likePattern(wanted)) : quoteText(wanted), operator === "LIKE");
}

function textExpression(left: string, operator: TextOperator, right: string, isPattern = false): string {
  switch (operator) {
    case "BEGINSWITH":
      return `starts_with(${left}, ${right})`;
    case "ENDSWITH":
      return `(right(${left}, length(${right})) = ${right})`;
    case "CONTAINS":
      return `(strpos(${left}, ${right}) > 0)`;
    case "LIKE":
      return `(${left} LIKE ${isPattern ? right : `translate(regexp_replace(${right}, '([\\\\%_])', '\\\\\\1', 'g'), '*?', '%_')`} ESCAPE '\\')`;
  }
}

function likePattern(wanted: string): string {
  return wanted.replaceAll(/[\\%_]/g, String.raw`\$&`).replaceAll("*", "%").replaceAll("?", "_");
}

function elementSql(type: ScalarType): string {
  const json = "(e #>> '{}')";
  switch (type) {
    case "string":
    case "objectId":
    case "link":
      return `(${json} COLLATE "C")`;
    // Another program may have put anything there, and the dates of JSON are not PostgreSQL's: what cannot be converted is null, for a
    // cast that fails would fail for everybody who asks.
    case "bool":
      return `(CASE WHEN jsonb_typeof(e) = 'boolean' THEN ${json}::boolean END)`;
    case "uuid":
      return `(CASE WHEN ${json} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN ${json}::uuid END)`;
    case "date":
      return dateElementSql(json);
    case "double":
      return `(CASE WHEN ${json} IN ('NaN', 'Infinity', '-Infinity') OR (jsonb_typeof(e) = 'number' AND (${json}::numeric = 0 OR abs(${json}::numeric) BETWEEN '5e-324'::numeric AND '1.7976931348623157e308'::numeric)) THEN ${json}::float8 END)`;
    case "int":
      return `(CASE WHEN ${json} ~ '^-?[0-9]{1,19}$' THEN ${json}::numeric END)`;
    default:
      return json;
  }
}

const ISO_DATE = String.raw`^([+-][0-9]{6}|[0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9]{3}Z$`;

/** ISO 8601 as JavaScript writes it, with six digits and a sign for years outside of 0 to 9999, of which PostgreSQL has no notion. */
function dateElementSql(json: string): string {
  const year = `left(${json}, -20)::int`;
  const part = (at: number, length: number): string => `substr(right(${json}, 20), ${String(at)}, ${String(length)})`;
  const month = `make_timestamptz(CASE WHEN ${year} < 1 THEN ${year} - 1 ELSE ${year} END, ${part(2, 2)}::int, 1, 0, 0, 0, 'UTC')`;
  const rest = `make_interval(hours => (${part(5, 2)}::int - 1) * 24 + ${part(8, 2)}::int, mins => ${part(11, 2)}::int, secs => ${part(14, 6)}::float8)`;
  return `(CASE WHEN ${json} ~ '${ISO_DATE}' THEN CASE WHEN ${year} BETWEEN -4712 AND 275760 THEN ${month} + ${rest} END END)`;
}

function userJson(path: readonly string[]): string {
  return `(nullif(current_setting('holdfast.user', true), '')::jsonb #> ARRAY[${path.map(quoteText).join(", ")}]::text[])`;
}

function userElements(path: readonly string[]): string {
  const json = userJson(path);
  return `jsonb_array_elements(CASE WHEN jsonb_typeof(${json}) = 'array' THEN ${json} WHEN ${json} IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(${json}) END)`;
}

/** NULL if the JSON is of another type. */
function jsonScalar(json: string, type: ScalarType): string {
  const asText = `(${json} #>> '{}')`;
  switch (type) {
    case "bool":
      return `(CASE WHEN jsonb_typeof(${json}) = 'boolean' THEN ${asText}::boolean END)`;
    case "int":
      return `(CASE WHEN jsonb_typeof(${json}) = 'number' THEN ${asText}::numeric END)`;
    case "double":
      return `(CASE WHEN jsonb_typeof(${json}) = 'number' THEN ${asText}::float8 END)`;
    case "objectId":
      return `(CASE WHEN jsonb_typeof(${json}) = 'string' AND ${asText} ~ '^[0-9a-f]{24}$' THEN ${asText} END COLLATE "C")`;
    case "uuid":
      return `(CASE WHEN jsonb_typeof(${json}) = 'string' AND ${asText} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN ${asText}::uuid END)`;
    default:
      return `(CASE WHEN jsonb_typeof(${json}) = 'string' THEN ${asText} END COLLATE "C")`;
  }
}
