/**
 * Realms whose files stand on a volume in memory that the fuzzer holds: the SDK opens files by path only.
 *
 * @module
 */
import { MemoryVolume, Store } from "@holdfast/storage-engine";
import { Realm } from "@holdfast/realm";

/** Where the SDK puts a realm in memory on its volume. */
export const MEMORY_PATH = "/memory.realm";

const openOriginally = Store.open.bind(Store);
let held: MemoryVolume | undefined;
Store.open = (options) => openOriginally(held === undefined ? options : { ...options, volume: held });

/** A new, empty volume with a short log. */
export function smallVolume(): MemoryVolume {
  return new MemoryVolume({ clock: () => 0, newLogBytes: 65_536 });
}

/** Opens a realm in memory whose file stands on `volume`. */
export function openOn(volume: MemoryVolume, config: Realm.Configuration): Realm {
  held = volume;
  try {
    return new Realm({ ...config, path: "fuzz.realm", inMemory: true });
  } finally {
    held = undefined;
  }
}
