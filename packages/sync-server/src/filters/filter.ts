/**
 * A filter: the part of Realm's query language that means the same as SQL, as a JavaScript predicate and as a row-level policy.
 *
 * Two-valued, as Realm's queries are: a comparison with nothing to compare is false, and `NOT` makes it true.
 *
 * @module
 */

/** The types of the fields that a filter can ask about. */
export type ScalarType = "bool" | "int" | "double" | "string" | "data" | "date" | "decimal128" | "objectId" | "uuid" | "link";

/** A field of the class itself. For a list or set, `type` is its elements'. */
export interface FilterField {
  readonly name: string;
  readonly type: ScalarType;
  readonly isCollection: boolean;
}

/**
 * A constant in the form in which a field of its type is compared: bool, number or bigint, string, milliseconds for a date, lower-case hex
 * for data and objectId, lower-case text for uuid, text for decimal128.
 */
export type Scalar = null | boolean | number | bigint | string;

/** A constant, or a property of the user who asks, by its path: `["custom_data", "team"]` for `%%user.custom_data.team`. */
export type Term = { readonly kind: "scalar"; readonly value: Scalar } | { readonly kind: "variable"; readonly path: readonly string[] };

/** Relational operators. */
export type RelationOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
/** Operators on strings. */
export type TextOperator = "BEGINSWITH" | "ENDSWITH" | "CONTAINS" | "LIKE";

/** What is asked of one value. */
export type ValueTest =
  | { readonly kind: "relation"; readonly operator: RelationOperator; readonly isFolded: boolean; readonly term: Term }
  | { readonly kind: "text"; readonly operator: TextOperator; readonly isFolded: boolean; readonly term: Term }
  /** One of several; a single variable stands for a list that the user object holds. */
  | { readonly kind: "in"; readonly isFolded: boolean; readonly terms: readonly Term[] | Extract<Term, { readonly kind: "variable" }> };

/** True or false of an object. */
export type Filter =
  | { readonly kind: "truth"; readonly isTrue: boolean }
  | { readonly kind: "not"; readonly operand: Filter }
  | { readonly kind: "and" | "or"; readonly operands: readonly Filter[] }
  | { readonly kind: "field"; readonly field: FilterField; readonly test: ValueTest }
  | { readonly kind: "elements"; readonly field: FilterField; readonly quantifier: "ANY" | "ALL" | "NONE"; readonly test: ValueTest }
  | { readonly kind: "count"; readonly field: FilterField; readonly operator: RelationOperator; readonly count: number }
  /** Asks only about the user. */
  | { readonly kind: "user"; readonly path: readonly string[]; readonly type: ScalarType; readonly test: ValueTest };

/** Everything is true of it. */
export const EVERYTHING: Filter = { kind: "truth", isTrue: true };
/** Nothing is. */
export const NOTHING: Filter = { kind: "truth", isTrue: false };

/** Visits a filter's parts, the whole first. */
export function walkFilter(filter: Filter, visit: (part: Filter) => void): void {
  visit(filter);
  if (filter.kind === "not") walkFilter(filter.operand, visit);
  if (filter.kind === "and" || filter.kind === "or") for (const operand of filter.operands) walkFilter(operand, visit);
}

/** The names of the fields that it depends on. */
export function fieldsOf(filter: Filter): ReadonlySet<string> {
  const names = new Set<string>();
  walkFilter(filter, (part) => {
    if ("field" in part) names.add(part.field.name);
  });
  return names;
}

/** How many constants it compares with: what it costs to ask it of one object. */
export function costOf(filter: Filter): number {
  let cost = 0;
  walkFilter(filter, (part) => {
    if ("test" in part) cost += part.test.kind === "in" && !("kind" in part.test.terms) ? part.test.terms.length : 1;
    if (part.kind === "count") cost++;
  });
  return cost;
}
