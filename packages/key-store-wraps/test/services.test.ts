/** The wraps over clients that answer as the SDKs do. The real SDKs, against stubs, run in the conformance suite (cases 49-51). */
import type { KeyStoreError, KeyWrap } from "@holdfast/key-store";
import { describe, expect, it } from "vitest";
import { awsKmsWrap } from "../src/aws-kms.ts";
import type { AwsKms } from "../src/aws-kms.ts";
import { azureKeyVaultWrap } from "../src/azure-key-vault.ts";
import type { AzureCryptography } from "../src/azure-key-vault.ts";
import { crc32c } from "../src/crc32c.ts";
import { googleKmsWrap } from "../src/google-kms.ts";
import type { GoogleKms } from "../src/google-kms.ts";
import { decodePayload, encodePayload } from "../src/payload.ts";

const key = Uint8Array.from({ length: 64 }, (_, index) => index * 3 + 1);
const context = { databaseName: "clinic", keyId: "AAAAAAAAAAAAAAAAAAAAAA" };
const keyName = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
const failure = async (promise: Promise<unknown>): Promise<KeyStoreError> => promise.then(() => Promise.reject(new Error("it was accepted")), (error: unknown) => error as KeyStoreError);
const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x5a);
const failing = (error: unknown): never => {
  throw error;
};

/** An error as the SDK of a service throws it. */
const awsError = (name: string, more: object = {}): Error => Object.assign(new Error("told by the service"), { name, ...more });
const restError = (statusCode: number | undefined, code?: string, message = "told by the service"): Error => Object.assign(new Error(message), { name: "RestError", statusCode, code, request: { body: Buffer.from(key).toString("base64url") } });
const grpcError = (code: number, message = "told by the service"): Error => Object.assign(new Error(message), { code });

const aws = (error?: unknown): KeyWrap => awsKmsWrap({ keyId: "alias/a", kms: { encrypt: async () => (error === undefined ? { CiphertextBlob: flip(key), KeyId: "arn" } : failing(error)), decrypt: async ({ CiphertextBlob }) => (error === undefined ? { Plaintext: flip(CiphertextBlob) } : failing(error)) } });
const azure = (error?: unknown): KeyWrap => azureKeyVaultWrap({ client: () => ({ wrapKey: async (_algorithm, bytes) => (error === undefined ? { result: flip(bytes), keyID: "https://v/keys/k/7" } : failing(error)), unwrapKey: async (_algorithm, bytes) => (error === undefined ? { result: flip(bytes) } : failing(error)) }) });
const google = (error?: unknown): KeyWrap => googleKmsWrap({ keyName, client: googleClient(error) });
function googleClient(error?: unknown, changed: object = {}): GoogleKms {
  return {
    encrypt: async ({ plaintext }) => (error === undefined ? [{ name: `${keyName}/cryptoKeyVersions/3`, ciphertext: flip(plaintext), ciphertextCrc32c: { value: String(crc32c(flip(plaintext))) }, verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: true, ...changed }] : failing(error)),
    decrypt: async ({ ciphertext }) => (error === undefined ? [{ plaintext: Buffer.from(flip(ciphertext)).toString("base64"), plaintextCrc32c: { value: crc32c(flip(ciphertext)) }, ...changed }] : failing(error)),
  };
}

it("CRC-32C has the check value of its definition, and those of RFC 3720", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
});

it("a payload comes back, and any other form is KEY_CORRUPT", () => {
  const payload = encodePayload({ version: "arn:aws:kms", parts: [Uint8Array.of(1, 2), Uint8Array.of(3)] });
  expect(payload).toMatch(/^[\w~-]+$/u);
  expect(decodePayload(payload, 2)).toEqual({ version: "arn:aws:kms", parts: [Uint8Array.of(1, 2), Uint8Array.of(3)] });
  for (const other of ["", "1", `2${payload.slice(1)}`, `${payload}~AA`, payload.slice(0, payload.lastIndexOf("~")), payload.slice(0, -1), `${payload}~`, "1~!~AA~AA"]) {
    expect(() => decodePayload(other, 2)).toThrow(expect.objectContaining({ code: "KEY_CORRUPT" }) as Error);
  }
});

