/** Broken: the writer's lock is a file, which outlives the process that made it. */
import { closeSync, openSync, rmSync } from "node:fs";
import Realm from "@holdfast/realm";

const PATIENCE_MS = 1500;

export default class LocksWithAFile extends Realm {
  override write<Result>(action: () => Result): Result {
    const busy = `${this.path}.busy`;
    const start = performance.now();
    while (!isMade(busy)) if (performance.now() - start > PATIENCE_MS) throw new Error("another process is writing");
    try {
      return super.write(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        return action();
      });
    } finally {
      rmSync(busy);
    }
  }
}

function isMade(path: string): boolean {
  try {
    closeSync(openSync(path, "wx"));
    return true;
  } catch {
    return false;
  }
}
