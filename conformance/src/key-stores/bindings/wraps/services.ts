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
import type { KeyStoreBinding, NotHere } from "../../binding.ts";
import { missingPrograms } from "../node/missing-programs.ts";
import { startAwsStub } from "./aws-stub.ts";
import { startAzureStub } from "./azure-stub.ts";
import { GOOGLE_KEY, startGoogleStub } from "./google-stub.ts";
import { kmsCase, kmsHome } from "./kms-cases.ts";
import { missingPeer, peerVersion, requirePeer } from "./peers.ts";

const show = (value: unknown): string => inspect(value, { depth: 8, showHidden: true });

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
  return kmsBinding("AWS KMS", peer, async () => {
    const { KMS } = requirePeer(peer) as { KMS: new (options: object) => AwsKms };
    const stub = await startAwsStub();
    const kms = new KMS({ region: "eu-central-1", endpoint: stub.endpoint, maxAttempts: 2, credentials: { accessKeyId: "stub", secretAccessKey: "stub" } });
    return kmsHome(stub, (timeoutMs) => awsKmsWrap({ kms, keyId: "alias/clinic", timeoutMs }));
  });
}

/** Azure Key Vault. */
export function azureBinding(): KeyStoreBinding | NotHere {
  const peer = "@azure/keyvault-keys";
  const missing = missingPeer(peer) ?? missingPrograms("the stub's certificate is made on Linux", { openssl: "openssl" });
  if (missing !== undefined) return missing;
  return kmsBinding("Azure Key Vault", peer, async () => {
    const { CryptographyClient } = requirePeer(peer) as { CryptographyClient: new (key: string, credential: object, options: object) => AzureCryptography };
    const stub = await startAzureStub();
    const credential = { getToken: async () => ({ token: "stub", expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const options = { disableChallengeResourceVerification: true, tlsOptions: { ca: stub.certificate }, retryOptions: { maxRetries: 1, retryDelayInMs: 10, maxRetryDelayInMs: 20 } };
    const client = (version: string | undefined): AzureCryptography => new CryptographyClient([stub.keyUrl, version].filter(Boolean).join("/"), credential, options);
    return kmsHome(stub, (timeoutMs) => azureKeyVaultWrap({ client, timeoutMs }));
  });
}

/** Google Cloud KMS. */
export function googleBinding(): KeyStoreBinding | NotHere {
  const peer = "@google-cloud/kms";
  const missing = missingPeer(peer);
  if (missing !== undefined) return missing;
  return kmsBinding("Google Cloud KMS", peer, async () => {
    // Else the SDK looks for a metadata server on the network.
    process.env["METADATA_SERVER_DETECTION"] = "none";
    const { KeyManagementServiceClient } = requirePeer(peer) as { KeyManagementServiceClient: new (options: object) => GoogleKms };
    const stub = await startGoogleStub();
    const client = new KeyManagementServiceClient({ servicePath: "127.0.0.1", port: stub.port, sslCreds: stub.credentials, projectId: "holdfast" });
    return kmsHome(stub, (timeoutMs) => googleKmsWrap({ client, keyName: GOOGLE_KEY, timeoutMs }));
  });
}
