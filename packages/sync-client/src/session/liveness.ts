/**
 * Asks the other end from time to time, which also tells it how far this one is; and finds out that nobody is there any more.
 *
 * @module
 */
import { later } from "./timers.ts";

/** What happens, and when. */
export interface LivenessOptions {
  readonly pingAfterMs: number;
  readonly silenceTimeoutMs: number;
  readonly onPing: () => void;
  readonly onSilence: () => void;
}

/** Watches one connection after the other. */
export class Liveness {
  readonly #options: LivenessOptions;
  #heardMs = 0;
  #askedMs = 0;
  #stop: () => void = () => undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  /** The other end has said something. */
  heard(): void {
    this.#heardMs = performance.now();
  }

  /** Begins to watch, and goes on until `stop`. */
  watch(): void {
    this.#askedMs = performance.now();
    this.#look();
  }

  stop(): void {
    this.#stop();
  }

  #look(): void {
    this.#stop();
    const { pingAfterMs, silenceTimeoutMs, onPing, onSilence } = this.#options;
    const now = performance.now();
    if (now - this.#heardMs >= silenceTimeoutMs) {
      onSilence();
      return;
    }
    // Also where much is heard: only a ping tells the server what it may forget.
    if (now - this.#askedMs >= pingAfterMs) {
      this.#askedMs = now;
      onPing();
    }
    const wait = Math.min(pingAfterMs - (now - this.#askedMs), silenceTimeoutMs - (now - this.#heardMs));
    this.#stop = later(() => this.#look(), Math.max(1, wait));
  }
}
