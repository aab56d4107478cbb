import { enterWebView, newIosPhone } from "@holdfast/simulated-phones";
import { beforeEach, describe, expect, it } from "vitest";
import { openKeychainStore } from "../src/index.ts";
import type { Accessibility, AccessControlFlag, KeychainOptions } from "../src/index.ts";
import { BACKENDS, outcome } from "./phones.ts";

// Other files of the same process may have entered another one.
beforeEach(() => enterWebView("ios"));

const CLASSES: Readonly<Record<Accessibility, string>> = {
  passcode: "kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly",
  unlocked: "kSecAttrAccessibleWhenUnlocked",
  unlocked_this_device: "kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
  first_unlock: "kSecAttrAccessibleAfterFirstUnlock",
  first_unlock_this_device: "kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly",
};

/** What each library can do beyond the classes; everything else has to be refused. */
const FEATURES: Readonly<Record<string, readonly (keyof KeychainOptions)[]>> = {
  "react-native-keychain": ["groupId", "synchronizable", "accessControlFlags"],
  "expo-secure-store": ["groupId", "accessControlFlags"],
  "capacitor-secure-storage": ["synchronizable"],
};

const EVERY_OPTION: KeychainOptions = {
  groupId: "TEAM.shared",
  synchronizable: true,
  accessControlFlags: ["biometryCurrentSet"],
  label: "key",
  description: "key",
  comment: "key",
  isInvisible: true,
  isNegative: false,
  creationDate: new Date(0),
  lastModifiedDate: new Date(0),
  resultLimit: 1,
  shouldReturnPersistentReference: false,
  authenticationUIBehavior: "fail",
  useSecureEnclave: true,
  usesDataProtectionKeychain: true,
};

describe.each(Object.keys(BACKENDS))("%s, simulated", (library) => {
  const backend = BACKENDS[library] as (typeof BACKENDS)[string];
  /** The keychain's item of an entry that was written with these options. */
  const itemOf = async (options: KeychainOptions): Promise<{ readonly accessible: string; readonly accessGroup: string; readonly synchronizable: boolean; readonly accessControl: readonly string[] }> => {
    const phone = newIosPhone();
    const store = await openKeychainStore({ backend, ...options });
    await store.write("a", "1");
    return phone.keychain.items.find(({ service, account }) => `${service}${account}`.includes("me")) as never;
  };

  it.each(Object.entries(CLASSES))("accessibility %s is %s", async (accessibility, native) => {
    expect((await itemOf({ accessibility: accessibility as Accessibility })).accessible).toBe(native);
  });

  it("the default is readable after the first unlock, on this device alone, not synchronized, without a prompt", async () => {
    expect(await itemOf({})).toMatchObject({ accessible: CLASSES.first_unlock_this_device, synchronizable: false, accessControl: [], accessGroup: "TEAM.org.example.app" });
  });

  it.each(Object.keys(EVERY_OPTION) as (keyof KeychainOptions)[])("%s is done or refused, never ignored", async (name) => {
    const phone = newIosPhone();
    const has = FEATURES[library]?.includes(name) === true;
    const accessibility: Partial<KeychainOptions> = name === "synchronizable" ? { accessibility: "first_unlock" } : {};
    const opened = await outcome(openKeychainStore({ backend, [name]: EVERY_OPTION[name], ...accessibility }));
    expect(typeof opened === "string" ? opened : "opened").toBe(has ? "opened" : "UNSUPPORTED_OPTION");
    expect(phone.keychain.items).toEqual([]);
  });

  it("values that ask for nothing are no options", async () => {
    expect(await itemOf({ synchronizable: false, accessControlFlags: [] })).toMatchObject({ synchronizable: false, accessControl: [] });
  });

  it.each([
    ["an unknown class", { accessibility: "always" as never }],
    ["an unknown option", { keychainAccessible: 1 } as never],
    ["synchronization of this device's entries", { synchronizable: true }],
    ["synchronization with access control", { synchronizable: true, accessibility: "unlocked", accessControlFlags: ["userPresence"] } as const],
    ["a prompt's title without a prompt", { biometricPromptTitle: "Unlock" }],
  ])("refuses %s", async (_what, options: KeychainOptions) => {
    expect(await outcome(openKeychainStore({ backend, ...options }))).toBe("UNSUPPORTED_OPTION");
  });

  it("refuses options of an operation, and a name that no service can have", async () => {
    newIosPhone();
    const store = await openKeychainStore({ backend });
    expect(await outcome(store.write("a", "1", { accessibility: "unlocked" } as never))).toBe("UNSUPPORTED_OPTION");
    expect(await outcome(openKeychainStore({ backend, accountName: "a/b" }))).toBe("NAME_INVALID");
  });

  it("capabilities say what is true of the options", async () => {
    newIosPhone();
    const open = async (options: KeychainOptions): Promise<object> => (await openKeychainStore({ backend, ...options })).capabilities;
    expect(await open({})).toMatchObject({ persistent: true, enumerable: true, backupExcluded: true, crossProcessLock: false, synchronizable: FEATURES[library]?.includes("synchronizable") });
    expect(await open({ accessibility: "unlocked" })).toMatchObject({ backupExcluded: false });
  });
});

