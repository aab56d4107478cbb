/**
 * Queries over the records of a realm.
 *
 * @module
 */
export { ObjectQuery } from "./object-query.ts";
export type { FilterOptions, SortColumn } from "./object-query.ts";
export type { QuerySource, QueryTable } from "./query-source.ts";
export type { ObjectKeyReader } from "./read-argument.ts";
export type { SchemaMap } from "./schema-adapter.ts";
export type { RowVisitor } from "./find-rows.ts";
export { decimalString, readDecimal } from "./decimal128.ts";
export { folderOf } from "./operands.ts";
