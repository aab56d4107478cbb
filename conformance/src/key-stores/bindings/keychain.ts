/**
 * Apple's keychain through each of the three libraries: their published JavaScript over a simulated device.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { encodeName } from "@holdfast/key-store";
import type { KeyStore } from "@holdfast/key-store";
import { capacitorSecureStorage, expoSecureStore, openKeychainStore, reactNativeKeychain } from "@holdfast/key-store-keychain";
import type { Accessibility, KeychainBackend, KeychainOptions } from "@holdfast/key-store-keychain";
import { enterWebView, loadCapacitorSecureStorage, loadExpoSecureStore, loadReactNativeKeychain, newIosPhone } from "@holdfast/simulated-phones";
import type { AppleItem, IosPhone } from "@holdfast/simulated-phones";
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import type { KeyStoreBinding, KeyStoreHome } from "../binding.ts";
import type { CaseContext } from "../case.ts";

/** The libraries. */
export type MobileLibrary = "react-native-keychain" | "expo-secure-store" | "capacitor-secure-storage";

/** What differs between the libraries. */
interface Library {
  readonly version: string;
  readonly backend: () => Promise<KeychainBackend>;
  /** The same where its native half is missing. */
  readonly absent: () => Promise<KeychainBackend>;
  readonly canGuard: boolean;
  readonly canSynchronize: boolean;
  /** An option that it does not have. */
  readonly lacks: KeychainOptions;
  /** Whether an item is an entry's. */
  readonly isEntry: (item: AppleItem, namespace: string, encoded: string) => boolean;
}

/** Cases whose stores ask for a finger. */
const GUARDED = /^case-3[56]$/u;

const CLASSES: Readonly<Record<Accessibility, string>> = {
  passcode: "kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly",
  unlocked: "kSecAttrAccessibleWhenUnlocked",
  unlocked_this_device: "kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
  first_unlock: "kSecAttrAccessibleAfterFirstUnlock",
  first_unlock_this_device: "kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly",
};

const LIBRARIES: Readonly<Record<MobileLibrary, Library>> = {
  "react-native-keychain": {
    version: "react-native-keychain 10.0.0",
    backend: async () => reactNativeKeychain(await loadReactNativeKeychain("ios")),
    absent: async () => reactNativeKeychain({ ...(await loadReactNativeKeychain("ios")), hasGenericPassword: () => (undefined as unknown as { ask(): never }).ask() }),
    canGuard: true,
    canSynchronize: true,
    lacks: { label: "key" },
    isEntry: ({ service }, namespace, encoded) => service === `${namespace}/${encoded}_a` || service === `${namespace}/${encoded}_b`,
  },
  "expo-secure-store": {
    version: "expo-secure-store 57.0.4",
    backend: async () => expoSecureStore(await loadExpoSecureStore("ios")),
    absent: async () => expoSecureStore({ ...(await loadExpoSecureStore("ios")), isAvailableAsync: async () => false }),
    canGuard: true,
    canSynchronize: false,
    lacks: { synchronizable: true, accessibility: "unlocked" },
    isEntry: ({ service, account }, namespace, encoded) => service.startsWith(`${namespace}:`) && account === encoded,
  },
  "capacitor-secure-storage": {
    version: "@aparajita/capacitor-secure-storage 8.0.1 over @capacitor/core 8.5.2",
    backend: async () => capacitorSecureStorage(await loadCapacitorSecureStorage("ios")),
    async absent() {
      const modules = await loadCapacitorSecureStorage("ios");
      enterWebView("browser");
      return capacitorSecureStorage(modules);
    },
    canGuard: false,
    canSynchronize: true,
    lacks: { groupId: "TEAM.shared" },
    isEntry: ({ account }, namespace, encoded) => /^capacitor-storage_(?<rest>.*)_[ab]$/u.exec(account)?.groups?.["rest"] === `${namespace}/${encoded}`,
  },
};

/** The binding over one library. */
export function keychainBinding(name: MobileLibrary, open: typeof openKeychainStore = openKeychainStore): KeyStoreBinding {
  const library = LIBRARIES[name];
  return {
    name: `keychain: ${name}`,
    kind: "simulated",
    description: `openKeychainStore of @holdfast/key-store-keychain over the published JavaScript of ${library.version}; its native half and Apple's keychain are simulated, no device was involved`,
    backend: name,
    openHome: () => openHome(library, open),
    inspect: (value) => inspect(value, { depth: 8, showHidden: true }),
    notRun: name === "react-native-keychain" ? { 33: "the library gives the first entry of a service and does not say that there is another" } : {},
    ownCases: {
      37: lockedDevice,
      40: backups,
      41: (context) => options(context, library),
      ...(library.canSynchronize ? { 42: (context: CaseContext) => synchronization(context, library) } : {}),
    },
  };
}

