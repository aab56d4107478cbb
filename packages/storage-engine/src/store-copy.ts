/**
 * Writing a whole database anew, in order and without gaps: for copies, compaction and another key.
 *
 * @module
 */
import { Cursor } from "./cursor.ts";
import { asStoreError } from "./errors.ts";
import { NewStore, type CopyTarget } from "./new-store.ts";
import type { UnitFile } from "./unit-file.ts";
import type { View } from "./view.ts";

/**
 * Writes a finished, synced copy under a temporary name. The caller puts it in place.
 *
 * @throws {StoreError} `DIRECTORY_MISSING`, `DISK_FULL`, `IO_FAILED`: nothing is left behind.
 */
export function writeTemporaryCopy(source: { units: UnitFile; view: View }, target: CopyTarget, options: { isNew: boolean; skipsTree?: ((name: string) => boolean) | undefined }): NewStore {
  const copy = NewStore.begin(target, options);
  try {
    for (const root of source.view.trees.values()) {
      if (options.skipsTree?.(root.name) === true) continue;
      const tree = copy.transaction.tree(root.name);
      const cursor = new Cursor(source.units, root, {}, () => {});
      while (cursor.next()) tree.put(cursor.key(), cursor.value());
    }
    copy.finish();
  } catch (error) {
    copy.drop();
    throw asStoreError(error, "writing the copy");
  }
  return copy;
}
