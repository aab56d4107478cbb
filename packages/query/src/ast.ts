/**
 * The shape of a parsed query: what the text says, before any schema or argument is known.
 *
 * Every node is a plain object with a `kind`. `describe` (print.ts) writes a tree as text that parses to the same tree.
 *
 * @module
 */
import type { GeoRegion } from "./geo-region.ts";

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
  | Comparison
  | GeoWithin;

/** Two expressions and the operator between them. */
export interface Comparison {
  readonly kind: "comparison";
  readonly operator: ComparisonOperator;
  /** True for the form with `[c]`. */
  readonly isCaseInsensitive: boolean;
  readonly left: Expression;
  readonly right: Expression;
}

/** A path to points and the region that one of them has to lie in. */
export interface GeoWithin {
  readonly kind: "geoWithin";
  readonly path: Path;
  readonly region: GeoRegionNode;
}

/** A region as it was written: a literal whose coordinates may be arguments, or an argument as a whole. */
export type GeoRegionNode = { readonly kind: "argument"; readonly index: number } | GeoRegion<number | ArgumentReference>;

/** `$0` where something other than a value stands: a coordinate, an index. */
export interface ArgumentReference {
  readonly kind: "argument";
  readonly index: number;
}

/** Operators that ask for an order or for equality. */
export type RelationalOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
/** Operators on strings and data. */
export type StringOperator = "BEGINSWITH" | "ENDSWITH" | "CONTAINS" | "LIKE";
/** Every operator; synonyms (`=`, `<>`, `=<`, `=>`) are already folded into these. */
export type ComparisonOperator = RelationalOperator | StringOperator | "IN" | "BETWEEN" | "TEXT";
/** How many of several values have to meet a condition; SOME is ANY. */
export type Quantifier = "ANY" | "ALL" | "NONE";
/** What calculates with two numbers. */
export type ArithmeticOperator = "+" | "-" | "*" | "/";
/** What makes one value of a collection's values. */
export type AggregateOperator = "@min" | "@max" | "@sum" | "@avg";

/** Something that has a value, or several, for an object. */
export type Expression =
  | { readonly kind: "constant"; readonly value: Constant }
  | { readonly kind: "argument"; readonly index: number; readonly quantifier?: Quantifier }
  | { readonly kind: "list"; readonly elements: readonly ConstantExpression[]; readonly quantifier?: Quantifier }
  | ObjectReference
  | Arithmetic
  | Path
  | Aggregate
  | Subquery;

/** What can stand in a list literal. */
export type ConstantExpression = Extract<Expression, { readonly kind: "constant" | "argument" | "object" }>;

/** `obj('Class', key)`, or `O7` without a class: the class is the one that it is compared with. */
export interface ObjectReference {
  readonly kind: "object";
  readonly className?: string;
  readonly key: Extract<Expression, { readonly kind: "constant" | "argument" }>;
}

/** Two numbers and what is done with them. */
export interface Arithmetic {
  readonly kind: "arithmetic";
  readonly operator: ArithmeticOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** Properties reached over links, collections and backlinks: `a.b[0].c`. Never empty, unless `keyPathArgument` stands for all of it. */
export interface Path {
  readonly kind: "path";
  readonly elements: readonly PathElement[];
  /** `$K0`: the argument that holds the path. */
  readonly keyPathArgument?: number;
  readonly quantifier?: Quantifier;
  /** What is asked of the values instead of the values themselves. `@count` and `@size` are one. */
  readonly operation?: "@count" | "@type";
}

/** One step of a path. */
export type PathElement =
  /** A property; also `@links`, `@keys`, `@values`, and what follows `@links`. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number | "LAST" }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "all" }
  | ArgumentReference;

/** `list.@max`, `list.@max.property`. */
export interface Aggregate {
  readonly kind: "aggregate";
  readonly operator: AggregateOperator;
  readonly path: Path;
  readonly property?: string;
}

/** `SUBQUERY(path, $x, condition).@count`. */
export interface Subquery {
  readonly kind: "subquery";
  readonly path: Path;
  readonly variable: string;
  readonly predicate: Predicate;
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
  /** `B64"…"`: a string or data, as what it is compared with needs. */
  | { readonly type: "base64"; readonly value: Uint8Array }
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

/** A path of names only, as code builds it. */
export function pathOf(...names: readonly string[]): Path {
  return { kind: "path", elements: names.map((name) => ({ kind: "name", name })) };
}
