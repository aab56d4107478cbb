/**
 * The elements of one collection, each with one identity until it changes: memoized components are rendered for the changed one only.
 *
 * @module
 */
import { Realm } from "@holdfast/realm";
import { keepReadable } from "./kept-object.ts";
import type { AnyList, AnyObject } from "./lists.ts";

/** What changed in a collection. */
export interface CollectionChanges {
  readonly insertions: readonly number[];
  readonly deletions: readonly number[];
  readonly newModifications: readonly number[];
}

/** One accessor an object, whichever way it is reached. */
export class ElementCache {
  readonly #list: AnyList;
  readonly #objects = new Map<string, AnyObject>();

  constructor(list: AnyList) {
    this.#list = list;
  }

  /** The element at an index; objects are kept readable. */
  at(index: number): unknown {
    const element = this.#list[index];
    if (!(element instanceof Realm.Object)) return element;
    const object = element as AnyObject;
    const key = identityOf(object);
    const known = this.#objects.get(key);
    if (known?.isValid() === true) return known;
    const kept = keepReadable(object);
    this.#objects.set(key, kept);
    return kept;
  }

  /** Forgets everything: what changed is not known. */
  clear(): void {
    this.#objects.clear();
  }

  /** Forgets what changed. */
  apply(changes: CollectionChanges): void {
    for (const index of changes.newModifications) {
      const element = this.#list[index];
      if (element instanceof Realm.Object) this.#objects.delete(identityOf(element as AnyObject));
    }
    if (changes.deletions.length === 0) return;
    for (const [key, object] of this.#objects) if (!object.isValid()) this.#objects.delete(key);
  }
}

function identityOf(object: AnyObject): string {
  return `${object.objectSchema().name}:${object._objectKey()}`;
}

/** True if there is anything in a change set. */
export function isChange(changes: CollectionChanges): boolean {
  return changes.insertions.length + changes.deletions.length + changes.newModifications.length > 0;
}
