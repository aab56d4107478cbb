/** Broken: a write returns before its commit, which is done at the next write. */
import { Working } from "./base.ts";

export default class LosesLastCommit extends Working {
  override write<Result>(action: () => Result): Result {
    if (this.isInTransaction) this.commitTransaction();
    this.beginTransaction();
    return action();
  }

  /** A realm that is closed in good order has all of its commits: only a kill shows the defect. */
  override cancelTransaction(): void {
    this.commitTransaction();
  }
}
