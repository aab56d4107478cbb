/**
 * Making a passkey that can wrap keys.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import { KeyStoreError } from "@holdfast/key-store";
import { assertPasskeys, passkeyError } from "./passkey-errors.ts";

/** What the browser shows to the user. */
export interface CreatePasskeyOptions {
  /** The application's name. */
  readonly application: string;
  /** The user's name, to choose among passkeys. */
  readonly user: string;
  /** This site's domain or one above it. Default: this site's. A passkey is for one such domain, for ever. */
  readonly rpId?: string;
  readonly signal?: AbortSignal;
}

/** Names a passkey. No secret. */
export interface Passkey {
  /** In base64url. */
  readonly credentialId: string;
}

const ES256 = -7;
const ED25519 = -8;
const RS256 = -257;

/**
 * Makes a new passkey with the PRF extension. Asks the user, so call it from a click. Older passkeys stay.
 *
 * @throws {KeyStoreError} `UNSUPPORTED_OPTION` if the authenticator has no PRF (the passkey that it made is of no use then),
 * `USER_CANCELED`, `STORE_UNAVAILABLE`
 */
export async function createPasskey({ application, user, rpId, signal }: CreatePasskeyOptions): Promise<Passkey> {
  assertPasskeys();
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    rp: { name: application, ...(rpId === undefined ? {} : { id: rpId }) },
    // A fresh id: an authenticator replaces the passkey of the same id, and what that one has wrapped would be lost.
    user: { id: crypto.getRandomValues(new Uint8Array(16)), name: user, displayName: user },
    pubKeyCredParams: [ES256, ED25519, RS256].map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    extensions: { prf: {} },
  };
  const credential = await ask(publicKey, signal);
  if (credential.getClientExtensionResults().prf?.enabled !== true) {
    throw new KeyStoreError("UNSUPPORTED_OPTION", "this authenticator makes passkeys without PRF, which cannot wrap keys: the user may delete the new one, and choose another authenticator");
  }
  return { credentialId: base64urlnopad.encode(new Uint8Array(credential.rawId)) };
}

async function ask(publicKey: PublicKeyCredentialCreationOptions, signal: AbortSignal | undefined): Promise<PublicKeyCredential> {
  try {
    const credential = await navigator.credentials.create({ publicKey, ...(signal === undefined ? {} : { signal }) });
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    throw passkeyError(error, signal);
  }
  throw new KeyStoreError("IO", "WebAuthn has made no passkey");
}
