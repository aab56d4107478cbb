/**
 * What lists and results share: they look like arrays, and they are live.
 *
 * @module
 */
import { pause, SLICE_MS } from "../async-write.ts";
import { RealmError, TypeAssertionError } from "../errors.ts";
import { jsonOf } from "../objects/to-json.ts";
import { stateOf } from "../objects/object-state.ts";
import { keyText } from "../records/text.ts";
import type { CollectionChangeCallback } from "../notifications/change-sets.ts";
import { aggregate } from "./aggregate.ts";
import { Collection } from "./collection.ts";
import type { Results } from "./results.ts";

/** Sort order: a key path, a pair with `true` for descending, or a list of both. */
export type SortDescriptor = string | [string, boolean];

const INDEX = /^-?\d+$/;

const handler: ProxyHandler<OrderedCollection<unknown>> = {
  get(target, name, receiver) {
    if (name === "_self") return target;
    if (typeof name === "string" && isIndex(name)) return target._at(Number(name));
    return Reflect.get(target, name, name === "length" ? target : receiver);
  },
  set(target, name, value, receiver) {
    if (typeof name === "string" && isIndex(name)) {
      if (Number(name) < 0) throw new RealmError("ARGUMENT_INVALID", `Cannot set item at negative index ${name}.`);
      target._setAt(Number(name), value);
      return true;
    }
    if (name === "length") throw new TypeError("Cannot assign to read only property 'length'");
    return Reflect.set(target, name, value, receiver);
  },
  has(target, name) {
    return typeof name === "string" && isIndex(name) ? Number(name) >= 0 && Number(name) < target.length : Reflect.has(target, name);
  },
  ownKeys(target) {
    return [...Array.from({ length: target.length }, (_, index) => String(index)), ...Reflect.ownKeys(target)];
  },
  getOwnPropertyDescriptor(target, name) {
    if (typeof name === "string" && isIndex(name)) {
      const index = Number(name);
      if (index < 0 || index >= target.length) return undefined;
      return { value: target._at(index), writable: true, enumerable: true, configurable: true };
    }
    return Reflect.getOwnPropertyDescriptor(target, name);
  },
};

function isIndex(name: string): boolean {
  const first = name.charCodeAt(0);
  return (first === 45 || (first >= 48 && first <= 57)) && INDEX.test(name);
}

/** An ordered, live collection that looks like an array. */
export abstract class OrderedCollection<T = unknown> extends Collection<T> implements Iterable<T> {
  readonly [index: number]: T;

  /** Hands out the collection with index access. */
  protected static proxied<C extends OrderedCollection<never>>(collection: C): C {
    return new Proxy(collection as unknown as OrderedCollection<unknown>, handler) as unknown as C;
  }

  /** The collection behind the proxy: private fields are only there, and its methods go through no trap. @internal */
  get _self(): this {
    return this;
  }

  abstract get length(): number;
  abstract get type(): string;
  abstract get optional(): boolean;
  abstract override isValid(): boolean;
  abstract description(): string;
  abstract filtered(query: string, ...args: unknown[]): Results<T>;
  abstract sorted(reverse?: boolean): Results<T>;
  abstract sorted(descriptor: SortDescriptor | SortDescriptor[], reverse?: boolean): Results<T>;
  abstract snapshot(): Results<T>;
  abstract override addListener(callback: CollectionChangeCallback<T>, keyPaths?: string | string[]): void;
  abstract override removeListener(callback: CollectionChangeCallback<T>): void;
  abstract override removeAllListeners(): void;
  /** @internal */
  abstract _at(index: number): T | undefined;
  /** @internal */
  abstract _setAt(index: number, value: unknown): void;
  /** All values now. @internal */
  abstract _values(): T[];

