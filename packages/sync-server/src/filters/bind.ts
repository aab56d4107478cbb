/**
 * Puts the user who asks into a filter.
 *
 * @module
 */
import { userScalarOf } from "./constants.ts";
import { EVERYTHING, NOTHING, walkFilter } from "./filter.ts";
import type { Filter, Scalar, ScalarType, Term, ValueTest } from "./filter.ts";
import { testValue } from "./predicate.ts";

/** What a rule can know of a user: `%%user.id`, `%%user.custom_data`. JSON. */
export interface UserView {
  readonly id: string;
  readonly custom_data: Readonly<Record<string, unknown>>;
}

/**
 * The filter without variables. A property that the user does not have, or has in another type, makes the whole filter false:
 * under a `NOT` a missing property would else open what it was to close.
 */
export function bindFilter(filter: Filter, user: UserView): Filter {
  if (!variablesOf(filter).every(({ path, type, isList }) => isPresent(userValue(user, path), type, isList))) return NOTHING;
  return simplify(put(filter, user));
}

/** A variable, the type of what it is compared with, and whether it stands for a list. */
export interface Variable {
  readonly path: readonly string[];
  readonly type: ScalarType;
  readonly isList: boolean;
}

/** Every use of a variable in a filter. */
export function variablesOf(filter: Filter): readonly Variable[] {
  const found: Variable[] = [];
  walkFilter(filter, (part) => {
    if (part.kind === "user") {
      // 'x' IN %%user.custom_data.teams may name a list; every other test asks one value.
      found.push({ path: part.path, type: part.type, isList: isUserList(part.test) });
      return;
    }
    if (part.kind !== "field" && part.kind !== "elements") return;
    const { type } = part.field;
    if (part.test.kind === "in") {
      if ("kind" in part.test.terms) found.push({ path: part.test.terms.path, type, isList: true });
      else for (const term of part.test.terms) if (term.kind === "variable") found.push({ path: term.path, type, isList: false });
    } else if (part.test.term.kind === "variable") {
      found.push({ path: part.test.term.path, type, isList: false });
    }
  });
  return found;
}

/** Looks a path up in what is known of the user. */
export function userValue(user: UserView, path: readonly string[]): unknown {
  let value: unknown = user;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function isUserList(test: ValueTest): boolean {
  return test.kind === "in" && !("kind" in test.terms) && test.terms.length === 1;
}

function isPresent(value: unknown, type: ScalarType, isList: boolean): boolean {
  if (isList && Array.isArray(value)) return value.every((element) => userScalarOf(element, type) !== undefined);
  return !Array.isArray(value) && userScalarOf(value, type) !== undefined;
}

function put(filter: Filter, user: UserView): Filter {
  switch (filter.kind) {
    case "not":
      return { kind: "not", operand: put(filter.operand, user) };
    case "and":
    case "or":
      return { kind: filter.kind, operands: filter.operands.map((operand) => put(operand, user)) };
    case "field":
    case "elements":
      return { ...filter, test: putTest(filter.test, filter.field.type, user) };
    case "user": {
      const value = userValue(user, filter.path);
      const values = (Array.isArray(value) ? value : [value]).map((element) => userScalarOf(element, filter.type) as Scalar);
      return values.some((one) => testValue(one, filter.type, filter.test)) ? EVERYTHING : NOTHING;
    }
    default:
      return filter;
  }
}

function putTest(test: ValueTest, type: ScalarType, user: UserView): ValueTest {
  const fill = (term: Term): Term => (term.kind === "scalar" ? term : { kind: "scalar", value: userScalarOf(userValue(user, term.path), type) ?? null });
  if (test.kind !== "in") return { ...test, term: fill(test.term) };
  if (!("kind" in test.terms)) return { ...test, terms: test.terms.map(fill) };
  const value = userValue(user, test.terms.path);
  const values = Array.isArray(value) ? value : [value];
  return { ...test, terms: values.map((element): Term => ({ kind: "scalar", value: userScalarOf(element, type) ?? null })) };
}

/** Folds constants, so that an index can be chosen and equal filters look equal. */
export function simplify(filter: Filter): Filter {
  if (filter.kind === "not") {
    const operand = simplify(filter.operand);
    return operand.kind === "truth" ? (operand.isTrue ? NOTHING : EVERYTHING) : { kind: "not", operand };
  }
  if (filter.kind !== "and" && filter.kind !== "or") return filter;
  const isAnd = filter.kind === "and";
  const operands: Filter[] = [];
  for (const each of filter.operands) {
    const operand = simplify(each);
    if (operand.kind === "truth") {
      if (operand.isTrue !== isAnd) return operand;
    } else if (operand.kind === filter.kind) {
      operands.push(...operand.operands);
    } else {
      operands.push(operand);
    }
  }
  const [only] = operands;
  if (only === undefined) return isAnd ? EVERYTHING : NOTHING;
  return operands.length === 1 ? only : { kind: filter.kind, operands };
}
