/**
 * The way out of a session: what the other side does not take is bounded.
 *
 * @module
 */

/** A socket, as sessions see it. */
export interface Socket {
  readonly bufferedAmount: number;
  send(text: string, sent: (error?: Error) => void): void;
  close(code: number): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** Sends, and gives up on who does not read. */
export class Outgoing {
  readonly #socket: Socket;
  readonly #maxBytes: number;
  readonly #onSlow: () => void;
  #isPaused = false;
  #isClosed = false;

  /** @param maxBytes - What may wait to be sent. */
  constructor(socket: Socket, maxBytes: number, onSlow: () => void) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#onSlow = onSlow;
  }

  /** Sends a frame. A client that is behind by more than the limit is cut off; its resume token takes it on. */
  send(text: string): void {
    if (this.#isClosed) return;
    if (this.#socket.bufferedAmount > this.#maxBytes) {
      this.#isClosed = true;
      this.#onSlow();
      // A close frame would queue behind what is not being read.
      this.#socket.terminate();
      return;
    }
    this.#socket.send(text, () => undefined);
  }

  /** Sends a frame and waits until it has left this process. False if it could not. */
  async sendAndWait(text: string): Promise<boolean> {
    if (this.#isClosed) return false;
    return new Promise((resolve) => this.#socket.send(text, (error) => resolve(error === undefined || error === null)));
  }

  /** Stops or goes on reading from the socket. */
  throttle(isPaused: boolean): void {
    if (this.#isPaused === isPaused || this.#isClosed) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Closes behind what was sent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A paused socket would never see the other side's close frame.
    if (this.#isPaused) this.#socket.resume();
    this.#socket.close(1000);
  }
}
