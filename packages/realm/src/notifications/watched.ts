/**
 * What a collection has to tell its notifier.
 *
 * @module
 */
import type { Holder } from "../objects/holders.ts";
import type { Row } from "../records/row.ts";
import type { ClassTable } from "../store/class-table.ts";

/** The elements of a collection as texts: equal texts are equal elements. For a dictionary, by key. */
export type ElementTexts = readonly string[] | ReadonlyMap<string, string>;

/** One collection that listeners wait for. */
export interface Watched {
  /** The collection, for comparison: accessors of one collection are several objects. */
  readonly collection: object;
  isSame(collection: object): boolean;
  /** The object's property that the elements stand in, or that the query searches; undefined for a query over a class. */
  readonly owner: Holder | undefined;
  /** Class of the elements; undefined for plain values. */
  readonly table: ClassTable | undefined;
  /** Classes that decide what is in the collection; undefined if only the owner does. */
  readonly classNames: ReadonlySet<string> | undefined;
  /** The elements now. */
  read(): ElementTexts;
  /** For a query whose result is in the order of the keys and depends on each object alone: tells whether a row is in it. */
  readonly membership?: (() => (row: Row) => boolean) | undefined;
  readonly isDictionary?: boolean;
  isValid(): boolean;
}
