/**
 * The key of the notes: made once, kept in this browser under a key that no script can export.
 *
 * @module
 */
import { DatabaseKeys } from "@holdfast/key-store";
import { openWebStore } from "@holdfast/key-store-web";
import { PATH } from "./schema.ts";

const NAME = "notes";
let opened: Promise<DatabaseKeys> | undefined;

function openKeys(): Promise<DatabaseKeys> {
  opened ??= openWebStore().then((store) => new DatabaseKeys({ store }));
  return opened;
}

/** Without this answer a lost key would be replaced by a new one, which opens nothing. */
async function databaseExists(): Promise<boolean> {
  const folder = await navigator.storage.getDirectory();
  return folder.getFileHandle(PATH).then(async (file) => (await file.getFile()).size > 0, () => false);
}

/** The 64 bytes. @throws {KeyStoreError} `KEY_LOST` if there are notes and no key. */
export async function databaseKey(): Promise<Uint8Array> {
  return (await openKeys()).getOrCreate({ name: NAME, databaseExists });
}

/** A text that brings the key back, with the passphrase alone. */
export async function recoveryText(passphrase: string): Promise<string> {
  return (await openKeys()).exportRecovery({ name: NAME, passphrase });
}

/** Puts a lost key back. @throws {KeyStoreError} `WRAP_REFUSED` for another passphrase. */
export async function recover(recovery: string, passphrase: string): Promise<void> {
  await (await openKeys()).importRecovery({ name: NAME, recovery, passphrase });
}