describe.each([
  ["AWS KMS", aws, "arn"],
  ["Azure Key Vault", azure, "7"],
  ["Google Cloud KMS", google, "3"],
])("%s", (_service, make, version) => {
  it("stores the version of its key, and gives fresh bytes", async () => {
    const payload = await make().wrap(key.slice(), context);
    expect(Buffer.from(payload.split("~")[1] ?? "", "base64url").toString()).toBe(version);
    const opened = await make().unwrap(payload, context);
    opened.fill(0);
    expect(await make().unwrap(payload, context)).toEqual(key);
  });

  it.each(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_SOCKET", "CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN", "REQUEST_SEND_ERROR"])(
    "is STORE_UNAVAILABLE when the network says %s, also inside of another error",
    async (code) => {
      const error = Object.assign(new Error("no network"), { code });
      const payload = await make().wrap(key.slice(), context);
      for (const thrown of [error, new Error("request failed", { cause: error }), Object.assign(new Error("no network"), { name: code })]) {
        expect((await failure(make(thrown).wrap(key.slice(), context))).code).toBe("STORE_UNAVAILABLE");
        expect((await failure(make(thrown).unwrap(payload, context))).code).toBe("STORE_UNAVAILABLE");
      }
    },
  );

  it("keeps an unknown error's name and text, and nothing of its request", async () => {
    const error = await failure(make(Object.assign(new Error("something new"), { name: "NewException", request: { body: Buffer.from(key).toString("base64") } })).wrap(key.slice(), context));
    expect([error.code, (error.cause as Error).name, (error.cause as Error).message, Object.keys(error.cause as object)]).toEqual(["IO", "NewException", "something new", ["name"]]);
  });
});

it.each<[string, KeyWrap, string]>([
  ["disabled at AWS", aws(awsError("DisabledException")), "WRAPPING_KEY_DISABLED"],
  ["waiting for deletion at AWS", aws(awsError("KMSInvalidStateException", { message: "arn is pending deletion." })), "WRAPPING_KEY_GONE"],
  ["without imported material at AWS", aws(awsError("KMSInvalidStateException", { message: "arn is pending import." })), "WRAPPING_KEY_DISABLED"],
  ["missing at AWS", aws(awsError("NotFoundException")), "WRAPPING_KEY_GONE"],
  ["forbidden at AWS", aws(awsError("AccessDeniedException")), "ACCESS_DENIED"],
  ["without credentials for AWS", aws(awsError("CredentialsProviderError")), "ACCESS_DENIED"],
  ["throttled at AWS", aws(awsError("ThrottlingException")), "THROTTLED"],
  ["throttled at AWS by status", aws(awsError("Unknown", { $metadata: { httpStatusCode: 429 } })), "THROTTLED"],
  ["a failure inside of AWS", aws(awsError("Unknown", { $metadata: { httpStatusCode: 503 } })), "STORE_UNAVAILABLE"],
  ["disabled at Azure", azure(restError(403, "Forbidden", "Operation wrapKey is not permitted: KeyDisabled")), "WRAPPING_KEY_DISABLED"],
  ["missing at Azure", azure(restError(404, "KeyNotFound")), "WRAPPING_KEY_GONE"],
  ["deleted and recoverable at Azure", azure(restError(409, "ObjectIsDeletedButRecoverable")), "WRAPPING_KEY_GONE"],
  ["forbidden at Azure", azure(restError(403, "Forbidden")), "ACCESS_DENIED"],
  ["without credentials for Azure", azure(awsError("CredentialUnavailableError")), "ACCESS_DENIED"],
  ["throttled at Azure", azure(restError(429)), "THROTTLED"],
  ["a failure inside of Azure", azure(restError(500)), "STORE_UNAVAILABLE"],
  ["a bad request to Azure", azure(restError(400)), "IO"],
  ["disabled at Google", google(grpcError(9, "current state is: DISABLED")), "WRAPPING_KEY_DISABLED"],
  ["destroyed at Google", google(grpcError(9, "current state is: DESTROYED")), "WRAPPING_KEY_GONE"],
  ["missing at Google", google(grpcError(5)), "WRAPPING_KEY_GONE"],
  ["forbidden at Google", google(grpcError(7)), "ACCESS_DENIED"],
  ["without credentials for Google", google(grpcError(16)), "ACCESS_DENIED"],
  ["throttled at Google", google(grpcError(8)), "THROTTLED"],
  ["unreached at Google", google(grpcError(14)), "STORE_UNAVAILABLE"],
  ["late at Google", google(grpcError(4)), "STORE_UNAVAILABLE"],
])("a key %s: %#", async (_what, wrap, code) => {
  const error = await failure(wrap.wrap(key.slice(), context));
  expect(error.code).toBe(code);
  expect(JSON.stringify(error) + String(error.cause)).not.toContain(Buffer.from(key).toString("base64url").slice(0, 12));
});

