/**
 * Database keys under a key of Azure Key Vault or Managed HSM.
 *
 * The service authenticates no context. So the wrap carries an HMAC of its own over context, version and ciphertext, under a key that is
 * derived from the database key: what was moved to another database opens to a key whose HMAC does not fit.
 *
 * @module
 */
import { contextBytes, KeyStoreError } from "@holdfast/key-store";
import type { KeyWrap } from "@holdfast/key-store";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { decodePayload, encodePayload } from "./payload.ts";
import { callService, DEFAULT_TIMEOUT_MS, takeKey } from "./service-call.ts";
import type { Translate } from "./service-call.ts";

/** Algorithms that fit a key of 64 bytes: RSA in vaults, AES in Managed HSM. */
export type AzureWrapAlgorithm = "RSA-OAEP-256" | "A256KW";

/** The part of `CryptographyClient` of `@azure/keyvault-keys` that is used. */
export interface AzureCryptography {
  wrapKey(algorithm: AzureWrapAlgorithm, key: Uint8Array, options: { abortSignal: AbortSignal }): Promise<{ result: Uint8Array; keyID?: string | undefined }>;
  unwrapKey(algorithm: AzureWrapAlgorithm, wrapped: Uint8Array, options: { abortSignal: AbortSignal }): Promise<{ result: Uint8Array }>;
}

/** Which key, and who asks. */
export interface AzureKeyVaultWrapOptions {
  /**
   * The client for a version of the key, for the newest without one:
   * `(version) => new CryptographyClient([keyUrl, version].filter(Boolean).join("/"), credential)`.
   */
  readonly client: (version: string | undefined) => AzureCryptography;
  /** Default "RSA-OAEP-256". */
  readonly algorithm?: AzureWrapAlgorithm;
  readonly timeoutMs?: number;
}

const SERVICE = "Azure Key Vault";
const VERSION = /^[0-9A-Za-z-]{1,64}$/u;

/** A wrap of kind "azure-kv". Nothing is cached: every unwrap asks the service. */
export function azureKeyVaultWrap({ client, algorithm = "RSA-OAEP-256", timeoutMs = DEFAULT_TIMEOUT_MS }: AzureKeyVaultWrapOptions): KeyWrap {
  const call = <Result>(how: Translate, ask: (signal: AbortSignal) => Promise<Result>): Promise<Result> => callService({ service: SERVICE, timeoutMs, translate: how, ask });
  return {
    kind: "azure-kv",
    async wrap(key, context) {
      const { result, keyID } = await call(translate, async (abortSignal) => client(undefined).wrapKey(algorithm, key, { abortSignal }));
      const version = keyID?.split("/").at(-1) ?? "";
      if (!VERSION.test(version)) throw new KeyStoreError("IO", `${SERVICE} has not said which version of the key it used`);
      const sealed = Uint8Array.from(result);
      return encodePayload({ version, parts: [sealed, tagOf(key, contextBytes("azure-kv", context), version, sealed)] });
    },
    async unwrap(payload, context) {
      const { version, parts } = decodePayload(payload, 2);
      if (!VERSION.test(version)) throw new KeyStoreError("KEY_CORRUPT", "the wrap names a version of its key that cannot be one");
      const [sealed, tag] = parts as [Uint8Array, Uint8Array];
      const { result } = await call((failure) => translate(failure) ?? (failure.status === 400 ? REFUSED : undefined), async (abortSignal) => client(version).unwrapKey(algorithm, sealed, { abortSignal }));
      const key = takeKey(result, SERVICE);
      if (isSame(tagOf(key, contextBytes("azure-kv", context), version, sealed), tag)) return key;
      key.fill(0);
      throw new KeyStoreError("WRAP_REFUSED", `${SERVICE}: the wrap was altered, or belongs to another database`);
    },
  };
}

function tagOf(key: Uint8Array, context: Uint8Array, version: string, sealed: Uint8Array): Uint8Array {
  const macKey = hkdf(sha256, key, undefined, new TextEncoder().encode("holdfast azure wrap v1"), 32);
  const tag = hmac.create(sha256, macKey).update(context).update(new TextEncoder().encode(`${version}\n`)).update(sealed).digest();
  macKey.fill(0);
  return tag;
}

/** In a time that does not tell where they differ. */
function isSame(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}

const REFUSED = ["WRAP_REFUSED", "the wrap was altered, or was made by another key"] as const;

const translate: Translate = ({ name, code, status, message }) => {
  if (/KeyDisabled|is disabled/u.test(message) || code === "KeyDisabled") return ["WRAPPING_KEY_DISABLED", "the key, or this version of it, is disabled: enable it again"];
  if (status === 404 || code === "KeyNotFound" || code === "ObjectIsDeletedButRecoverable") return ["WRAPPING_KEY_GONE", "there is no such key or version: look whether it was deleted, and recover it while it is possible"];
  if (status === 429) return ["THROTTLED", "too many requests: try again later"];
  if (status === 401 || status === 403 || name === "AuthenticationError" || name === "CredentialUnavailableError" || name === "AuthenticationRequiredError") return ["ACCESS_DENIED", "the credential is missing, expired or not allowed to use the key"];
  return undefined;
};
