/**
 * What listeners are told, and how two states of a collection are compared.
 *
 * @module
 */

import type { Dictionary } from "../collections/dictionary.ts";
import type { OrderedCollection } from "../collections/ordered-collection.ts";
import type { RealmObject } from "../objects/realm-object.ts";
import type { DefaultObject } from "../types.ts";

/** Changes of one object. */
export interface ObjectChangeSet<T = DefaultObject> {
  deleted: boolean;
  changedProperties: (keyof T & string)[];
}

/** Changes of a collection: deletions and oldModifications are indexes before, the others after. */
export interface CollectionChangeSet {
  insertions: number[];
  deletions: number[];
  newModifications: number[];
  oldModifications: number[];
}

/** Changes of a dictionary, by key. */
export interface DictionaryChangeSet {
  insertions: string[];
  modifications: string[];
  deletions: string[];
}

/** A listener of a dictionary. */
export type DictionaryChangeCallback<T = unknown> = (dictionary: Dictionary<T>, changes: DictionaryChangeSet) => void;

/** A listener of an object. */
export type ObjectChangeCallback<T = DefaultObject> = (object: RealmObject<T> & T, changes: ObjectChangeSet<T>) => void;

/** A listener of a list, set or result. The collection is the one that the listener was added to. */
export type CollectionChangeCallback<T = unknown> = (collection: OrderedCollection<T>, changes: CollectionChangeSet) => void;

/** Compares two states of a collection of distinct elements. A moved element is a deletion and an insertion. */
export function compareKeys(before: readonly string[], after: readonly string[], isModified: (key: string) => boolean): CollectionChangeSet {
  const changes: CollectionChangeSet = { insertions: [], deletions: [], newModifications: [], oldModifications: [] };
  const oldIndex = new Map(before.map((key, index) => [key, index]));
  const common = after.map((key) => oldIndex.get(key)).filter((index) => index !== undefined);
  const inOrder = new Set(longestRising(common));
  const kept = new Set<string>();
  after.forEach((key, index) => {
    const old = oldIndex.get(key);
    if (old === undefined || !inOrder.has(old)) {
      changes.insertions.push(index);
      return;
    }
    kept.add(key);
    if (!isModified(key)) return;
    changes.newModifications.push(index);
    changes.oldModifications.push(old);
  });
  before.forEach((key, index) => {
    if (!kept.has(key)) changes.deletions.push(index);
  });
  return changes;
}

/** Compares two states of a dictionary. */
export function compareEntries(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, isModified: (text: string) => boolean): DictionaryChangeSet {
  const changes: DictionaryChangeSet = { insertions: [], modifications: [], deletions: [] };
  for (const [key, text] of after) {
    const old = before.get(key);
    if (old === undefined) changes.insertions.push(key);
    else if (old !== text || isModified(text)) changes.modifications.push(key);
  }
  for (const key of before.keys()) if (!after.has(key)) changes.deletions.push(key);
  return changes;
}

/** Compares two states of a list of plain values: what stands between the common ends changed. */
export function compareValues(before: readonly string[], after: readonly string[]): CollectionChangeSet {
  const changes: CollectionChangeSet = { insertions: [], deletions: [], newModifications: [], oldModifications: [] };
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const overlap = shorter - head - tail;
  for (let index = head; index < head + overlap; index++) {
    if (before[index] === after[index]) continue;
    changes.newModifications.push(index);
    changes.oldModifications.push(index);
  }
  for (let index = head + overlap; index < after.length - tail; index++) changes.insertions.push(index);
  for (let index = head + overlap; index < before.length - tail; index++) changes.deletions.push(index);
  return changes;
}

/** True if a change set says nothing. */
export function isEmptyChange(changes: CollectionChangeSet | DictionaryChangeSet): boolean {
  const modifications = "newModifications" in changes ? changes.newModifications : changes.modifications;
  return changes.insertions.length + changes.deletions.length + modifications.length === 0;
}

/** A longest rising subsequence. */
function longestRising(values: readonly number[]): number[] {
  if (values.every((value, index) => index === 0 || value > (values[index - 1] as number))) return [...values];
  const tails: number[] = [];
  const previous: number[] = [];
  values.forEach((value, index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] as number] as number) < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = low > 0 ? (tails[low - 1] as number) : -1;
    tails[low] = index;
  });
  const rising: number[] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at] as number) rising.push(values[at] as number);
  return rising.reverse();
}
