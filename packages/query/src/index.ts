/**
 * Realm's query language: parser and checked AST. Knows no storage.
 *
 * @module
 */
export { parse } from "./parser.ts";
export { check, checkDescriptor } from "./check.ts";
export type { CheckOptions } from "./check.ts";
export type { ArgumentReader } from "./arguments.ts";
export type { PathContext } from "./check-path.ts";
export type * from "./ast.ts";
export type * from "./checked.ts";
export type * from "./schema-view.ts";
export { compareDecimals, decimalOf, isDecimalNaN, parseDecimal } from "./decimal.ts";
export type { Decimal } from "./decimal.ts";
export { QueryError } from "./errors.ts";
export type { QueryErrorCode } from "./errors.ts";
