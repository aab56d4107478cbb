/**
 * A state as an application sees it.
 *
 * @module
 */
import type { Boxes, Fields, ListBox, ObjectState, Position, SetBox, Slot } from "../object-state.ts";
import type { BoxKind } from "../operation.ts";
import type { PlainObject, PlainValue } from "../plain-object.ts";
import type { SyncProperty, SyncSchema } from "../sync-schema.ts";
import { classOf } from "../sync-schema.ts";
import type { WireKey, WireValue } from "../wire-value.ts";
import { valueOfText } from "./apply.ts";
import { at, setOwn } from "./fields.ts";
import { slotValue } from "./slot.ts";

/** Whether the target of a link cannot be shown: it was deleted, was never there, or is not in view. */
export type IsGone = (type: string, pk: WireKey) => boolean;

/** How an object is read. */
export interface MaterialiseOptions {
  /**
   * A link to such a target reads as null, and is left out of lists and sets; it shows again when the target is back. Default: none is gone.
   */
  readonly isGone?: IsGone;
}

/** What an application sees of the object; undefined: it is not there (deleted, or not created yet). */
export function materialise(state: ObjectState | undefined, options: MaterialiseOptions = {}): PlainObject | undefined {
  return state?.c === undefined ? undefined : plainFields(state.f ?? {}, options.isGone);
}

/** The value of a slot; undefined: there is none, as in an entry that was taken out. */
export function plainSlot(slot: Slot, isGone: IsGone | undefined): PlainValue | undefined {
  const kind = shownKind(slot);
  if (kind !== undefined) return plainBox(slot.b ?? {}, kind, isGone);
  const value = slotValue(slot);
  return value !== undefined && isGoneLink(value, isGone) ? null : value;
}

/** Which box a slot shows: the one that it was set to, or of a property that was never set the one that was used. */
export function shownKind(slot: Slot): BoxKind | undefined {
  if (slot.h !== undefined || slot.k !== undefined || slot.v !== undefined) return slot.k;
  if (slot.b === undefined || slot.n !== undefined) return undefined;
  return KINDS.find((kind) => slot.b?.[kind] !== undefined);
}

/** Whether a position's element is shown. */
export function isShown(item: Position, isGone: IsGone | undefined): boolean {
  return item.r === undefined && (isGone === undefined || item.k !== undefined || item.v === undefined || !isGoneLink(item.v, isGone));
}

/** The values of a set that are shown, in the order of their texts. */
export function shownTexts(box: SetBox | undefined, isGone: IsGone | undefined): string[] {
  const texts = Object.keys(box?.e ?? {}).filter((text) => at(box?.e, text)?.x === undefined);
  return texts.filter((text) => isGone === undefined || !isGoneLink(valueOfText(text), isGone)).toSorted();
}

const KINDS = ["list", "set", "dict", "object"] as const;

function plainFields(fields: Fields, isGone: IsGone | undefined): PlainObject {
  const object: Record<string, PlainValue> = {};
  for (const name of Object.keys(fields)) {
    const value = plainSlot(fields[name] as Slot, isGone);
    if (value !== undefined) setOwn(object, name, value);
  }
  return object;
}

function plainBox(boxes: Boxes, kind: BoxKind, isGone: IsGone | undefined): PlainValue {
  if (kind === "list") return plainList(boxes.list, isGone);
  if (kind === "set") return { $set: shownTexts(boxes.set, isGone).map(valueOfText) };
  const fields = plainFields(boxes[kind]?.f ?? {}, isGone);
  return kind === "dict" ? { $dict: fields } : { $object: fields };
}

function plainList(box: ListBox | undefined, isGone: IsGone | undefined): PlainValue[] {
  const values: PlainValue[] = [];
  for (const item of box?.p ?? []) if (isShown(item, isGone)) values.push(plainSlot(item, isGone) ?? null);
  return values;
}

function isGoneLink(value: WireValue, isGone: IsGone | undefined): boolean {
  return isGone !== undefined && typeof value === "object" && value !== null && "$link" in value && isGone(value.$link[0], value.$link[1]);
}

/** `object` with every property of its class: the default, or null, an empty collection, or the type's zero where it has none. */
export function completed(object: PlainObject, schema: SyncSchema, type: string): PlainObject {
  const whole: Record<string, PlainValue> = { ...object };
  for (const property of classOf(schema, type)?.properties ?? []) {
    const value = at(object, property.name);
    setOwn(whole, property.name, value === undefined ? absentValue(property) : completedInside(value, property, schema));
  }
  return whole;
}

/** What a property reads as that was never written. */
export function absentValue(property: SyncProperty): PlainValue {
  if (property.collection === "list") return [];
  if (property.collection === "set") return { $set: [] };
  if (property.collection === "dict") return { $dict: {} };
  if (property.default !== undefined) return property.default;
  if (property.optional === true) return null;
  return ZERO[property.type];
}

const ZERO: Readonly<Record<SyncProperty["type"], WireValue>> = {
  bool: false,
  int: 0,
  float: { $double: "0" },
  double: { $double: "0" },
  string: "",
  data: { $data: "" },
  date: { $date: 0 },
  decimal128: { $decimal: "0" },
  objectId: { $oid: "0".repeat(24) },
  uuid: { $uuid: "00000000-0000-0000-0000-000000000000" },
  mixed: null,
  object: null,
};

/** `value`, which stands at `property`, with every property of the embedded objects in it. */
export function completedInside(value: PlainValue, property: SyncProperty, schema: SyncSchema): PlainValue {
  const type = property.objectType;
  if (property.type !== "object" || type === undefined || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each: PlainValue) => completedInside(each, property, schema));
  if ("$object" in value) return { $object: completed(value.$object, schema, type) };
  if (!("$dict" in value)) return value;
  return { $dict: Object.fromEntries(Object.entries(value.$dict).map(([key, each]) => [key, completedInside(each, property, schema)])) };
}
