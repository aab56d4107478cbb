/**
 * The state of one object: what all operations on it so far have left, as JSON.
 *
 * The server keeps it beside the plain row, the client in a hidden tree. To everybody but the merge core it is opaque: read an object with
 * `materialise`, change it with `applyOperation`. Two replicas that have applied the same operations have equal states.
 *
 * States are never changed in place; a new one shares what it can with the old one.
 *
 * @module
 */
import type { BoxKind, Operation } from "./operation.ts";
import type { Stamp } from "./stamp.ts";
import type { WireInt, WireValue } from "./wire-value.ts";

/** One object. */
export interface ObjectState {
  /** The newest delete. Everything else here was written by someone who had seen it. */
  readonly d?: Stamp;
  /** The newest create. Absent: the object is not there. */
  readonly c?: Stamp;
  /** Its properties. */
  readonly f?: Fields;
}

/** Properties or entries by name or key. */
export type Fields = Readonly<Record<string, Slot>>;

/** A place that holds one value. */
export interface Slot {
  /** When it was set or unset. Absent: never. */
  readonly h?: Stamp;
  /** 1: what it was set to is the schema's default. */
  readonly x?: 1;
  /** What it was set to. Absent, and no `k`: nothing. */
  readonly v?: WireValue;
  /** It was set to the box of this kind. */
  readonly k?: BoxKind;
  /** Increments later than `h` (all of them, if the value is a default), by stamp. */
  readonly n?: Readonly<Record<Stamp, number | WireInt>>;
  /** Its boxes. */
  readonly b?: Boxes;
}

/** The boxes of a slot. */
export interface Boxes {
  readonly list?: ListBox;
  readonly set?: SetBox;
  readonly dict?: FieldsBox;
  readonly object?: FieldsBox;
}

/** A dictionary or an embedded object. */
export interface FieldsBox {
  /** The newest clear. Everything in the box was put there by someone who had seen it. */
  readonly g?: Stamp;
  readonly f: Fields;
}

/** A set: when each value was last added or dropped, by the text of the value. */
export interface SetBox {
  readonly g?: Stamp;
  readonly e: Readonly<Record<string, SetEntry>>;
}

/** One value of a set. */
export interface SetEntry {
  readonly h: Stamp;
  /** 1: dropped. */
  readonly x?: 1;
}

/** A list: a tree of positions, written down in the order in which they read. */
export interface ListBox {
  readonly g?: Stamp;
  readonly p: readonly Position[];
  /** Operations that name elements or positions which are not here yet. */
  readonly w?: readonly Operation[];
}

/** A position in a list, with the element that stands there. */
export interface Position extends Slot {
  /** Its id. */
  readonly i: string;
  /** The position it hangs on, `""` for the list itself; absent: the list itself, or for the n-th of a run the one before it. */
  readonly o?: string;
  /** 1: it hangs on the left side. */
  readonly l?: 1;
  /** When it was made, if that is not what its id says; siblings are in this order. Also when the element was set, if `h` is absent. */
  readonly t?: Stamp;
  /** The element, if its id is not that of the position: it was moved here. */
  readonly e?: string;
  /** 1: the element has moved on. */
  readonly m?: 1;
  /** Dead since: the element was removed, or has moved on. */
  readonly r?: Stamp;
}
