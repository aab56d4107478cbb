/**
 * Finds out that nobody is at the other end any more: after a while of silence it asks, and after more of it gives up.
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
    this.#stop();
    const { pingAfterMs, silenceTimeoutMs, onPing, onSilence } = this.#options;
    const silence = performance.now() - this.#heardMs;
    if (silence >= silenceTimeoutMs) {
      onSilence();
      return;
    }
    if (silence >= pingAfterMs) onPing();
    const wait = silence >= pingAfterMs ? Math.min(pingAfterMs, silenceTimeoutMs - silence) : pingAfterMs - silence;
    this.#stop = later(() => this.watch(), Math.max(1, wait));
  }

  stop(): void {
    this.#stop();
  }
}
