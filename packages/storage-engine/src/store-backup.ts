/**
 * Backup and restore as the store offers them: keys, volumes, slices.
 *
 * @module
 */
import { SecretKey } from "@holdfast/core-cipher";
import { backupSteps, restoreSteps, type BackupOptions, type BackupReport, type RestoreOptions, type RestoreReport } from "./backup.ts";
import type { Database } from "./database.ts";
import type { Platform } from "./platform.ts";
import { runInSlices } from "./sliced.ts";

/** The open store that is backed up. */
export interface BackedUpStore {
  readonly database: Database;
  readonly key: SecretKey | undefined;
  readonly platform: Platform;
  readonly isClosed: () => boolean;
}

/** Copies the newest commit that the handle knows, pinned until it is done. */
export async function backupStore(store: BackedUpStore, options: BackupOptions): Promise<BackupReport> {
  const { database, isClosed } = store;
  const { path, since, encryptionKey = store.key } = options;
  const key = encryptionKey === undefined ? undefined : SecretKey.from(encryptionKey);
  const platform = options.volume === undefined ? store.platform : { ...store.platform, volume: options.volume };
  const release = database.pin();
  try {
    const steps = backupSteps({ database, view: database.view, isClosed }, { path, key, platform, since });
    return await runInSlices(steps, options, () => platform.volume.now());
  } finally {
    if (!isClosed()) release();
    key?.wipe();
  }
}

export async function restoreStore(options: RestoreOptions, platform: Platform): Promise<RestoreReport> {
  const { path, from, encryptionKey, newEncryptionKey = encryptionKey } = options;
  const key = encryptionKey === undefined ? undefined : SecretKey.from(encryptionKey);
  const newKey = newEncryptionKey === undefined ? undefined : SecretKey.from(newEncryptionKey);
  try {
    return await runInSlices(restoreSteps({ from, key }, { path, key: newKey, platform }), options, () => platform.volume.now());
  } finally {
    key?.wipe();
    newKey?.wipe();
  }
}
