/**
 * Commands that look after keys and files while no server runs, or beside it: `encrypt`, `decrypt`, `rekey`, `rewrap`.
 *
 * Each may be ended at any moment and run again.
 *
 * @module
 */
import { SyncServerError } from "../errors.ts";
import { SILENT } from "../operations/log.ts";
import { convertStore } from "../store/sqlite/convert-store.ts";
import type { Conversion } from "../store/sqlite/convert-store.ts";
import { rewrapStoreKey } from "../store/sqlite/store-encryption.ts";
import { storeEncryption } from "./config.ts";
import type { ServerConfig } from "./config.ts";
import { openUsers, sqlitePaths } from "./run.ts";

/** What was done, for people and as JSON. */
export interface Done {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Encrypts, decrypts or re-keys the embedded store and its users' file. No server may run on them. */
export async function convert(conversion: Conversion, config: ServerConfig): Promise<Done> {
  const encryption = storeEncryption(config);
  const paths = sqlitePaths(config);
  if (paths.length === 0 || encryption === undefined) throw new SyncServerError("CONFIGURATION_INVALID", `${conversion} needs sqlite and encryption in the configuration`);
  const converted: string[] = [];
  // The store first: a server that runs holds its lock.
  for (const path of paths) if (await convertStore(path, conversion, encryption)) converted.push(path);
  const text = converted.length === 0 ? "Nothing to do." : `${converted.join(", ")}: ${{ encrypt: "encrypted", decrypt: "decrypted", rekey: "under a new key" }[conversion]}.`;
  return { text, fields: { converted } };
}

/** Wraps the keys of the embedded store and of all users anew, under the first key provider. Servers may run. */
export async function rewrap(config: ServerConfig, onProgress: (count: number) => void): Promise<Done> {
  const encryption = storeEncryption(config);
  let storeKeys = 0;
  if (encryption !== undefined) {
    for (const path of sqlitePaths(config)) if (await rewrapStoreKey(path, encryption)) storeKeys++;
  }
  const userKeys = await rewrapUsers(config, onProgress);
  return { text: `Wrapped anew: ${String(storeKeys)} keys of the store, ${String(userKeys)} keys of users.`, fields: { storeKeys, userKeys } };
}

async function rewrapUsers(config: ServerConfig, onProgress: (count: number) => void): Promise<number> {
  if (config.auth?.key.mode !== "issued") return 0;
  const opened = await openUsers(config, SILENT);
  if (opened === undefined) return 0;
  try {
    await opened.start();
    return await opened.users.rewrapKeys(onProgress);
  } finally {
    await opened.close();
  }
}
