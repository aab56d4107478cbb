/**
 * Plain SQLite files, through `node:sqlite`.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { SyncServerError } from "../../errors.ts";
import type { SqliteConnection, SqliteDriver, SqliteOpenOptions } from "./connection.ts";
import { fileState, noteOpen, removeLeftovers } from "./file-state.ts";

/** Opens plain files, and refuses encrypted ones before anything of them is touched. */
export const PLAIN_SQLITE: SqliteDriver = {
  isEncrypted: false,
  open(path: string, { isReadOnly = false, timeoutMs = 0 }: SqliteOpenOptions = {}): SqliteConnection {
    const state = fileState(path);
    if (state.kind === "sealed") throw new SyncServerError("STORE_KEY_MISSING", `${path} is encrypted, or no SQLite database: configure the encryption that it was made with; it was not changed`);
    const db = new PlainConnection(path, { readOnly: isReadOnly, timeout: timeoutMs });
    db.onClose = noteOpen(path, { kind: "plain" });
    if (!isReadOnly) removeLeftovers(path, () => db.exec("SELECT count(*) FROM sqlite_master"));
    return db;
  },
};

class PlainConnection extends DatabaseSync {
  onClose: (() => void) | undefined;

  override close(): void {
    super.close();
    this.onClose?.();
  }
}
