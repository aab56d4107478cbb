/**
 * A query over the objects of one class: what `objects`, `filtered` and `sorted` add up to.
 *
 * It holds no data. Given a state of the realm, it finds the rows of that state.
 *
 * @module
 */
import { check, checkDescriptor, pathOf, QueryError } from "@holdfast/query";
import type { CollectionKind, CheckedDescriptor, CheckedPredicate, CheckedSortKey, SortKey } from "@holdfast/query";
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { RealmError } from "../errors.ts";
import { bindText, withFileNames } from "./bound-text.ts";
import { compilePredicate } from "./compile.ts";
import type { RowTest } from "./compile.ts";
import { readsOtherRows } from "./dependencies.ts";
import { countEntries, explainRows, visitKeys, visitRows } from "./find-rows.ts";
import type { RowVisitor } from "./find-rows.ts";
import { firstInOrder } from "./ordered-walk.ts";
import { copyRow, distinctRows, sortRows, TopRows } from "./ordering.ts";
import { parseRemembered } from "./parsed-queries.ts";
import { exactRangesOf, plansOf } from "./plan.ts";
import type { QuerySource } from "./query-source.ts";
import { argumentReader, readObject } from "./read-argument.ts";
import type { ObjectKeyReader } from "./read-argument.ts";
import { querySchemaOf } from "./schema-adapter.ts";
import type { SchemaMap } from "./schema-adapter.ts";
import { fieldOf } from "./value-reader.ts";

/** One column to sort by. */
export interface SortColumn {
  /** Property names joined with dots. */
  readonly path: string;
  readonly ascending: boolean;
}

/** What `filtered` needs. */
export interface FilterOptions {
  readonly schema: SchemaMap;
  readonly text: string;
  readonly args?: readonly unknown[];
  /** Recognises managed objects among the arguments. */
  readonly objectKeyOf?: ObjectKeyReader;
}

/** A step behind the first filter; a filter stands here only if a LIMIT or DISTINCT came before it. */
type Stage = CheckedDescriptor | { readonly kind: "filter"; readonly predicate: CheckedPredicate };

interface QueryParts {
  readonly className: string;
  readonly classNames: ReadonlySet<string>;
  readonly predicate: CheckedPredicate;
  readonly stages: readonly Stage[];
  readonly conditionTexts: readonly string[];
  readonly orderTexts: readonly string[];
  /** The conditions with their arguments in them. */
  readonly boundTexts: readonly (() => string)[];
}

const EVERYTHING: CheckedPredicate = { kind: "truth", isTrue: true };

/** An immutable query. */
export class ObjectQuery {
  readonly #parts: QueryParts;

  private constructor(parts: QueryParts) {
    this.#parts = parts;
  }

  /** All objects of a class. */
  static all(className: string): ObjectQuery {
    return new ObjectQuery({ className, classNames: new Set([className]), predicate: EVERYTHING, stages: [], conditionTexts: [], orderTexts: [], boundTexts: [] });
  }

  /** The class whose objects are found. */
  get className(): string {
    return this.#parts.className;
  }

  /** Classes whose objects the result depends on: the query's own and those that paths lead through. */
  get classNames(): ReadonlySet<string> {
    return this.#parts.classNames;
  }

  /** The query as text: all conditions, then all orders. Arguments stay `$0`. */
  get description(): string {
    const { conditionTexts, orderTexts } = this.#parts;
    const [first = "TRUEPREDICATE"] = conditionTexts;
    const conditions = conditionTexts.length > 1 ? conditionTexts.map((text) => `(${text})`).join(" and ") : first;
    return [conditions, ...orderTexts].join(" ");
  }

  /** The conditions as one text without arguments: what a subscription asks for. @throws {RealmError} `ARGUMENT_INVALID` */
  get boundText(): string {
    const { boundTexts, stages } = this.#parts;
    if (stages.some((stage) => stage.kind !== "sort")) throw new RealmError("ARGUMENT_INVALID", "A subscription's query cannot have LIMIT or DISTINCT.");
    const texts = boundTexts.map((bind) => bind());
    return texts.length === 0 ? "TRUEPREDICATE" : texts.length === 1 ? (texts[0] as string) : texts.map((text) => `(${text})`).join(" and ");
  }

  /** True if the result is in the order of the keys and each row is in it or not by itself: no SORT, DISTINCT or LIMIT, nothing about other rows. */
  get isKeyOrdered(): boolean {
    const { stages, predicate } = this.#parts;
    return stages.length === 0 && !readsOtherRows(predicate);
  }

