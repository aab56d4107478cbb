/**
 * Dictionaries: the live value of a dictionary property, or a dictionary inside a mixed value.
 *
 * @module
 */
import { RealmError, typeError, TypeAssertionError } from "../errors.ts";
import type { DictionaryChangeCallback } from "../notifications/change-sets.ts";
import { entryTexts } from "../notifications/identities.ts";
import type { Watched } from "../notifications/watched.ts";
import { ElementSlot } from "../objects/holders.ts";
import type { Holder } from "../objects/holders.ts";
import { presentMixed } from "../objects/mixed-values.ts";
import { KIND } from "../objects/object-state.ts";
import { entriesOf, toPublic } from "../objects/primitives.ts";
import { jsonOf } from "../objects/to-json.ts";
import { toStoredElement } from "../objects/values.ts";
import { copyStored } from "../records/stored-value.ts";
import type { StoredDictionary, StoredValue } from "../records/stored-value.ts";
import { PRIMITIVE_TYPES } from "../schema/types.ts";
import type { ClassTable } from "../store/class-table.ts";
import { Collection } from "./collection.ts";
import { showAs } from "./inspecting.ts";
import { checkListener } from "./ordered-collection.ts";
import { isSamePlace } from "./stored-collection.ts";

const handler: ProxyHandler<Dictionary<unknown>> = {
  get(target, name, receiver) {
    if (name === "_self") return target;
    const member: unknown = Reflect.get(target, name, receiver);
    return member === undefined && typeof name === "string" ? target._get(name) : member;
  },
  set(target, name, value) {
    target._put([[checkKey(name), value]]);
    return true;
  },
  deleteProperty(target, name) {
    target.remove(checkKey(name));
    return true;
  },
  has(target, name) {
    return typeof name === "string" && target._stored().has(name) ? true : Reflect.has(target, name);
  },
  ownKeys(target) {
    return [...target._stored().keys()];
  },
  getOwnPropertyDescriptor(target, name) {
    if (typeof name !== "string" || !target._stored().has(name)) return undefined;
    return { value: target._get(name), writable: true, enumerable: true, configurable: true };
  },
  defineProperty(target, name, descriptor) {
    target._put([[checkKey(name), descriptor.value]]);
    return true;
  },
};

function checkKey(name: string | symbol): string {
  if (typeof name === "string") return name;
  throw typeError("ARGUMENT_INVALID", "Symbols cannot be used as keys of a dictionary");
}

/** A live dictionary: string keys, values of one type. */
export class Dictionary<T = unknown> extends Collection<T> {
  [key: string]: unknown;
  readonly #holder: Holder;
  readonly #target: ClassTable | undefined;
  #watchedNow: Watched | undefined;
  /** The entries as they were read under `#readEpoch` of the state. */
  #entries: StoredDictionary = new Map();
  #readEpoch = -1;

  /** @internal */
  constructor(holder: Holder) {
    super();
    if (holder === undefined || typeof holder.read !== "function") throw new RealmError("ARGUMENT_INVALID", "Illegal constructor: Dictionary cannot be constructed by an application.");
    this.#holder = holder;
    const { objectType } = holder.property;
    this.#target = PRIMITIVE_TYPES.has(objectType as string) ? undefined : holder.state.context.session.table(objectType as string);
  }

  /** @internal */
  static of(holder: Holder): Dictionary {
    return new Proxy(new Dictionary(holder), handler);
  }

  /** The dictionary behind the proxy: private fields are only there. @internal */
  get _self(): this {
    return this;
  }

  /** @internal */
  get _holder(): Holder {
    return this._self.#holder;
  }

