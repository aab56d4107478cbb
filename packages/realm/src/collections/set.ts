/**
 * Sets: the live value of a set property. Each value is in it once.
 *
 * @module
 */
import { RealmError } from "../errors.ts";
import type { Holder } from "../objects/holders.ts";
import { KIND } from "../objects/object-state.ts";
import { compareStored } from "../records/order.ts";
import { sameStored } from "../records/stored-value.ts";
import type { StoredValue } from "../records/stored-value.ts";
import { showAs } from "./inspecting.ts";
import { OrderedCollection } from "./ordered-collection.ts";
import { StoredCollection } from "./stored-collection.ts";

/** A live set, in an order of its own. Exported as `Set`. */
export class RealmSet<T = unknown> extends StoredCollection<T> {
  /** @internal */
  constructor(holder: Holder) {
    super(holder, "Set");
  }

  /** @internal */
  static of(holder: Holder): RealmSet {
    return OrderedCollection.proxied(new RealmSet(holder) as never) as unknown as RealmSet;
  }

  /** How many values there are. */
  get size(): number {
    return this.length;
  }

  /** Adds a value unless it is there. */
  add(value: T): this {
    this._change((values) => {
      const stored = this._accept(value, values.length);
      const type = this._holder.property.objectType as string;
      let [low, high] = [0, values.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compareStored(type, values[middle] as StoredValue, stored) < 0) low = middle + 1;
        else high = middle;
      }
      if (low < values.length && compareStored(type, values[low] as StoredValue, stored) === 0) return;
      values.splice(low, 0, stored);
    });
    return this;
  }

  /** Removes a value. @returns True if it was there. */
  delete(value: T): boolean {
    return this._change((values) => {
      const stored = this._accept(value, 0);
      const index = values.findIndex((other) => sameStored(other, stored));
      if (index >= 0) values.splice(index, 1);
      return index >= 0;
    });
  }

  /** Removes all values. */
  clear(): void {
    this._change((values) => {
      values.length = 0;
    });
  }

  /** True if the value is in the set. */
  has(value: T): boolean {
    return this.includes(value);
  }

  /** @internal */
  _setAt(): never {
    throw new RealmError("ARGUMENT_INVALID", "Assigning into a Set by index is not supported.");
  }
}

showAs(RealmSet.prototype, "Set");
Object.defineProperty(RealmSet.prototype, KIND, { value: "set" });
