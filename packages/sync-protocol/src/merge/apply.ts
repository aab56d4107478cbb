/**
 * One operation applied to a state.
 *
 * Three rules do most of the work. A delete ends a *generation* of the object: an operation whose writer had not seen the newest delete is
 * dropped, however late it is. A clear does the same for a container. Everything else is decided slot by slot, by stamps.
 *
 * @module
 */
import type { Fields, FieldsBox, ListBox, ObjectState, SetBox, Slot } from "../object-state.ts";
import type { BoxKind, BoxStep, Operation, PathStep } from "../operation.ts";
import { laterOf, NEVER, type Stamp } from "../stamp.ts";
import { valueText, type WireValue } from "../wire-value.ts";
import { Batch, type BatchOptions } from "./batch.ts";
import { at, withKey, type Owned } from "./fields.ts";
import { ListWork } from "./list-work.ts";
import { slotIncremented, slotSet } from "./slot.ts";

const NOTHING: ObjectState = {};

/** An operation on its way down its path. */
interface Descent {
  readonly operation: Operation;
  /** The step that is to be taken next. */
  readonly step: number;
  readonly owned: Owned;
}

/**
 * Applies one operation. Commutative and idempotent: the order of operations and repeats of them make no difference.
 *
 * @param state - What is there so far; undefined: nothing. Not changed.
 */
export function applyOperation(state: ObjectState | undefined, operation: Operation): ObjectState {
  return applied(state ?? NOTHING, operation, undefined);
}

/** Applies several operations of one object; cheaper than one by one. */
export function applyOperations(state: ObjectState | undefined, operations: readonly Operation[], options: BatchOptions = { defers: true, waits: true }): ObjectState {
  const batch = new Batch(options);
  let next = state ?? NOTHING;
  for (const operation of operations) next = applied(next, operation, batch);
  batch.finish();
  return next;
}

/** One operation applied in a batch; the state is whole when the batch has finished. */
export function applied(state: ObjectState, operation: Operation, owned: Owned): ObjectState {
  const { h, g = NEVER, do: action } = operation;
  const deleted = state.d ?? NEVER;
  if (action.act === "delete") {
    const newest = laterOf(laterOf(deleted, g), h);
    return newest === deleted ? state : { d: newest };
  }
  if (g < deleted) return state;
  // The writer has seen a delete that is not here yet: whatever is here did not.
  const base: ObjectState = g > deleted ? { d: g } : state;
  if (action.act === "create") return (base.c ?? NEVER) < h ? { ...base, c: h } : base;
  const before = base.f ?? {};
  const fields = fieldsChanged(before, { operation, step: 0, owned });
  return fields === base.f || (base.f === undefined && fields === before) ? base : { ...base, f: fields };
}

function fieldsChanged(fields: Fields, descent: Descent): Fields {
  const step = descent.operation.path[descent.step];
  if (step === undefined) return fields;
  const name = nameOf(step);
  const slot = at(fields, name);
  const next = slotChanged(slot, step, descent);
  return next === undefined || next === slot ? fields : withKey(fields, name, next, descent.owned);
}

function slotChanged(slot: Slot | undefined, step: PathStep, descent: Descent): Slot | undefined {
  const { operation, owned } = descent;
  const { h, do: action } = operation;
  if (typeof step !== "string") return boxEntered(slot, step, descent);
  if (action.act === "inc") return slotIncremented(slot, h, action, owned);
  if (action.act === "unset") return slotSet(slot, { h, isDefault: false }, owned);
  if (action.act !== "set") return slot;
  const written = slotSet(slot, { h, isDefault: action.isDefault === true, content: action.value }, owned);
  return action.fresh === true && isBox(action.value) ? withFreshBox(written, action.value.$new, h) : written;
}

function boxEntered(slot: Slot | undefined, step: BoxStep, descent: Descent): Slot | undefined {
  const box = slot?.b?.[step.box];
  const next = boxChanged(box, step, descent);
  return next === box ? slot : { ...slot, b: { ...slot?.b, [step.box]: next } };
}

type AnyBox = ListBox | SetBox | FieldsBox;

