/**
 * What lists and sets share: ordered elements that stand in an object's record.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { CollectionChangeCallback } from "../notifications/change-sets.ts";
import { valueTexts } from "../notifications/identities.ts";
import type { Watched } from "../notifications/watched.ts";
import type { Holder } from "../objects/holders.ts";
import { ElementSlot } from "../objects/holders.ts";
import { presentMixed } from "../objects/mixed-values.ts";
import { toPublic } from "../objects/primitives.ts";
import { toStoredElement } from "../objects/values.ts";
import { ObjectQuery } from "../queries/index.ts";
import { copyStored } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { PRIMITIVE_TYPES } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import { checkListener, OrderedCollection } from "./ordered-collection.ts";
import { Results } from "./results.ts";

/** A live list or set. */
export abstract class StoredCollection<T = unknown> extends OrderedCollection<T> {
  readonly #holder: Holder;
  /** Class of the elements; undefined for plain values. */
  readonly #target: ClassTable | undefined;
  #watchedNow: Watched | undefined;
  /** The elements as they were read under `#readEpoch` of the state. */
  #elements: readonly StoredValue[] = [];
  #readEpoch = -1;

  /** @internal */
  constructor(holder: Holder, name: string) {
    super();
    if (holder === undefined || typeof holder.read !== "function") throw new RealmError("ARGUMENT_INVALID", `Illegal constructor: ${name} cannot be constructed by an application.`);
    this.#holder = holder;
    const { objectType } = holder.property;
    this.#target = PRIMITIVE_TYPES.has(objectType as string) ? undefined : holder.state.context.session.table(objectType as string);
  }

  get length(): number {
    const self = this._self;
    const isRead = self.#readEpoch === self.#holder.state.table.session.epoch;
    return (isRead ? undefined : self.#holder.count()) ?? this._stored().length;
  }
  get type(): string {
    return this._self.#target === undefined ? (this._self.#holder.property.objectType as string) : "object";
  }
  get optional(): boolean {
    return this._self.#holder.property.optional;
  }
  /** Name of the class of the elements. */
  get objectType(): string | undefined {
    return this._self.#target?.name;
  }
  isValid(): boolean {
    return this._self.#holder.isThere();
  }
  description(): string {
    return `${this._self.#holder.state.table.name}.${this._self.#holder.property.name}`;
  }

  /** @internal */
  get _holder(): Holder {
    return this._self.#holder;
  }

  /** @internal */
  _stored(): readonly StoredValue[] {
    const self = this._self;
    const { state } = self.#holder;
    if (self.#readEpoch !== state.table.session.epoch || state.context.isClosed) {
      const elements = self.#holder.read();
      if (elements === undefined) {
        throw new RealmError("OBJECT_INVALID", "List is no longer valid. Either the parent object was deleted or the containing Realm has been invalidated or closed.");
      }
      self.#elements = elements as StoredValue[];
      self.#readEpoch = state.epoch;
    }
    return self.#elements;
  }

  /** @internal */
  _values(): T[] {
    const self = this._self;
    const stored = self._stored();
    if (self.#target === undefined && self.#holder.property.objectType === "string") return stored.slice() as T[];
    return stored.map((value) => self._present(value));
  }

  /** @internal */
  _present(value: StoredValue): T {
    const self = this._self;
    const { context } = self.#holder.state;
    if (self.#target !== undefined) return context.wrap(self.#target, value as Uint8Array) as T;
    const type = self.#holder.property.objectType as string;
    if (type !== "mixed") return toPublic(type, value, context.integers) as T;
    return (value === null ? null : presentMixed(context, value as Uint8Array, new ElementSlot(self.#holder))) as T;
  }

  /** @internal */
  _at(index: number): T | undefined {
    const stored = this._stored();
    return index < 0 || index >= stored.length ? undefined : this._present(stored[index] as StoredValue);
  }

  /** @internal */
  get _hasExactInts(): boolean {
    return this._self.#holder.state.context.integers !== "number";
  }

  /** @internal */
  _propertyType(name: string): string | undefined {
    return this._self.#target?.layout.fieldOf(name)?.property.type;
  }

  /** @internal */
  _accept(value: unknown, index: number): StoredValue {
    const { state, property } = this._self.#holder;
    return toStoredElement(state.context, property, value, `${property.name}[${index}]`, "never");
  }

  /** @internal */
  _change<R>(change: (values: StoredValue[]) => R): R {
    const holder = this._self.#holder;
    if (holder.state.context.isClosed) this._stored();
    holder.state.context.session.requireTransaction();
    const values = this._stored().map(copyStored);
    const result = change(values);
    holder.write(values);
    return result;
  }

  /** @internal */
  _asResults(): Results<T> {
    const target = this._self.#target;
    const { context } = this._self.#holder.state;
    if (target !== undefined) {
      const among = (): Uint8Array[] => this._stored().slice() as Uint8Array[];
      return Results.of<T>({ context, table: target, query: ObjectQuery.all(target.name), among, owner: this._self.#holder });
    }
    const { objectType, optional } = this._self.#holder.property;
    return Results.of<T>({ context, table: undefined, values: { type: objectType as string, optional, read: () => this._values() }, owner: this._self.#holder });
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

  /** Keys of the objects in the collection. @internal */
  _keys(): Uint8Array[] {
    return (this._stored() as Uint8Array[]).map((key) => key.slice());
  }

  /** @internal */
  _watch(): Watched {
    const self = this._self;
    const holder = self.#holder;
    self.#watchedNow ??= {
      collection: this as never,
      isSame: (other) => other instanceof StoredCollection && isSamePlace(other._holder, holder),
      owner: holder,
      table: self.#target,
      classNames: undefined,
      read: () => valueTexts(holder.property, (holder.read() ?? []) as StoredValue[]),
      isValid: () => self.isValid(),
    };
    return self.#watchedNow;
  }

  addListener(callback: CollectionChangeCallback<T>, keyPaths?: string | string[]): void {
    checkListener(callback);
    this._stored();
    const self = this._self;
    self.#holder.state.context.notifier.addCollection(OrderedCollection.proxied(self as never), self._watch(), callback as never, keyPaths);
  }
  removeListener(callback: CollectionChangeCallback<T>): void {
    checkListener(callback);
    this._self.#holder.state.context.notifier.removeCollection(this._watch(), callback as never);
  }
  removeAllListeners(): void {
    this._self.#holder.state.context.notifier.removeCollection(this._watch());
  }
}

/** True if two collections are one: accessors are made anew each time that a property is read. */
export function isSamePlace(left: Holder, right: Holder): boolean {
  return left.field === right.field && left.state.isSameRow(right.state) && left.path.length === right.path.length && left.path.every((id, index) => id === right.path[index]);
}
