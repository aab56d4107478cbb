/**
 * Lists: the live value of a list property, or a list inside a mixed value.
 *
 * A list stands in its object's record; every change writes that record.
 *
 * @module
 */
import { rangeError } from "../errors.ts";
import type { Holder } from "../objects/holders.ts";
import { KIND } from "../objects/object-state.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { showAs } from "./inspecting.ts";
import { OrderedCollection } from "./ordered-collection.ts";
import { StoredCollection } from "./stored-collection.ts";

/** A live list. */
export class List<T = unknown> extends StoredCollection<T> {
  [index: number]: T;

  /** @internal */
  constructor(holder: Holder) {
    super(holder, "List");
  }

  /** @internal */
  static of(holder: Holder): List {
    return OrderedCollection.proxied(new List(holder) as never) as unknown as List;
  }

  /** @internal */
  _setAt(index: number, value: unknown): void {
    this._change((values) => {
      if (index > values.length) throw rangeError(`Requested index ${index} calling set() on list '${this.description()}' when max is ${values.length - 1}`);
      values[index] = this._accept(value, index);
    });
  }

  push(...items: T[]): number {
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
    let taken: T | undefined;
    this._change((values) => {
      if (values.length === 0) return;
      const at = position < 0 ? values.length - 1 : position;
      // An embedded object, or a collection in a mixed value, ends with its removal: it is handed out as it is then.
      taken = this._present(values[at] as StoredValue);
      values.splice(at, 1);
    });
    return taken;
  }

  unshift(...items: T[]): number {
    return this._change((values) => {
      values.unshift(...items.map((item, index) => this._accept(item, index)));
      return values.length;
    });
  }

  splice(start: number, deleteCount?: number, ...items: T[]): T[] {
    return this._change((values) => {
      const at = start < 0 ? Math.max(0, values.length + start) : Math.min(start, values.length);
      const count = deleteCount === undefined ? values.length - at : Math.max(0, Math.min(deleteCount, values.length - at));
      const removed = values.splice(at, count, ...items.map((item, index) => this._accept(item, at + index)));
      return removed.map((value) => this._present(value));
    });
  }

  /** Removes the element at an index. */
  remove(index: number): void {
    this._change((values) => {
      checkIndex(index, values.length);
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
      checkIndex(from, values.length);
      checkIndex(to, values.length);
      const [moved] = values.splice(from, 1);
      values.splice(to, 0, moved as StoredValue);
    });
  }

  /** Exchanges two elements. */
  swap(index1: number, index2: number): void {
    this._change((values) => {
      checkIndex(index1, values.length);
      checkIndex(index2, values.length);
      const held = values[index1] as StoredValue;
      values[index1] = values[index2] as StoredValue;
      values[index2] = held;
    });
  }
}

showAs(List.prototype, "List");
Object.defineProperty(List.prototype, KIND, { value: "list" });

function checkIndex(index: number, length: number): void {
  if (index < 0) throw rangeError("Index cannot be smaller than 0.");
  if (index >= length) throw rangeError("Index cannot be greater than the size of the list.");
}
