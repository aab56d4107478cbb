/**
 * The key under a passkey: WebAuthn's PRF, HKDF-SHA-256, then AES-256-GCM.
 *
 * Payload, in base64url: version (1 byte), PRF salt (32), IV (12), the 64 bytes of ciphertext, tag (16), credential id (the rest).
 * Authenticated beside them: the context, version, salt and credential id. The salt is fresh for every wrap, and so is the AES key.
 *
 * @module
 */
import { base64urlnopad } from "@scure/base";
import { contextBytes, KEY_BYTES, KeyStoreError } from "@holdfast/key-store";
import type { KeyWrap, WrapContext } from "@holdfast/key-store";
import { assertPasskeys, passkeyError } from "./passkey-errors.ts";

const KIND = "passkey";
const VERSION = 1;
const SALT_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_AT = 1 + SALT_BYTES + IV_BYTES;
const CREDENTIAL_AT = SEALED_AT + KEY_BYTES + TAG_BYTES;

/** Which passkey wraps. */
export interface PasskeyWrapOptions {
  /** From `createPasskey`. Needed to wrap; what is wrapped names its own passkey. */
  readonly credentialId?: string;
  /** As it was when the passkey was made. */
  readonly rpId?: string;
  /** Takes back a prompt under way. */
  readonly signal?: AbortSignal;
}

/**
 * A wrap under a passkey; its user is asked each time. Always beside another wrap: a passkey can be deleted, and whoever deletes it is not
 * told what it opens.
 */
export function passkeyWrap(options: PasskeyWrapOptions = {}): KeyWrap {
  const { credentialId } = options;
  const ask = (question: PrfQuestion): Promise<Uint8Array<ArrayBuffer>> => askPrf(question, options);
  return {
    kind: KIND,
    async wrap(key, context) {
      if (credentialId === undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", "a passkey is needed to wrap a key: hand in the credentialId that createPasskey gave");
      const credential = decodeBase64url(credentialId);
      if (credential === undefined || credential.length === 0) throw new KeyStoreError("UNSUPPORTED_OPTION", "credentialId is the base64url text that createPasskey gave");
      const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const wrappingKey = await deriveKey(await ask({ credential, salt }), salt);
      const additionalData = boundBytes(context, salt, credential);
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, wrappingKey, Uint8Array.from(key)));
      return base64urlnopad.encode(Uint8Array.of(VERSION, ...salt, ...iv, ...sealed, ...credential));
    },
    async unwrap(payload, context) {
      const bytes = decodeBase64url(payload);
      if (bytes === undefined || bytes.length <= CREDENTIAL_AT || bytes[0] !== VERSION) throw new KeyStoreError("KEY_CORRUPT", "the passkey wrap does not have its form");
      const salt = bytes.slice(1, 1 + SALT_BYTES);
      const credential = bytes.slice(CREDENTIAL_AT);
      const wrappingKey = await deriveKey(await ask({ credential, salt }), salt);
      const additionalData = boundBytes(context, salt, credential);
      try {
        const iv = bytes.slice(1 + SALT_BYTES, SEALED_AT);
        return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, wrappingKey, bytes.slice(SEALED_AT, CREDENTIAL_AT)));
      } catch {
        throw new KeyStoreError("WRAP_REFUSED", "the passkey does not open the wrap: the wrap was altered, or is another database's");
      }
    },
  };
}

interface PrfQuestion {
  readonly credential: Uint8Array<ArrayBuffer>;
  readonly salt: Uint8Array<ArrayBuffer>;
}

/** 32 bytes that this passkey alone gives for this salt. The user has to be verified: without that an authenticator gives others. */
async function askPrf({ credential, salt }: PrfQuestion, { rpId, signal }: PasskeyWrapOptions): Promise<Uint8Array<ArrayBuffer>> {
  assertPasskeys();
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    allowCredentials: [{ type: "public-key", id: credential }],
    userVerification: "required",
    extensions: { prf: { eval: { first: salt } } },
    ...(rpId === undefined ? {} : { rpId }),
  };
  let found: Credential | null;
  try {
    found = await navigator.credentials.get({ publicKey, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    throw passkeyError(error, signal);
  }
  const first = found instanceof PublicKeyCredential ? found.getClientExtensionResults().prf?.results?.first : undefined;
  if (first === undefined) throw new KeyStoreError("STORE_UNAVAILABLE", "the passkey was given without PRF: this browser or authenticator does not have it. Use another wrap of the key.");
  return new Uint8Array(first as ArrayBuffer);
}

async function deriveKey(secret: Uint8Array<ArrayBuffer>, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const info = new TextEncoder().encode("holdfast passkey wrap v1");
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  secret.fill(0);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt, info }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

function boundBytes(context: WrapContext, salt: Uint8Array, credential: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...contextBytes(KIND, context), VERSION, ...salt, ...credential);
}

function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(base64urlnopad.decode(text));
  } catch {
    return undefined;
  }
}