it("a refusal to decrypt is WRAP_REFUSED", async () => {
  const payload = encodePayload({ version: "1", parts: [Uint8Array.of(1)] });
  for (const name of ["InvalidCiphertextException", "IncorrectKeyException"]) expect((await failure(aws(awsError(name)).unwrap(payload, context))).code).toBe("WRAP_REFUSED");
  expect((await failure(google(grpcError(3)).unwrap(payload, context))).code).toBe("WRAP_REFUSED");
  expect((await failure(azure(restError(400)).unwrap(encodePayload({ version: "1", parts: [Uint8Array.of(1), Uint8Array.of(1)] }), context))).code).toBe("WRAP_REFUSED");
});

it("a service that is silent is given up, and told so", async () => {
  let isAborted = false;
  const kms: AwsKms = {
    encrypt: async (_input, { abortSignal }) => new Promise((_resolve, reject) => abortSignal.addEventListener("abort", () => ((isAborted = true), reject(new Error("aborted"))))),
    decrypt: async () => ({}),
  };
  expect((await failure(awsKmsWrap({ kms, keyId: "a", timeoutMs: 20 }).wrap(key.slice(), context))).code).toBe("STORE_UNAVAILABLE");
  expect(isAborted).toBe(true);
});

it("AWS: asks for the key that made the wrap first, and for no key that was not named", async () => {
  const asked: string[] = [];
  const kms: AwsKms = {
    encrypt: async () => ({ CiphertextBlob: flip(key), KeyId: "arn:old" }),
    decrypt: async ({ KeyId, CiphertextBlob }) => {
      asked.push(KeyId);
      if (KeyId === "arn:old") return { Plaintext: flip(CiphertextBlob) };
      throw awsError("IncorrectKeyException");
    },
  };
  const payload = await awsKmsWrap({ kms, keyId: "alias/old" }).wrap(key.slice(), context);
  expect(await awsKmsWrap({ kms, keyId: "alias/new", formerKeyIds: ["arn:older", "arn:old"] }).unwrap(payload, context)).toEqual(key);
  expect(asked).toEqual(["arn:old"]);
  asked.length = 0;
  expect((await failure(awsKmsWrap({ kms, keyId: "alias/new", formerKeyIds: ["arn:older"] }).unwrap(payload, context))).code).toBe("WRAP_REFUSED");
  expect(asked).toEqual(["alias/new", "arn:older"]);
});

it("Azure: the wrap's own HMAC binds context and version, and a version that cannot be one is not asked for", async () => {
  const asked: (string | undefined)[] = [];
  const client = (version: string | undefined): AzureCryptography => {
    asked.push(version);
    return { wrapKey: async (_algorithm, bytes) => ({ result: flip(bytes), keyID: "https://v/keys/k/7" }), unwrapKey: async (_algorithm, bytes) => ({ result: flip(bytes) }) };
  };
  const wrap = azureKeyVaultWrap({ client });
  const payload = await wrap.wrap(key.slice(), context);
  const [format, , ...parts] = payload.split("~");
  const withVersion = (version: string): string => [format, Buffer.from(version).toString("base64url"), ...parts].join("~");
  expect((await failure(wrap.unwrap(payload, { ...context, databaseName: "other" }))).code).toBe("WRAP_REFUSED");
  expect((await failure(wrap.unwrap(payload, { ...context, keyId: "B" }))).code).toBe("WRAP_REFUSED");
  expect((await failure(wrap.unwrap(withVersion("8"), context))).code).toBe("WRAP_REFUSED");
  expect((await failure(wrap.unwrap(withVersion("../../secrets/x"), context))).code).toBe("KEY_CORRUPT");
  expect(asked).toEqual([undefined, "7", "7", "8"]);
});

it("Google: what was changed on its way is IO, and nothing is kept", async () => {
  for (const changed of [{ verifiedPlaintextCrc32c: false }, { verifiedAdditionalAuthenticatedDataCrc32c: undefined }, { ciphertextCrc32c: { value: 1 } }, { ciphertextCrc32c: null }]) {
    expect((await failure(googleKmsWrap({ keyName, client: googleClient(undefined, changed) }).wrap(key.slice(), context))).code).toBe("IO");
  }
  const payload = await google().wrap(key.slice(), context);
  expect((await failure(googleKmsWrap({ keyName, client: googleClient(undefined, { plaintextCrc32c: { value: 1 } }) }).unwrap(payload, context))).code).toBe("IO");
  expect(() => googleKmsWrap({ keyName: `${keyName}/cryptoKeyVersions/3`, client: googleClient() })).toThrow(expect.objectContaining({ code: "UNSUPPORTED_OPTION" }) as Error);
});
