/**
 * Whether a key is a file's, without opening the store: for whoever keeps keys and must not confuse them.
 *
 * @module
 */
import { SecretKey } from "@holdfast/core-cipher";
import { StoreError } from "./errors.ts";
import { checkFile } from "./file-opening.ts";
import { currentPlatform } from "./current-platform.ts";
import type { Volume } from "./volume/volume.ts";

/** A file and a key. */
export interface KeyOfFileOptions {
  readonly path: string;
  /** 64 bytes. Read, not kept. */
  readonly encryptionKey: Uint8Array;
  readonly volume?: Volume | undefined;
}

/**
 * Compares a key with the key check of a file (docs/format/sealed-unit.md). Changes nothing and takes no lock.
 *
 * @returns False for another key.
 * @throws {StoreError} `KEY_SUPERFLUOUS` for a plain file, `NOT_A_STORE`, `HEADER_DAMAGED` where only the copies in the slots are whole
 */
export function isKeyOfFile({ path, encryptionKey, volume = currentPlatform().volume }: KeyOfFileOptions): boolean {
  const key = SecretKey.from(encryptionKey);
  const file = volume.open(path, "read");
  try {
    checkFile(file, path, key, { ...currentPlatform(), volume }, true).seal.close();
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === "KEY_WRONG") return false;
    throw error;
  } finally {
    file.close();
    key.wipe();
  }
}
