/**
 * A stub of AWS KMS: HTTP, JSON 1.1, requests signed with Signature Version 4, `Encrypt` and `Decrypt` of one key.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { StubKey } from "./stub-keys.ts";
import type { ServiceStub, StubMode } from "./stub-keys.ts";

/** What requests have to be signed with. */
export const AWS_CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

const REGION = "eu-central-1";
const ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

interface AwsRequest {
  readonly KeyId: string;
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Record<string, string>;
}

const FAILURES: Partial<Record<StubMode, readonly [status: number, type: string]>> = {
  disabled: [400, "DisabledException"],
  deleted: [400, "KMSInvalidStateException"],
  throttled: [400, "ThrottlingException"],
  denied: [400, "AccessDeniedException"],
  broken: [500, "KMSInternalException"],
};

/** @returns The stub and where it listens. */
export async function startAwsStub(): Promise<ServiceStub & { readonly endpoint: string }> {
  const key = new StubKey();
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void => void response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    void text(request).then((body) => {
      if (stub.mode === "silent") return;
      const complaint = complaintAbout(request, body);
      if (complaint !== undefined) return answer(403, { __type: "InvalidSignatureException", message: complaint });
      const failure = FAILURES[stub.mode];
      if (failure !== undefined) return answer(failure[0], { __type: failure[1], message: `${ARN} is pending deletion.` });
      const { status, result } = perform(key, String(request.headers["x-amz-target"]), JSON.parse(body) as AwsRequest);
      answer(status, result);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const stub: ServiceStub & { readonly endpoint: string } = {
    mode: "works",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rotate: () => key.rotate(),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
  return stub;
}

/** Signature Version 4, as AWS documents it. @returns What is wrong with a request */
function complaintAbout({ method, url, headers }: IncomingMessage, body: string): string | undefined {
  if (method !== "POST" || url !== "/" || headers["content-type"] !== "application/x-amz-json-1.1") return "the request has another form than JSON 1.1";
  const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/kms\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/u.exec(headers.authorization ?? "");
  if (match === null) return "the authorization header has another form";
  const [, id, day = "", region = "", names = "", signature] = match;
  const at = String(headers["x-amz-date"]);
  if (id !== AWS_CREDENTIALS.accessKeyId || region !== REGION || !at.startsWith(day)) return "the credential is another one, or of another region or day";
  if (!["host", "x-amz-date", "x-amz-target"].every((name) => names.split(";").includes(name))) return "a header that counts is not signed";
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = [method, url, "", ...names.split(";").map((name) => `${name}:${String(headers[name]).trim()}`), "", names, hash(body)].join("\n");
  const signing = [day, region, "kms", "aws4_request"].reduce<Buffer | string>((key, part) => createHmac("sha256", key).update(part).digest(), `AWS4${AWS_CREDENTIALS.secretAccessKey}`);
  const expected = createHmac("sha256", signing).update(["AWS4-HMAC-SHA256", at, `${day}/${region}/kms/aws4_request`, hash(canonical)].join("\n")).digest("hex");
  return expected === signature ? undefined : "the signature does not fit";
}

function perform(key: StubKey, target: string, { KeyId, Plaintext, CiphertextBlob, EncryptionContext = {} }: AwsRequest): { status: number; result: object } {
  if (KeyId !== ARN && KeyId !== "alias/clinic") return { status: 400, result: { __type: "NotFoundException", message: "not found" } };
  // The documented fields and no others; the context is part of every request.
  if (!["TrentService.Encrypt", "TrentService.Decrypt"].includes(target) || Object.keys(EncryptionContext).length === 0 || (Plaintext === undefined) === (CiphertextBlob === undefined)) return { status: 400, result: { __type: "ValidationException", message: "another request was expected" } };
  const additional = Buffer.from(JSON.stringify(Object.entries(EncryptionContext).toSorted()));
  if (target === "TrentService.Encrypt") return { status: 200, result: { KeyId: ARN, CiphertextBlob: key.seal(Buffer.from(Plaintext ?? "", "base64"), additional).toString("base64") } };
  const opened = key.open(Buffer.from(CiphertextBlob ?? "", "base64"), additional);
  if (opened === undefined) return { status: 400, result: { __type: "InvalidCiphertextException" } };
  return { status: 200, result: { KeyId: ARN, Plaintext: opened.toString("base64") } };
}
