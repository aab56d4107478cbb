/** The wraps over the vendors' published types: compiled, never run. What the README shows is this. */
import { KMS } from "@aws-sdk/client-kms";
import { CryptographyClient } from "@azure/keyvault-keys";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import type { KeyWrap } from "@holdfast/key-store";
import { awsKmsWrap } from "@holdfast/key-store-wraps/aws-kms";
import { azureKeyVaultWrap } from "@holdfast/key-store-wraps/azure-key-vault";
import { googleKmsWrap } from "@holdfast/key-store-wraps/google-kms";
import { pkcs11Wrap } from "@holdfast/key-store-wraps/pkcs11";
import * as pkcs11js from "pkcs11js";

/** A `TokenCredential`. */
interface Credential {
  getToken(): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

export function wraps(credential: Credential): KeyWrap[] {
  const keyUrl = "https://clinic.vault.azure.net/keys/clinic";
  return [
    awsKmsWrap({ kms: new KMS({ region: "eu-central-1" }), keyId: "alias/clinic" }),
    azureKeyVaultWrap({ client: (version) => new CryptographyClient([keyUrl, version].filter(Boolean).join("/"), credential) }),
    googleKmsWrap({ client: new KeyManagementServiceClient(), keyName: "projects/p/locations/l/keyRings/r/cryptoKeys/k" }),
    pkcs11Wrap({ pkcs11js, library: "/usr/lib/softhsm/libsofthsm2.so", tokenLabel: "clinic", keyLabel: "first", pin: () => "1234" }),
  ];
}
