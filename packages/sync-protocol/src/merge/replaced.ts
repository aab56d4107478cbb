/**
 * What stands in containers that do not show: a list that was replaced by a text keeps its elements, since a set that nobody had heard of may
 * still make it show again.
 *
 * Who comes to an object later has no need of them, and may never have been allowed to see them. So a server leaves them out of the states that
 * it sends, and where such a container does show again, it sends the state anew.
 *
 * @module
 */
import type { Boxes, Fields, FieldsBox, ListBox, ObjectState, Slot } from "../object-state.ts";
import type { BoxKind, Operation, PathStep } from "../operation.ts";
import { NEVER } from "../stamp.ts";
import { emptyBox } from "./apply.ts";
import { at, mapped } from "./fields.ts";
import { indexOf } from "./list-index.ts";
import { shownKind } from "./materialise.ts";
import { isNewBox } from "./slot.ts";

type AnyBox = NonNullable<Boxes[BoxKind]>;

/**
 * The state without what stands in containers that do not show. That there was one of a kind stays, and its newest clear: whoever makes
 * one of that kind there has to start it anew.
 *
 * As good as the whole state for everything that comes later, but for operations of which {@link bringsBack} says so.
 *
 * @returns The same state if there is nothing to leave out.
 */
export function withoutReplaced(state: ObjectState): ObjectState {
  if (state.f === undefined) return state;
  const fields = fieldsWithout(state.f);
  return fields === state.f ? state : { ...state, f: fields };
}

/**
 * Whether operations have made a container show again that did not show before, with anything in it that was left out by {@link withoutReplaced}.
 *
 * @param after - `before` with the operations.
 */
export function bringsBack(before: ObjectState | undefined, after: ObjectState, operations: readonly Operation[]): boolean {
  if (before === undefined || before.d !== after.d) return false;
  return operations.some((operation) => {
    const { path, do: action } = operation;
    if (action.act !== "set" || !isNewBox(action.value)) return false;
    const kind = action.value.$new;
    const now = slotAt(after, path);
    const box = now?.b?.[kind];
    // Begun anew, or something else by now. Asked first: of what was before, a list may have no index any more.
    if (now === undefined || box === undefined || isEmptyBox(box) || box.g === operation.h || shownKind(now) !== kind) return false;
    const old = slotAt(before, path);
    const left = old?.b?.[kind];
    return old !== undefined && left !== undefined && left.g === box.g && !isEmptyBox(left) && shownKind(old) !== kind;
  });
}

/** True for a box in which nothing is, not even what is dead. */
export function isEmptyBox(box: AnyBox): boolean {
  if ("p" in box) return box.p.length === 0 && box.w === undefined;
  return Object.keys("f" in box ? box.f : box.e).length === 0;
}

function fieldsWithout(fields: Fields): Fields {
  return mapped(fields, (_name, slot) => slotWithout(slot));
}

function slotWithout<S extends Slot>(slot: S): S {
  if (slot.b === undefined) return slot;
  const shown = shownKind(slot);
  const boxes = mapped(slot.b as Readonly<Record<string, AnyBox>>, (kind, box) => {
    if (kind === shown) return insideWithout(box);
    return isEmptyBox(box) ? box : emptyBox(kind as BoxKind, box.g ?? NEVER);
  });
  return boxes === slot.b ? slot : { ...slot, b: boxes };
}

function insideWithout(box: AnyBox): AnyBox {
  if ("e" in box) return box;
  if ("f" in box) {
    const fields = fieldsWithout(box.f);
    return fields === box.f ? box : { ...box, f: fields };
  }
  // Most elements are values: a list of those is looked through and not copied.
  if (!box.p.some((item) => slotWithout(item) !== item)) return box;
  return { ...box, p: box.p.map((item) => slotWithout(item)) };
}

function slotAt(state: ObjectState, path: readonly PathStep[]): Slot | undefined {
  let find: (name: string) => Slot | undefined = (name) => at(state.f, name);
  for (const step of path) {
    if (typeof step === "string") return find(step);
    const box = find(step.at)?.b?.[step.box];
    find = insideOf(box as ListBox | FieldsBox | undefined);
  }
  return undefined;
}

function insideOf(box: ListBox | FieldsBox | undefined): (name: string) => Slot | undefined {
  if (box === undefined || !("p" in box)) return (name) => at(box?.f, name);
  return (element) => indexOf(box.p).elements.get(element)?.item;
}
