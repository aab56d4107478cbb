/**
 * Database keys under a symmetric key of Google Cloud KMS.
 *
 * Database and key id are the additional authenticated data; what travels is checked with CRC32C in both directions.
 *
 * @module
 */
import { contextBytes, KeyStoreError } from "@holdfast/key-store";
import type { KeyWrap } from "@holdfast/key-store";
import { base64 } from "@scure/base";
import { crc32c } from "./crc32c.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import { callService, DEFAULT_TIMEOUT_MS, takeKey } from "./service-call.ts";
import type { Translate } from "./service-call.ts";

/** A checksum as protocol buffers carry it. */
export interface GoogleInt64 {
  readonly value: number;
}

/** What the client answers a checksum with. */
export type GoogleChecksum = { readonly value?: number | string | { toString(): string } | null | undefined } | null | undefined;

/** The part of `KeyManagementServiceClient` of `@google-cloud/kms` that is used. */
export interface GoogleKms {
  encrypt(
    request: { name: string; plaintext: Uint8Array; plaintextCrc32c: GoogleInt64; additionalAuthenticatedData: Uint8Array; additionalAuthenticatedDataCrc32c: GoogleInt64 },
    options: { timeout: number },
  ): Promise<readonly [GoogleEncrypted, ...unknown[]]>;
  decrypt(
    request: { name: string; ciphertext: Uint8Array; ciphertextCrc32c: GoogleInt64; additionalAuthenticatedData: Uint8Array; additionalAuthenticatedDataCrc32c: GoogleInt64 },
    options: { timeout: number },
  ): Promise<readonly [GoogleDecrypted, ...unknown[]]>;
}

/** Answer of `encrypt`. */
export interface GoogleEncrypted {
  readonly name?: string | null | undefined;
  readonly ciphertext?: Uint8Array | string | null | undefined;
  readonly ciphertextCrc32c?: GoogleChecksum;
  readonly verifiedPlaintextCrc32c?: boolean | null | undefined;
  readonly verifiedAdditionalAuthenticatedDataCrc32c?: boolean | null | undefined;
}

/** Answer of `decrypt`. */
export interface GoogleDecrypted {
  readonly plaintext?: Uint8Array | string | null | undefined;
  readonly plaintextCrc32c?: GoogleChecksum;
}

/** Which key, and who asks. */
export interface GoogleKmsWrapOptions {
  /** `new KeyManagementServiceClient()`. */
  readonly client: GoogleKms;
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`: the key, without a version. */
  readonly keyName: string;
  readonly timeoutMs?: number;
}

const SERVICE = "Google Cloud KMS";

/** A wrap of kind "google-kms". Nothing is cached: every unwrap asks the service. */
export function googleKmsWrap({ client, keyName, timeoutMs = DEFAULT_TIMEOUT_MS }: GoogleKmsWrapOptions): KeyWrap {
  if (!/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/u.test(keyName)) {
    throw new KeyStoreError("UNSUPPORTED_OPTION", "keyName has the form projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version");
  }
  const call = <Result>(translate: Translate, ask: () => Promise<Result>): Promise<Result> => callService({ service: SERVICE, timeoutMs, translate, ask });
  return {
    kind: "google-kms",
    async wrap(key, context) {
      const additional = contextBytes("google-kms", context);
      const request = { name: keyName, plaintext: key, plaintextCrc32c: checksumOf(key), additionalAuthenticatedData: additional, additionalAuthenticatedDataCrc32c: checksumOf(additional) };
      const [answer] = await call(translate, () => client.encrypt(request, { timeout: timeoutMs }));
      const sealed = bytesOf(answer.ciphertext);
      const isWhole = answer.verifiedPlaintextCrc32c === true && answer.verifiedAdditionalAuthenticatedDataCrc32c === true && fits(answer.ciphertextCrc32c, sealed);
      if (!isWhole) throw new KeyStoreError("IO", `${SERVICE}: what was sent or received was changed on its way: try again`);
      return encodePayload({ version: /cryptoKeyVersions\/(?<version>[^/]+)$/u.exec(answer.name ?? "")?.groups?.["version"] ?? "unknown", parts: [sealed] });
    },
    async unwrap(payload, context) {
      const [sealed] = decodePayload(payload, 1).parts as [Uint8Array];
      const additional = contextBytes("google-kms", context);
      const request = { name: keyName, ciphertext: sealed, ciphertextCrc32c: checksumOf(sealed), additionalAuthenticatedData: additional, additionalAuthenticatedDataCrc32c: checksumOf(additional) };
      const [answer] = await call((failure) => (failure.code === 3 ? REFUSED : translate(failure)), () => client.decrypt(request, { timeout: timeoutMs }));
      const plaintext = bytesOf(answer.plaintext);
      if (!fits(answer.plaintextCrc32c, plaintext)) throw new KeyStoreError("IO", `${SERVICE}: what was received was changed on its way: try again`);
      return takeKey(plaintext, SERVICE);
    },
  };
}

function checksumOf(bytes: Uint8Array): GoogleInt64 {
  return { value: crc32c(bytes) };
}

function fits(checksum: GoogleChecksum, bytes: Uint8Array): boolean {
  return checksum?.value !== undefined && checksum.value !== null && Number(checksum.value.toString()) === crc32c(bytes);
}

function bytesOf(value: Uint8Array | string | null | undefined): Uint8Array {
  if (typeof value === "string") return base64.decode(value);
  return value ?? new Uint8Array();
}

const REFUSED = ["WRAP_REFUSED", "the wrap was altered, belongs to another database, or was made by another key"] as const;

/** gRPC's status codes. */
const translate: Translate = ({ code, message }) => {
  switch (code) {
    case 5:
      return ["WRAPPING_KEY_GONE", "there is no such key: look at its name, and whether it was deleted"];
    case 7:
    case 16:
      return ["ACCESS_DENIED", "the credentials are missing, expired or not allowed to use the key"];
    case 8:
      return ["THROTTLED", "too many requests: try again later"];
    case 9:
      return /DESTROY/iu.test(message) ? ["WRAPPING_KEY_GONE", "this version of the key was destroyed, or waits for it: restore it while it is possible"] : ["WRAPPING_KEY_DISABLED", "this version of the key is disabled: enable it again"];
    case 1:
    case 4:
    case 13:
    case 14:
      return ["STORE_UNAVAILABLE", "the service cannot be reached or does not answer: try again later"];
    default:
      return undefined;
  }
};
