import { enterWebView, newAndroidPhone } from "@holdfast/simulated-phones";
import { beforeEach, describe, expect, it } from "vitest";
import { openKeystoreStore } from "../src/index.ts";
import type { KeystoreOptions } from "../src/index.ts";
import { BACKENDS, outcome } from "./phones.ts";

// Other files of the same process may have entered another one.
beforeEach(() => enterWebView("android"));

/** What each library can do beyond what all can; everything else has to be refused. */
const FEATURES: Readonly<Record<string, readonly (keyof KeystoreOptions)[]>> = {
  "react-native-keychain": ["enforceBiometrics", "biometricPromptTitle", "biometricPromptSubtitle", "securityLevel"],
  "expo-secure-store": ["enforceBiometrics", "biometricPromptTitle"],
  "capacitor-secure-storage": ["preferencesKeyPrefix"],
};

const EVERY_OPTION: KeystoreOptions = {
  enforceBiometrics: true,
  biometricPromptTitle: "Unlock",
  biometricPromptSubtitle: "your records",
  biometricPromptNegativeButton: "No",
  securityLevel: "secure_software",
  preferencesKeyPrefix: "capacitor-storage_",
  sharedPreferencesName: "keys",
  keyCipherAlgorithm: "RSA_ECB_OAEPwithSHA_256andMGF1Padding",
  encryptedSharedPreferences: false,
  migrateOnAlgorithmChange: true,
  migrateWithBackup: false,
  requireBiometricConfirmation: true,
};

describe.each(Object.keys(BACKENDS))("%s, simulated", (library) => {
  const backend = BACKENDS[library] as (typeof BACKENDS)[string];

  it.each(Object.keys(EVERY_OPTION) as (keyof KeystoreOptions)[])("%s is done or refused, never ignored", async (name) => {
    newAndroidPhone();
    const has = FEATURES[library]?.includes(name) === true;
    const prompt: KeystoreOptions = has && name.startsWith("biometricPrompt") ? { enforceBiometrics: true } : {};
    const opened = await outcome(openKeystoreStore({ backend, ...prompt, [name]: EVERY_OPTION[name] }));
    expect(typeof opened === "string" ? opened : "opened").toBe(has ? "opened" : "UNSUPPORTED_OPTION");
  });

  it.each([
    ["an unknown option", { keychainService: "x" } as never],
    ["an unknown cipher", { storageCipherAlgorithm: "DES" } as never],
    ["resetOnError that is no boolean", { resetOnError: "no" } as never],
    ["a biometric type without biometrics", { biometricType: "strongBiometricOnly" }],
    ["a prompt's title without biometrics", { biometricPromptTitle: "Unlock" }],
    ["CBC under biometrics", { enforceBiometrics: true, storageCipherAlgorithm: "AES_CBC_PKCS7Padding" }],
  ] as readonly [string, KeystoreOptions][])("refuses %s", async (_what, options) => {
    expect(await outcome(openKeystoreStore({ backend, ...options }))).toBe("UNSUPPORTED_OPTION");
  });

  it("refuses options of an operation, and a name that no alias should have", async () => {
    newAndroidPhone();
    const store = await openKeystoreStore({ backend });
    expect(await outcome(store.write("a", "1", { resetOnError: true } as never))).toBe("UNSUPPORTED_OPTION");
    expect(await outcome(openKeystoreStore({ backend, storageNamespace: "a/b" }))).toBe("NAME_INVALID");
  });
});

const keychain = BACKENDS["react-native-keychain"] as never;

it.each([
  [{}, "KeystoreAESGCM_NoAuth"],
  [{ storageCipherAlgorithm: "AES_GCM_NoPadding" }, "KeystoreAESGCM_NoAuth"],
  [{ storageCipherAlgorithm: "AES_CBC_PKCS7Padding" }, "KeystoreAESCBC"],
  [{ enforceBiometrics: true }, "KeystoreAESGCM"],
] as readonly [KeystoreOptions, string][])("react-native-keychain, simulated: %j is the cipher %s, pinned", async (options, cipher) => {
  const phone = newAndroidPhone();
  await (await openKeystoreStore({ backend: keychain, ...options })).write("a", "1");
  expect(phone.calls.filter(({ method, options: sent }) => method.startsWith("set") && !String(sent["service"]).includes("-index")).map(({ options: sent }) => sent["storage"])).toEqual([cipher]);
  expect([...phone.dataStore.memory].map(([service, { cipherName }]) => [service.includes("-index"), cipherName])).toEqual(expect.arrayContaining([[false, cipher]]));
});

it.each([["any", "ANY"], ["secure_software", "SECURE_SOFTWARE"], ["secure_hardware", "SECURE_HARDWARE"]] as const)("react-native-keychain, simulated: the security level %s is %s", async (securityLevel, native) => {
  const phone = newAndroidPhone();
  const store = await openKeystoreStore({ backend: keychain, securityLevel });
  await store.write("a", "1");
  expect(new Set(phone.calls.filter(({ method }) => method.startsWith("set")).map(({ options }) => options["securityLevel"]))).toEqual(new Set([native]));
  expect(store.capabilities.hardwareBacked).toBe(securityLevel === "secure_hardware" ? true : "unknown");
});

it("react-native-keychain, simulated: a device without secure hardware is refused at every attempt, not at the first alone, and leaves no key behind", async () => {
  const phone = newAndroidPhone();
  phone.keystore.isHardwareBacked = false;
  const store = await openKeystoreStore({ backend: keychain, securityLevel: "secure_hardware" });
  for (let attempt = 0; attempt < 3; attempt += 1) expect(await outcome(store.write("a", "1"))).toBe("UNSUPPORTED_OPTION");
  expect([phone.keystore.aliases.size, phone.dataStore.disk.size, await store.read("a")]).toEqual([0, 0, null]);
});

it("react-native-keychain, simulated: the prompt's texts and its access control reach the library, and the list of names has none", async () => {
  const phone = newAndroidPhone();
  const store = await openKeystoreStore({ backend: keychain, enforceBiometrics: true, biometricType: "biometricOrDeviceCredential", biometricPromptTitle: "Unlock", biometricPromptSubtitle: "your records" });
  await store.write("a", "1");
  const sent = phone.calls.filter(({ method }) => method.startsWith("set"));
  expect(sent.map(({ options }) => [String(options["service"]).includes("-index"), options["accessControl"], (options["authenticationPrompt"] as { title: string }).title])).toEqual(
    expect.arrayContaining([[true, undefined, "Authenticate to retrieve secret"], [false, "BiometryAnyOrDevicePasscode", "Unlock"]]),
  );
});

it.each([
  ["react-native-keychain", "strongBiometricOnly"],
  ["expo-secure-store", "biometricOrDeviceCredential"],
] as const)("%s, simulated: cannot demand %s and says so", async (library, biometricType) => {
  expect(await outcome(openKeystoreStore({ backend: BACKENDS[library] as never, enforceBiometrics: true, biometricType }))).toBe("UNSUPPORTED_OPTION");
});

it("expo-secure-store, simulated: biometrics and their text reach the library", async () => {
  const phone = newAndroidPhone();
  const store = await openKeystoreStore({ backend: BACKENDS["expo-secure-store"] as never, storageNamespace: "org.example", enforceBiometrics: true, biometricType: "strongBiometricOnly", biometricPromptTitle: "Unlock" });
  await store.write("a", "1");
  expect(phone.calls.findLast(({ method, options }) => method === "setValueWithKeyAsync" && options["requireAuthentication"] === true)?.options).toEqual({ keychainService: "org.example.me", requireAuthentication: true, authenticationPrompt: "Unlock" });
});
