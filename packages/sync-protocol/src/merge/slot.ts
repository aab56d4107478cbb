/**
 * A slot: the newest set wins, a default loses to whatever was said explicitly, increments add to the newest set before them.
 *
 * @module
 */
import type { Slot } from "../object-state.ts";
import type { Content, IncAction, NewBox } from "../operation.ts";
import type { Stamp } from "../stamp.ts";
import type { WireInt, WireValue } from "../wire-value.ts";
import { Batch } from "./batch.ts";
import { withKey, type Owned } from "./fields.ts";
import { isInt, sumOf } from "./ints.ts";

type Increments = NonNullable<Slot["n"]>;

/** Something that a slot is set to, or `unset`. */
export interface Written {
  readonly h: Stamp;
  readonly isDefault: boolean;
  /** Absent: the entry is taken out. */
  readonly content?: Content;
}

/** True for a container as content. */
export function isNewBox(content: Content | undefined): content is NewBox {
  return typeof content === "object" && content !== null && "$new" in content;
}

/** The slot after a set or an unset. */
export function slotSet(slot: Slot | undefined, written: Written, owned: Owned): Slot {
  if (slot !== undefined && !isOvertaken(slot, written, owned)) return slot;
  const { h, isDefault, content } = written;
  const value = isNewBox(content) ? { h, k: content.$new } : content === undefined ? { h } : { h, v: content };
  const marked: Slot = isDefault ? { ...value, x: 1 } : value;
  if (slot === undefined) return marked;
  // Increments before an explicit set never count again. Before a default they may: an older explicit set can still come.
  const increments = slot.n === undefined || isDefault ? slot.n : incrementsAfter(slot.n, h, owned);
  const kept = increments === undefined ? {} : { n: increments };
  if (slot.b === undefined && !("i" in slot)) return { ...marked, ...kept };
  const { h: _h, x: _x, v: _v, k: _k, n: _n, ...rest } = slot;
  return { ...rest, ...marked, ...kept };
}

/** The slot after an increment. */
export function slotIncremented(slot: Slot | undefined, h: Stamp, action: IncAction, owned: Owned): Slot {
  if (slot === undefined) return { n: { [h]: action.by } };
  if (slot.h !== undefined && slot.x === undefined && h <= slot.h) return slot;
  if (slot.n === undefined) return { ...slot, n: { [h]: action.by } };
  if (Object.hasOwn(slot.n, h)) return slot;
  const increments = withKey(slot.n, h, action.by, owned);
  owned?.knownStamps(increments)?.push(h);
  return increments === slot.n ? slot : { ...slot, n: increments };
}

/** The value that a slot holds; undefined: none, or a container. A slot that was never set counts from 0. */
export function slotValue(slot: Slot): WireValue | undefined {
  if (slot.n === undefined || slot.k !== undefined) return slot.v;
  let value = slot.h === undefined && slot.v === undefined ? 0 : slot.v;
  if (!isInt(value)) return value;
  const since = slot.h ?? "";
  for (const [stamp, by] of Object.entries(slot.n)) if (stamp > since) value = sumOf(value, by);
  return value;
}

/** The increments later than `h`; undefined: none. In a batch each is looked at once, however many sets there are between them. */
function incrementsAfter(increments: Increments, h: Stamp, owned: Owned): Increments | undefined {
  const batch = owned ?? new Batch({ defers: false, waits: true });
  const own: Record<Stamp, number | WireInt> = batch.has(increments) ? increments : { ...increments };
  batch.add(own);
  const stamps = batch.stampsOf(own);
  for (let old = stamps.popUpTo(h); old !== undefined; old = stamps.popUpTo(h)) delete own[old];
  return stamps.size === 0 ? undefined : own;
}

function isOvertaken(slot: Slot, written: Written, owned: Owned): boolean {
  if (slot.h === undefined) return true;
  const isExplicit = slot.x === undefined;
  if (isExplicit === written.isDefault) return !isExplicit;
  if (slot.h !== written.h) return slot.h < written.h;
  // Two writes with one stamp: no honest replica makes them, and still all replicas have to agree.
  return textOf(slot.k === undefined ? slot.v : { $new: slot.k }, owned) < textOf(written.content, owned);
}

function textOf(content: Content | undefined, owned: Owned): string {
  if (content === undefined) return "";
  return owned === undefined ? JSON.stringify(content) : owned.textOf(content);
}
