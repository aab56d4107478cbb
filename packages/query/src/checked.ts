/**
 * The shape of a checked query: every name resolved, every argument put in, every value in the type it is compared with.
 *
 * @module
 */
import type { RelationalOperator, StringOperator } from "./ast.ts";
import type { Decimal } from "./decimal.ts";
import type { QueryProperty } from "./schema-view.ts";

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
  | CheckedListMembership;

/** A path compared with a value or another path. `[c]` only with `==` and `!=` on strings and data. */
export interface CheckedComparison {
  readonly kind: "compare";
  readonly operator: RelationalOperator;
  readonly isCaseInsensitive: boolean;
  readonly left: CheckedPath;
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

/** The path's value is one of the values. */
export interface CheckedMembership {
  readonly kind: "in";
  readonly isCaseInsensitive: boolean;
  readonly left: CheckedPath;
  readonly values: readonly CheckedValue[];
}

/** A value or a path's value is an element of a list property. */
export interface CheckedListMembership {
  readonly kind: "inList";
  readonly isCaseInsensitive: boolean;
  readonly left: CheckedOperand;
  readonly list: CheckedPath;
}

/** One side of a comparison. */
export type CheckedOperand = CheckedPath | { readonly kind: "value"; readonly value: CheckedValue };

/** A property reached over to-one links; the last step is the value itself. Never empty. */
export interface CheckedPath {
  readonly kind: "path";
  readonly steps: readonly PathStep[];
  readonly property: QueryProperty;
}

/** One hop: `property` of an object of `className`. */
export interface PathStep {
  readonly className: string;
  readonly property: QueryProperty;
}

/** A value in the form that its comparison needs. */
export type CheckedValue =
  | null
  | { readonly type: "bool"; readonly value: boolean }
  /** For int, float and double properties; a bigint only beyond 2^53. */
  | { readonly type: "number"; readonly value: number | bigint }
  | { readonly type: "decimal128"; readonly value: Decimal }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "data" | "objectId" | "uuid"; readonly value: Uint8Array }
  /** Milliseconds since 1970. */
  | { readonly type: "date"; readonly value: number }
  /** `key` is the host's name for the object. */
  | { readonly type: "link"; readonly className: string; readonly key: unknown };

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
