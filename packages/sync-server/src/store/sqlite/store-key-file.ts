/**
 * The file beside an encrypted store that holds the store's key, wrapped: `sync.db-key` beside `sync.db`.
 *
 * It is useless without the key provider, and the store is useless without it: back both up together. `next` is there while the store is
 * being converted; which of the two keys is in force is told by the first 16 bytes of the store itself, so that no moment has neither.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { SyncServerError } from "../../errors.ts";
import type { StoreCipher } from "./encrypted-driver.ts";

/** One key of a store, as it is kept. */
export interface WrappedStoreKey {
  readonly keyId: string;
  readonly cipher: StoreCipher;
  /** `<kind>:<payload>`. */
  readonly wrapped: string;
}

/** Null stands for "not encrypted". */
export interface StoreKeyFile {
  readonly current: WrappedStoreKey | null;
  readonly next?: WrappedStoreKey | null;
}

const FORMAT = 1;

/** Where it is. */
export function keyFilePath(path: string): string {
  return `${path}-key`;
}

/** @returns Undefined if there is none. @throws {SyncServerError} `STORE_KEY_WRONG` if it cannot be understood */
export function readKeyFile(path: string): StoreKeyFile | undefined {
  let text: string;
  try {
    text = readFileSync(keyFilePath(path), "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return parse(text);
  } catch (cause) {
    throw new SyncServerError("STORE_KEY_WRONG", `${keyFilePath(path)} is damaged: restore it from a backup; the store was not changed`, { cause });
  }
}

/** Puts a first one in place. @returns False if somebody else was faster: theirs counts. */
export function createKeyFile(path: string, content: StoreKeyFile): boolean {
  return placed(path, content, (temporary, target) => {
    try {
      linkSync(temporary, target);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(temporary);
    }
  });
}

/** Replaces it: a reader sees the old one or the new one, also after a crash. */
export function writeKeyFile(path: string, content: StoreKeyFile): void {
  placed(path, content, (temporary, target) => {
    renameSync(temporary, target);
    return true;
  });
}

/** Makes a file's new name survive a crash. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

function placed(path: string, content: StoreKeyFile, place: (temporary: string, target: string) => boolean): boolean {
  const temporary = `${keyFilePath(path)}-${randomBytes(6).toString("hex")}`;
  const file = openSync(temporary, "wx", 0o600);
  writeSync(file, `${JSON.stringify({ format: FORMAT, ...content }, null, 2)}\n`);
  fsyncSync(file);
  closeSync(file);
  const isPlaced = place(temporary, keyFilePath(path));
  syncFolder(path);
  return isPlaced;
}

function parse(text: string): StoreKeyFile {
  const { format, current, next } = JSON.parse(text) as { format?: unknown; current?: unknown; next?: unknown };
  if (format !== FORMAT) throw new Error("another format");
  return { current: keyOf(current), ...(next === undefined ? {} : { next: keyOf(next) }) };
}

function keyOf(value: unknown): WrappedStoreKey | null {
  if (value === null) return null;
  const { keyId, cipher, wrapped } = value as Partial<Record<string, unknown>>;
  if (typeof keyId !== "string" || typeof wrapped !== "string" || (cipher !== "sqlcipher" && cipher !== "aegis-256")) throw new Error("no key");
  return { keyId, cipher, wrapped };
}
