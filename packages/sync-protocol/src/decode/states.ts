/**
 * States of objects: what the merge core can go on from.
 *
 * @module
 */
import type { Limits } from "../limits.ts";
import type { Boxes, Fields, FieldsBox, ListBox, ObjectState, Position, SetBox, SetEntry, Slot } from "../object-state.ts";
import { valueText, type WireInt } from "../wire-value.ts";
import type { OperationReadings } from "./operations.ts";
import { field, listOf, mapOf, mark, maybe, oneOf, record, refuse, take, type Json, type Reading } from "./reading.ts";
import { elementId, stamp, type ValueReadings } from "./values.ts";

const kind = oneOf(["list", "set", "dict", "object"]);

type Writable<T> = { -readonly [P in keyof T]: T[P] };

/** Readings of states within limits. */
export class StateReadings {
  readonly #values: ValueReadings;
  readonly #operations: OperationReadings;
  readonly #limits: Limits;
  readonly #fields: Reading<Fields>;
  readonly #increments: Reading<Readonly<Record<string, number | WireInt>>>;
  readonly #entries: Reading<SetBox["e"]>;

  constructor(values: ValueReadings, operations: OperationReadings, limits: Limits) {
    this.#values = values;
    this.#operations = operations;
    this.#limits = limits;
    this.#fields = mapOf((value): Slot => this.#slot(record(value)), values.key);
    this.#increments = mapOf(values.int, stamp);
    this.#entries = mapOf(entry, this.#setKey);
  }

  /** The state of one object. */
  readonly state: Reading<ObjectState> = (value) => {
    const from = record(value);
    const state: Writable<ObjectState> = {};
    take(state, from, "d", stamp);
    take(state, from, "c", stamp);
    take(state, from, "f", this.#fields);
    return state;
  };

  #slot(from: Json): Slot {
    const slot: Writable<Slot> = {};
    take(slot, from, "h", stamp);
    take(slot, from, "x", mark);
    take(slot, from, "v", this.#values.value);
    take(slot, from, "k", kind);
    take(slot, from, "n", this.#increments);
    take(slot, from, "b", this.#boxes);
    return slot.v !== undefined && slot.k !== undefined ? refuse("STATE_INVALID", "a slot holds a value or a container") : slot;
  }

  readonly #boxes: Reading<Boxes> = (value) => {
    const from = record(value);
    return { ...maybe(from, "list", this.#list), ...maybe(from, "set", this.#set), ...maybe(from, "dict", this.#fieldsBox), ...maybe(from, "object", this.#fieldsBox) };
  };

  readonly #fieldsBox: Reading<FieldsBox> = (value) => {
    const from = record(value);
    return { ...maybe(from, "g", stamp), f: field(from, "f", this.#fields) };
  };

  readonly #set: Reading<SetBox> = (value) => {
    const from = record(value);
    return { ...maybe(from, "g", stamp), e: field(from, "e", this.#entries) };
  };

  readonly #list: Reading<ListBox> = (value) => {
    const from = record(value);
    const positions = field(from, "p", listOf(this.#position, Number.MAX_SAFE_INTEGER));
    if (new Set(positions.map((position) => position.i)).size !== positions.length) return refuse("STATE_INVALID", "a position stands twice in a list");
    return { ...maybe(from, "g", stamp), p: positions, ...maybe(from, "w", listOf(this.#operations.operation, this.#limits.operationsPerTransaction)) };
  };

  readonly #position: Reading<Position> = (value) => {
    const from = record(value);
    const position: Position = {
      i: field(from, "i", elementId),
      ...maybe(from, "o", originId),
      ...maybe(from, "l", mark),
      ...maybe(from, "t", stamp),
      ...maybe(from, "e", elementId),
      ...maybe(from, "m", mark),
      ...maybe(from, "r", stamp),
      ...this.#slot(from),
    };
    return position.m !== undefined && position.r === undefined ? refuse("STATE_INVALID", "what has moved on is dead") : position;
  };

  /** The text of a set's value has to be the canonical one: it is what values are compared by. */
  readonly #setKey: Reading<string> = (text) => {
    if (typeof text !== "string" || text.length > this.#limits.valueLength) return refuse("VALUE_TOO_LARGE", "a value of a set is too long");
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return refuse("VALUE_INVALID", "a value of a set is not JSON");
    }
    return valueText(this.#values.value(value)) === text ? text : refuse("VALUE_INVALID", "a value of a set is not in its canonical text");
  };
}

function entry(value: unknown): SetEntry {
  const from = record(value);
  return { h: field(from, "h", stamp), ...maybe(from, "x", mark) };
}

function originId(value: unknown): string {
  return value === "" ? "" : elementId(value);
}
