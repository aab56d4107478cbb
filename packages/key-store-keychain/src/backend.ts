/**
 * What the three libraries have in common: they keep texts under names.
 *
 * @module
 */
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import { isOfThisDevice } from "./options.ts";
import type { KeychainOptions, ResolvedOptions } from "./options.ts";

/** A library that the application has and hands in. */
export interface KeychainBackend {
  readonly name: string;
  /** @throws {KeyStoreError} `UNSUPPORTED_OPTION`, `STORE_UNAVAILABLE` */
  open(options: KeychainOptions): Promise<UnlistedEntries>;
}

/** What a store over the keychain promises. */
export function keychainCapabilities({ accessibility }: ResolvedOptions, has: { readonly synchronizable: boolean; readonly biometrics: boolean }): KeyStoreCapabilities {
  return {
    persistent: true,
    // The Secure Enclave guards the classes' keys on devices that have one; no library tells.
    hardwareBacked: "unknown",
    enumerable: true,
    backupExcluded: isOfThisDevice(accessibility),
    synchronizable: has.synchronizable,
    biometrics: has.biometrics,
    crossProcessLock: false,
  };
}
