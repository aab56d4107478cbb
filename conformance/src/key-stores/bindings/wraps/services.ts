/**
 * The wraps of key-store-wraps over the store in memory: KMS through the vendors' SDKs and stubs of ours, a real SoftHSM, a real TPM in software.
 *
 * @module
 */
import { inspect } from "node:util";
import { awsKmsWrap } from "@holdfast/key-store-wraps/aws-kms";
import type { AwsKms } from "@holdfast/key-store-wraps/aws-kms";
import { azureKeyVaultWrap } from "@holdfast/key-store-wraps/azure-key-vault";
import type { AzureCryptography } from "@holdfast/key-store-wraps/azure-key-vault";
import { googleKmsWrap } from "@holdfast/key-store-wraps/google-kms";
import type { GoogleKms } from "@holdfast/key-store-wraps/google-kms";
import type { KeyWrap } from "@holdfast/key-store";
import type { KeyStoreBinding, NotHere } from "../../binding.ts";
import { missingPrograms } from "../node/missing-programs.ts";
import { AWS_CREDENTIALS, startAwsStub } from "./aws-stub.ts";
import { AZURE_TOKEN, startAzureStub } from "./azure-stub.ts";
import { GOOGLE_KEY, startGoogleStub } from "./google-stub.ts";
import { kmsCase, kmsHome } from "./kms-cases.ts";
import type { KmsHome } from "./kms-cases.ts";
import { missingPeer, peerVersion, requirePeer } from "./peers.ts";
import type { ServiceStub } from "./stub-keys.ts";

const show = (value: unknown): string => inspect(value, { depth: 8, showHidden: true });

/** A service: its stub, and the wrap over the vendor's SDK. */
export interface WrapService {
  readonly stub: ServiceStub;
  wrapWithin(timeoutMs: number): KeyWrap;
}

function kmsBinding(title: string, peer: string, openHome: KeyStoreBinding["openHome"]): KeyStoreBinding {
  return {
    name: `wrap: ${title}`,
    kind: "simulated",
    description: `${peer} ${peerVersion(peer)} against a stub of this project, over the store in memory, Node ${process.versions.node}`,
    backend: "memory",
    isWrap: true,
    inspect: show,
    openHome,
    ownCases: { 49: kmsCase },
  };
}

/** AWS KMS. */
export function awsBinding(): KeyStoreBinding | NotHere {
  const peer = "@aws-sdk/client-kms";
  const missing = missingPeer(peer);
  if (missing !== undefined) return missing;
  return kmsBinding("AWS KMS", peer, async () => homeOf(await awsService()));
}

/** The wrap over AWS's SDK. */
export async function awsService(): Promise<WrapService> {
  const { KMS } = requirePeer("@aws-sdk/client-kms") as { KMS: new (options: object) => AwsKms };
  const stub = await startAwsStub();
  const kms = new KMS({ region: "eu-central-1", endpoint: stub.endpoint, maxAttempts: 2, credentials: AWS_CREDENTIALS });
  return { stub, wrapWithin: (timeoutMs) => awsKmsWrap({ kms, keyId: "alias/clinic", timeoutMs }) };
}

/** Azure Key Vault. */
export function azureBinding(): KeyStoreBinding | NotHere {
  const peer = "@azure/keyvault-keys";
  const missing = missingPeer(peer) ?? missingPrograms("the stub's certificate is made on Linux", { openssl: "openssl" });
  if (missing !== undefined) return missing;
  return kmsBinding("Azure Key Vault", peer, async () => homeOf(await azureService()));
}

/** The wrap over Azure's SDK. */
export async function azureService(): Promise<WrapService> {
  const { CryptographyClient } = requirePeer("@azure/keyvault-keys") as { CryptographyClient: new (key: string, credential: object, options: object) => AzureCryptography };
  const stub = await startAzureStub();
  const credential = { getToken: async () => ({ token: AZURE_TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const options = { disableChallengeResourceVerification: true, tlsOptions: { ca: stub.certificate }, retryOptions: { maxRetries: 1, retryDelayInMs: 10, maxRetryDelayInMs: 20 } };
  const client = (version: string | undefined): AzureCryptography => new CryptographyClient([stub.keyUrl, version].filter(Boolean).join("/"), credential, options);
  return { stub, wrapWithin: (timeoutMs) => azureKeyVaultWrap({ client, timeoutMs }) };
}

/** Google Cloud KMS. */
export function googleBinding(): KeyStoreBinding | NotHere {
  const peer = "@google-cloud/kms";
  const missing = missingPeer(peer);
  if (missing !== undefined) return missing;
  return kmsBinding("Google Cloud KMS", peer, async () => homeOf(await googleService()));
}

/** The wrap over Google's SDK. */
export async function googleService(): Promise<WrapService> {
  // Else the SDK looks for a metadata server on the network.
  process.env["METADATA_SERVER_DETECTION"] = "none";
  const { KeyManagementServiceClient } = requirePeer("@google-cloud/kms") as { KeyManagementServiceClient: new (options: object) => GoogleKms };
  const stub = await startGoogleStub();
  const client = new KeyManagementServiceClient({ servicePath: "127.0.0.1", port: stub.port, sslCreds: stub.credentials, projectId: "holdfast" });
  return { stub, wrapWithin: (timeoutMs) => googleKmsWrap({ client, keyName: GOOGLE_KEY, timeoutMs }) };
}

function homeOf({ stub, wrapWithin }: WrapService): KmsHome {
  return kmsHome(stub, wrapWithin);
}
