/**
 * From what an object looks like to operations that take it there.
 *
 * @module
 */
import type { HybridClock } from "../hybrid-clock.ts";
import type { Fields, FieldsBox, ListBox, ObjectState, SetBox, Slot } from "../object-state.ts";
import type { Action, BoxKind, BoxStep, Operation, PathStep } from "../operation.ts";
import { kindOf, plainText, type PlainObject, type PlainValue } from "../plain-object.ts";
import { ProtocolError } from "../protocol-error.ts";
import { NEVER, type Stamp } from "../stamp.ts";
import { propertyOf, type ObjectName, type SyncProperty, type SyncSchema } from "../sync-schema.ts";
import type { WireValue } from "../wire-value.ts";
import { emptyBox, valueOfText } from "./apply.ts";
import { at } from "./fields.ts";
import { intOf, isInt, wireInt } from "./ints.ts";
import { listDifference } from "./list-diff.ts";
import { absentValue, plainSlot, shownKind, shownTexts, type MaterialiseOptions } from "./materialise.ts";

/**
 * How a change of a property was meant, where two objects do not tell. `set`: explicitly to this value, of a counter too. `default`: the
 * schema's default. `replace`: a container was assigned as a whole or cleared, so that what others put into it without having seen that is
 * dropped.
 */
export type Intent = "set" | "default" | "replace";

/** What {@link operationsBetween} needs to know. */
export interface DiffOptions extends ObjectName, MaterialiseOptions {
  readonly schema: SyncSchema;
  readonly clock: HybridClock;
  /** Where nothing is known of the object: the floor up to which deleted objects have been forgotten here ({@link compactState}). */
  readonly forgotten?: Stamp;
  /** By property; inside embedded objects with points between the names: `address.city`. */
  readonly intents?: Readonly<Record<string, Intent>>;
}

/**
 * The operations that take an object from what it looks like to what is wanted, in the order in which they are to be applied.
 *
 * Where nothing tells how a change was meant, the way is taken that keeps most of what others may be doing: inner changes rather than a new
 * container, moves rather than removing and inserting, increments of counters.
 *
 * @param wanted - undefined: delete it. A property that is absent stays as it is.
 * @throws {ProtocolError} `SCHEMA_INVALID` for a property that the class does not have.
 */
export function operationsBetween(state: ObjectState | undefined, wanted: PlainObject | undefined, options: DiffOptions): Operation[] {
  const difference = new Difference(options, state === undefined ? options.forgotten : state.d);
  const isThere = state?.c !== undefined;
  if (wanted === undefined) {
    if (isThere) difference.emit([], { act: "delete" });
  } else {
    if (!isThere) difference.emit([], { act: "create" });
    difference.fields(state?.f ?? {}, wanted, [], { type: options.type, names: "" });
  }
  return difference.operations;
}

/** Where a slot is: the path to what it stands in, and its name there. */
export interface SlotPlace {
  readonly prefix: readonly PathStep[];
  readonly at: string;
  /** What the schema says about values here; undefined: mixed. */
  readonly property: SyncProperty | undefined;
  /** The names of the properties on the way, for intents; undefined: inside a collection, where there are none. */
  readonly names: string | undefined;
}

/** One difference while it is worked out. */
export class Difference {
  readonly operations: Operation[] = [];
  readonly options: DiffOptions;
  readonly #deleted: Stamp | undefined;

  constructor(options: DiffOptions, deleted: Stamp | undefined) {
    this.options = options;
    this.#deleted = deleted;
  }

