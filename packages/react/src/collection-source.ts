/**
 * A live collection as React wants it: another identity for each change, the same elements where nothing changed.
 *
 * @module
 */
import type { Realm } from "@holdfast/realm";
import { ElementCache, isChange } from "./element-cache.ts";
import type { CollectionChanges } from "./element-cache.ts";
import { keepListReadable } from "./kept-object.ts";
import type { AnyList, KeyPaths } from "./lists.ts";
import type { SnapshotSource } from "./snapshot-source.ts";

/** What makes a source. */
export interface CollectionSourceOptions {
  readonly realm: Realm;
  readonly collection: AnyList;
  readonly keyPaths?: KeyPaths | undefined;
}

/** Makes the source of a collection. */
export function collectionSource({ realm, collection, keyPaths }: CollectionSourceOptions): SnapshotSource<AnyList> {
  const elements = new ElementCache(collection);
  const present = (): AnyList => keepListReadable(collection, (index) => elements.at(index));
  let current = present();
  let versionRead = realm.isClosed ? 0 : realm._version();
  const renew = (): void => {
    current = present();
    versionRead = realm._version();
  };
  /** What was committed between a render and the first call of the listener is in no change set. */
  const catchUp = (onChange: () => void): void => {
    if (realm._version() === versionRead) return;
    elements.clear();
    renew();
    onChange();
  };
  return {
    read: () => current,
    subscribe(onChange) {
      if (realm.isClosed) return () => undefined;
      let isFirst = true;
      const listener = (_collection: unknown, changes: CollectionChanges): void => {
        if (isFirst) catchUp(onChange);
        isFirst = false;
        if (!isChange(changes)) return;
        elements.apply(changes);
        renew();
        onChange();
      };
      collection.addListener(listener as never, keyPaths);
      catchUp(onChange);
      return () => {
        if (!realm.isClosed) collection.removeListener(listener as never);
      };
    },
  };
}
