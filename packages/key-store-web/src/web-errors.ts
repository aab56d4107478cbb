/**
 * What browsers throw, as the codes that all key stores share.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";

/** Chromium's words for the setting that blocks a site's data. Its error has a name that stands for other things, too. */
const DENIED = /denied permission/iu;

/** The error for a failure of IndexedDB or Web Locks. An unknown one is `IO` with its cause. */
export function webError(error: unknown): KeyStoreError {
  if (error instanceof KeyStoreError) return error;
  const { name = "", message = "" } = (error ?? {}) as Partial<Error>;
  const cause = { cause: error };
  if (name === "SecurityError" || DENIED.test(message)) return new KeyStoreError("STORE_UNAVAILABLE", "the browser lets this page store nothing: site data is blocked in the settings, or the page runs in a sandboxed frame", cause);
  if (name === "VersionError") return new KeyStoreError("STORE_UNAVAILABLE", "a newer release of this library has written this database: load the newer release of the page", cause);
  if (name === "QuotaExceededError") return new KeyStoreError("IO", "the browser's storage for this site is full: nothing was written. Delete data, or ask the user to.", cause);
  if (name === "DataCloneError") return new KeyStoreError("STORE_UNAVAILABLE", "this browser cannot keep a key that scripts cannot export in IndexedDB (some private windows)", cause);
  if (name === "TimeoutError") return new KeyStoreError("IO", "another tab holds the key store's lock for too long", cause);
  return new KeyStoreError("IO", "the browser's storage failed", cause);
}

/** @throws {KeyStoreError} `STORE_UNAVAILABLE` where there is no Web Crypto or no IndexedDB. */
export function assertCapable(): void {
  const { isSecureContext, crypto, indexedDB } = globalThis as Partial<typeof globalThis>;
  if (isSecureContext !== true || crypto?.subtle === undefined) {
    throw new KeyStoreError("STORE_UNAVAILABLE", "browsers have Web Crypto in secure contexts only: serve the page over https, or from localhost");
  }
  if (indexedDB === undefined || indexedDB === null) throw new KeyStoreError("STORE_UNAVAILABLE", "there is no IndexedDB here");
}
