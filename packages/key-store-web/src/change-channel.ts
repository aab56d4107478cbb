/**
 * Tells other tabs, workers and instances which entry has changed: its name, never its value.
 *
 * @module
 */

/** A channel of one store's changes. Opened when it is first needed; without BroadcastChannel it does nothing. */
export class ChangeChannel {
  readonly #name: string;
  #channel: BroadcastChannel | undefined;
  #isClosed = false;

  constructor(name: string) {
    this.#name = name;
  }

  announce(name: string): void {
    this.#open()?.postMessage(name);
  }

  /** Calls back for changes by others. @returns How to end it. */
  watch(onChange: (name: string) => void): () => void {
    const ended = new AbortController();
    this.#open()?.addEventListener("message", ({ data }: MessageEvent<unknown>) => typeof data === "string" && onChange(data), ended);
    return () => ended.abort();
  }

  close(): void {
    this.#isClosed = true;
    this.#channel?.close();
  }

  #open(): BroadcastChannel | undefined {
    if (this.#isClosed || typeof BroadcastChannel === "undefined") return undefined;
    this.#channel ??= new BroadcastChannel(this.#name);
    return this.#channel;
  }
}
