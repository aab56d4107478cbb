/**
 * The shape of a parsed query: what the text says, before any schema or argument is known.
 *
 * Every node is a plain object with a `kind`. The parts of Realm's language that come later (quantifiers, arithmetic,
 * subqueries, collection operators) are further members of `Expression` and `Predicate`; nothing here has to change for them.
 *
 * @module
 */

/** A whole query: `predicate`, then sort, distinct and limit in the order they were written. */
export interface Query {
  readonly text: string;
  /** The part of the text before SORT, DISTINCT and LIMIT. */
  readonly predicateText: string;
  /** The part that orders; empty if there is none. */
  readonly descriptorText: string;
  readonly predicate: Predicate;
  readonly descriptors: readonly Descriptor[];
}

/** Something that is true or false of an object. */
export type Predicate =
  | { readonly kind: "truth"; readonly isTrue: boolean }
  | { readonly kind: "not"; readonly operand: Predicate }
  | { readonly kind: "and" | "or"; readonly operands: readonly Predicate[] }
  | Comparison;

/** Two expressions and the operator between them. */
export interface Comparison {
  readonly kind: "comparison";
  readonly operator: ComparisonOperator;
  /** True for the form with `[c]`. */
  readonly isCaseInsensitive: boolean;
  readonly left: Expression;
  readonly right: Expression;
}

/** Operators that ask for an order or for equality. */
export type RelationalOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
/** Operators on strings and data. */
export type StringOperator = "BEGINSWITH" | "ENDSWITH" | "CONTAINS" | "LIKE";
/** Every operator; synonyms (`=`, `<>`, `=<`, `=>`) are already folded into these. */
export type ComparisonOperator = RelationalOperator | StringOperator | "IN" | "BETWEEN";

/** Something that has a value for an object. */
export type Expression =
  | { readonly kind: "constant"; readonly value: Constant }
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "list"; readonly elements: readonly Expression[] }
  | Path;

/** A property reached over to-one links: `a.b.c`. Never empty. */
export interface Path {
  readonly kind: "path";
  readonly names: readonly string[];
}

/** A literal value, or an argument turned into one. */
export type Constant =
  | { readonly type: "null" }
  | { readonly type: "bool"; readonly value: boolean }
  /** A safe integer as a number, anything larger as a bigint. */
  | { readonly type: "int"; readonly value: number | bigint }
  /** `text` is what was written: a decimal128 property needs all of its digits. */
  | { readonly type: "double"; readonly value: number; readonly text: string }
  | { readonly type: "decimal128"; readonly text: string }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "data"; readonly value: Uint8Array }
  /** Milliseconds since 1970 UTC, with a fraction if the query gave nanoseconds. */
  | { readonly type: "date"; readonly value: number }
  /** 12 bytes. */
  | { readonly type: "objectId"; readonly value: Uint8Array }
  /** 16 bytes. */
  | { readonly type: "uuid"; readonly value: Uint8Array }
  /** `key` is the host's name for the object; this package only hands it on. `label` names it in messages. */
  | { readonly type: "link"; readonly className: string; readonly key: unknown; readonly label: string };

/** One step of the ordering behind the predicate. */
export type Descriptor =
  | { readonly kind: "sort"; readonly keys: readonly SortKey[] }
  | { readonly kind: "distinct"; readonly paths: readonly Path[] }
  | { readonly kind: "limit"; readonly count: number };

/** One column of a SORT. */
export interface SortKey {
  readonly path: Path;
  readonly isAscending: boolean;
}
