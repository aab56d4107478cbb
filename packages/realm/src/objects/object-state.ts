/**
 * What stands behind an object that an application holds: which row it is, and where the row's bytes are now.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { Row } from "../records/row.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { RealmContext, RowState } from "./context.ts";

/** The symbol under which an object holds its state. */
export const STATE: unique symbol = Symbol("realm object state");

/** A row with the bytes of its record under the current epoch. */
export class ObjectState implements RowState {
  readonly context: RealmContext;
  readonly table: ClassTable;
  readonly bytes: Uint8Array;
  readonly keyStart = 0;
  readonly keyEnd: number;
  valueBytes: Uint8Array;
  valueStart: number;
  valueEnd: number;
  /** The session's epoch that the bytes were read under; -1: not read yet. */
  epoch: number;

  constructor(context: RealmContext, table: ClassTable, key: Uint8Array, row?: Row) {
    this.context = context;
    this.table = table;
    this.bytes = key;
    this.keyEnd = key.length;
    this.valueBytes = row === undefined ? key : row.valueBytes;
    this.valueStart = row === undefined ? 0 : row.valueStart;
    this.valueEnd = row === undefined ? 0 : row.valueEnd;
    this.epoch = row === undefined ? -1 : table.session.epoch;
  }

  get key(): Uint8Array {
    return this.bytes;
  }

  /** Reads the record again. @throws {RealmError} `OBJECT_INVALID`, `REALM_CLOSED` */
  refresh(): void {
    if (!this.tryRefresh()) throw new RealmError("OBJECT_INVALID", "Accessing object which has been invalidated or deleted");
  }

  /** Reads the record again; false if it is gone. */
  tryRefresh(): boolean {
    if (this.context.isClosed) return false;
    const { table } = this;
    if (this.epoch === table.session.epoch) return true;
    const record = table.get(this.bytes);
    if (record === undefined) return false;
    this.valueBytes = record;
    this.valueStart = 0;
    this.valueEnd = record.length;
    this.epoch = table.session.epoch;
    return true;
  }
}

/** Class and key of an object of a realm; undefined for everything else. */
export function objectKeyOf(value: unknown): { className: string; key: Uint8Array } | undefined {
  const state = stateOf(value);
  return state === undefined ? undefined : { className: state.table.name, key: state.key };
}

/** The state behind an object of a realm. */
export function stateOf(value: unknown): ObjectState | undefined {
  return typeof value === "object" && value !== null ? (value as { [STATE]?: ObjectState })[STATE] : undefined;
}
