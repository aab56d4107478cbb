/**
 * Operations that know more than the state that they come to.
 *
 * Where states need no order of delivery, such an operation waits, or ends what is there. A server that has everything its clients can have
 * seen knows better: it is a mistake or a forgery, since who claims to have seen a delete that never was deletes without saying so.
 *
 * @module
 */
import type { FieldsBox, ListBox, ObjectState, Position, Slot } from "../object-state.ts";
import type { BoxStep, Operation } from "../operation.ts";
import { NEVER, type Stamp } from "../stamp.ts";
import { at } from "./fields.ts";
import { indexOf } from "./list-index.ts";
import { isNewBox } from "./slot.ts";

const NO_POSITIONS: readonly Position[] = [];

/**
 * True if an operation says to have seen a delete of what is alive, or a clear, that the state does not have, or names an element or a position that is not there.
 * An operation that has no effect, since what it is about has ended, is not ahead.
 *
 * @param floor - Up to where the state has been folded. Who then makes a container in a place where one was replaced, without starting it
 * anew, has not seen the object: what the container had held may have been forgotten here and not elsewhere.
 */
export function isAhead(state: ObjectState | undefined, operation: Operation, floor: Stamp = NEVER): boolean {
  const deleted = state?.d ?? NEVER;
  const seen = operation.g ?? NEVER;
  if (seen < deleted) return false;
  // Where nothing is alive, whoever has seen another delete ends nothing; but nobody has seen one that is later than what he writes.
  if (seen > deleted && (state?.c !== undefined || seen >= operation.h)) return true;
  let slots: (name: string) => Slot | undefined = (name) => (seen > deleted ? undefined : at(state?.f, name));
  for (const [index, step] of operation.path.entries()) {
    const name = typeof step === "string" ? step : step.at;
    const slot = slots(name);
    if (slot === undefined && index > 0 && (operation.path[index - 1] as BoxStep).box === "list") return true;
    if (slot !== undefined && "r" in slot) return false;
    if (typeof step === "string") return bringsBack(slot, operation, floor);
    const box = slot?.b?.[step.box];
    const cleared = box?.g ?? NEVER;
    const seenClear = step.seen ?? NEVER;
    if (seenClear > cleared) return true;
    if (seenClear < cleared) return false;
    if (index === operation.path.length - 1) return step.box === "list" && namesUnknown(box as ListBox | undefined, operation);
    slots = insideOf(box as ListBox | FieldsBox | undefined);
  }
  return false;
}

function bringsBack(slot: Slot | undefined, { do: action }: Operation, floor: Stamp): boolean {
  if (slot?.h === undefined || slot.h > floor || action.act !== "set" || action.fresh === true || !isNewBox(action.value)) return false;
  return slot.k !== action.value.$new && slot.b?.[action.value.$new] !== undefined;
}

function insideOf(box: ListBox | FieldsBox | undefined): (name: string) => Slot | undefined {
  if (box === undefined || "f" in box) return (name) => at(box?.f, name);
  // Not the positions: in the middle of a batch only the index knows what is there.
  return (element) => indexOf(box.p).elements.get(element)?.item;
}

function namesUnknown(box: ListBox | undefined, { do: action }: Operation): boolean {
  if (action.act !== "insert" && action.act !== "move" && action.act !== "remove") return false;
  const { nodes, elements } = indexOf(box?.p ?? NO_POSITIONS);
  if (action.act === "remove") return !action.elements.every((element) => elements.has(element));
  if (action.origin !== undefined && !nodes.has(action.origin)) return true;
  return action.act === "move" && !elements.has(action.element);
}
