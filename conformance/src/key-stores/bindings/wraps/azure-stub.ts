/**
 * A stub of Azure Key Vault: HTTPS under a certificate of its own, the challenge for a token, `wrapkey` and `unwrapkey` of an RSA key.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from "node:crypto";
import type { KeyPairKeyObjectResult } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { temporaryFolder } from "../node/files.ts";
import type { ServiceStub, StubMode } from "./stub-keys.ts";

const FAILURES: Partial<Record<StubMode, readonly [status: number, code: string, inner?: string]>> = {
  disabled: [403, "Forbidden", "KeyDisabled"],
  deleted: [404, "KeyNotFound"],
  throttled: [429, "Throttled"],
  denied: [403, "Forbidden", "ForbiddenByPolicy"],
  broken: [500, "InternalServerError"],
};
/** What requests have to carry. */
export const AZURE_TOKEN = "token-of-the-stub";

const PADDING = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" } as const;

/** @returns The stub, the key's URL and the certificate that clients have to trust. */
export async function startAzureStub(): Promise<ServiceStub & { readonly keyUrl: string; readonly certificate: string }> {
  const versions: KeyPairKeyObjectResult[] = [];
  const rotate = (): void => void versions.push(generateKeyPairSync("rsa", { modulusLength: 2048 }));
  rotate();
  const { key: privateKey, certificate } = makeCertificate();
  const server = createServer({ key: privateKey, cert: certificate }, (request, response) => {
    const answer = (status: number, body: object, headers: Record<string, string> = {}): void => void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    void text(request).then((body) => {
      if (stub.mode === "silent") return;
      const { searchParams } = new URL(request.url ?? "", "https://localhost");
      if (!/^(?:\d+\.\d+|\d{4}-\d\d-\d\d)(?:-preview[.\d]*)?$/u.test(searchParams.get("api-version") ?? "")) return answer(400, { error: { code: "BadParameter", message: "api-version is missing" } });
      if (request.headers.authorization === undefined) return answer(401, {}, { "www-authenticate": `Bearer authorization="https://login.stub.invalid/tenant", resource="https://vault.azure.net"` });
      if (request.headers.authorization !== `Bearer ${AZURE_TOKEN}`) return answer(401, { error: { code: "Unauthorized", message: "another token was expected" } });
      const failure = FAILURES[stub.mode];
      if (failure !== undefined) return answer(failure[0], { error: { code: failure[1], message: `the operation is not possible: ${failure[2] ?? failure[1]}`, innererror: { code: failure[2] } } }, { "retry-after-ms": "10" });
      const [, , , version = "", operation] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
      const { status, result } = perform({ versions, base: stub.keyUrl, version, operation: operation ?? "", body });
      answer(status, result);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const stub: ServiceStub & { readonly keyUrl: string; readonly certificate: string } = {
    mode: "works",
    keyUrl: `https://localhost:${(server.address() as AddressInfo).port}/keys/clinic`,
    certificate,
    rotate,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
  return stub;
}

interface AzureRequest {
  readonly versions: readonly KeyPairKeyObjectResult[];
  readonly base: string;
  readonly version: string;
  readonly operation: string;
  readonly body: string;
}

function perform({ versions, base, version, operation, body }: AzureRequest): { status: number; result: object } {
  const number = version === "" ? versions.length : Number(version);
  const pair = versions[number - 1];
  if (pair === undefined) return { status: 404, result: { error: { code: "KeyNotFound", message: "no such version" } } };
  const kid = `${base}/${String(number).padStart(32, "0")}`;
  if (operation === "") return { status: 200, result: { key: { kid, kty: "RSA", key_ops: ["wrapKey", "unwrapKey"], ...pair.publicKey.export({ format: "jwk" }) }, attributes: { enabled: true } } };
  const { alg, value: text } = JSON.parse(body) as { alg: string; value: string };
  if (alg !== "RSA-OAEP-256" || !/^[\w-]+$/u.test(text)) return { status: 400, result: { error: { code: "BadParameter", message: "alg or value is another one" } } };
  const value = Buffer.from(text, "base64url");
  if (operation === "wrapkey") return { status: 200, result: { kid, value: publicEncrypt({ key: pair.publicKey, ...PADDING }, value).toString("base64url") } };
  try {
    return { status: 200, result: { kid, value: privateDecrypt({ key: pair.privateKey, ...PADDING }, value).toString("base64url") } };
  } catch {
    return { status: 400, result: { error: { code: "BadParameter", message: "the parameter is incorrect" } } };
  }
}

function makeCertificate(): { key: string; certificate: string } {
  const { folder, remove } = temporaryFolder();
  try {
    const options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", join(folder, "key"), "-out", join(folder, "certificate")];
    const { status, stderr } = spawnSync("openssl", options, { encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
    return { key: readFileSync(join(folder, "key"), "utf8"), certificate: readFileSync(join(folder, "certificate"), "utf8") };
  } finally {
    remove();
  }
}
