/**
 * What the system keyrings' errors mean. The native library gives all of them one code, so their texts tell them apart.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreErrorCode } from "@holdfast/key-store";

/** Texts of @napi-rs/keyring 2.1.2 and what to tell the user. Seen with gnome-keyring 42 and KWallet 5.103; Windows and macOS from the source. */
const KNOWN: readonly { readonly text: RegExp; readonly code: KeyStoreErrorCode; readonly advice: string }[] = [
  { text: /prompt was dismissed|IsLocked|is locked|errSecInteractionNotAllowed|-25308/iu, code: "STORE_LOCKED", advice: "the keyring is locked (or, on gnome-keyring, damaged): unlock it and try again" },
  { text: /matched by \d+ credentials|ambiguous/iu, code: "AMBIGUOUS", advice: "several entries of the keyring match; another program has written one under the same names" },
  { text: /errSecUserCanceled|-128\b|user canceled/iu, code: "USER_CANCELED", advice: "the prompt was dismissed" },
  { text: /no result found/iu, code: "STORE_UNAVAILABLE", advice: "the keyring has no default collection: log in once with a password, or create one" },
  { text: /not provided by any|DBUS_SESSION_BUS_ADDRESS|ServiceUnknown|failed to connect|no such file or directory|connection refused|No storage access|disconnected|maximum number of active connections/iu, code: "STORE_UNAVAILABLE", advice: "no keyring answers here (no D-Bus session, or no Secret Service in it); headless machines use openFileStore or a provided key" },
  { text: /errSecMissingEntitlement|-34018|errSecAuthFailed|-25293/iu, code: "STORE_UNAVAILABLE", advice: "the system keyring refuses this program" },
  { text: /longer than|too long|maximum (?:length|size)/iu, code: "VALUE_TOO_LARGE", advice: "the keyring cannot hold a value of this length" },
];

/** True if the keyring did not take the key of a new session, or has forgotten the session: another one is made. */
export function isRefusedSession(error: unknown): boolean {
  return error instanceof Error && /public key size is invalid|can't find session|unpad ?error|session garbles|valid utf-8/iu.test(error.message);
}

/** The error that the application gets. Unknown ones are `IO` with their cause. */
export function keyringError(backend: string, error: unknown): KeyStoreError {
  if (error instanceof KeyStoreError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const known = KNOWN.find((candidate) => candidate.text.test(text));
  if (known === undefined) return new KeyStoreError("IO", `the keyring (${backend}) failed`, { cause: error });
  return new KeyStoreError(known.code, `${known.advice} (${backend})`, { cause: error });
}
