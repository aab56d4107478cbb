/**
 * Opens stores, and words the engine's errors as Realm does where applications match on the words.
 *
 * @module
 */
import { MemoryVolume, Store } from "@holdfast/storage-engine";
import type { FreshnessOptions, SecretKey, Volume } from "@holdfast/storage-engine";
import { RealmError } from "../errors.ts";
import { firstBytes, hasContent, makeParentFolder, sizeOf } from "../platform/realm-files.ts";

/** How a store is opened. */
export interface OpenStoreOptions {
  path: string;
  /** Read, not kept. */
  key: SecretKey | undefined;
  readOnly: boolean;
  freshness?: FreshnessOptions | undefined;
  volume?: Volume;
}

/** Opens or creates a store. */
export function openStore({ path, key, readOnly, freshness, volume }: OpenStoreOptions): Store {
  if (volume === undefined && readOnly && !hasContent(path)) {
    throw new RealmError("FILE_MISSING", `Failed to open Realm file at path '${path}': No such file or directory`);
  }
  if (volume === undefined && !readOnly) makeParentFolder(path);
  // A memory volume holds one realm: the name in it says nothing.
  const place = volume === undefined ? path : "/memory.realm";
  return translated(path, () =>
    Store.open({ path: place, readOnly, create: !readOnly, freshness, ...(key === undefined ? {} : { encryptionKey: key }), ...(volume === undefined ? {} : { volume }) }),
  );
}

/** A volume for one in-memory realm. */
export function memoryVolume(): Volume {
  return new MemoryVolume();
}

/** Runs something that opens a file and words its errors as Realm does. */
export function translated<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const code = (error as { code?: string }).code;
    const version = code === "NOT_A_STORE" ? realmFileVersion(path) : undefined;
    if (version !== undefined) throw new RealmError("FORMAT_FOREIGN", `Failed to open Realm file at path '${path}': it is a file of MongoDB Realm (file format ${version}), which Holdfast does not read. It was not changed.`, { cause: error });
    const message = code === undefined ? undefined : MESSAGES[code];
    if (message === undefined) throw error;
    throw new RealmError(code as string, message(path), { cause: error });
  }
}

const MESSAGES: Readonly<Record<string, (path: string) => string>> = {
  KEY_WRONG: (path) =>
    `Failed to open Realm file at path '${path}': Realm file decryption failed (the encryption key is not the one this file was written with)`,
  KEY_MISSING: (path) =>
    `Failed to open Realm file at path '${path}': header has invalid mnemonic. The file is an encrypted Realm file but no encryption key was supplied.`,
  KEY_SUPERFLUOUS: (path) =>
    `Failed to open Realm file at path '${path}': Attempt to open unencrypted file with encryption key. To make an encrypted copy, open it without a key and use writeCopyTo.`,
  KEY_DIFFERS: (path) => `Realm at path '${path}' already opened with a different encryption key.`,
  NOT_A_STORE: (path) =>
    isTooSmall(path) ? `Failed to open Realm file at path '${path}': file is non-empty but too small (${sizeOf(path)} bytes) to be a valid Realm.` : `Failed to open Realm file at path '${path}': header has invalid mnemonic. The file is either not a Realm file, is an encrypted Realm file but no encryption key was supplied, or is corrupted.`,
};

/**
 * The format of a plain file of MongoDB Realm; undefined for any other file, such as its encrypted ones.
 *
 * Its header: two references of 8 bytes, "T-DB", the formats that belong to them, a reserved byte, and flags of which the lowest bit selects.
 */
function realmFileVersion(path: string): number | undefined {
  const header = firstBytes(path, REALM_HEADER_BYTES);
  if (header.length < REALM_HEADER_BYTES || String.fromCharCode(...header.subarray(16, 20)) !== "T-DB") return undefined;
  return header[20 + ((header[23] as number) & 1)];
}

/** Realm words files that are shorter than its header otherwise. */
function isTooSmall(path: string): boolean {
  return sizeOf(path) > 0 && sizeOf(path) < REALM_HEADER_BYTES;
}

const REALM_HEADER_BYTES = 24;
