/**
 * What `Realm.open` returns.
 *
 * @module
 */
import { TypeAssertionError } from "./errors.ts";
import type { Realm } from "./realm.ts";
import type { SyncOpening } from "./replica/sync-provider.ts";

/** A promise of a realm. A local open is done before `cancel` can be called, so it still resolves. */
export class ProgressRealmPromise extends Promise<Realm> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** The promise of an opening that waits for the network. @internal */
  static following(begin: () => SyncOpening): ProgressRealmPromise {
    let opening: SyncOpening | undefined;
    const promise = new ProgressRealmPromise((resolve, reject) => {
      try {
        opening = begin();
        opening.done.then(resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
    promise.#opening = opening;
    return promise;
  }

  /** Gives up waiting for the network; there is nothing to cancel in a local open. */
  cancel(): void {
    this.#isCancelled = true;
    this.#opening?.cancel();
  }
  #isCancelled = false;
  #opening: SyncOpening | undefined;

  /** True once `cancel` was called. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Hears how much has come, from 0 to 1; a callback with two parameters hears of how much of what. A local open has no progress. */
  progress(callback: (progress: number, transferable: number) => void): this {
    if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
    this.#opening?.progress(callback);
    return this;
  }
}