function boxChanged(box: AnyBox | undefined, step: BoxStep, descent: Descent): AnyBox | undefined {
  const { operation, step: index } = descent;
  const cleared = box?.g ?? NEVER;
  const seen = step.seen ?? NEVER;
  const isHere = index === operation.path.length - 1;
  if (isHere && operation.do.act === "clear") {
    const newest = laterOf(laterOf(cleared, seen), operation.h);
    return box !== undefined && newest === cleared ? box : emptyBox(step.box, newest);
  }
  if (seen < cleared) return box;
  // The writer has seen a clear that is not here yet: whatever is here did not.
  const base = box === undefined || seen > cleared ? emptyBox(step.box, seen) : box;
  if (step.box === "list") return listChanged(base as ListBox, descent, isHere);
  if (step.box === "set") return isHere ? setChanged(base as SetBox, descent) : base;
  if (isHere) return base;
  const { f } = base as FieldsBox;
  const fields = fieldsChanged(f, { ...descent, step: index + 1 });
  return fields === f ? base : { ...(base as FieldsBox), f: fields };
}

function setChanged(box: SetBox, { operation, owned }: Descent): SetBox {
  const { h, do: action } = operation;
  if (action.act !== "add" && action.act !== "drop") return box;
  const text = valueText(action.value);
  const entry = at(box.e, text);
  if (entry !== undefined && entry.h >= h) return box;
  const entries = withKey(box.e, text, action.act === "add" ? { h } : { h, x: 1 as const }, owned);
  return entries === box.e ? box : { ...box, e: entries };
}

function listChanged(box: ListBox, descent: Descent, isHere: boolean): ListBox {
  const work = new ListWork(box.p, descent.owned);
  const attempt = (operation: Operation): Operation | undefined => (isHereOf(operation, descent.step) ? work.act(operation) : elementChanged(work, { ...descent, operation }));
  const missing = isHere ? work.act(descent.operation) : elementChanged(work, descent);
  const rest = descent.owned?.options.waits === false ? undefined : missing;
  let waiting = rest === undefined ? (box.w ?? []) : withWaiting(box.w ?? [], rest);
  // What has come may be what others wait for, and they what others wait for.
  for (let before: readonly Operation[] = []; work.isChanged && before !== waiting; ) {
    before = waiting;
    const still = waiting.map(attempt);
    if (still.some((each, index) => each !== before[index])) waiting = still.filter((each) => each !== undefined);
  }
  if (!work.isChanged && waiting.length === (box.w?.length ?? 0) && rest === undefined) return box;
  return { ...(box.g === undefined ? {} : { g: box.g }), p: work.positions, ...(waiting.length === 0 ? {} : { w: waiting }) };
}

function elementChanged(work: ListWork, descent: Descent): Operation | undefined {
  const step = descent.operation.path[descent.step + 1];
  if (step === undefined) return undefined;
  const inner = { ...descent, step: descent.step + 1 };
  return work.change(nameOf(step), (slot) => slotChanged(slot, step, inner)) ? undefined : descent.operation;
}

/** Waiting operations are in the order of their stamps, so that the order of their arrival leaves no trace. */
function withWaiting(waiting: readonly Operation[], operation: Operation): readonly Operation[] {
  const others = waiting.filter((each) => each.h !== operation.h);
  return [...others, operation].toSorted((one, other) => (one.h < other.h ? -1 : 1));
}

function isHereOf(operation: Operation, step: number): boolean {
  return step === operation.path.length - 1;
}

function nameOf(step: PathStep): string {
  return typeof step === "string" ? step : step.at;
}

function isBox(value: unknown): value is { readonly $new: BoxKind } {
  return typeof value === "object" && value !== null && "$new" in value;
}

function withFreshBox(slot: Slot, kind: BoxKind, h: Stamp): Slot {
  return (slot.b?.[kind]?.g ?? NEVER) >= h ? slot : { ...slot, b: { ...slot.b, [kind]: emptyBox(kind, h) } };
}

/** A box into which nobody has put anything yet. */
export function emptyBox(kind: BoxKind, g: Stamp): AnyBox {
  const generation = g === NEVER ? {} : { g };
  if (kind === "list") return { ...generation, p: [] };
  return kind === "set" ? { ...generation, e: {} } : { ...generation, f: {} };
}

/** The value whose text is `text`. */
export function valueOfText(text: string): WireValue {
  return JSON.parse(text) as WireValue;
}

