/**
 * A store whose process "dies" at the n-th step: before that step is done, everything rejects for good.
 *
 * @module
 */
import type { KeyStore } from "@holdfast/key-store";

/** What a dead process's operations are rejected with; no code, so that no rule can mistake it for an answer. */
class Died extends Error {
  override readonly name = "Died";
}

/** A store that dies, and the steps of its caller. */
export interface DyingStore {
  readonly store: KeyStore;
  /** A step of the caller's own, such as the re-keying of the database. */
  step(): void;
}

const WRITES: ReadonlySet<PropertyKey> = new Set(["write", "create", "delete"]);

/** @param stopAt - The step, from 1, that does not happen. */
export function dyingStore(store: KeyStore, stopAt: number): DyingStore {
  let steps = 0;
  const step = (): void => {
    steps += 1;
    if (steps >= stopAt) throw new Died(`died at step ${stopAt}`);
  };
  const dying = new Proxy(store, {
    get(target, member) {
      const found: unknown = Reflect.get(target, member, target);
      if (typeof found !== "function") return found;
      const call = found as (...values: unknown[]) => unknown;
      return (...values: unknown[]) => {
        // A step before and one behind: done, and not known to be.
        if (!WRITES.has(member)) return call.apply(target, values);
        return (async () => {
          step();
          const result = await call.apply(target, values);
          step();
          return result;
        })();
      };
    },
  });
  return { store: dying, step };
}