  isEmpty(): boolean {
    return this.length === 0;
  }
  override [Symbol.iterator](): IterableIterator<T> {
    return this._self._values()[Symbol.iterator]();
  }
  /** The elements as they are now, with turns for others in between (ours). */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    let sliceEndMs = performance.now() + SLICE_MS;
    for (const value of this) {
      yield value;
      if (performance.now() < sliceEndMs) continue;
      await pause(0);
      sliceEndMs = performance.now() + SLICE_MS;
    }
  }
  keys(): IterableIterator<number> {
    return this._self._values().keys();
  }
  values(): IterableIterator<T> {
    return this[Symbol.iterator]();
  }
  entries(): IterableIterator<[number, T]> {
    return this._self._values().entries();
  }
  at(index: number): T | undefined {
    return this._at(index < 0 ? this.length + index : index);
  }
  forEach(callback: (value: T, index: number, collection: this) => void, thisArg?: unknown): void {
    let index = 0;
    for (const value of this) callback.call(thisArg, value, index++, this);
  }
  map<U>(callback: (value: T, index: number, collection: readonly T[]) => U, thisArg?: unknown): U[] {
    return this._self._values().map(callback, thisArg);
  }
  filter(callback: (value: T, index: number, collection: readonly T[]) => unknown, thisArg?: unknown): T[] {
    return this._self._values().filter(callback, thisArg);
  }
  find(callback: (value: T, index: number, collection: readonly T[]) => unknown, thisArg?: unknown): T | undefined {
    return this._self._values().find(callback, thisArg);
  }
  findIndex(callback: (value: T, index: number, collection: readonly T[]) => unknown, thisArg?: unknown): number {
    return this._self._values().findIndex(callback, thisArg);
  }
  some(callback: (value: T, index: number, collection: readonly T[]) => unknown, thisArg?: unknown): boolean {
    return this._self._values().some(callback, thisArg);
  }
  every(callback: (value: T, index: number, collection: readonly T[]) => unknown, thisArg?: unknown): boolean {
    return this._self._values().every(callback, thisArg);
  }
  reduce<U>(callback: (previous: U, value: T, index: number, collection: readonly T[]) => U, ...initial: [] | [U]): U {
    return (this._self._values().reduce as (...args: unknown[]) => U)(callback, ...initial);
  }
  reduceRight<U>(callback: (previous: U, value: T, index: number, collection: readonly T[]) => U, ...initial: [] | [U]): U {
    return (this._self._values().reduceRight as (...args: unknown[]) => U)(callback, ...initial);
  }
  includes(value: T, fromIndex: number = 0): boolean {
    return this.indexOf(value, fromIndex) >= 0;
  }
  indexOf(value: T, fromIndex: number = 0): number {
    const values = this._self._values();
    for (let index = fromIndex < 0 ? Math.max(0, values.length + fromIndex) : fromIndex; index < values.length; index++) {
      if (isSame(values[index], value)) return index;
    }
    return -1;
  }
  lastIndexOf(value: T, fromIndex: number = Infinity): number {
    const values = this._self._values();
    for (let index = Math.min(values.length - 1, fromIndex); index >= 0; index--) if (isSame(values[index], value)) return index;
    return -1;
  }
  slice(start?: number, end?: number): T[] {
    return this._self._values().slice(start, end);
  }
  concat(...items: (T | readonly T[] | OrderedCollection<T>)[]): T[] {
    return this._self._values().concat(...items.map((item) => (item instanceof OrderedCollection ? item._values() : (item as T))));
  }
  join(separator?: string): string {
    return this._self._values().join(separator);
  }
  flat(): unknown[] {
    return this._self._values().flatMap((value) => (value instanceof OrderedCollection ? (value._values() as unknown[]) : [value as unknown]));
  }
  flatMap<U>(callback: (value: T, index: number, collection: readonly T[]) => U | readonly U[], thisArg?: unknown): U[] {
    return this._self._values().flatMap(callback, thisArg);
  }
  override toString(): string {
    return this._self._values().toString();
  }
  override toLocaleString(): string {
    return this._self._values().toLocaleString();
  }
  /** A plain array, nested objects included. */
  toJSON(): unknown[] {
    return jsonOf(this) as unknown[];
  }
  /** The least value; undefined for nothing. */
  min(property?: string): NumberOrDate | undefined {
    return aggregate(this, "min", property) as NumberOrDate | undefined;
  }
  /** The greatest value; undefined for nothing. */
  max(property?: string): NumberOrDate | undefined {
    return aggregate(this, "max", property) as NumberOrDate | undefined;
  }
  /** The sum; 0 for nothing. Of decimals it is a decimal. */
  sum(property?: string): number {
    return aggregate(this, "sum", property) as number;
  }
  /** The mean; undefined for nothing. Of decimals it is a decimal. */
  avg(property?: string): number | undefined {
    return aggregate(this, "avg", property) as number | undefined;
  }
}

/** Realm's type of what aggregates give. */
type NumberOrDate = number | Date;

/** Equality of elements: objects by their row, ids and dates by value. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const leftState = stateOf(left);
  const rightState = stateOf(right);
  if (leftState !== undefined && rightState !== undefined) {
    return leftState.table === rightState.table && keyText(leftState.key) === keyText(rightState.key);
  }
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  if (left instanceof ArrayBuffer && right instanceof ArrayBuffer) return keyText(new Uint8Array(left)) === keyText(new Uint8Array(right));
  const equals = (left as { equals?: (other: unknown) => boolean } | null)?.equals;
  if (typeof equals === "function" && typeof right === "object" && right !== null) return equals.call(left, right);
  return left instanceof Object && right instanceof Object && "bytes" in left && "bytes" in right ? String(left) === String(right) : false;
}

/** Reads the arguments of `sorted`. */
export function parseSort(arg: unknown, reverse: boolean | undefined): { path: string; ascending: boolean }[] {
  if (typeof arg === "string") return [{ path: arg, ascending: reverse !== true }];
  if (!Array.isArray(arg)) throw new TypeAssertionError("a string or an array", arg, "descriptor");
  if (arg.length === 2 && typeof arg[0] === "string" && typeof arg[1] === "boolean") return [{ path: arg[0], ascending: !arg[1] }];
  return arg.map((entry: unknown) => parseSort(entry, false)[0] as { path: string; ascending: boolean });
}

/** Checks a listener. */
export function checkListener(callback: unknown): void {
  if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
}
