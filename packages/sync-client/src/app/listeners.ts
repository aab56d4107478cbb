/**
 * Functions that are told of events.
 *
 * @module
 */
import { TypeAssertionError } from "@holdfast/realm";

/** Called when something has changed; looks for itself what. */
export type ChangeCallback = () => void;

/** A set of callbacks. */
export class Listeners {
  readonly #callbacks = new Set<ChangeCallback>();

  add(callback: ChangeCallback): void {
    if (typeof callback !== "function") throw new TypeAssertionError("a function", callback, "callback");
    this.#callbacks.add(callback);
  }

  remove(callback: ChangeCallback): void {
    this.#callbacks.delete(callback);
  }

  removeAll(): void {
    this.#callbacks.clear();
  }

  /** Tells all. What one throws reaches the runtime and neither the others nor the caller. */
  tell(): void {
    for (const callback of [...this.#callbacks]) {
      try {
        callback();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
