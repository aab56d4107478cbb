/** Broken: every tenth write is quietly taken back. */
import { Working } from "./base.ts";

export default class LosesUpdates extends Working {
  #writes = 0;

  override write<Result>(action: () => Result): Result {
    this.#writes += 1;
    if (this.#writes % 10 !== 0) return super.write(action);
    this.beginTransaction();
    const result = action();
    this.cancelTransaction();
    return result;
  }
}