async function openHome(library: Library, openStore: typeof openKeychainStore): Promise<KeyStoreHome> {
  let backend = await library.backend();
  const phone = newIosPhone();
  const { keychain } = phone;
  const guarded = (namespace: string): KeychainOptions => (GUARDED.test(namespace) && library.canGuard ? { accessControlFlags: ["biometryCurrentSet"] } : {});
  const open = (namespace: string): Promise<KeyStore> => openStore({ backend, accountName: namespace, ...guarded(namespace) });
  return {
    open,
    restart: async () => undefined,
    cleanUp: async () => enterWebView("ios"),
    raw: {
      // A probe is no entry: it says that the keychain can be read.
      snapshot: async () => keychain.items.filter(({ account }) => !account.includes("-probe")).map((item) => JSON.stringify(item)).toSorted().join("\n"),
      async alter(namespace, name, change) {
        const item = keychain.items.find((one) => library.isEntry(one, namespace, encodeName(name)));
        if (item === undefined) throw new Error("there is no item of this entry");
        item.data = new TextDecoder().decode(change(new TextEncoder().encode(item.data)));
      },
    },
    lock: {
      lock: async () => void (keychain.state = "not unlocked since its start"),
      unlock: async () => void (keychain.state = "unlocked"),
    },
    async removeBackend() {
      backend = await library.absent();
    },
    async plantForeign(namespace) {
      keychain.add({ service: `${namespace}/other`, account: `${namespace}.other`, synchronizable: false, accessible: "kSecAttrAccessibleWhenUnlocked", accessControl: [], data: "foreign" });
      return async () => keychain.items.some(({ data }) => data === "foreign");
    },
    async loseWrites() {
      keychain.losesWrites = true;
      return () => void (keychain.losesWrites = false);
    },
    async restoreWithoutKeys() {
      keychain.restoreToOtherDevice();
    },
    reinstall: async () => "entries stay",
    ...(library.canGuard ? { invalidate: async () => keychain.changeBiometrics(), cancelNextPrompt: async () => void (keychain.cancelsNextPrompt = true) } : {}),
  };
}

async function lockedDevice({ open, home, note }: CaseContext): Promise<void> {
  const store = await open();
  await store.write("a", "1");
  await home.lock?.lock();
  const before = await home.raw?.snapshot();
  for (const [what, use] of [["read", () => store.read("a")], ["write", () => store.write("a", "2")], ["create", () => store.create("b", "1")], ["readAll", () => store.readAll()]] as const) {
    const error = await claimRefused(`${what} on a locked device`, use, { codes: ["STORE_LOCKED"] });
    if (what === "read" && error.cause === undefined) note("the library answers null to a locked device; the probe behind it is refused");
  }
  claimEqual(await home.raw?.snapshot(), before, "the keychain after operations on a locked device");
  await home.lock?.unlock();
  claimEqual(await store.readText("a"), "1", "the entry once the device is unlocked");
}

async function backups({ open, home }: CaseContext): Promise<void> {
  const store = await open();
  await store.write("a", "1");
  claim(store.capabilities.backupExcluded === true, "the default class is part of backups");
  const all = ((await home.raw?.snapshot()) ?? "").split("\n").map((item) => (JSON.parse(item) as AppleItem).accessible);
  claim(all.length > 1 && all.every((accessible) => accessible.endsWith("ThisDeviceOnly")), `an entry is of a class that moves to other devices: ${all.join(", ")}`);
  const swift = readFileSync(createRequire(import.meta.url).resolve("@holdfast/key-store-keychain/ios/HoldfastBackupExclusion.swift"), "utf8");
  claim(swift.includes("isExcludedFromBackup = true") && swift.includes("setResourceValues"), "the database's folder is not marked");
}

async function options({ note }: CaseContext, library: Library): Promise<void> {
  const backend = await library.backend();
  for (const [accessibility, native] of Object.entries(CLASSES)) {
    const phone = newIosPhone();
    await (await openKeychainStore({ backend, accessibility: accessibility as Accessibility })).write("a", "1");
    claimEqual(entryItem(phone, library).accessible, native, `the class of accessibility ${accessibility}`);
  }
  for (const option of [library.lacks, { comment: "key" }, { useSecureEnclave: true }, { accessibility: "always" }, { noSuchOption: 1 }] as KeychainOptions[]) {
    await claimRefused(`the option ${Object.keys(option)[0]}`, () => openKeychainStore({ backend, ...option }), { codes: ["UNSUPPORTED_OPTION"] });
  }
  note("five classes; all options: packages/key-store-keychain/test/options.test.ts");
}

async function synchronization({ note }: CaseContext, library: Library): Promise<void> {
  const backend = await library.backend();
  for (const synchronizable of [false, true]) {
    const phone = newIosPhone();
    const store = await openKeychainStore({ backend, synchronizable, accessibility: "first_unlock" });
    await store.write("a", "1");
    await store.write("a", "2");
    claimEqual(await store.readText("a"), "2", "the entry");
    claimEqual(new Set(phone.keychain.items.map((item) => item.synchronizable)), new Set([synchronizable]), "whether the items are synchronized");
    if (library.version.startsWith("react-native")) claimEqual(new Set(phone.calls.map(({ options: sent }) => "cloudSync" in sent)), new Set([synchronizable]), "whether calls have the field cloudSync");
  }
  note(library.version.startsWith("react-native") ? "no call has the field, whose presence alone would turn it on" : "the library's own parameter is false in every call");
}

function entryItem(phone: IosPhone, library: Library): AppleItem {
  const item = phone.keychain.items.find((one) => library.isEntry(one, "holdfast", encodeName("a")));
  if (item === undefined) throw new Error("there is no item of the entry");
  return item;
}
