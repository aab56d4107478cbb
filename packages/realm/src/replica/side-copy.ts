/**
 * A file as it is now, copied under its own key and opened to be read: what a callback is shown as "before".
 *
 * @module
 */
import { removeRealmFiles } from "../platform/realm-files.ts";
import { lendRealm } from "../realm.ts";
import type { Realm } from "../realm.ts";
import { openFileAt } from "../store/coordinator.ts";
import { FileSession } from "../store/file-session.ts";
import { isHiddenTree } from "../store/hidden-trees.ts";
import { openStore } from "../store/open-store.ts";

/** A copy that is open. */
export interface SideCopy {
  readonly realm: Realm;
  /** Closes it and removes its file. */
  remove(): void;
}

/** Copies the newest commit of an open file, and opens the copy. */
export function openSideCopy(session: FileSession, path: string): SideCopy {
  const key = openFileAt(session.path)?.key;
  removeRealmFiles(path);
  session.store.writeCopyTo({ path, skipsTree: isHiddenTree, ...(key === undefined ? {} : { encryptionKey: key }) });
  const store = openStore({ path, key, readOnly: true });
  const copy = new FileSession(store, path);
  const schema = [...session.schemaMap.values()];
  copy.setSchema(schema);
  const realm = lendRealm({ session: copy, schema, schemaVersion: session.readSchema()?.version ?? 0, isReadOnly: true, integers: "number" });
  return {
    realm,
    remove: () => {
      realm.close();
      copy.close();
      removeRealmFiles(path);
    },
  };
}
