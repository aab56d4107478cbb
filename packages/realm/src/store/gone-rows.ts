/**
 * Rows that were deleted, so that an object whose key is created again does not come to life in the hands of whoever held the old one.
 *
 * Row ids are never used again; only primary keys are noted. It counts in epochs of the session: an object that was last read at or
 * before the epoch in which its key came back is not the object that is there now.
 *
 * @module
 */
import { keyText } from "../records/text.ts";

/** How many deleted keys of a class are remembered. */
const REMEMBERED = 100_000;

/** What one class of an open file remembers. */
export class GoneRows {
  readonly #removed = new Set<string>();
  readonly #returned = new Map<string, number>();
  #clearedEpoch = 0;
  /** What the open transaction changed here, to be taken back when it is aborted. */
  #undo: (() => void)[] = [];

  /** A row was deleted. */
  removed(key: Uint8Array): void {
    if (this.#removed.size >= REMEMBERED) this.#removed.delete(this.#removed.values().next().value as string);
    this.#removed.add(keyText(key));
  }

  /** A row came to be in an epoch. */
  inserted(key: Uint8Array, epoch: number): void {
    if (this.#removed.size === 0) return;
    const text = keyText(key);
    if (!this.#removed.has(text)) return;
    const before = this.#returned.get(text);
    this.#returned.set(text, epoch);
    this.#undo.push(() => {
      if (before === undefined) this.#returned.delete(text);
      else this.#returned.set(text, before);
    });
  }

  /** All rows were deleted in an epoch. */
  cleared(epoch: number): void {
    const before = this.#clearedEpoch;
    this.#clearedEpoch = epoch;
    this.#undo.push(() => {
      this.#clearedEpoch = before;
    });
  }

  /** True if the object with a key that was last read in an epoch is gone, even if its key is there. */
  isGone(key: Uint8Array, epoch: number): boolean {
    if (epoch <= this.#clearedEpoch) return true;
    if (this.#returned.size === 0) return false;
    const returned = this.#returned.get(keyText(key));
    return returned !== undefined && epoch <= returned;
  }

  /** The transaction ended. */
  settle(isAborted: boolean): void {
    if (isAborted) for (const undo of this.#undo.toReversed()) undo();
    this.#undo = [];
  }
}
