/**
 * Records whose keys come from outside: a key such as `constructor` or `__proto__` is a key like any other.
 *
 * A batch of operations copies each record at most once: what it has copied, it owns and changes in place.
 *
 * @module
 */

import type { Batch } from "./batch.ts";

/** What knows the records that a batch has made itself; undefined: a batch of one, which copies everything. */
export type Owned = Batch | undefined;

/** What stands under `key`. */
export function at<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Sets an entry of a record that nobody else has yet. */
export function setOwn<T>(record: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__") Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
  else record[key] = value;
}

/** The record with `value` under `key`. */
export function withKey<T>(record: Readonly<Record<string, T>>, key: string, value: T, owned: Owned): Readonly<Record<string, T>> {
  if (owned?.has(record) !== true) {
    // A computed key makes a property of its own even if it is `__proto__`.
    const copy = { ...record, [key]: value };
    owned?.add(copy);
    return copy;
  }
  Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
  return record;
}

/** The record without the entries that `isKept` refuses; the same one if there are none. */
export function filtered<T>(record: Readonly<Record<string, T>>, isKept: (key: string, value: T) => boolean): Readonly<Record<string, T>> {
  const entries = Object.entries(record);
  const kept = entries.filter(([key, value]) => isKept(key, value));
  return kept.length === entries.length ? record : Object.fromEntries(kept);
}

/** The record with each value replaced; the same one if none was. */
export function mapped<T>(record: Readonly<Record<string, T>>, replaced: (key: string, value: T) => T): Readonly<Record<string, T>> {
  let isChanged = false;
  const entries = Object.entries(record).map(([key, value]): [string, T] => {
    const next = replaced(key, value);
    if (next !== value) isChanged = true;
    return [key, next];
  });
  return isChanged ? Object.fromEntries(entries) : record;
}
