/**
 * A stub of AWS KMS: HTTP, JSON 1.1, `Encrypt` and `Decrypt` of one key.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { StubKey } from "./stub-keys.ts";
import type { ServiceStub, StubMode } from "./stub-keys.ts";

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

function perform(key: StubKey, target: string, { KeyId, Plaintext, CiphertextBlob, EncryptionContext = {} }: AwsRequest): { status: number; result: object } {
  if (KeyId !== ARN && KeyId !== "alias/clinic") return { status: 400, result: { __type: "NotFoundException", message: "not found" } };
  const additional = Buffer.from(JSON.stringify(Object.entries(EncryptionContext).toSorted()));
  if (target === "TrentService.Encrypt") return { status: 200, result: { KeyId: ARN, CiphertextBlob: key.seal(Buffer.from(Plaintext ?? "", "base64"), additional).toString("base64") } };
  const opened = key.open(Buffer.from(CiphertextBlob ?? "", "base64"), additional);
  if (opened === undefined) return { status: 400, result: { __type: "InvalidCiphertextException" } };
  return { status: 200, result: { KeyId: ARN, Plaintext: opened.toString("base64") } };
}
