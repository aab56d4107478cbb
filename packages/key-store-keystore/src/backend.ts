/**
 * What the three libraries have in common: they keep texts under names, encrypted under keys of the Keystore.
 *
 * @module
 */
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import type { KeystoreOptions } from "./options.ts";

/** A library that the application has and hands in. */
export interface KeystoreBackend {
  readonly name: string;
  /** @throws {KeyStoreError} `UNSUPPORTED_OPTION`, `STORE_UNAVAILABLE` */
  open(options: KeystoreOptions): Promise<UnlistedEntries>;
}

/** What a store over the Keystore promises. */
export function keystoreCapabilities({ hardwareBacked, biometrics }: { readonly hardwareBacked: boolean | "unknown"; readonly biometrics: boolean }): KeyStoreCapabilities {
  return {
    persistent: true,
    hardwareBacked,
    enumerable: true,
    // The Keystore's keys never leave the device; whether the encrypted entries are backed up is for the manifest to say.
    backupExcluded: "unknown",
    synchronizable: false,
    biometrics,
    crossProcessLock: false,
  };
}
