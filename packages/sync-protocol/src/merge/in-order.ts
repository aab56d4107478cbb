/**
 * Operations for a state that has everything their writer can have seen: a server's.
 *
 * @module
 */
import type { ObjectState } from "../object-state.ts";
import type { Operation } from "../operation.ts";
import { NEVER, type Stamp } from "../stamp.ts";
import { isAhead } from "./ahead.ts";
import { applied, applyOperations } from "./apply.ts";
import { Batch } from "./batch.ts";

/** What {@link applyInOrder} makes. */
export interface InOrder {
  /** With all operations but those that are ahead. */
  readonly state: ObjectState;
  /** One of them was ahead. */
  readonly isAhead: boolean;
}

/**
 * Applies several operations of one object in their order, and leaves out what is ahead of the state that it comes to ({@link isAhead}).
 * Costs about the same for each, in whatever order they come.
 */
export function applyInOrder(state: ObjectState | undefined, operations: readonly Operation[], floor: Stamp = NEVER): InOrder {
  if (!operations.some((operation) => isAhead(state, operation, floor))) return { state: applyOperations(state, operations), isAhead: false };
  const batch = new Batch({ defers: true, waits: true });
  let next = state ?? {};
  let isAny = false;
  for (const operation of operations) {
    if (isAhead(next, operation, floor)) isAny = true;
    else next = applied(next, operation, batch);
  }
  batch.finish();
  return { state: next, isAhead: isAny };
}

/** Applies several operations of one object; what names an element that is not there is left out and does not wait. */
export function applyWithoutWaiting(state: ObjectState | undefined, operations: readonly Operation[]): ObjectState {
  return applyOperations(state, operations, { defers: true, waits: false });
}
