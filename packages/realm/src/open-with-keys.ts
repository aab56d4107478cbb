/**
 * Opening a realm whose key is kept in a key store.
 *
 * Knows key stores by their shape alone: `DatabaseKeys` of `@holdfast/key-store` has it.
 *
 * @module
 */
import { DeferredAnchor, isKeyOfFile } from "@holdfast/storage-engine";
import type { AnchorSource, FreshnessOptions } from "@holdfast/storage-engine";
import type { Configuration } from "./configuration.ts";
import { RealmError } from "./errors.ts";
import { absolutePath, hasContent, whenReady } from "./platform/realm-files.ts";
import { Realm } from "./realm.ts";

/** Says whether a key is the database's. */
export type CheckKey = (key: Uint8Array) => boolean;

/** What a keeper of keys can do: `DatabaseKeys`. */
export interface RealmKeys {
  getOrCreate(options: { readonly name: string; readonly databaseExists: () => boolean; readonly check: CheckKey }): Promise<Uint8Array>;
  rotate(options: { readonly name: string; readonly check: CheckKey; readonly rekey: (oldKey: Uint8Array, newKey: Uint8Array) => void }): Promise<Uint8Array>;
  anchorSource(options: { readonly name: string }): AnchorSource;
}

/** Which key, and whether the store also remembers how new the file is. */
export interface KeysOptions {
  readonly keys: RealmKeys;
  /** Name of the database in the key store: stable, and its own. */
  readonly name: string;
  /** True keeps the freshness anchor in the key store; `"restored"` accepts an older file once, as after a restored backup. Default false. */
  readonly freshness?: boolean | "restored";
}

/** A configuration whose key and anchor come from a key store. */
export type KeylessConfiguration = Omit<Configuration, "encryptionKey" | "freshness" | "inMemory">;

/**
 * Opens a realm with the key of a key store; makes key and realm if there is neither.
 *
 * @throws {Error} With the key store's `code`: `KEY_LOST` if the realm exists and its key does not (no key is made), `KEY_MISMATCH`,
 * `KEY_CORRUPT`, `STORE_LOCKED`, ...; or as `Realm.open` throws. No failure changes a file.
 */
export async function openWithKeys(configuration: KeylessConfiguration, { keys, name, freshness = false }: KeysOptions): Promise<Realm> {
  refuseKey(configuration);
  const path = absolutePath(configuration.path ?? Realm.defaultPath);
  return whenReady([path], () => openReady(configuration, { keys, name, freshness }, path));
}

async function openReady(configuration: KeylessConfiguration, { keys, name, freshness = false }: KeysOptions, path: string): Promise<Realm> {
  const encryptionKey = await keys.getOrCreate({ name, databaseExists: () => hasContent(path), check: keyCheck(path) });
  try {
    return await Realm.open({ ...configuration, encryptionKey, ...anchorOf({ keys, name, freshness }) });
  } finally {
    encryptionKey.fill(0);
  }
}

/**
 * Gives a realm, which must be closed, a new key, and the key store with it. Interrupted at any step, `openWithKeys` finds the right key.
 *
 * @throws {Error} As `openWithKeys`, and `STORE_IN_USE` while the realm is open.
 */
export async function rotateKey(configuration: KeylessConfiguration, { keys, name, freshness = false }: KeysOptions): Promise<void> {
  refuseKey(configuration);
  const path = absolutePath(configuration.path ?? Realm.defaultPath);
  await whenReady([path], () => rotateReady({ keys, name, freshness }, path));
}

async function rotateReady({ keys, name, freshness = false }: KeysOptions, path: string): Promise<void> {
  const anchored = anchorOf({ keys, name, freshness });
  await anchored.freshness?.anchor.load?.();
  const key = await keys.rotate({ name, check: keyCheck(path), rekey: (encryptionKey, newKey) => Realm.rekey({ path, encryptionKey, ...anchored }, newKey) });
  key.fill(0);
  await anchored.freshness?.anchor.flush?.();
}

function keyCheck(path: string): CheckKey {
  return (encryptionKey) => isKeyOfFile({ path, encryptionKey });
}

function anchorOf({ keys, name, freshness }: KeysOptions): { freshness?: FreshnessOptions } {
  if (freshness === false) return {};
  return { freshness: { anchor: new DeferredAnchor(keys.anchorSource({ name })), ...(freshness === "restored" ? { accept: "restored" } : {}) } };
}

function refuseKey(configuration: object): void {
  const given = ["encryptionKey", "freshness", "inMemory"].find((field) => Reflect.get(configuration, field) !== undefined);
  if (given !== undefined) throw new RealmError("CONFIGURATION_INVALID", `'${given}' cannot be given beside a key store: key and anchor come from there, and an in-memory realm has neither.`);
}
