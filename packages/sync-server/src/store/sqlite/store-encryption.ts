/**
 * The encryption of SQLite files: finds or makes a file's key, and refuses what does not fit before anything is changed.
 *
 * A file has a key of its own, 64 random bytes that a key provider wraps. Like users' keys, it is unwrapped at the start and kept in memory:
 * a wrapping key that is disabled stops no server that runs, and lets none start.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { AuthError } from "../../auth/auth-error.ts";
import type { KeyContext, KeyProvider } from "../../auth/key-provider.ts";
import { unwrapBy, wrapUnder } from "../../auth/provider-chain.ts";
import { SyncServerError } from "../../errors.ts";
import type { SqliteDriver } from "./connection.ts";
import { encryptedDriver, fileKeyOf, loadCipherModule } from "./encrypted-driver.ts";
import type { FileKey, StoreCipher } from "./encrypted-driver.ts";
import { fileState } from "./file-state.ts";
import { createKeyFile, keyFilePath, readKeyFile, writeKeyFile } from "./store-key-file.ts";
import type { StoreKeyFile, WrappedStoreKey } from "./store-key-file.ts";

/** Who wraps the keys of SQLite files, and how their pages are encrypted. */
export interface StoreEncryption {
  /** The first one wraps; the others still open what they have wrapped. */
  readonly providers: readonly KeyProvider[];
  /** Of files that are made or converted; default `sqlcipher`. A file that is there keeps its own. */
  readonly cipher?: StoreCipher;
}

/** A key in the clear, and how it is kept. */
export interface StoreKey {
  readonly record: WrappedStoreKey;
  readonly fileKey: FileKey;
}

/**
 * The driver of one encrypted file. Makes the file's key if there is neither file nor key.
 *
 * @throws {SyncServerError} `STORE_NOT_ENCRYPTED`, `STORE_KEY_LOST`, `STORE_KEY_WRONG`, `STORE_CIPHER_MISSING`
 * @throws {AuthError} `PROVIDER_UNAVAILABLE`
 */
export async function encryptedSqlite(path: string, encryption: StoreEncryption): Promise<SqliteDriver> {
  const module = loadCipherModule();
  const { fileKey } = await openStoreKey(path, encryption);
  return encryptedDriver(module, fileKey);
}

/** The key in force. */
export async function openStoreKey(path: string, encryption: StoreEncryption): Promise<StoreKey> {
  const state = fileState(path);
  if (state.kind === "plain") throw new SyncServerError("STORE_NOT_ENCRYPTED", `${path} is not encrypted, and encryption is configured: "holdfast-sync-server encrypt" encrypts it; it was not changed`);
  const keys = readKeyFile(path) ?? (state.kind === "absent" ? await firstKeyFile(path, encryption) : undefined);
  const records = [keys?.current, keys?.next].filter((record) => record !== undefined && record !== null);
  if (keys === undefined || records.length === 0) throw new SyncServerError("STORE_KEY_LOST", `${path} is encrypted and its key is not there: restore ${keyFilePath(path)} from the backup that the store is from; nothing was changed`);
  for (const record of records) {
    // With two, the store's first bytes tell which one is in force. The other one stays where it is: a conversion may be running.
    const fileKey = await unwrapRecord(encryption.providers, record);
    if (state.kind === "sealed" && !state.salt.equals(fileKey.salt)) continue;
    return { record, fileKey };
  }
  throw new SyncServerError("STORE_KEY_WRONG", `${path} was not written with the key in ${keyFilePath(path)}, or its first bytes are damaged: restore both from one backup; nothing was changed`);
}

/** A new key, wrapped. Writes nothing. */
export async function makeStoreKey({ providers, cipher = "sqlcipher" }: StoreEncryption): Promise<StoreKey> {
  const bytes = randomBytes(64);
  try {
    const keyId = randomBytes(16).toString("base64url");
    return { record: { keyId, cipher, wrapped: await wrapUnder(firstOf(providers), bytes, contextOf(keyId)) }, fileKey: fileKeyOf(bytes, cipher) };
  } finally {
    bytes.fill(0);
  }
}

/**
 * Wraps a file's key anew under the first provider. The store itself is not touched, and a server may run on it.
 *
 * @returns False if the file is not encrypted.
 */
export async function rewrapStoreKey(path: string, { providers }: StoreEncryption): Promise<boolean> {
  const before = readKeyFile(path);
  if (before === undefined) {
    if (fileState(path).kind === "sealed") throw new SyncServerError("STORE_KEY_LOST", `${keyFilePath(path)} is not there: restore it from the backup that the store is from`);
    return false;
  }
  const rewrapped = async (record: WrappedStoreKey): Promise<WrappedStoreKey> => {
    const key = await unwrapBytes(providers, record);
    try {
      return { ...record, wrapped: await wrapUnder(firstOf(providers), key, contextOf(record.keyId)) };
    } finally {
      key.fill(0);
    }
  };
  const after: StoreKeyFile = {
    current: before.current === null ? null : await rewrapped(before.current),
    ...(before.next === undefined ? {} : { next: before.next === null ? null : await rewrapped(before.next) }),
  };
  writeKeyFile(path, after);
  return true;
}

async function firstKeyFile(path: string, encryption: StoreEncryption): Promise<StoreKeyFile | undefined> {
  const { record } = await makeStoreKey(encryption);
  // Unwrapped again before anything is stored under it: a provider that wraps and does not unwrap is found now.
  await unwrapRecord(encryption.providers, record);
  if (path === ":memory:") return { current: record };
  const keys = { current: record };
  return createKeyFile(path, keys) ? keys : readKeyFile(path);
}

async function unwrapRecord(providers: readonly KeyProvider[], record: WrappedStoreKey): Promise<FileKey> {
  const bytes = await unwrapBytes(providers, record);
  try {
    return fileKeyOf(bytes, record.cipher);
  } finally {
    bytes.fill(0);
  }
}

async function unwrapBytes(providers: readonly KeyProvider[], { keyId, wrapped }: WrappedStoreKey): Promise<Uint8Array> {
  const answer = await unwrapBy(providers, wrapped, contextOf(keyId));
  if ("key" in answer) return answer.key;
  throw new SyncServerError("STORE_KEY_WRONG", "no key provider that is configured has wrapped the store's key: configure the one that did, as a former one too; nothing was changed", { cause: answer.refusal });
}

function firstOf(providers: readonly KeyProvider[]): KeyProvider {
  const [provider] = providers;
  if (provider === undefined) throw new AuthError("AUTH_CONFIGURATION_INVALID", "expected at least one key provider for the store's key");
  return provider;
}

function contextOf(keyId: string): KeyContext {
  return { databaseName: "sync-server/store", keyId };
}
