/**
 * Every key store of the project: those with a binding, and those without, each with the reason. A new binding is named here.
 *
 * @module
 */
import type { KeyStoreBinding, NotHere } from "./binding.ts";

/** An adapter of the report. */
export interface RegisteredKeyStore {
  readonly name: string;
  /** Makes the binding, or says why this machine cannot. Imports it only when it is asked for. */
  load(how: LoadOptions): Promise<KeyStoreBinding | NotHere>;
}

/** How a binding is asked for. */
export interface LoadOptions {
  /** True in the long form and where the binding is named: a run of all key stores leaves out what takes long and shows little that is new. */
  readonly isAsked: boolean;
}

/** The same code as in Chromium, and a second browser's start. */
const FIREFOX_IF_ASKED = "a second browser is for the long form: run.ts --only key-stores --long, or --binding Firefox. Last run on 2026-11-21 in Firefox 153.7: 39 of 54 cases passed, 15 do not apply";
/** It writes five seconds late and waits for prompts: half a minute, most of it asleep. */
const KWALLET_IF_ASKED = "a second Secret Service is for the long form: run.ts --only key-stores --long, --all-bindings, or --binding KWallet. Last run on 2026-11-21 over KWallet 5.103: 41 of 54 cases passed, 11 do not apply, 2 cannot be run without a display";
const OTHER_SYSTEM = "needs a machine of that system; the binding is the Secret Service's with other faults, and has not been tried";

/** In the report's order. */
export const KEY_STORES: readonly RegisteredKeyStore[] = [
  { name: "memory", load: async () => (await import("./bindings/memory.ts")).memoryBinding() },
  { name: "node: passphrase file", load: async () => (await import("./bindings/file.ts")).fileBinding() },
  { name: "node: Secret Service, gnome-keyring", load: async () => (await import("./bindings/gnome-keyring.ts")).gnomeKeyringBinding() },
  { name: "node: Secret Service, KWallet", load: async ({ isAsked }) => (isAsked ? (await import("./bindings/kwallet.ts")).kwalletBinding() : { reason: KWALLET_IF_ASKED, isOtherSystem: true }) },
  { name: "wrap: AWS KMS", load: async () => (await import("./bindings/wraps/services.ts")).awsBinding() },
  { name: "wrap: Azure Key Vault", load: async () => (await import("./bindings/wraps/services.ts")).azureBinding() },
  { name: "wrap: Google Cloud KMS", load: async () => (await import("./bindings/wraps/services.ts")).googleBinding() },
  { name: "wrap: PKCS#11", load: async () => (await import("./bindings/wraps/hardware.ts")).pkcs11Binding() },
  { name: "wrap: TPM 2.0", load: async () => (await import("./bindings/wraps/hardware.ts")).tpm2Binding() },
  { name: "node: login keychain of macOS", load: async () => ({ reason: OTHER_SYSTEM, isOtherSystem: true }) },
  { name: "node: Credential Manager of Windows", load: async () => ({ reason: OTHER_SYSTEM, isOtherSystem: true }) },
  { name: "web: Chromium", load: async () => (await import("./bindings/chromium.ts")).chromiumBinding() },
  { name: "web: Firefox", load: async ({ isAsked }) => (isAsked ? (await import("./bindings/firefox.ts")).firefoxBinding() : { reason: FIREFOX_IF_ASKED, isOtherSystem: true }) },
  { name: "web: Safari", load: async () => ({ reason: "needs a Mac; WebKitGTK is another storage backend", isOtherSystem: true }) },
  { name: "keychain: react-native-keychain", load: async () => (await import("./bindings/keychain.ts")).keychainBinding("react-native-keychain") },
  { name: "keychain: expo-secure-store", load: async () => (await import("./bindings/keychain.ts")).keychainBinding("expo-secure-store") },
  { name: "keychain: capacitor-secure-storage", load: async () => (await import("./bindings/keychain.ts")).keychainBinding("capacitor-secure-storage") },
  { name: "keystore: react-native-keychain", load: async () => (await import("./bindings/keystore.ts")).keystoreBinding("react-native-keychain") },
  { name: "keystore: expo-secure-store", load: async () => (await import("./bindings/keystore.ts")).keystoreBinding("expo-secure-store") },
  { name: "keystore: capacitor-secure-storage", load: async () => (await import("./bindings/keystore.ts")).keystoreBinding("capacitor-secure-storage") },
  { name: "keychain on an iPhone", load: async () => ({ reason: "needs a device: docs/examples/device-tests runs the same cases there", isOtherSystem: true }) },
  { name: "keystore on a phone with Android", load: async () => ({ reason: "needs a device: docs/examples/device-tests runs the same cases there", isOtherSystem: true }) },
];