it.each([
  [["userPresence"]],
  [["biometryAny"]],
  [["biometryCurrentSet"]],
  [["devicePasscode"]],
  [["applicationPassword"]],
  [["biometryAny", "or", "devicePasscode"]],
  [["biometryCurrentSet", "or", "devicePasscode"]],
] as readonly [readonly AccessControlFlag[]][])("react-native-keychain, simulated: the flags %j reach the keychain, and the list of names has none", async (accessControlFlags) => {
  const phone = newIosPhone();
  const store = await openKeychainStore({ backend: BACKENDS["react-native-keychain"] as never, accessControlFlags, biometricPromptTitle: "Unlock your records" });
  await store.write("a", "1");
  expect(new Map(phone.keychain.items.map(({ service, accessControl }) => [/-index/u.test(service), accessControl.toSorted()]))).toEqual(new Map([[true, []], [false, accessControlFlags.toSorted()]] as never));
  expect(phone.calls.findLast(({ method }) => method === "getGenericPasswordForOptions")?.options).toMatchObject({ authenticationPrompt: { title: "Unlock your records" } });
});

it.each([
  ["react-native-keychain", ["biometryAny", "and", "devicePasscode"]],
  ["react-native-keychain", ["watch"]],
  ["react-native-keychain", ["privateKeyUsage"]],
  ["expo-secure-store", ["biometryAny"]],
  ["expo-secure-store", ["biometryCurrentSet", "or", "devicePasscode"]],
  ["capacitor-secure-storage", ["userPresence"]],
] as readonly [string, readonly AccessControlFlag[]][])("%s, simulated: refuses the flags %j", async (library, accessControlFlags) => {
  expect(await outcome(openKeychainStore({ backend: BACKENDS[library] as never, accessControlFlags }))).toBe("UNSUPPORTED_OPTION");
});

it("react-native-keychain, simulated: without synchronization no call has the field cloudSync, whose presence alone would turn it on; with it every call has", async () => {
  for (const synchronizable of [false, true]) {
    const phone = newIosPhone();
    const store = await openKeychainStore({ backend: BACKENDS["react-native-keychain"] as never, synchronizable, accessibility: "first_unlock" });
    await store.write("a", "1");
    await store.write("a", "2");
    await store.readAll();
    await store.containsKey("a");
    expect(phone.keychain.items.map((item) => item.synchronizable)).toEqual([synchronizable, synchronizable]);
    await store.delete("a");
    expect(new Set(phone.calls.map(({ options }) => "cloudSync" in options))).toEqual(new Set([synchronizable]));
  }
});

it.each(["react-native-keychain", "expo-secure-store"])("%s, simulated: an access group is in every call; one without entitlement is refused", async (library) => {
  const phone = newIosPhone();
  const store = await openKeychainStore({ backend: BACKENDS[library] as never, groupId: "TEAM.shared" });
  await store.write("a", "1");
  await store.readAll();
  expect(new Set(phone.keychain.items.map(({ accessGroup }) => accessGroup))).toEqual(new Set(["TEAM.shared"]));
  phone.keychain.groups = [];
  expect(await outcome(store.write("b", "1"))).toBe("STORE_UNAVAILABLE");
});

it("expo-secure-store, simulated: the prompt's text reaches the library", async () => {
  const phone = newIosPhone();
  const store = await openKeychainStore({ backend: BACKENDS["expo-secure-store"] as never, accessControlFlags: ["biometryCurrentSet"], biometricPromptTitle: "Unlock your records" });
  await store.write("a", "1");
  expect(phone.calls.findLast(({ method }) => method === "setValueWithKeyAsync")?.options).toMatchObject({ authenticationPrompt: "Unlock your records" });
  expect(phone.keychain.items.map(({ service, accessControl }) => [service, accessControl])).toEqual([["holdfast:no-auth", []], ["holdfast:auth", ["biometryCurrentSet"]]]);
});