  /**
   * This query with a further condition and ordering behind it.
   *
   * @throws {QueryError} The text is no query, does not fit the schema, or uses what is not there yet.
   */
  filtered({ schema, text, args = [], objectKeyOf }: FilterOptions): ObjectQuery {
    const query = parseRemembered(text);
    const className = this.className;
    const checked = check(query, { schema: querySchemaOf(schema), className, args, readArgument: argumentReader(objectKeyOf), readObject });
    const { predicate, stages, classNames, conditionTexts, orderTexts, boundTexts } = this.#parts;
    const isFirst = stages.every((stage) => stage.kind === "sort");
    const isTrivial = predicate.kind === "truth" && predicate.isTrue;
    return new ObjectQuery({
      className,
      classNames: new Set([...classNames, ...checked.classNames]),
      // A filter may pass before a sort, not before a LIMIT or DISTINCT.
      predicate: !isFirst ? predicate : isTrivial ? checked.predicate : { kind: "and", operands: [predicate, checked.predicate] },
      stages: [...stages, ...(isFirst ? [] : [{ kind: "filter" as const, predicate: checked.predicate }]), ...checked.descriptors],
      conditionTexts: [...conditionTexts, query.predicateText],
      boundTexts: [...boundTexts, () => bindText(withFileNames(query.predicateText, schema.get(className)?.properties ?? {}), args)],
      orderTexts: query.descriptorText === "" ? orderTexts : [...orderTexts, query.descriptorText],
    });
  }

  /**
   * This query with another order; an earlier one stays for what the new one leaves equal.
   *
   * @throws {QueryError} A path is unknown or ends in something without an order.
   */
  sorted(schema: SchemaMap, columns: readonly SortColumn[]): ObjectQuery {
    if (columns.length === 0) return this;
    const { className, classNames, stages, orderTexts } = this.#parts;
    const keys = columns.map(({ path, ascending }): SortKey => ({ path: pathOf(...path.split(".")), isAscending: ascending }));
    for (const { path } of columns) refuseUnsortable(schema, className, path);
    const allNames = new Set(classNames);
    const sort = checkDescriptor({ kind: "sort", keys }, { schema: querySchemaOf(schema), className, classNames: allNames });
    const text = `SORT(${columns.map(({ path, ascending }) => `${path} ${ascending ? "ASC" : "DESC"}`).join(", ")})`;
    return new ObjectQuery({ ...this.#parts, classNames: allNames, stages: [...stages, sort], orderTexts: [...orderTexts, text] });
  }

  /**
   * The rows in result order.
   *
   * @param among - Only rows with these keys, in this order and as often as they stand here. Not changed.
   * @returns Fresh objects; their bytes are views of the source's pages.
   */
  rows(source: QuerySource, among?: readonly Uint8Array[]): Row[] {
    const { stages } = this.#parts;
    const top = leadingTop(stages);
    const walked = top === undefined || among !== undefined ? undefined : this.#walkInOrder(source, top);
    if (top !== undefined && walked !== undefined) return stages.slice(top.stageCount).reduce((rows, stage) => applyStage(rows, stage, source), walked);
    if (top !== undefined) {
      const best = new TopRows(top.count, top.keys, source);
      this.#visit(source, among, (row) => {
        best.add(row);
        return true;
      });
      return stages.slice(top.stageCount).reduce((rows, stage) => applyStage(rows, stage, source), best.rows());
    }
    const [first] = stages;
    const rows: Row[] = [];
    const limit = first?.kind === "limit" ? first.count : Infinity;
    if (limit > 0) {
      this.#visit(source, among, (row) => {
        rows.push(copyRow(row));
        return rows.length < limit;
      });
    }
    return stages.reduce((found, stage) => applyStage(found, stage, source), rows);
  }

  /** The first rows of an order that the table or an index has; undefined if there is none, or a better way to begin. */
  #walkInOrder(source: QuerySource, { keys, count }: LeadingTop): Row[] | undefined {
    const { predicate, className } = this.#parts;
    const [key] = keys;
    if (key === undefined || keys.length > 1 || plansOf(predicate, source, className).length > 1) return undefined;
    return firstInOrder({ table: source.table(className), key, test: compilePredicate(predicate, source), count });
  }

  /** Visits one property of each row: what aggregates are made of. */
  visitField(source: QuerySource, propertyName: string, visit: (value: StoredValue) => void, among?: readonly Uint8Array[]): void {
    const { read } = fieldOf(source, this.className, propertyName);
    const each = (row: Row): boolean => {
      visit(read(row));
      return true;
    };
    if (this.#parts.stages.every((stage) => stage.kind === "sort")) this.#visit(source, among, each);
    else this.rows(source, among).forEach(each);
  }

  /** How many rows there are. Builds no list unless a LIMIT or DISTINCT stands behind a sort. */
  count(source: QuerySource, among?: readonly Uint8Array[]): number {
    const { predicate, stages, className } = this.#parts;
    if (stages.some((stage) => stage.kind === "distinct" || stage.kind === "filter")) return this.rows(source, among).length;
    const limit = stages.reduce((least, stage) => (stage.kind === "limit" ? Math.min(least, stage.count) : least), Infinity);
    if (among === undefined && predicate === EVERYTHING) return Math.min(limit, source.table(className).rowCount);
    const exact = among === undefined ? exactRangesOf(predicate, source.table(className)) : undefined;
    if (exact !== undefined) return Math.min(limit, countEntries(source.table(className), exact.propertyName, exact.ranges));
    let count = 0;
    if (limit > 0) {
      this.#visit(source, among, () => {
        count++;
        return count < limit;
      });
    }
    return count;
  }

  /** Visits the rows in result order. The row may be a cursor that moves on afterwards; false ends the visit. */
  forEach(source: QuerySource, visit: RowVisitor): void {
    if (this.#parts.stages.length === 0) return this.#visit(source, undefined, visit);
    for (const row of this.rows(source)) if (!visit(row)) return;
  }

  /** True if a row meets the conditions; LIMIT and DISTINCT, which depend on other rows, are left out. */
  matcher(source: QuerySource): RowTest {
    const { predicate, stages } = this.#parts;
    const operands = [predicate, ...stages.flatMap((stage) => (stage.kind === "filter" ? [stage.predicate] : []))];
    return compilePredicate({ kind: "and", operands }, source);
  }

  /** How the rows are found, in words that tests compare and people read. */
  explain(source: QuerySource): string {
    const { predicate, className } = this.#parts;
    return explainRows({ source, className, test: () => true, plans: plansOf(predicate, source, className) });
  }

  #visit(source: QuerySource, among: readonly Uint8Array[] | undefined, visit: RowVisitor): void {
    const { predicate, className } = this.#parts;
    const table = source.table(className);
    const test = compilePredicate(predicate, source);
    if (among !== undefined) visitKeys({ table, test }, among, visit);
    else visitRows({ source, className, test, plans: plansOf(predicate, source, className) }, visit);
  }
}

