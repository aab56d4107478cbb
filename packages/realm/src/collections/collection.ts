/**
 * The base of all collections.
 *
 * @module
 */

/** A live collection. */
export abstract class Collection<T = unknown> {
  abstract [Symbol.iterator](): IterableIterator<T | [string, T]>;
  abstract isValid(): boolean;
  abstract addListener(callback: never, keyPaths?: string | string[]): void;
  abstract removeListener(callback: never): void;
  abstract removeAllListeners(): void;
}
