/**
 * The shape of a checked query: every name resolved, every argument put in, every value in the type it is compared with.
 *
 * @module
 */
import type { AggregateOperator, ArithmeticOperator, Quantifier, RelationalOperator, StringOperator } from "./ast.ts";
import type { Decimal } from "./decimal.ts";
import type { FullTextTerms } from "./full-text.ts";
import type { GeoRegion } from "./geo-region.ts";
import type { QueryProperty, ValueType } from "./schema-view.ts";

/** A query that can be run. */
export interface CheckedQuery {
  readonly text: string;
  readonly className: string;
  readonly predicate: CheckedPredicate;
  readonly descriptors: readonly CheckedDescriptor[];
  /** Every class whose objects the result depends on, `className` first. */
  readonly classNames: ReadonlySet<string>;
}

/** Something that is true or false of an object. */
export type CheckedPredicate =
  | { readonly kind: "truth"; readonly isTrue: boolean }
  | { readonly kind: "not"; readonly operand: CheckedPredicate }
  | { readonly kind: "and" | "or"; readonly operands: readonly CheckedPredicate[] }
  | CheckedComparison
  | CheckedStringTest
  | CheckedMembership
  | CheckedFullText
  | CheckedGeoWithin;

/**
 * Two operands compared. A single constant stands on the right. `[c]` only with `==` and `!=` on strings and data.
 *
 * Where an operand has several values its quantifier says how many of them have to hold; none means ANY, unless both sides
 * have several and neither says how many: then they are compared element by element.
 */
export interface CheckedComparison {
  readonly kind: "compare";
  readonly operator: RelationalOperator;
  readonly isCaseInsensitive: boolean;
  readonly left: CheckedOperand;
  readonly right: CheckedOperand;
}

/** `left` begins with, ends with, contains or is like `right`; both strings or both data, or null. */
export interface CheckedStringTest {
  readonly kind: "string";
  readonly operator: StringOperator;
  readonly isCaseInsensitive: boolean;
  readonly left: CheckedOperand;
  readonly right: CheckedOperand;
}

/** The single value of the path is one of the values. */
export interface CheckedMembership {
  readonly kind: "in";
  readonly isCaseInsensitive: boolean;
  readonly left: CheckedPath;
  readonly values: readonly CheckedValue[];
}

/** A string with a full-text index holds all the terms and none of the excluded ones. */
export interface CheckedFullText {
  readonly kind: "fullText";
  readonly path: CheckedPath;
  readonly terms: FullTextTerms;
}

/** The point that the path leads to lies in the region. */
export interface CheckedGeoWithin {
  readonly kind: "geoWithin";
  /** Leads to the object that is the point. */
  readonly path: CheckedPath;
  /** From the point to its coordinates. */
  readonly coordinates: CheckedPath;
  readonly region: GeoRegion;
}

/** The type of an operand's values: `typeOf` for `@type`. */
export type OperandType = ValueType | "typeOf";

/** One side of a comparison. */
export type CheckedOperand =
  | CheckedPath
  | CheckedConstant
  | CheckedConstants
  | CheckedArithmetic
  | CheckedCount
  | CheckedAggregate
  | CheckedSubquery
  | CheckedTypeOf;

/** A constant; `type` is null's if it is null. */
export interface CheckedConstant {
  readonly kind: "value";
  readonly value: CheckedValue;
  readonly type: OperandType | "null";
}

/** A list of constants. Its type is mixed if not all of them have the type of the other side. */
export interface CheckedConstants {
  readonly kind: "values";
  readonly values: readonly CheckedValue[];
  readonly type: OperandType;
  readonly quantifier?: Quantifier;
}

/**
 * A property reached over links, collections and backlinks; the last step is the value itself. No step at all is the object itself.
 */
