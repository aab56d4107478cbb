/**
 * Messages that wait their turn: each is applied before the next one is looked at.
 *
 * @module
 */

/** After so long a turn ends. */
const TURN_MS = 10;

/** Handles items one after the other. */
export class Incoming<T> {
  readonly #handle: (item: T) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #items: T[] = [];
  #isBusy = false;
  #isClosed = false;
  #sinceMs = 0;

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

  /** Lets others have their turn: messages come in heaps, and each may take a while. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#sinceMs < TURN_MS) return;
    await new Promise<void>((resolve) => void setTimeout(resolve, 0));
    this.#sinceMs = performance.now();
  }

  async #drain(): Promise<void> {
    this.#isBusy = true;
    this.#sinceMs = performance.now();
    try {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
        await this.#handle(item);
        await this.#breathe();
      }
    } catch (error) {
      this.close();
      this.#onError(error);
    } finally {
      this.#isBusy = false;
    }
  }
}
