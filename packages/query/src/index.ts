/**
 * Realm's query language: parser and checked AST. Knows no storage.
 *
 * @module
 */
export { tokenize } from "./lexer.ts";
export type { Token, TokenKind } from "./lexer.ts";
export { parse } from "./parser.ts";
export { describe, printPath } from "./print.ts";
export { pathOf } from "./ast.ts";
export { check, checkDescriptor } from "./check.ts";
export type { CheckOptions } from "./check.ts";
export type { ArgumentReader, ObjectReader } from "./arguments.ts";
export type { PathContext } from "./check-context.ts";
export { calculate } from "./calculate.ts";
export type { NumberValue } from "./calculate.ts";
export { meetsTerms, wordsOf } from "./full-text.ts";
export type { FullTextTerm, FullTextTerms } from "./full-text.ts";
export type { GeoPosition, GeoRegion } from "./geo-region.ts";
export { TYPE_BITS } from "./type-names.ts";
export type * from "./ast.ts";
export type * from "./checked.ts";
export type * from "./schema-view.ts";
export { addDecimals, compareDecimals, decimalOf, divideDecimals, isDecimalNaN, parseDecimal } from "./decimal.ts";
export type { Decimal } from "./decimal.ts";
export { QueryError } from "./errors.ts";
export type { QueryErrorCode } from "./errors.ts";
