/**
 * Folders and files that only their owner may use.
 *
 * @module
 */
import { lstatSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { KeyStoreError } from "@holdfast/key-store";

/** Makes a folder with mode 0700, or checks that it is one. Links and others' folders are refused. @throws {KeyStoreError} `IO` */
export function ensurePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new KeyStoreError("IO", `the folder ${path} cannot be made`, { cause: error });
  }
  assertPrivate(path, "folder");
}

/** Refuses what others may read or write, and links. Windows has no modes: its folders inherit the user's rights. @throws {KeyStoreError} `IO` */
export function assertPrivate(path: string, kind: "file" | "folder"): void {
  const status = lstatSync(path);
  const isRight = kind === "file" ? status.isFile() : status.isDirectory();
  if (!isRight) throw new KeyStoreError("IO", `${path} is not a ${kind}${status.isSymbolicLink() ? " but a link" : ""}: it is not used`);
  if (process.platform === "win32") return;
  if ((status.mode & 0o077) !== 0) throw new KeyStoreError("IO", `${path} may be read by others: set its mode to ${kind === "file" ? "0600" : "0700"} (chmod), and change the keys that were in it`);
  if (process.getuid !== undefined && status.uid !== process.getuid()) throw new KeyStoreError("IO", `${path} belongs to another user: it is not used`);
}

/** Where small files that are no secrets are kept between runs: locks. */
export function stateFolder(): string {
  if (process.platform === "win32") return join(process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "holdfast");
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "holdfast");
  return join(process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "holdfast");
}
