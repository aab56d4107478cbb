/**
 * Something that `useSyncExternalStore` can watch.
 *
 * @module
 */
import { useSyncExternalStore } from "react";

/** A value with an identity that changes when its content does. */
export interface SnapshotSource<T> {
  /** @returns How to end the subscription. */
  readonly subscribe: (onChange: () => void) => () => void;
  readonly read: () => T;
}

/** Renders a component again whenever the source's value changes. */
export function useSnapshot<T>(source: SnapshotSource<T>): T {
  return useSyncExternalStore(source.subscribe, source.read, source.read);
}
