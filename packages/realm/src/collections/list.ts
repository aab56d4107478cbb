/**
 * Lists: the live value of a list property.
 *
 * A list stands in its object's record; every change writes that record.
 *
 * @module
 */
import { rangeError, RealmError } from "../errors.ts";
import { writeField } from "../objects/accessors.ts";
import type { RowState } from "../objects/context.ts";
import { toPublic, toStoredElement } from "../objects/values.ts";
import { ObjectQuery } from "../queries/index.ts";
import type { Field } from "../records/layout.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { keyText } from "../records/text.ts";
import { PRIMITIVE_TYPES } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import type { CollectionChangeCallback } from "../notifications/change-sets.ts";
import { distinctIdentities } from "../notifications/notifier.ts";
import type { Watched } from "../notifications/notifier.ts";
import { checkListener, OrderedCollection } from "./ordered-collection.ts";
import { Results } from "./results.ts";

/** A live list. */
export class List<T = unknown> extends OrderedCollection<T> {
  [index: number]: T;
  readonly #state: RowState;
  readonly #field: Field;
  /** Class of the elements; undefined for plain values. */
  readonly #target: ClassTable | undefined;
  #watchedNow: Watched | undefined;

  /** The elements as they were read under `#readEpoch` of the state. */
  #elements: readonly StoredValue[] = [];
  #readEpoch = -1;

  /** Shares the state of the object whose list it is: a record that was read for one serves the other. */
  constructor(state: RowState, field: Field) {
    super();
    if (field === undefined) throw new RealmError("ARGUMENT_INVALID", "Illegal constructor: List cannot be constructed by an application.");
    this.#state = state;
    this.#field = field;
    const { objectType } = field.property;
    this.#target = PRIMITIVE_TYPES.has(objectType as string) ? undefined : state.context.session.table(objectType as string);
  }

  /** @internal */
  static of(state: RowState, field: Field): List {
    return OrderedCollection.proxied(new List(state, field) as never) as unknown as List;
  }

  get length(): number {
    return this._stored().length;
  }
  get type(): string {
    return this._self.#target === undefined ? (this._self.#field.property.objectType as string) : "object";
  }
  get optional(): boolean {
    return this._self.#field.property.optional;
  }
  /** Name of the class of the elements. */
  get objectType(): string | undefined {
    return this._self.#target?.name;
  }
  isValid(): boolean {
    return this._self.#state.tryRefresh();
  }
  description(): string {
    return `${this._self.#state.table.name}.${this._self.#field.property.name}`;
  }

  /** @internal */
  _stored(): readonly StoredValue[] {
    const self = this._self;
    const state = self.#state;
    if (!state.tryRefresh()) throw new RealmError("OBJECT_INVALID", "List is no longer valid. Either the parent object was deleted or the containing Realm has been invalidated or closed.");
    if (self.#readEpoch !== state.epoch) {
      self.#elements = self.#field.read(state) as StoredValue[];
      self.#readEpoch = state.epoch;
    }
    return self.#elements;
  }

