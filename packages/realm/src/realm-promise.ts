/**
 * What `Realm.open` returns.
 *
 * @module
 */
import type { Realm } from "./realm.ts";

/** A promise of a realm. A local open is done before `cancel` can be called, so it still resolves. */
export class ProgressRealmPromise extends Promise<Realm> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Realm's API; there is nothing to cancel in a local open. */
  cancel(): void {
    this.#isCancelled = true;
  }
  #isCancelled = false;

  /** True once `cancel` was called. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Realm's API; a local open has no progress. */
  progress(_callback: unknown): this {
    return this;
  }
}
