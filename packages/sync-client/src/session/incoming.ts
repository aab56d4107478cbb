/**
 * Messages that wait their turn: each is applied before the next one is looked at.
 *
 * @module
 */

/** Handles items one after the other. */
export class Incoming<T> {
  readonly #handle: (item: T) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #items: T[] = [];
  #isBusy = false;
  #isClosed = false;

  constructor(handle: (item: T) => Promise<void>, onError: (error: unknown) => void) {
    this.#handle = handle;
    this.#onError = onError;
  }

  push(item: T): void {
    if (this.#isClosed) return;
    this.#items.push(item);
    if (!this.#isBusy) void this.#drain();
  }

  /** Forgets what waits; what is being handled ends. */
  close(): void {
    this.#isClosed = true;
    this.#items = [];
  }

  async #drain(): Promise<void> {
    this.#isBusy = true;
    try {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) await this.#handle(item);
    } catch (error) {
      this.close();
      this.#onError(error);
    } finally {
      this.#isBusy = false;
    }
  }
}