  /** @internal */
  _stored(): StoredDictionary {
    const self = this._self;
    const { state } = self.#holder;
    if (self.#readEpoch === state.table.session.epoch && !state.context.isClosed) return self.#entries;
    const stored = self.#holder.read();
    if (stored === undefined) {
      throw new RealmError("OBJECT_INVALID", "Dictionary is no longer valid. Either the parent object was deleted or the containing Realm has been invalidated or closed.");
    }
    self.#entries = stored as StoredDictionary;
    self.#readEpoch = state.epoch;
    return self.#entries;
  }

  /** @internal */
  _present(value: StoredValue): T {
    const self = this._self;
    const { context } = self.#holder.state;
    if (value === null) return null as T;
    if (self.#target !== undefined) return context.wrap(self.#target, (value as Uint8Array).slice()) as T;
    const type = self.#holder.property.objectType as string;
    return (type === "mixed" ? presentMixed(context, value as Uint8Array, new ElementSlot(self.#holder)) : toPublic(type, value, context.integers)) as T;
  }

  /** @internal */
  _get(key: string): T | undefined {
    const stored = this._stored().get(key);
    return stored === undefined ? undefined : this._present(stored);
  }

  /** @internal */
  _put(entries: readonly [string, unknown][]): void {
    const { state, property } = this._self.#holder;
    this._change((values) => {
      for (const [key, value] of entries) values.set(key, toStoredElement(state.context, property, value, `${property.name}["${key}"]`, "never"));
    });
  }

  /** @internal */
  _change(change: (values: Map<string, StoredValue>) => void): void {
    const holder = this._self.#holder;
    if (holder.state.context.isClosed) this._stored();
    holder.state.context.session.requireTransaction();
    const values = copyStored(this._stored() as StoredValue) as Map<string, StoredValue>;
    change(values);
    holder.write(values);
  }

  isValid(): boolean {
    return this._self.#holder.isThere();
  }
  /** Element type's name: "object" for links. */
  get type(): string {
    return this._self.#target === undefined ? (this._self.#holder.property.objectType as string) : "object";
  }
  get optional(): boolean {
    return this._self.#holder.property.optional;
  }
  /** Name of the class of the values. */
  get objectType(): string | undefined {
    return this._self.#target?.name;
  }

  keys(): IterableIterator<string> {
    return [...this._stored().keys()].values();
  }
  values(): IterableIterator<T> {
    return [...this._stored().values()].map((value) => this._present(value)).values();
  }
  entries(): IterableIterator<[string, T]> {
    return [...this._stored()].map(([key, value]): [string, T] => [key, this._present(value)]).values();
  }
  override [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.entries();
  }

  /** Sets one value, or all of an object. */
  set(key: string, value: T): this;
  set(elements: Record<string, T>): this;
  set(first: unknown, value?: unknown): this {
    if (typeof first === "symbol") checkKey(first);
    if (typeof first !== "string" && arguments.length > 1) throw new TypeAssertionError("a string", first, "key");
    this._put(typeof first === "string" ? [[first, value]] : entriesOf(first, "elements"));
    return this;
  }

  /** Removes keys; those that are not there are left alone. */
  remove(key: string | string[]): this {
    const keys = typeof key === "string" ? [key] : key;
    if (!Array.isArray(keys)) throw new TypeAssertionError("a string or an array", key, "key");
    this._change((values) => {
      for (const name of keys) values.delete(checkKey(name));
    });
    return this;
  }

  /** A plain object, nested objects included. */
  toJSON(): Record<string, unknown> {
    return jsonOf(this) as Record<string, unknown>;
  }

  /** @internal */
  _watch(): Watched {
    const self = this._self;
    const holder = self.#holder;
    self.#watchedNow ??= {
      collection: this as never,
      isSame: (other) => other instanceof Dictionary && isSamePlace(other._holder, holder),
      owner: holder,
      table: self.#target,
      classNames: undefined,
      read: () => entryTexts(holder.property, (holder.read() ?? new Map()) as StoredDictionary),
      isDictionary: true,
      isValid: () => self.isValid(),
    };
    return self.#watchedNow;
  }

  addListener(callback: DictionaryChangeCallback, keyPaths?: string | string[]): void {
    checkListener(callback);
    this._stored();
    const self = this._self;
    self.#holder.state.context.notifier.addCollection(new Proxy(self as unknown as Dictionary<unknown>, handler), self._watch(), callback as never, keyPaths);
  }
  removeListener(callback: DictionaryChangeCallback): void {
    checkListener(callback);
    this._self.#holder.state.context.notifier.removeCollection(this._watch(), callback as never);
  }
  removeAllListeners(): void {
    this._self.#holder.state.context.notifier.removeCollection(this._watch());
  }
}

showAs(Dictionary.prototype, "Dictionary");
Object.defineProperty(Dictionary.prototype, KIND, { value: "dictionary" });
