/**
 * The one error class of this package and its codes.
 *
 * @module
 */

/** Codes are API: renaming one is a breaking change. Messages are Realm's where Realm has one. */
export type QueryErrorCode =
  /** The text is not a query. */
  | "QUERY_SYNTAX"
  /** A path names a property or class that the schema does not have. */
  | "QUERY_PROPERTY_UNKNOWN"
  /** Two values of types that cannot be compared, or an operator on the wrong type. */
  | "QUERY_TYPE_MISMATCH"
  /** The query asks for `$n` and fewer arguments were given. */
  | "QUERY_ARGUMENT_MISSING"
  /** An argument is of a kind that no query can use. */
  | "QUERY_ARGUMENT_INVALID"
  /** Grammatical, but without meaning: two constants compared, BETWEEN with three limits. */
  | "QUERY_INVALID";

/** What every function of this package throws. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly code: QueryErrorCode;
  /** For `QUERY_SYNTAX`: where in the text the parser stopped, in UTF-16 units. */
  readonly offset: number | undefined;
  constructor(code: QueryErrorCode, message: string, options?: ErrorOptions & { readonly offset?: number }) {
    super(message, options);
    this.code = code;
    this.offset = options?.offset;
  }
}
