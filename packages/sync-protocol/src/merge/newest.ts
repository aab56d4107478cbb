/**
 * The newest stamp in a state: what a clock has to be behind which has seen it.
 *
 * @module
 */
import type { Boxes, ObjectState, Slot } from "../object-state.ts";
import type { BoxKind } from "../operation.ts";
import { laterOf, NEVER, type Stamp } from "../stamp.ts";
import { stampOfPosition } from "./list-index.ts";

/** The newest stamp that a state bears. */
export function newestStamp(state: ObjectState): Stamp {
  return laterOf(laterOf(state.d ?? NEVER, state.c ?? NEVER), newestIn({ f: state.f ?? {} }));
}

/** The newest stamp in a box. */
export function newestIn(box: NonNullable<Boxes[BoxKind]>): Stamp {
  let newest: Stamp = box.g ?? NEVER;
  const see = (stamp: Stamp | undefined): void => {
    if (stamp !== undefined && stamp > newest) newest = stamp;
  };
  const seeSlot = (slot: Slot): void => {
    see(slot.h);
    for (const stamp of Object.keys(slot.n ?? {})) see(stamp);
    for (const inner of Object.values(slot.b ?? {})) if (inner !== undefined) see(newestIn(inner as NonNullable<Boxes[BoxKind]>));
  };
  if ("f" in box) for (const slot of Object.values(box.f)) seeSlot(slot);
  if ("e" in box) for (const entry of Object.values(box.e)) see(entry.h);
  if ("p" in box) {
    for (const item of box.p) {
      see(stampOfPosition(item));
      see(item.r);
      seeSlot(item);
    }
    for (const operation of box.w ?? []) see(operation.h);
  }
  return newest;
}
