/**
 * A key store in files under a passphrase, for machines without a keyring.
 *
 * @module
 */
import { KeyStoreError, StringKeyStore } from "@holdfast/key-store";
import type { Argon2idCost } from "@holdfast/key-store";
import { FileEntries } from "./file-entries.ts";
import { openPassphraseSeal } from "./passphrase-seal.ts";
import { ensurePrivateFolder } from "./private-folder.ts";

/** Where the files are and what opens them. */
export interface FileStoreOptions {
  /** Of this store alone; made with mode 0700. */
  readonly folder: string;
  /** At least 8 characters. From a prompt, a systemd credential, a secret file: not from the source code. */
  readonly passphrase: string;
  /** Cost of argon2id for a new store. Default 64 MiB, 3 passes, 4 lanes. */
  readonly cost?: Argon2idCost;
}

/** @throws {KeyStoreError} `WRAP_REFUSED`, `KEY_CORRUPT`, `IO` */
export async function openFileStore({ folder, passphrase, cost }: FileStoreOptions): Promise<StringKeyStore> {
  if (typeof passphrase !== "string") throw new KeyStoreError("UNSUPPORTED_OPTION", "the passphrase has to be a string");
  ensurePrivateFolder(folder);
  const seal = await openPassphraseSeal({ folder, passphrase, cost });
  return new StringKeyStore(new FileEntries({ backend: "passphrase-file", folder, seal, hardwareBacked: false }));
}
