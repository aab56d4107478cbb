/**
 * Where a collection's elements stand: in a property of an object, or inside a mixed value at any depth.
 *
 * A collection inside a mixed value is found by its id, not by its place: so it stays itself when its neighbours move.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { Field } from "../records/layout.ts";
import { readListCount } from "../records/read.ts";
import { collectionIdOf, encodeMixedDictionary, encodeMixedList, readMixed } from "../records/mixed.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import type { CanonicalProperty } from "../schema/types.ts";
import type { RowState } from "./context.ts";
import { writeField } from "./write-field.ts";

/** The place of a collection. */
export interface Holder {
  readonly state: RowState;
  /** The field of the record that all of it stands in. */
  readonly field: Field;
  /** Describes the collection and its elements. */
  readonly property: CanonicalProperty;
  /** Ids of the collections on the way from the field to this one, its own last. */
  readonly path: readonly number[];
  /** The elements as they are; undefined if the collection is gone. */
  read(): StoredValue | undefined;
  /** How many elements there are, without reading them; undefined if only `read` tells. */
  count(): number | undefined;
  /** False if the collection is gone. */
  isThere(): boolean;
  write(value: StoredValue): void;
}

/** A collection that is the value of a property. */
export class FieldHolder implements Holder {
  readonly state: RowState;
  readonly field: Field;
  constructor(state: RowState, field: Field) {
    this.state = state;
    this.field = field;
  }
  get property(): CanonicalProperty {
    return this.field.property;
  }
  get path(): readonly number[] {
    return NO_PATH;
  }
  read(): StoredValue | undefined {
    return this.state.tryRefresh() ? this.field.read(this.state) : undefined;
  }
  count(): number | undefined {
    if (!this.state.tryRefresh()) return undefined;
    const at = this.field.at(this.state);
    return at < 0 ? undefined : readListCount(this.state.valueBytes, at);
  }
  isThere(): boolean {
    return this.state.tryRefresh();
  }
  write(value: StoredValue): void {
    writeField(this.state.table, this.state.key, this.field, value);
  }
}

const NO_PATH: readonly number[] = [];

/** Where mixed values stand that may be collections. */
export interface MixedSlot {
  readonly state: RowState;
  readonly field: Field;
  readonly path: readonly number[];
  /** The encoded collection with an id. */
  find(id: number): Uint8Array | undefined;
  replace(id: number, encoded: Uint8Array): void;
}

/** A mixed property. */
export class FieldSlot implements MixedSlot {
  readonly state: RowState;
  readonly field: Field;
  readonly path: readonly number[] = NO_PATH;
  constructor(state: RowState, field: Field) {
    this.state = state;
    this.field = field;
  }
  find(id: number): Uint8Array | undefined {
    const value = this.state.tryRefresh() ? this.field.read(this.state) : null;
    return collectionIdOf(value) === id ? (value as Uint8Array) : undefined;
  }
  replace(_id: number, encoded: Uint8Array): void {
    writeField(this.state.table, this.state.key, this.field, encoded);
  }
}

/** The elements of a collection of mixed values. */
export class ElementSlot implements MixedSlot {
  readonly #holder: Holder;
  constructor(holder: Holder) {
    this.#holder = holder;
  }
  get state(): RowState {
    return this.#holder.state;
  }
  get field(): Field {
    return this.#holder.field;
  }
  get path(): readonly number[] {
    return this.#holder.path;
  }
  find(id: number): Uint8Array | undefined {
    const value = this.#holder.read();
    if (value === undefined) return undefined;
    for (const element of Array.isArray(value) ? value : (value as StoredDictionary).values()) if (collectionIdOf(element) === id) return element as Uint8Array;
    return undefined;
  }
  replace(id: number, encoded: Uint8Array): void {
    const value = this.#holder.read() as StoredValue[] | StoredDictionary;
    const renew = (element: StoredValue): StoredValue => (collectionIdOf(element) === id ? encoded : element);
    this.#holder.write(Array.isArray(value) ? value.map(renew) : new Map([...value].map(([key, element]) => [key, renew(element)])));
  }
}

/** A list or dictionary inside a mixed value. */
export class NestedHolder implements Holder {
  readonly #slot: MixedSlot;
  readonly #id: number;
  readonly property: CanonicalProperty;
  constructor(slot: MixedSlot, id: number, type: "list" | "dictionary") {
    this.#slot = slot;
    this.#id = id;
    const { name, mapTo } = slot.field.property;
    this.property = { name, mapTo, type, objectType: "mixed", optional: true, indexed: false };
  }
  get state(): RowState {
    return this.#slot.state;
  }
  get field(): Field {
    return this.#slot.field;
  }
  get path(): readonly number[] {
    return [...this.#slot.path, this.#id];
  }
  read(): StoredValue | undefined {
    const encoded = this.#slot.find(this.#id);
    return encoded === undefined ? undefined : readMixed(encoded).value;
  }
  count(): undefined {
    return undefined;
  }
  isThere(): boolean {
    return this.#slot.find(this.#id) !== undefined;
  }
  write(value: StoredValue): void {
    if (this.#slot.find(this.#id) === undefined) throw new RealmError("OBJECT_INVALID", "Accessing collection which has been invalidated or deleted");
    const encoded = Array.isArray(value) ? encodeMixedList(this.#id, value) : encodeMixedDictionary(this.#id, value as StoredDictionary);
    this.#slot.replace(this.#id, encoded);
  }
}