  /** @internal */
  _values(): T[] {
    const target = this._self.#target;
    const stored = this._stored();
    if (target === undefined && this._self.#field.property.objectType === "string") return stored.slice() as T[];
    return stored.map((value) => this._present(value));
  }

  /** @internal */
  _present(value: StoredValue): T {
    const target = this._self.#target;
    if (target === undefined) return toPublic(this._self.#field.property.objectType as string, value) as T;
    return this._self.#state.context.wrap(target, (value as Uint8Array).slice()) as T;
  }

  /** @internal */
  _at(index: number): T | undefined {
    const stored = this._stored();
    return index < 0 || index >= stored.length ? undefined : this._present(stored[index] as StoredValue);
  }

  /** @internal */
  _setAt(index: number, value: unknown): void {
    this._change((values) => {
      if (index > values.length) throw rangeError(`Requested index ${index} calling set() on list '${this.description()}' when max is ${values.length - 1}`);
      values[index] = this._accept(value, index);
    });
  }

  /** @internal */
  _propertyType(name: string): string | undefined {
    return this._self.#target?.layout.fieldOf(name)?.property.type;
  }

  /** @internal */
  _accept(value: unknown, index: number): StoredValue {
    return toStoredElement(this._self.#state.context, this._self.#field.property, value, index, "never");
  }

  /** @internal */
  _change<R>(change: (values: StoredValue[]) => R): R {
    const state = this._self.#state;
    if (state.context.isClosed) this._stored();
    state.context.session.requireTransaction();
    const values = this._stored().map((value) => (value instanceof Uint8Array ? value.slice() : value));
    const result = change(values);
    writeField(state.table, state.key, this._self.#field, values);
    return result;
  }

  push(...items: unknown[]): number {
    return this._change((values) => {
      for (const item of items) values.push(this._accept(item, values.length));
      return values.length;
    });
  }

  pop(): T | undefined {
    return this._take(-1);
  }

  shift(): T | undefined {
    return this._take(0);
  }

  /** @internal */
  _take(position: number): T | undefined {
    return this._change((values) => {
      const at = position < 0 ? values.length - 1 : position;
      if (values.length === 0) return undefined;
      const [taken] = values.splice(at, 1);
      return this._present(taken as StoredValue);
    });
  }

  unshift(...items: unknown[]): number {
    return this._change((values) => {
      values.unshift(...items.map((item, index) => this._accept(item, index)));
      return values.length;
    });
  }

  splice(start: number, deleteCount?: number, ...items: unknown[]): T[] {
    return this._change((values) => {
      const count = deleteCount === undefined ? values.length : deleteCount;
      const removed = values.splice(start, count, ...items.map((item, index) => this._accept(item, start + index)));
      return removed.map((value) => this._present(value));
    });
  }

  /** Removes the element at an index. */
  remove(index: number): void {
    this._change((values) => {
      this._checkIndex(index, values.length);
      values.splice(index, 1);
    });
  }

  /** Removes all elements. */
  removeAll(): void {
    this._change((values) => {
      values.length = 0;
    });
  }

  /** Moves an element. */
  move(from: number, to: number): void {
    this._change((values) => {
      this._checkIndex(from, values.length);
      this._checkIndex(to, values.length);
      const [moved] = values.splice(from, 1);
      values.splice(to, 0, moved as StoredValue);
    });
  }

  /** Exchanges two elements. */
  swap(first: number, second: number): void {
    this._change((values) => {
      this._checkIndex(first, values.length);
      this._checkIndex(second, values.length);
      const held = values[first] as StoredValue;
      values[first] = values[second] as StoredValue;
      values[second] = held;
    });
  }

  /** @internal */
  _checkIndex(index: number, length: number): void {
    if (index < 0) throw rangeError("Index cannot be smaller than 0.");
    if (index >= length) throw rangeError("Index cannot be greater than the size of the list.");
  }

  /** @internal */
  _asResults(): Results<T> {
    const target = this._self.#target;
    const { context } = this._self.#state;
    if (target !== undefined) {
      const among = (): Uint8Array[] => this._stored().slice() as Uint8Array[];
      return Results.of<T>({ context, table: target, query: ObjectQuery.all(target.name), among });
    }
    return Results.of<T>({ context, table: undefined, values: { type: this.type, optional: this.optional, read: () => this._values() } });
  }

  filtered(query: string, ...args: unknown[]): Results<T> {
    return this._asResults().filtered(query, ...args);
  }
  sorted(descriptor?: unknown, reverse?: boolean): Results<T> {
    return this._asResults().sorted(descriptor as never, reverse);
  }
  snapshot(): Results<T> {
    return this._asResults().snapshot();
  }

  /** Keys of the objects in the list. @internal */
  _keys(): Uint8Array[] {
    return (this._stored() as Uint8Array[]).map((key) => key.slice());
  }

  /** @internal */
  _watch(): Watched {
    const self = this._self;
    const target = self.#target;
    self.#watchedNow ??= {
      watchedClass: target?.name,
      identities: () => (target === undefined ? self._values().map((value) => `${typeof value}:${JSON.stringify(value)}`) : distinctIdentities((self._stored() as Uint8Array[]).map((key) => keyText(key)))),
      isValid: () => self.isValid(),
    };
    return self.#watchedNow;
  }

  addListener(callback: CollectionChangeCallback<T>, keyPaths?: string | string[]): void {
    checkListener(callback, keyPaths);
    this._stored();
    const self = this._self;
    self.#state.context.notifier.addCollection(OrderedCollection.proxied(self as never), self._watch(), callback as never);
  }
  removeListener(callback: CollectionChangeCallback<T>): void {
    this._self.#state.context.notifier.removeCollection(this._watch(), callback as never);
  }
  removeAllListeners(): void {
    this._self.#state.context.notifier.removeCollection(this._watch());
  }
}
