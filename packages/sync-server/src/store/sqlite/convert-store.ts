/**
 * Encrypts a SQLite file, decrypts it, or changes its key: by a copy that takes the file's place at once.
 *
 * Nobody else may have the file open. A crash at any moment leaves the old file with its key or the new one with its own; what is left of
 * an unfinished copy is removed when the store is opened, or by the next conversion.
 *
 * @module
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { SyncServerError } from "../../errors.ts";
import { loadCipherModule, openKeyed, translated, useKey } from "./encrypted-driver.ts";
import type { CipherDatabase, CipherModule, FileKey } from "./encrypted-driver.ts";
import { fileState, isOpenHere, removeLeftovers, workPath } from "./file-state.ts";
import { makeStoreKey, openStoreKey } from "./store-encryption.ts";
import type { StoreEncryption, StoreKey } from "./store-encryption.ts";
import { keyFilePath, readKeyFile, syncFolder, writeKeyFile } from "./store-key-file.ts";

/** How a store's file is to be afterwards. */
export type Conversion = "encrypt" | "decrypt" | "rekey";

/**
 * Converts one file.
 *
 * @returns False if there was nothing to do: no file, or it is so already.
 * @throws {SyncServerError} `STORE_IN_USE`, and those of `openStoreKey`
 */
export async function convertStore(path: string, conversion: Conversion, encryption: StoreEncryption): Promise<boolean> {
  const module = loadCipherModule();
  const { kind } = fileState(path);
  // An interrupted decryption may have got this far.
  if (kind === "plain" && conversion === "decrypt" && readKeyFile(path)?.next === null) finishKeyFile(path, undefined);
  if (kind === "absent" || (conversion === "encrypt" && kind === "sealed") || (conversion === "decrypt" && kind === "plain")) return false;
  if (isOpenHere(path)) throw new SyncServerError("STORE_IN_USE", `${path} is open in this process: close it first`);
  const source = conversion === "encrypt" ? undefined : await openStoreKey(path, encryption);
  const target = conversion === "decrypt" ? undefined : await makeStoreKey(encryption);
  const guard = lockAlone(module, path, source?.fileKey);
  try {
    writeKeyFile(path, { current: source?.record ?? null, next: target?.record ?? null });
    copyInto(module, { path, guard, source: source?.fileKey, target: target?.fileKey });
    // On Windows nothing is renamed over a file that is open.
    if (process.platform === "win32") guard.close();
    renameSync(workPath(path), path);
    syncFolder(path);
  } finally {
    guard.close();
  }
  finishKeyFile(path, target);
  return true;
}

/** Holds the file's lock until it is closed; its log is in the file then. */
function lockAlone(module: CipherModule, path: string, fileKey: FileKey | undefined): CipherDatabase {
  const db = openKeyed(module, path, fileKey, {});
  try {
    db.pragma("journal_mode = DELETE");
    db.pragma("locking_mode = EXCLUSIVE");
    db.exec("BEGIN EXCLUSIVE; COMMIT");
    return db;
  } catch (error) {
    db.close();
    if (!String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY")) throw translated(error);
    throw new SyncServerError("STORE_IN_USE", `${path} is open in another process: stop the server first`, { cause: error });
  }
}

function copyInto(module: CipherModule, { path, guard, source, target }: { readonly path: string; readonly guard: CipherDatabase; readonly source: FileKey | undefined; readonly target: FileKey | undefined }): void {
  const work = workPath(path);
  removeLeftovers(path, () => undefined);
  try {
    guard.prepare("VACUUM INTO ?").run(work);
    const copy = openKeyed(module, work, source, {});
    // The copy is thrown away if this is interrupted: it needs no journal.
    copy.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;");
    if (target === undefined) copy.rekey(Buffer.alloc(0));
    else useKey(copy, target, (key) => copy.rekey(key));
    copy.close();
    verifyCopy(openKeyed(module, work, target, {}), guard);
  } catch (error) {
    removeLeftovers(path, () => undefined);
    throw translated(error);
  }
  const file = openSync(work, "r+");
  fsyncSync(file);
  closeSync(file);
}

/** Reads all of the copy before it takes the original's place. */
function verifyCopy(copy: CipherDatabase, original: CipherDatabase): void {
  try {
    const rows = (db: CipherDatabase): string => JSON.stringify(db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").all());
    if (copy.pragma("integrity_check", { simple: true }) !== "ok" || rows(copy) !== rows(original)) throw new SyncServerError("STORE_DAMAGED", "the copy is not what the original is: the store was left as it was");
  } finally {
    copy.close();
  }
}

function finishKeyFile(path: string, target: StoreKey | undefined): void {
  if (target !== undefined) {
    writeKeyFile(path, { current: target.record });
    return;
  }
  rmSync(keyFilePath(path), { force: true });
  syncFolder(path);
}
