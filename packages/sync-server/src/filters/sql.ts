/**
 * Filter to SQL. A condition that is NULL counts as false, so every `NOT` is an `IS NOT TRUE`.
 *
 * The three differences between dialects (types, text tests, elements of a collection) are in `SqlDialect`; a policy differs from a
 * statement only in that constants are literals and variables are looked up when it runs.
 *
 * @module
 */
import { userScalarOf } from "./constants.ts";
import type { Filter, FilterField, RelationOperator, Scalar, ScalarType, Term, TextOperator, ValueTest } from "./filter.ts";
import { foldText } from "./predicate.ts";

/** What differs between databases. */
export interface SqlDialect {
  readonly name: "postgres" | "sqlite";
  /** A field of a table. */
  column(name: string): string;
  /** A constant, as a parameter or a literal; `type` says what it is compared with. */
  constant(value: Exclude<Scalar, null>, type: ScalarType): string;
  /** `left` and `right` compared; both are SQL of this type. */
  relation(left: string, operator: RelationOperator, right: string, type: ScalarType): string;
  /** A text test against a constant. */
  text(left: string, operator: TextOperator, wanted: string): string;
  /** A text test against SQL that is no constant. */
  textExpression?(left: string, operator: TextOperator, right: string): string;
  /** `exists` over the elements of a collection; `test` gets the SQL of one element. */
  anyElement(column: string, type: ScalarType, test: (element: string) => string): string;
  /** The number of elements. */
  elementCount(column: string): string;
  /** A variable that is looked up when the statement runs: policies only. */
  variable?(path: readonly string[], type: ScalarType): string;
  /** A test whether a value is in the user's list. */
  variableList?(left: string, path: readonly string[], type: ScalarType): string;
}

/** A condition for WHERE. */
export function filterSql(filter: Filter, dialect: SqlDialect): string {
  switch (filter.kind) {
    case "truth":
      return filter.isTrue ? "(1 = 1)" : "(1 = 0)";
    case "not":
      return `((${filterSql(filter.operand, dialect)}) IS NOT TRUE)`;
    case "and":
    case "or":
      return joined(filter.operands.map((operand) => filterSql(operand, dialect)), filter.kind === "and" ? " AND " : " OR ");
    case "field":
      return testSql(dialect.column(filter.field.name), filter.field.type, filter.test, dialect);
    case "elements":
      return elementsSql(filter, dialect);
    case "count":
      return `(${dialect.elementCount(dialect.column(filter.field.name))} ${filter.operator === "==" ? "=" : filter.operator === "!=" ? "<>" : filter.operator} ${String(filter.count)})`;
    case "user":
      return userSql(filter, dialect);
  }
}

/** As a tree of little depth: SQLite refuses a thousand operators in a row. The order of the parts stays, and with it that of their parameters. */
function joined(parts: readonly string[], operator: string): string {
  if (parts.length <= 8) return `(${parts.join(operator)})`;
  const middle = parts.length >> 1;
  return `(${joined(parts.slice(0, middle), operator)}${operator}${joined(parts.slice(middle), operator)})`;
}

function elementsSql({ field, quantifier, test }: { readonly field: FilterField; readonly quantifier: "ANY" | "ALL" | "NONE"; readonly test: ValueTest }, dialect: SqlDialect): string {
  const column = dialect.column(field.name);
  if (quantifier === "ALL") return `(NOT ${dialect.anyElement(column, field.type, (element) => `((${testSql(element, field.type, test, dialect)}) IS NOT TRUE)`)})`;
  const any = dialect.anyElement(column, field.type, (element) => testSql(element, field.type, test, dialect));
  return quantifier === "ANY" ? any : `(NOT ${any})`;
}

function testSql(left: string, type: ScalarType, test: ValueTest, dialect: SqlDialect): string {
  const side = test.isFolded ? `lower(${left})` : left;
  if (test.kind === "in") {
    if (!("kind" in test.terms)) {
      const parts = test.terms.map((term) => relationSql({ left: side, type, operator: "==", term, isFolded: test.isFolded }, dialect));
      return parts.length === 0 ? "(1 = 0)" : joined(parts, " OR ");
    }
    if (dialect.variableList === undefined) throw new TypeError("a filter with variables has to be bound first");
    return dialect.variableList(left, test.terms.path, type);
  }
  if (test.kind === "relation") return relationSql({ left: side, type, operator: test.operator, term: test.term, isFolded: test.isFolded }, dialect);
  if (test.term.kind === "scalar") return dialect.text(side, test.operator, foldText(String(test.term.value), test.isFolded));
  const right = termSql(test.term, type, dialect);
  if (dialect.textExpression === undefined) throw new TypeError("a filter with variables has to be bound first");
  return dialect.textExpression(side, test.operator, test.isFolded ? `lower(${right})` : right);
}

interface Relation {
  readonly left: string;
  readonly type: ScalarType;
  readonly operator: RelationOperator;
  readonly term: Term;
  readonly isFolded: boolean;
}

function relationSql({ left, type, operator, term, isFolded }: Relation, dialect: SqlDialect): string {
  if (term.kind === "scalar" && term.value === null) {
    if (operator === "!=") return `(${left} IS NOT NULL)`;
    return operator === "<" || operator === ">" ? "(1 = 0)" : `(${left} IS NULL)`;
  }
  if (term.kind === "scalar" && typeof term.value === "number" && Number.isNaN(term.value) && (operator === "<" || operator === ">")) return "(1 = 0)";
  const isNan = term.kind === "scalar" && typeof term.value === "number" && Number.isNaN(term.value);
  const folded: Term = term.kind === "scalar" && typeof term.value === "string" ? { kind: "scalar", value: foldText(term.value, isFolded) } : term;
  const right = termSql(folded, type, dialect);
  return dialect.relation(left, isNan && operator !== "!=" ? "==" : operator, term.kind === "variable" && isFolded ? `lower(${right})` : right, type);
}

function termSql(term: Term, type: ScalarType, dialect: SqlDialect): string {
  if (term.kind === "scalar") return dialect.constant(term.value as Exclude<Scalar, null>, type);
  if (dialect.variable === undefined) throw new TypeError("a filter with variables has to be bound first");
  return dialect.variable(term.path, type);
}

function userSql(filter: Extract<Filter, { readonly kind: "user" }>, dialect: SqlDialect): string {
  const { path, type, test } = filter;
  if (dialect.variable === undefined || dialect.variableList === undefined) throw new TypeError("a filter that asks about the user has to be bound first");
  if (test.kind === "in" && !("kind" in test.terms) && test.terms.length === 1) {
    const [term] = test.terms;
    if (term?.kind === "scalar" && userScalarOf(term.value, type) !== undefined) return dialect.variableList(dialect.constant(term.value as Exclude<Scalar, null>, type), path, type);
  }
  return testSql(dialect.variable(path, type), type, test, dialect);
}