export interface CheckedPath {
  readonly kind: "path";
  readonly steps: readonly PathStep[];
  /** The last property; for an element of a collection with the element's type. */
  readonly property: QueryProperty;
  /** The type of one value. */
  readonly type: ValueType;
  /** True if there can be several values. A missing value then counts for nothing; else it is null. */
  readonly isMultiple: boolean;
  readonly quantifier?: Quantifier;
}

/** One hop. */
export type PathStep =
  /** `property` of an object of `className`; `access` says which elements of a collection, or leads into a mixed value. */
  | { readonly kind: "property"; readonly className: string; readonly property: QueryProperty; readonly access: readonly CollectionAccess[] }
  /** The objects of `originClass` that link to an object of `className` through `property`. */
  | { readonly kind: "backlinks"; readonly className: string; readonly originClass: string; readonly property: QueryProperty };

/** Which elements of a collection. */
export type CollectionAccess =
  | { readonly kind: "index"; readonly index: number | "LAST" }
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "all" | "keys" };

/** A calculation. An operand that is null makes it null. */
export interface CheckedArithmetic {
  readonly kind: "arithmetic";
  readonly operator: ArithmeticOperator;
  readonly left: CheckedOperand;
  readonly right: CheckedOperand;
  /** int, float, double, decimal128, or mixed if a side is. */
  readonly type: ValueType;
  readonly isMultiple: boolean;
  readonly quantifier?: Quantifier;
}

/** How many there are. */
export interface CheckedCount {
  readonly kind: "count";
  /**
   * `links`: objects that the path reaches. `elements`: elements of each collection at the path's end. `length`: bytes of each
   * string or data, elements of a collection in a mixed value. `backlinks`: all links to the object that the path leads to.
   */
  readonly of: "links" | "elements" | "length" | "backlinks";
  readonly path: CheckedPath;
  readonly type: "int";
  readonly isMultiple: boolean;
  readonly quantifier?: Quantifier;
}

/** One value made of several; null for none, a sum 0. Nulls are left out. */
export interface CheckedAggregate {
  readonly kind: "aggregate";
  readonly operator: AggregateOperator;
  /** The collection of values, or the links to the objects. */
  readonly path: CheckedPath;
  /** The property of the linked objects. */
  readonly property: CheckedPath | undefined;
  readonly type: ValueType;
  readonly isMultiple: boolean;
}

/** How many of the objects that the path reaches meet a condition. */
export interface CheckedSubquery {
  readonly kind: "subquery";
  readonly path: CheckedPath;
  readonly predicate: CheckedPredicate;
  readonly type: "int";
}

/** The types of the values. */
export interface CheckedTypeOf {
  readonly kind: "typeOf";
  readonly path: CheckedPath;
  readonly type: "typeOf";
  readonly isMultiple: boolean;
  readonly quantifier?: Quantifier;
}

/** A value in the form that its comparison needs. */
export type CheckedValue =
  | null
  | { readonly type: "bool"; readonly value: boolean }
  /** For int, float and double; a bigint only beyond 2^53. */
  | { readonly type: "number"; readonly value: number | bigint }
  | { readonly type: "decimal128"; readonly value: Decimal }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "data" | "objectId" | "uuid"; readonly value: Uint8Array }
  /** Milliseconds since 1970. */
  | { readonly type: "date"; readonly value: number }
  /** `key` is the host's name for the object. */
  | { readonly type: "link"; readonly className: string; readonly key: unknown }
  /** Bits of `TYPE_BITS`. */
  | { readonly type: "typeOf"; readonly value: number };

/** One step of the ordering, in the order in which they apply. */
export type CheckedDescriptor =
  | { readonly kind: "sort"; readonly keys: readonly CheckedSortKey[] }
  | { readonly kind: "distinct"; readonly paths: readonly CheckedPath[] }
  | { readonly kind: "limit"; readonly count: number };

/** One column of a sort. */
export interface CheckedSortKey {
  readonly path: CheckedPath;
  readonly isAscending: boolean;
}
