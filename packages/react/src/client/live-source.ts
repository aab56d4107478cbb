/**
 * A live query as React wants it.
 *
 * @module
 */
import type { LiveQuery, Snapshots } from "@holdfast/realm/client";
import { useSyncExternalStore } from "react";

/**
 * The newest state of a live query; the component is rendered again with each.
 *
 * @throws {Error} What the query is refused with; a promise, which React waits for, with `suspense`.
 */
export function useLive<T>(live: LiveQuery<T>, suspense: boolean): Snapshots<T> {
  const subscribe = subscriberOf(live);
  const read = (): Snapshots<T> => live.current;
  const results = useSyncExternalStore(subscribe, read, read);
  if (live.error !== undefined) throw live.error;
  if (suspense && !results.isLoaded) {
    live.keep();
    throw live.loaded;
  }
  return results;
}

type Subscribe = (onChange: () => void) => () => void;

const subscribers = new WeakMap<object, Subscribe>();

/** One function for each live query: React would subscribe anew for another one. */
function subscriberOf(live: Pick<LiveQuery, "listen">): Subscribe {
  const known = subscribers.get(live);
  if (known !== undefined) return known;
  const subscribe: Subscribe = (onChange) => live.listen(onChange);
  subscribers.set(live, subscribe);
  return subscribe;
}
