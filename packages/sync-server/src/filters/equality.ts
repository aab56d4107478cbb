/**
 * What a filter demands to be equal: the constants by which it can be looked up instead of being asked.
 *
 * A filter is only true of a row that has one of its keys, so who finds nothing under the keys of a row has nothing to ask. The other way
 * round it proves nothing: what is found still has to be asked.
 *
 * @module
 */
import type { Filter, FilterField, Scalar, ScalarType, Term, ValueTest } from "./filter.ts";

/** A constant in a form in which equal ones are the same to a `Map`. */
export type EqualityKey = null | boolean | number | bigint | string;

/** That a field, or one of its elements, has to be a constant. */
export interface Equality {
  readonly field: FilterField;
  readonly key: EqualityKey;
}

const TEXTS: ReadonlySet<ScalarType> = new Set(["string", "data", "objectId", "uuid", "link"]);
const NUMBERS: ReadonlySet<ScalarType> = new Set(["int", "double", "date"]);

/**
 * The equalities of which a row has at least one if the filter is true of it; undefined if there are no such.
 *
 * Where several sets would do, as under an AND, the one with the least cost is taken.
 *
 * @param costOf - What it costs to look under one.
 */
export function equalitiesOf(filter: Filter, costOf: (equality: Equality) => number): readonly Equality[] | undefined {
  switch (filter.kind) {
    case "truth":
      return filter.isTrue ? undefined : [];
    case "field":
      return ofTest(filter.field, filter.test);
    case "elements":
      return filter.quantifier === "ANY" ? ofTest(filter.field, filter.test) : undefined;
    case "or": {
      const all = filter.operands.map((operand) => equalitiesOf(operand, costOf));
      return all.every((each) => each !== undefined) ? all.flat() : undefined;
    }
    case "and": {
      let best: { readonly equalities: readonly Equality[]; readonly cost: number } | undefined;
      for (const operand of filter.operands) {
        const equalities = equalitiesOf(operand, costOf);
        if (equalities === undefined) continue;
        const cost = equalities.reduce((sum, each) => sum + costOf(each) + 1, 0);
        if (best === undefined || cost < best.cost) best = { equalities, cost };
      }
      return best?.equalities;
    }
    default:
      return undefined;
  }
}

/**
 * The key of a value: two values of a type have the same one exactly if `==` of filters holds between them. Undefined for types in which
 * that cannot be told from a key.
 */
export function equalityKeyOf(value: Scalar, type: ScalarType): EqualityKey | undefined {
  if (value === null) return null;
  if (type === "bool") return typeof value === "boolean" ? value : undefined;
  if (TEXTS.has(type)) return typeof value === "string" ? value : undefined;
  if (!NUMBERS.has(type)) return undefined;
  // Beyond 2^53 a double and an int are compared by their exact values. To a Map -0 is 0, and what is not a number is itself, as to `==`.
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== "bigint") return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function ofTest(field: FilterField, test: ValueTest): readonly Equality[] | undefined {
  if (test.isFolded || test.kind === "text") return undefined;
  if (test.kind === "relation") return test.operator === "==" ? ofTerms(field, [test.term]) : undefined;
  return "kind" in test.terms ? undefined : ofTerms(field, test.terms);
}

function ofTerms(field: FilterField, terms: readonly Term[]): readonly Equality[] | undefined {
  const equalities: Equality[] = [];
  for (const term of terms) {
    const key = term.kind === "scalar" ? equalityKeyOf(term.value, field.type) : undefined;
    if (key === undefined) return undefined;
    equalities.push({ field, key });
  }
  return equalities;
}
