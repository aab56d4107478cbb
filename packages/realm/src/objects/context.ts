/**
 * What objects and collections need of the Realm instance that made them.
 *
 * @module
 */
import type { Row } from "../records/row.ts";
import type { StoredValue } from "../records/stored-value.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { FileSession } from "../store/file-session.ts";
import type { Notifier } from "../notifications/notifier.ts";
import type { Holder } from "./holders.ts";

/** A row of a class and where its bytes are under the current epoch. */
export interface RowState extends Row {
  readonly context: RealmContext;
  readonly table: ClassTable;
  readonly key: Uint8Array;
  /** The session's epoch that the bytes were read under. */
  readonly epoch: number;
  /** Reads the record again if need be; false if it is gone. */
  tryRefresh(): boolean;
  isSameRow(other: RowState): boolean;
}

/** One Realm instance, as the layers below it know it. */
export interface RealmContext {
  readonly session: FileSession;
  readonly isClosed: boolean;
  readonly isReadOnly: boolean;
  readonly notifier: Notifier;
  /** The object of a row. The row, if given, must have been read under the current epoch. */
  wrap(table: ClassTable, key: Uint8Array, row?: Row): object;
  /** How ints are shown. */
  readonly integers: Integers;
  /** A live list, set or dictionary. */
  collection(holder: Holder): unknown;
  /** Live Results of the objects that link to a key. */
  linking(table: ClassTable, key: Uint8Array, originClass: string, propertyName: string): unknown;
  /** Creates an object from plain values for a link; gives its key. */
  createNested(table: ClassTable, values: object, mode: UpdateMode): Uint8Array;
}

/** How ints are shown: as numbers, rounded beyond 2^53, as Realm does; as bigint where a number is not exact; always as bigint. */
export type Integers = "number" | "exact" | "bigint";

/** How `create` treats an object that exists. */
export type UpdateMode = "never" | "modified" | "all";

/** The same under the name that it is exported by. */
export type UpdateModeName = UpdateMode;

/** What a stored value looks like to an application. */
export type Presenter = (value: StoredValue) => unknown;
