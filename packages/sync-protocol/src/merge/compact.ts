/**
 * Forgetting: what nobody can refer to any more is folded into what it led to.
 *
 * @module
 */
import type { Boxes, Fields, FieldsBox, ListBox, ObjectState, Position, SetBox, Slot } from "../object-state.ts";
import type { BoxKind, Operation } from "../operation.ts";
import { NEVER, type Stamp } from "../stamp.ts";
import { emptyBox } from "./apply.ts";
import { filtered, mapped } from "./fields.ts";
import { isInt, sumOf } from "./ints.ts";
import { originOf, stampOfPosition } from "./list-index.ts";
import { shownKind } from "./materialise.ts";
import { newestIn } from "./newest.ts";
import { isEmptyBox } from "./replaced.ts";

/**
 * Folds everything up to `floor` into what it led to: tombstones, old increments, and what stands in containers that were replaced.
 *
 * The floor is not a matter of time alone. Every operation still to come must be later than it, and its writer must have seen every
 * operation up to it; else states that were compacted and states that were not may part.
 *
 * @returns The same state if there is nothing to fold; undefined if nothing is left: the object was deleted. Whoever forgets such objects has to remember the floor, and to say of
 * operations on an object of which nothing is known that their writer has seen it (`forgotten` of a difference, {@link withSeen}).
 */
export function compactState(state: ObjectState, floor: Stamp): ObjectState | undefined {
  if (state.c === undefined && state.f === undefined && (state.d ?? NEVER) <= floor) return undefined;
  if (state.f === undefined) return state;
  const fields = compactFields(state.f, floor, false);
  return fields === state.f ? state : { ...state, f: fields };
}

/**
 * The operation with the delete `g` among what its writer had seen. For a server that knows better than the writer: the object had been
 * deleted before, and was not in the writer's view; or everybody has forgotten its deletes.
 */
export function withSeen(operation: Operation, g: Stamp): Operation {
  return (operation.g ?? NEVER) < g ? { ...operation, g } : operation;
}

function compactFields(fields: Fields, floor: Stamp, isDict: boolean): Fields {
  const kept = isDict ? filtered(fields, (_key, slot) => !isForgotten(slot, floor)) : fields;
  return mapped(kept, (_name, slot) => compactSlot(slot, floor));
}

/** An entry that was taken out. One that ever held a container stays: whoever makes the next one must start it anew. */
function isForgotten(slot: Slot, floor: Stamp): boolean {
  return slot.h !== undefined && slot.h <= floor && slot.v === undefined && slot.k === undefined && slot.b === undefined && slot.n === undefined;
}

function compactSlot<S extends Slot>(slot: S, floor: Stamp): S {
  const summed = slot.n === undefined ? slot : withSum(slot, slot.n, floor);
  if (summed.b === undefined) return summed;
  const boxes = compactBoxes(summed, summed.b, floor);
  return boxes === summed.b ? summed : { ...summed, b: boxes };
}

function withSum<S extends Slot>(slot: S, increments: Readonly<Record<Stamp, unknown>>, floor: Stamp): S {
  const old = Object.entries(increments as NonNullable<Slot["n"]>).filter(([stamp]) => stamp <= floor);
  if (old.length === 0) return slot;
  let value = slot.h === undefined && slot.v === undefined && slot.k === undefined ? 0 : slot.v;
  for (const [stamp, by] of old) if (isInt(value) && stamp > (slot.h ?? NEVER)) value = sumOf(value, by);
  const { n: _n, ...rest } = slot;
  const left = filtered(increments as NonNullable<Slot["n"]>, (stamp) => stamp > floor);
  return { ...rest, ...(value === undefined ? {} : { v: value }), ...(Object.keys(left).length === 0 ? {} : { n: left }) } as S;
}

function compactBoxes(slot: Slot, boxes: Boxes, floor: Stamp): Boxes {
  const shown = shownKind(slot);
  const isOld = (slot.h ?? NEVER) <= floor;
  return mapped(boxes as Readonly<Record<string, AnyBox>>, (kind, box) => {
    const isEnded = kind !== shown && isOld && newestIn(box) <= floor;
    return isEnded ? (isEmptyBox(box) ? box : emptyBox(kind as BoxKind, box.g ?? NEVER)) : compactBox(kind as BoxKind, box, floor);
  });
}

type AnyBox = NonNullable<Boxes[BoxKind]>;

function compactBox(kind: BoxKind, box: AnyBox, floor: Stamp): AnyBox {
  if (kind === "list") return compactList(box as ListBox, floor);
  if (kind === "set") {
    const { e } = box as SetBox;
    const kept = filtered(e, (_text, entry) => entry.x === undefined || entry.h > floor);
    return kept === e ? box : { ...(box as SetBox), e: kept };
  }
  const { f } = box as FieldsBox;
  const fields = compactFields(f, floor, kind === "dict");
  return fields === f ? box : { ...(box as FieldsBox), f: fields };
}

/** Dead positions go; what hangs on them takes their place among their siblings. */
function compactList(box: ListBox, floor: Stamp): ListBox {
  if (!box.p.some((item) => item.r !== undefined && item.r <= floor) && box.w?.some((operation) => operation.h <= floor) !== true) return withCompactSlots(box, floor);
  const items = new Map(box.p.map((item) => [item.i, item]));
  const isForgettable = (item: Position): boolean => item.r !== undefined && item.r <= floor;
  // From each forgotten position to the last forgotten one above it; remembered, since such chains can be long.
  const tops = new Map<string, Position>();
  const topOf = (item: Position): Position => {
    const chain: Position[] = [];
    let each = item;
    for (;;) {
      const known = tops.get(each.i);
      if (known !== undefined) {
        each = known;
        break;
      }
      chain.push(each);
      const above = items.get(originOf(each));
      if (above === undefined || !isForgettable(above)) break;
      each = above;
    }
    for (const link of chain) tops.set(link.i, each);
    return each;
  };
  const positions: Position[] = [];
  for (const item of box.p) {
    if (isForgettable(item)) continue;
    const parent = items.get(originOf(item));
    positions.push(compactSlot(parent !== undefined && isForgettable(parent) ? inPlaceOf(item, topOf(parent)) : item, floor));
  }
  const waiting = box.w?.filter((operation) => operation.h > floor) ?? [];
  const { w: _w, ...rest } = box;
  return { ...rest, p: positions, ...(waiting.length === 0 ? {} : { w: waiting }) };
}

function withCompactSlots(box: ListBox, floor: Stamp): ListBox {
  // Most elements are values: a list of those is looked through and not copied.
  if (!box.p.some((item) => compactSlot(item, floor) !== item)) return box;
  return { ...box, p: box.p.map((item) => compactSlot(item, floor)) };
}

function inPlaceOf(item: Position, top: Position): Position {
  const { l: _l, ...rest } = item;
  const stands = { ...rest, o: originOf(top), t: stampOfPosition(top), ...(top.l === undefined ? {} : { l: top.l }) };
  // A dead position keeps no slot, and no stamp of one.
  return item.r !== undefined || item.h !== undefined ? stands : { ...stands, h: stampOfPosition(item) };
}
