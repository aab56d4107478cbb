/** Broken: a write returns before it is done, and is done at the next one. */
import { Working } from "./base.ts";

export default class LosesLastCommit extends Working {
  #waiting: (() => unknown) | undefined;

  override write<Result>(action: () => Result): Result {
    const late = this.#waiting;
    // Runs for its result and for what the caller does next, and is taken back; the real commit comes later.
    this.beginTransaction();
    late?.();
    this.commitTransaction();
    this.beginTransaction();
    const result = action();
    this.cancelTransaction();
    this.#waiting = action;
    return result;
  }

  override close(): void {
    const late = this.#waiting;
    this.#waiting = undefined;
    if (late !== undefined && !this.isClosed) super.write(late);
    super.close();
  }
}