function applyStage(rows: Row[], stage: Stage, source: QuerySource): Row[] {
  switch (stage.kind) {
    case "filter":
      return rows.filter(compilePredicate(stage.predicate, source));
    case "sort":
      return sortRows(rows, stage.keys, source);
    case "distinct":
      return distinctRows(rows, stage.paths, source);
    case "limit":
      return rows.length <= stage.count ? rows : rows.slice(0, stage.count);
  }
}

/** Realm words these otherwise than in SORT(). */
function refuseUnsortable(schema: SchemaMap, className: string, path: string): void {
  const names = path.split(".");
  let owner = querySchemaOf(schema).findClass(className);
  for (const [index, name] of names.entries()) {
    const fail = (code: "QUERY_PROPERTY_UNKNOWN" | "QUERY_TYPE_MISMATCH", what: string): QueryError => new QueryError(code, `Cannot sort on key path '${path}': ${what}.`);
    if (name === "") throw fail("QUERY_PROPERTY_UNKNOWN", "missing property name");
    const property = owner?.findProperty(name);
    const place = `property '${String(owner?.name)}.${name}'`;
    if (property === undefined) throw fail("QUERY_PROPERTY_UNKNOWN", `${place} does not exist`);
    if (property.collection !== undefined) throw fail("QUERY_TYPE_MISMATCH", `${place} is of unsupported type '${COLLECTION_NAMES[property.collection]}'`);
    const isLast = index === names.length - 1;
    if (property.type === "object" && isLast) throw fail("QUERY_TYPE_MISMATCH", `${place} of type 'object' cannot be the final property in the key path`);
    if (property.type !== "object" && !isLast) throw fail("QUERY_TYPE_MISMATCH", `${place} of type '${property.type}' may only be the final property in the key path`);
    owner = querySchemaOf(schema).findClass(property.objectType ?? "");
  }
}

const COLLECTION_NAMES: Readonly<Record<CollectionKind, string>> = { list: "array", set: "set", dictionary: "dictionary", linkingObjects: "linking objects" };

/** More rows than this are found and sorted as a whole: keeping them in order one by one would cost more. */
const TOP_MAX = 1000;

/** SORTs with a LIMIT behind them, at the beginning of the stages. */
interface LeadingTop {
  readonly count: number;
  readonly keys: readonly CheckedSortKey[];
  readonly stageCount: number;
}

function leadingTop(stages: readonly Stage[]): LeadingTop | undefined {
  const keys: CheckedSortKey[] = [];
  for (const [index, stage] of stages.entries()) {
    // A later sort goes first; the earlier one settles what it leaves equal.
    if (stage.kind === "sort") keys.unshift(...stage.keys);
    else return stage.kind === "limit" && stage.count > 0 && stage.count <= TOP_MAX && keys.length > 0 ? { count: stage.count, keys, stageCount: index + 1 } : undefined;
  }
  return undefined;
}
