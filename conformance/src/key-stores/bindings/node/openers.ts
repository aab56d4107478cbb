/**
 * How a Node adapter's store is opened from what can be told to another process.
 *
 * @module
 */
import { join } from "node:path";
import type { KeyStore } from "@holdfast/key-store";
import { openFileStore, openKeyringStore } from "@holdfast/key-store-node";
import { CHEAP } from "../../cases/rules.ts";

/** The application whose entries the suite writes. */
export const APPLICATION = "org.holdfast.conformance";
/** Of the file stores of the suite; nothing is kept under it. */
export const PASSPHRASE = "correct horse battery";

/** Where a store is, in texts. */
export interface Place {
  readonly kind: "file" | "keyring";
  /** Folder of the home. */
  readonly folder: string;
}

/** Opens a namespace of a place. */
export async function openAt({ kind, folder }: Place, namespace: string): Promise<KeyStore> {
  if (kind === "file") return openFileStore({ folder: join(folder, namespace), passphrase: PASSPHRASE, cost: CHEAP });
  return openKeyringStore({ application: APPLICATION, namespace });
}
