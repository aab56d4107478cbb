/**
 * What the tests of pages and tabs share.
 *
 * @module
 */
import type Realm from "../../src/index.ts";
import type { CollectionChangeSet, Snapshots } from "../../src/client.ts";

/** The state of a live query, and every change of it; each is held against the state before. */
export class Heard<T> {
  results: Snapshots<T> | undefined;
  readonly changes: CollectionChangeSet[] = [];
  /** What does not fit: a change set that does not lead from one state to the next. */
  readonly misfits: string[] = [];
  readonly listener = (results: Snapshots<T>, changes: CollectionChangeSet): void => {
    if (this.results !== undefined) this.#check(this.results, results, changes);
    this.results = results;
    this.changes.push(changes);
  };

  #check(before: readonly T[], after: readonly T[], { deletions, insertions, oldModifications, newModifications }: CollectionChangeSet): void {
    const rest = before.filter((_, index) => !deletions.includes(index));
    if (rest.length + insertions.length !== after.length) return void this.misfits.push(`${before.length} - ${deletions.length} + ${insertions.length} is not ${after.length}`);
    let next = 0;
    after.forEach((object, index) => {
      if (insertions.includes(index)) return;
      const old = rest[next++] as T;
      const place = newModifications.indexOf(index);
      if (place < 0 ? old !== object : old !== before[oldModifications[place] as number]) this.misfits.push(`element ${index} is not what the change set says`);
    });
  }
}

export interface Note {
  _id: number;
  title: string;
}

export const NOTES: Realm.ObjectSchema[] = [{ name: "Note", primaryKey: "_id", properties: { _id: "int", title: "string" } }];

/** The code of what a promise is rejected with. */
export function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "nothing thrown",
    (error: { code?: string; message?: string }) => error.code ?? error.message,
  );
}
