/**
 * A slot: the newest set wins, a default loses to whatever was said explicitly, increments add to the newest set before them.
 *
 * @module
 */
import type { Slot } from "../object-state.ts";
import type { Content, IncAction, NewBox } from "../operation.ts";
import type { Stamp } from "../stamp.ts";
import type { WireValue } from "../wire-value.ts";
import { filtered, withKey, type Owned } from "./fields.ts";
import { isInt, sumOf } from "./ints.ts";

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
export function slotSet(slot: Slot | undefined, written: Written): Slot {
  if (slot !== undefined && !isOvertaken(slot, written)) return slot;
  const { h, isDefault, content } = written;
  const value = isNewBox(content) ? { h, k: content.$new } : content === undefined ? { h } : { h, v: content };
  const marked: Slot = isDefault ? { ...value, x: 1 } : value;
  if (slot === undefined) return marked;
  // Increments before an explicit set never count again. Before a default they may: an older explicit set can still come.
  const increments = slot.n === undefined || isDefault ? slot.n : filtered(slot.n, (stamp) => stamp > h);
  const kept = increments === undefined || Object.keys(increments).length === 0 ? {} : { n: increments };
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

function isOvertaken(slot: Slot, written: Written): boolean {
  if (slot.h === undefined) return true;
  const isExplicit = slot.x === undefined;
  if (isExplicit === written.isDefault) return !isExplicit;
  if (slot.h !== written.h) return slot.h < written.h;
  // Two writes with one stamp: no honest replica makes them, and still all replicas have to agree.
  return textOf(slot.k === undefined ? slot.v : { $new: slot.k }) < textOf(written.content);
}

function textOf(content: Content | undefined): string {
  return content === undefined ? "" : JSON.stringify(content);
}
