/**
 * Opening realms so that none stays open behind a failed check, and comparing files before and after.
 *
 * @module
 */
import { claim, claimEqual } from "./claims.ts";
import { createItems, itemDifference, SCHEMA } from "./content.ts";
import { need, type RealmPlatform } from "./platform.ts";
import type { RealmConfiguration, RealmInstance } from "./realm-api.ts";

/** A configuration with the suites' schema; an absent key is left out, as an application would. */
export function configurationOf(path: string, key: unknown): RealmConfiguration {
  return key === undefined ? { path, schema: SCHEMA } : { path, schema: SCHEMA, encryptionKey: key };
}

/** Opens a realm, runs the action and closes the realm, also when the action throws. */
export function withRealm<Result>(
  platform: RealmPlatform,
  configuration: RealmConfiguration,
  action: (realm: RealmInstance) => Result,
): Result {
  const realm = new platform.Realm(configuration);
  try {
    return action(realm);
  } finally {
    // A transaction that a failed action left open would keep the realm from closing.
    if (!realm.isClosed && realm.isInTransaction) realm.cancelTransaction();
    realm.close();
  }
}

/** Makes a closed realm with the items 0 to `count` - 1. */
export function makeRealm(platform: RealmPlatform, path: string, key: unknown, count: number): void {
  withRealm(platform, configurationOf(path, key), (realm) => createItems(realm, 0, count));
}

/** Claims that the file opens with the key and holds exactly the items 0 to `count` - 1, and that the engine finds it clean. */
export function claimContent(platform: RealmPlatform, path: string, key: Uint8Array | undefined, count: number): void {
  const difference = withRealm(platform, configurationOf(path, key), (realm) => itemDifference(realm, count));
  claim(difference === undefined, `the content of the file differs: ${difference}`);
  claimClean(platform, path, key);
}

/** Claims that the engine's verify finds no problem. */
export function claimClean(platform: RealmPlatform, path: string, key: Uint8Array | undefined): void {
  if (platform.verify === undefined) return;
  claimEqual(platform.verify.verify(path, key), [], "problems that verify finds");
}

/** The fingerprints of all files below a folder. */
export type FolderState = ReadonlyMap<string, string>;

/** Remembers every file below a folder. */
export function folderState(platform: RealmPlatform, folder: string): FolderState {
  const files = need(platform, "files");
  return new Map(files.listFiles(folder).map((path) => [path, files.hash(path)]));
}

/** Claims that every file that was there is there, unchanged. New side files are allowed. */
export function claimUnchanged(platform: RealmPlatform, before: FolderState, what: string): void {
  const files = need(platform, "files");
  for (const [path, hash] of before) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    claim(files.isPresent(path), `${what}: the file ${name} is gone`);
    claim(files.hash(path) === hash, `${what}: the file ${name} was changed`);
  }
}

/** The folder that a path lies in. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")));
}
