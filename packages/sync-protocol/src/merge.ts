/**
 * The merge core's surface.
 *
 * @module
 */
import type { HybridClock } from "./hybrid-clock.ts";
import type { ObjectState } from "./object-state.ts";
import type { Operation } from "./operation.ts";
import type { PlainObject } from "./plain-object.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Stamp } from "./stamp.ts";
import type { ObjectName, SyncClass, SyncSchema } from "./sync-schema.ts";
import type { WireKey } from "./wire-value.ts";

/** Whether the target of a link cannot be shown: it was deleted, was never there, or is not in view. */
export type IsGone = (type: string, pk: WireKey) => boolean;

/** How an object is read. */
export interface MaterialiseOptions {
  /** A link to such a target reads as null, and is left out of lists and sets; it shows again when the target is back. Default: none is gone. */
  readonly isGone?: IsGone;
}

/**
 * How a change of a property was meant, where two objects do not tell. `set`: of a counter, a new value rather than an increment.
 * `default`: the schema's default. `replace`: a container was assigned as a whole or cleared, so that what others put into it without
 * having seen that is dropped.
 */
export type Intent = "set" | "default" | "replace";

/** What {@link operationsBetween} needs to know. */
export interface DiffOptions extends ObjectName, MaterialiseOptions {
  readonly schema: SyncSchema;
  readonly clock: HybridClock;
  /** By property; inside embedded objects with points between the names: `address.city`. */
  readonly intents?: Readonly<Record<string, Intent>>;
}

/**
 * Applies one operation. Commutative and idempotent: the order of operations and repeats of them make no difference.
 *
 * @param state - What is there so far; undefined: nothing. Not changed.
 */
export function applyOperation(state: ObjectState | undefined, operation: Operation): ObjectState {
  return applyOperations(state, [operation]);
}

/** Applies several operations of one object; cheaper than one by one. */
export function applyOperations(_state: ObjectState | undefined, _operations: readonly Operation[]): ObjectState {
  throw new ProtocolError("STATE_INVALID", "not there yet");
}

/** What an application sees of the object; undefined: it is not there (deleted, or not created yet). */
export function materialise(_state: ObjectState | undefined, _options?: MaterialiseOptions): PlainObject | undefined {
  throw new ProtocolError("STATE_INVALID", "not there yet");
}

/** `object` with every property of its class: null, an empty collection or the type's zero where it has none. */
export function completed(_object: PlainObject, _schema: SyncSchema, _type: string): PlainObject {
  throw new ProtocolError("STATE_INVALID", "not there yet");
}

/**
 * The operations that take an object from what it looks like to what is wanted.
 *
 * @param wanted - undefined: delete it. A property that is absent stays as it is.
 */
export function operationsBetween(_state: ObjectState | undefined, _wanted: PlainObject | undefined, _options: DiffOptions): Operation[] {
  throw new ProtocolError("STATE_INVALID", "not there yet");
}

/**
 * Folds everything up to `floor` into what it led to: tombstones and old increments go.
 *
 * @param floor - Every operation still to come must be later than this, and its writer must have seen every operation up to it.
 * @returns undefined if nothing is left: the object was deleted.
 */
export function compactState(_state: ObjectState, _floor: Stamp): ObjectState | undefined {
  throw new ProtocolError("STATE_INVALID", "not there yet");
}

/** What {@link canonicalise} needs. */
export interface CanonicalOptions {
  readonly serverNowMs: number;
  /** The server's own clock. */
  readonly clock: HybridClock;
  /** What earlier operations of this client were given and the client may not know of yet; added to. */
  readonly known: Map<Stamp, Stamp>;
  readonly maxAheadMs?: number;
}

/** Gives an operation whose stamp is too far ahead of the server's clock another one; returns the same operation if nothing differs. */
export function canonicalise(_operation: Operation, _options: CanonicalOptions): Operation {
  throw new ProtocolError("STAMP_INVALID", "not there yet");
}

/** Rewrites stamps in an operation that has not been sent yet: `stamps` maps what the client chose to what the server gave. */
export function restamped(_operation: Operation, _stamps: ReadonlyMap<Stamp, Stamp>): Operation {
  throw new ProtocolError("STAMP_INVALID", "not there yet");
}

/** Finds a class. */
export function classOf(schema: SyncSchema, type: string): SyncClass | undefined {
  return schema.classes.find((each) => each.name === type);
}