  /** Makes an operation. */
  emit(path: readonly PathStep[], action: Action): Operation {
    const { type, pk, clock } = this.options;
    const operation: Operation = { type, pk, h: clock.tick(), ...(this.#deleted === undefined ? {} : { g: this.#deleted }), path, do: action };
    this.operations.push(operation);
    return operation;
  }

  /** The properties of an object, of which `wanted` names those that may differ. */
  fields(fields: Fields, wanted: PlainObject, prefix: readonly PathStep[], owner: { readonly type: string | undefined; readonly names: string | undefined }): void {
    for (const [name, value] of Object.entries(wanted)) {
      const property = propertyOf(this.options.schema, owner.type, name);
      if (property === undefined) throw new ProtocolError("SCHEMA_INVALID", `class "${owner.type ?? ""}" has no property "${name}"`);
      const names = owner.names === undefined ? undefined : owner.names === "" ? name : `${owner.names}.${name}`;
      this.#property(at(fields, name), value, { prefix, at: name, property, names });
    }
  }

  /** A slot that has to show `wanted`. */
  slot(slot: Slot | undefined, wanted: PlainValue, place: SlotPlace): void {
    const kind = kindOf(wanted);
    if (kind === undefined) this.#scalar(slot, wanted as WireValue, place);
    else this.#container(slot, kind, wanted, place);
  }

  /** The contents of a box. `seen`: its newest clear. */
  box(kind: BoxKind, box: FieldsBox | SetBox | ListBox, wanted: PlainValue, place: SlotPlace): void {
    const path = [...place.prefix, boxStep(place.at, kind, box.g)];
    if (kind === "list") listDifference(this, { box: box as ListBox, path, property: elementOf(place.property) }, wanted as readonly PlainValue[]);
    else if (kind === "set") this.#set(box as SetBox, (wanted as { readonly $set: readonly WireValue[] }).$set, path);
    else if (kind === "object") this.fields((box as FieldsBox).f, (wanted as { readonly $object: PlainObject }).$object, path, { type: place.property?.objectType, names: place.names });
    else this.#dict((box as FieldsBox).f, (wanted as { readonly $dict: PlainObject }).$dict, path, place.property);
  }

  #property(slot: Slot | undefined, wanted: PlainValue, place: SlotPlace & { readonly property: SyncProperty }): void {
    const { property } = place;
    const isUntouched = slot === undefined || (slot.h === undefined && slot.v === undefined && slot.n === undefined && slot.b === undefined);
    if (isUntouched && this.#intent(place) === undefined && plainText(wanted) === plainText(absentValue(property))) return;
    if (property.collection === undefined) this.slot(slot, wanted, place);
    else this.#collection(slot, property.collection, wanted, place);
  }

  /** A property of a collection type: its box is simply there. */
  #collection(slot: Slot | undefined, kind: "list" | "set" | "dict", wanted: PlainValue, place: SlotPlace): void {
    const value = wanted === null ? EMPTY[kind] : wanted;
    if (kindOf(value) !== kind) throw new ProtocolError("VALUE_INVALID", `property "${place.at}" is a ${kind}`);
    const box = slot?.b?.[kind] ?? emptyBox(kind, NEVER);
    this.box(kind, this.#intent(place) === "replace" ? this.#cleared(kind, box, place) : box, value, place);
  }

  #scalar(slot: Slot | undefined, wanted: WireValue, place: SlotPlace): void {
    const path = [...place.prefix, place.at];
    const intent = this.#intent(place);
    const old = slot === undefined ? undefined : plainSlot(slot, this.options.isGone);
    const isDefault = intent === "default" ? ({ isDefault: true } as const) : {};
    if (intent === undefined && old !== undefined && plainText(old) === plainText(wanted)) return;
    if (place.property?.counter === true && intent === undefined && isInt(wanted)) {
      const before = old === undefined ? 0 : old;
      if (isInt(before as WireValue)) {
        this.emit(path, { act: "inc", by: wireInt((intOf(wanted) ?? 0n) - (intOf(before as WireValue) ?? 0n)) });
        return;
      }
    }
    this.emit(path, { act: "set", value: wanted, ...isDefault });
  }

  #container(slot: Slot | undefined, kind: BoxKind, wanted: PlainValue, place: SlotPlace): void {
    const box = slot?.b?.[kind];
    const isShown = slot !== undefined && shownKind(slot) === kind;
    const isReplaced = this.#intent(place) === "replace";
    if (isShown && !isReplaced) {
      this.box(kind, box ?? emptyBox(kind, NEVER), wanted, place);
      return;
    }
    if (isShown && kind !== "object") {
      this.box(kind, this.#cleared(kind, box ?? emptyBox(kind, NEVER), place), wanted, place);
      return;
    }
    // A box that was used before is started anew; one that nobody has used is shared with whoever makes the same at the same time.
    const fresh = box === undefined ? {} : ({ fresh: true } as const);
    const isDefault = this.#intent(place) === "default" ? ({ isDefault: true } as const) : {};
    const { h } = this.emit([...place.prefix, place.at], { act: "set", value: { $new: kind }, ...isDefault, ...fresh });
    this.box(kind, emptyBox(kind, box === undefined ? NEVER : h), wanted, place);
  }

  #cleared(kind: BoxKind, box: FieldsBox | SetBox | ListBox, place: SlotPlace): FieldsBox | SetBox | ListBox {
    return emptyBox(kind, this.emit([...place.prefix, boxStep(place.at, kind, box.g)], { act: "clear" }).h);
  }

  #set(box: SetBox, wanted: readonly WireValue[], path: readonly PathStep[]): void {
    const shown = new Set(shownTexts(box, this.options.isGone));
    const texts = new Set(wanted.map((value) => JSON.stringify(value)));
    for (const text of shown) if (!texts.has(text)) this.emit(path, { act: "drop", value: valueOfText(text) });
    for (const text of texts) if (!shown.has(text)) this.emit(path, { act: "add", value: valueOfText(text) });
  }

  #dict(fields: Fields, wanted: PlainObject, path: readonly PathStep[], property: SyncProperty | undefined): void {
    for (const [key, slot] of Object.entries(fields)) {
      if (!Object.hasOwn(wanted, key) && plainSlot(slot, this.options.isGone) !== undefined) this.emit([...path, key], { act: "unset" });
    }
    for (const [key, value] of Object.entries(wanted)) this.slot(at(fields, key), value, { prefix: path, at: key, property: elementOf(property), names: undefined });
  }

  #intent(place: SlotPlace): Intent | undefined {
    return place.names === undefined || this.options.intents === undefined ? undefined : at(this.options.intents, place.names);
  }
}

const EMPTY: Readonly<Record<"list" | "set" | "dict", PlainValue>> = { list: [], set: { $set: [] }, dict: { $dict: {} } };

/** What the schema says about the elements of a collection. */
function elementOf(property: SyncProperty | undefined): SyncProperty | undefined {
  if (property?.collection === undefined) return undefined;
  const { collection: _collection, ...element } = property;
  return element;
}

function boxStep(name: string, kind: BoxKind, seen: Stamp | undefined): BoxStep {
  return { at: name, box: kind, ...(seen === undefined ? {} : { seen }) };
}
