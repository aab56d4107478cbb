/**
 * Commands that look after keys and files while no server runs, or beside it: `encrypt`, `decrypt`, `rekey`, `rewrap`, `change-key`.
 *
 * Each may be ended at any moment and run again; `change-key` then changes once more what it had changed.
 *
 * @module
 */
import type { AuthService } from "../auth/auth-service.ts";
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

/** Whose keys are changed: users by id, or all. */
export interface KeyOwners {
  readonly users: readonly string[];
  readonly isAll: boolean;
}

/** Gives users another key. Servers may run; devices follow when they next refresh their tokens and open their files. */
export async function changeKeys(config: ServerConfig, { users, isAll }: KeyOwners, onProgress: (count: number) => void): Promise<Done> {
  if (config.auth?.key.mode !== "issued") throw new SyncServerError("CONFIGURATION_INVALID", "change-key needs users whose keys this server issues: auth with key.mode 'issued'");
  if (isAll === users.length > 0) throw new SyncServerError("CONFIGURATION_INVALID", "change-key: name users with --user, or say --all-users");
  const changed = await withUsers(config, async (service) => {
    if (isAll) return service.changeAllKeys(onProgress);
    for (const userId of users) await service.changeKey(userId);
    return users.length;
  });
  return { text: `Changed: the keys of ${String(changed)} users.`, fields: { changed } };
}

async function rewrapUsers(config: ServerConfig, onProgress: (count: number) => void): Promise<number> {
  if (config.auth?.key.mode !== "issued") return 0;
  return withUsers(config, (users) => users.rewrapKeys(onProgress));
}

async function withUsers(config: ServerConfig, work: (users: AuthService) => Promise<number>): Promise<number> {
  const opened = await openUsers(config, SILENT);
  if (opened === undefined) return 0;
  try {
    await opened.start();
    return await work(opened.users);
  } finally {
    await opened.close();
  }
}
