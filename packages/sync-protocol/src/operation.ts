/**
 * Operations: the changes that travel.
 *
 * An operation names an object, a place in it and one change. Applying a set of operations gives the same object in any order, with any of
 * them repeated. Meaning: docs/decisions/0016-merge-model.md; bytes: docs/format/sync-wire.md, section 4.
 *
 * Words: a **slot** is a place that holds one value: a property, an entry of a dictionary, an element of a list. A **box** is a container
 * that a slot can hold: a list, a set, a dictionary, an embedded object.
 *
 * @module
 */
import type { Stamp } from "./stamp.ts";
import type { WireInt, WireKey, WireValue } from "./wire-value.ts";

/** The kinds of container: `object` is an embedded object. */
export type BoxKind = "list" | "set" | "dict" | "object";

/**
 * A container as the value of a slot. A slot has one box of each kind, which is there, empty, from the start: two writers who both make a
 * list of a slot share that list. Who has seen something in that box before starts it anew ({@link SetAction.fresh}).
 */
export interface NewBox {
  readonly $new: BoxKind;
}

/** What a slot can be set to. */
export type Content = WireValue | NewBox;

/** A step through a slot into the container in it. */
export interface BoxStep {
  /** Which slot: the name of a property, the key of a dictionary, the id of a list's element. */
  readonly at: string;
  readonly box: BoxKind;
  /** The newest clear or fresh start of that container which the writer had seen. Absent: none. */
  readonly seen?: Stamp;
}

/** A text names the slot itself (only as the last step); an object enters the container in the slot. */
export type PathStep = string | BoxStep;

/** Makes the object, or does nothing if it is there. */
export interface CreateAction {
  readonly act: "create";
}
/** Deletes the object with all that it is at that time, and with whatever others do to it without having seen this. */
export interface DeleteAction {
  readonly act: "delete";
}
/** Gives the slot a value, a dictionary's entry also if it is not there yet. */
export interface SetAction {
  readonly act: "set";
  readonly value: Content;
  /** The value is the schema's default: it loses to every explicit one, whenever that was. */
  readonly isDefault?: true;
  /** With a {@link NewBox}: the container starts anew, as if this were a clear of it too. */
  readonly fresh?: true;
}
/** Adds to an int. Does nothing where the slot does not hold an int. */
export interface IncAction {
  readonly act: "inc";
  readonly by: number | WireInt;
}
/** Takes the entry out of a dictionary. */
export interface UnsetAction {
  readonly act: "unset";
}
/**
 * Puts a run of new elements into a list. The first one's id is the operation's ({@link idOf}); the n-th after it has that with `.n` behind
 * and stands right of the one before it.
 */
export interface InsertAction {
  readonly act: "insert";
  /** The position that the run hangs on: an element's or a move's id. Absent: the list itself. */
  readonly origin?: string;
  /** On which side of the origin. Absent: right. */
  readonly side?: "left";
  readonly values: readonly Content[];
}
/** Takes elements out of a list. */
export interface RemoveAction {
  readonly act: "remove";
  readonly elements: readonly string[];
}
/** Moves an element of a list; the new position's id is the operation's ({@link idOf}). */
export interface MoveAction {
  readonly act: "move";
  readonly element: string;
  readonly origin?: string;
  readonly side?: "left";
}
/** Empties a container, also of what others put into it without having seen this. */
export interface ClearAction {
  readonly act: "clear";
}
/** Puts a value into a set. */
export interface AddAction {
  readonly act: "add";
  readonly value: WireValue;
}
/** Takes a value out of a set. */
export interface DropAction {
  readonly act: "drop";
  readonly value: WireValue;
}

/** What an operation does. `create`, `delete`: empty path. `set`, `inc`, `unset`: the path ends with a text. The others: with a {@link BoxStep}. */
export type Action =
  | CreateAction
  | DeleteAction
  | SetAction
  | IncAction
  | UnsetAction
  | InsertAction
  | RemoveAction
  | MoveAction
  | ClearAction
  | AddAction
  | DropAction;

/** One change of one object. */
export interface Operation {
  /** The class of the object. */
  readonly type: string;
  /** The primary key of the object. */
  readonly pk: WireKey;
  /** When. The server may give an operation another stamp, the canonical one. */
  readonly h: Stamp;
  /** The stamp that it had at first, if the server gave it another: what it made keeps that name. Only a server sets this. */
  readonly id?: Stamp;
  /** The newest delete of the object that the writer had seen. Absent: none. */
  readonly g?: Stamp;
  /** Where in the object. */
  readonly path: readonly PathStep[];
  readonly do: Action;
}

/** The id that an operation gives to what it makes: an element, a position, a container. */
export function idOf(operation: Operation): Stamp {
  return operation.id ?? operation.h;
}
