/**
 * What stands behind an object that an application holds: which row it is, and where the row's bytes are now.
 *
 * @module
 */
import { RealmError, TypeAssertionError } from "../errors.ts";
import { sameBytes } from "../records/row.ts";
import type { Row } from "../records/row.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { RealmContext, RowState } from "./context.ts";

/** The symbol under which an object holds its state. */
export const STATE: unique symbol = Symbol("realm object state");

/** The symbol under which a collection says what it is: "list", "set", "dictionary" or "results". */
export const KIND: unique symbol = Symbol("realm collection kind");

/** What a collection of a realm is; undefined for everything else. */
export function kindOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null ? (value as { [KIND]?: string })[KIND] : undefined;
}

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
  /** The session's epoch that the bytes were read under; negative: not read yet, and the epoch in which this was made. */
  epoch: number;

  constructor(context: RealmContext, table: ClassTable, key: Uint8Array, row?: Row) {
    this.context = context;
    this.table = table;
    this.bytes = key;
    this.keyEnd = key.length;
    this.valueBytes = row === undefined ? key : row.valueBytes;
    this.valueStart = row === undefined ? 0 : row.valueStart;
    this.valueEnd = row === undefined ? 0 : row.valueEnd;
    this.epoch = row === undefined ? -table.session.epoch : table.session.epoch;
  }

  get key(): Uint8Array {
    return this.bytes;
  }

  isSameRow(other: RowState): boolean {
    return this.table === other.table && sameBytes(this.bytes, other.key);
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
    if (table.gone.isGone(this.bytes, Math.abs(this.epoch)) || !table.locate(this.bytes, this)) return false;
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

/** Key of a managed object that shall be linked to. */
export function linkKeyOf(context: RealmContext, state: ObjectState, className: string | undefined, value: unknown, target: string): Uint8Array {
  if (state.context.session !== context.session) throw new RealmError("ARGUMENT_INVALID", "Realm object is from another Realm");
  if (className !== undefined && state.table.name !== className) throw new TypeAssertionError(`an object of type '${className}'`, value, target).insteadOf(`an object of type '${state.table.name}'`);
  if (!state.tryRefresh()) throw new RealmError("OBJECT_INVALID", "Accessing object which has been invalidated or deleted");
  return state.key;
}
