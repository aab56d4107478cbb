/**
 * What WebAuthn throws, as the codes that all key stores share.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";

/** The error for a failure of WebAuthn; the caller's own reason if the caller took the prompt back. */
export function passkeyError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  const { name = "" } = (error ?? {}) as Partial<Error>;
  const cause = { cause: error };
  switch (name) {
    case "NotAllowedError":
      return new KeyStoreError("USER_CANCELED", "the passkey was not given: dismissed, timed out, the user not verified, or no such passkey on this device. The browser does not say which.", cause);
    case "SecurityError":
      return new KeyStoreError("UNSUPPORTED_OPTION", "rpId is neither this site's domain nor one above it", cause);
    case "NotSupportedError":
    case "ConstraintError":
      return new KeyStoreError("UNSUPPORTED_OPTION", "no authenticator here can keep a passkey and verify its user", cause);
    default:
      return new KeyStoreError("IO", "WebAuthn failed", cause);
  }
}

/** @throws {KeyStoreError} `STORE_UNAVAILABLE` where there are no passkeys. */
export function assertPasskeys(): void {
  const { isSecureContext, PublicKeyCredential, document } = globalThis as Partial<typeof globalThis>;
  if (isSecureContext === true && PublicKeyCredential !== undefined && document !== undefined) return;
  throw new KeyStoreError("STORE_UNAVAILABLE", "passkeys are there in windows of secure contexts only, not in workers: wrap and unwrap in the window");
}
