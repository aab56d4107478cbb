/**
 * Database keys under a symmetric key of AWS KMS.
 *
 * Database and key id travel as the encryption context, which AWS authenticates and shows in its logs.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import type { KeyWrap, WrapContext } from "@holdfast/key-store";
import { decodePayload, encodePayload } from "./payload.ts";
import { callService, DEFAULT_TIMEOUT_MS, takeKey } from "./service-call.ts";
import type { Translate } from "./service-call.ts";

/** The part of `KMS` of `@aws-sdk/client-kms` that is used. */
export interface AwsKms {
  encrypt(input: { KeyId: string; Plaintext: Uint8Array; EncryptionContext: Record<string, string> }, options: { abortSignal: AbortSignal }): Promise<{ CiphertextBlob?: Uint8Array | undefined; KeyId?: string | undefined }>;
  decrypt(input: { KeyId: string; CiphertextBlob: Uint8Array; EncryptionContext: Record<string, string> }, options: { abortSignal: AbortSignal }): Promise<{ Plaintext?: Uint8Array | undefined }>;
}

/** Which key, and who asks. */
export interface AwsKmsWrapOptions {
  /** `new KMS({ region })`. */
  readonly kms: AwsKms;
  /** Id, ARN or alias of the key that wraps. */
  readonly keyId: string;
  /** Keys that wrapped before: tried if the first one is not the wrap's. AWS's own rotation needs none of these. */
  readonly formerKeyIds?: readonly string[];
  readonly timeoutMs?: number;
}

const SERVICE = "AWS KMS";

/** A wrap of kind "aws-kms". Nothing is cached: every unwrap asks the service. */
export function awsKmsWrap({ kms, keyId, formerKeyIds = [], timeoutMs = DEFAULT_TIMEOUT_MS }: AwsKmsWrapOptions): KeyWrap {
  const call = <Result>(ask: (signal: AbortSignal) => Promise<Result>): Promise<Result> => callService({ service: SERVICE, timeoutMs, translate, ask });
  return {
    kind: "aws-kms",
    async wrap(key, context) {
      const { CiphertextBlob, KeyId } = await call((abortSignal) => kms.encrypt({ KeyId: keyId, Plaintext: key, EncryptionContext: encryptionContext(context) }, { abortSignal }));
      if (CiphertextBlob === undefined) throw new KeyStoreError("IO", `${SERVICE} has answered without a ciphertext`);
      return encodePayload({ version: KeyId ?? keyId, parts: [CiphertextBlob] });
    },
    async unwrap(payload, context) {
      const { version, parts } = decodePayload(payload, 1);
      const [CiphertextBlob] = parts as [Uint8Array];
      // Only keys that the application named are asked for; the stored name says which one first.
      const candidates = [keyId, ...formerKeyIds].toSorted((left, right) => Number(right === version) - Number(left === version));
      let refusal: unknown;
      for (const KeyId of candidates) {
        try {
          const { Plaintext } = await call((abortSignal) => kms.decrypt({ KeyId, CiphertextBlob, EncryptionContext: encryptionContext(context) }, { abortSignal }));
          return takeKey(Plaintext, SERVICE);
        } catch (error) {
          if ((error as KeyStoreError).code !== "WRAP_REFUSED") throw error;
          refusal ??= error;
        }
      }
      throw refusal;
    },
  };
}

function encryptionContext({ databaseName, keyId }: WrapContext): Record<string, string> {
  return { "holdfast:wrap": "v1", "holdfast:database": databaseName, "holdfast:key-id": keyId };
}

const translate: Translate = ({ name, status, message }) => {
  switch (name) {
    case "InvalidCiphertextException":
    case "IncorrectKeyException":
      return ["WRAP_REFUSED", "the wrap was altered, belongs to another database, or was made by a key that was not named (formerKeyIds)"];
    case "DisabledException":
      return ["WRAPPING_KEY_DISABLED", "the key is disabled: enable it again"];
    case "KMSInvalidStateException":
      return /pending deletion|PendingDeletion/iu.test(message) ? ["WRAPPING_KEY_GONE", "the key waits for its deletion: cancel that while it is possible"] : ["WRAPPING_KEY_DISABLED", "the key is in a state in which it cannot be used"];
    case "NotFoundException":
      return ["WRAPPING_KEY_GONE", "there is no such key here: look at its id, account and region, and whether it was deleted"];
    case "AccessDeniedException":
    case "UnrecognizedClientException":
    case "InvalidClientTokenId":
    case "InvalidSignatureException":
    case "ExpiredTokenException":
    case "IncompleteSignature":
    case "CredentialsProviderError":
      return ["ACCESS_DENIED", "the credentials are missing, expired or not allowed to use the key"];
    case "ThrottlingException":
    case "LimitExceededException":
    case "TooManyRequestsException":
      return ["THROTTLED", "too many requests: try again later"];
    case "DependencyTimeoutException":
    case "KeyUnavailableException":
    case "KMSInternalException":
      return ["STORE_UNAVAILABLE", "the service cannot answer now: try again later"];
    default:
      return status === 429 ? ["THROTTLED", "too many requests: try again later"] : undefined;
  }
};
