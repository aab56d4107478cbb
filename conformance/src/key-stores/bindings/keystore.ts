/**
 * Android's Keystore through each of the three libraries: their published JavaScript over a simulated device.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { encodeName } from "@holdfast/key-store";
import { capacitorSecureStorage, expoSecureStore, openKeystoreStore, reactNativeKeychain } from "@holdfast/key-store-keystore";
import type { KeystoreBackend, KeystoreOptions } from "@holdfast/key-store-keystore";
import { enterWebView, loadCapacitorSecureStorage, loadExpoSecureStore, loadReactNativeKeychain, newAndroidPhone, preferenceFiles } from "@holdfast/simulated-phones";
import type { AndroidPhone } from "@holdfast/simulated-phones";
import { claim, claimEqual, claimRefused } from "../../claims.ts";
import type { KeyStoreBinding, KeyStoreHome } from "../binding.ts";
import type { CaseContext } from "../case.ts";
import type { MobileLibrary } from "./keychain.ts";

/** What differs between the libraries. */
interface Library {
  readonly version: string;
  readonly backend: () => Promise<KeystoreBackend>;
  /** The same where its native half is missing. */
  readonly absent: () => Promise<KeystoreBackend>;
  readonly canGuard: boolean;
  /** An option that it does not have. */
  readonly lacks: KeystoreOptions;
  /** Changes what an entry's ciphertext holds. */
  readonly alter: (phone: AndroidPhone, namespace: string, encoded: string, change: (text: string) => string) => boolean;
}

/** Cases whose stores ask for a finger. */
const GUARDED = /^case-3[56]$/u;

const LIBRARIES: Readonly<Record<MobileLibrary, Library>> = {
  "react-native-keychain": {
    version: "react-native-keychain 10.0.0",
    backend: async () => reactNativeKeychain(await loadReactNativeKeychain("android")),
    absent: async () => reactNativeKeychain({ ...(await loadReactNativeKeychain("android")), SECURITY_LEVEL: {} }),
    canGuard: true,
    lacks: { biometricType: "strongBiometricOnly", enforceBiometrics: true },
    alter({ dataStore }, namespace, encoded, change) {
      const [service, entry] = [...dataStore.memory].find(([one]) => one === `${namespace}/${encoded}_a` || one === `${namespace}/${encoded}_b`) ?? [];
      if (service === undefined || entry === undefined) return false;
      dataStore.commit((values) => values.set(service, { ...entry, password: { ...entry.password, text: change(entry.password.text) } }));
      return true;
    },
  },
  "expo-secure-store": {
    version: "expo-secure-store 57.0.4",
    backend: async () => expoSecureStore(await loadExpoSecureStore("android")),
    absent: async () => expoSecureStore({ ...(await loadExpoSecureStore("android")), isAvailableAsync: async () => false }),
    canGuard: true,
    lacks: { securityLevel: "secure_hardware" },
    alter({ expoPreferences }, namespace, encoded, change) {
      const [key, entry] = [...expoPreferences.memory].find(([one]) => one === `${namespace}-${encoded}` || one === `${namespace}.${encoded}-${encoded}`) ?? [];
      if (key === undefined || entry === undefined) return false;
      expoPreferences.commit((values) => values.set(key, { ...entry, ciphertext: { ...entry.ciphertext, text: change(entry.ciphertext.text) } }));
      return true;
    },
  },
  "capacitor-secure-storage": {
    version: "@aparajita/capacitor-secure-storage 8.0.1 over @capacitor/core 8.5.2",
    backend: async () => capacitorSecureStorage(await loadCapacitorSecureStorage("android")),
    async absent() {
      const modules = await loadCapacitorSecureStorage("android");
      enterWebView("browser");
      return capacitorSecureStorage(modules);
    },
    canGuard: false,
    lacks: { enforceBiometrics: true },
    alter({ capacitorPreferences }, namespace, encoded, change) {
      const key = `capacitor-storage_${namespace}/${encoded}`;
      const entry = capacitorPreferences.memory.get(key);
      if (entry === undefined) return false;
      capacitorPreferences.commit((values) => values.set(key, { ...entry, text: change(entry.text) }));
      return true;
    },
  },
};

/** The binding over one library. */
export function keystoreBinding(name: MobileLibrary): KeyStoreBinding {
  const library = LIBRARIES[name];
  return {
    name: `keystore: ${name}`,
    kind: "simulated",
    description: `openKeystoreStore of @holdfast/key-store-keystore over the published JavaScript of ${library.version}; its native half and Android's Keystore are simulated, no device was involved`,
    backend: name,
    openHome: () => openHome(library),
    inspect: (value) => inspect(value, { depth: 8, showHidden: true }),
    ownCases: { 40: backups, 41: (context) => options(context, library), ...(name === "capacitor-secure-storage" ? { 43: lostFlush } : {}) },
  };
}

async function openHome(library: Library): Promise<KeyStoreHome> {
  let backend = await library.backend();
  const phone = newAndroidPhone();
  const { keystore } = phone;
  const guarded = (namespace: string): KeystoreOptions => (GUARDED.test(namespace) && library.canGuard ? { enforceBiometrics: true } : {});
  return {
    open: (namespace) => openKeystoreStore({ backend, storageNamespace: namespace, ...guarded(namespace) }),
    async restart() {
      for (const file of preferenceFiles(phone)) {
        file.flush();
        file.reload();
      }
    },
    cleanUp: async () => enterWebView("android"),
    raw: {
      snapshot: async () => preferenceFiles(phone).flatMap(({ memory }) => [...memory].map((entry) => JSON.stringify(entry))).toSorted().join("\n"),
      async alter(namespace, name, change) {
        const isFound = library.alter(phone, namespace, encodeName(name), (text) => new TextDecoder().decode(change(new TextEncoder().encode(text))));
        if (!isFound) throw new Error("there is no ciphertext of this entry");
      },
    },
    lock: {
      lock: async () => void (keystore.isLocked = true),
      unlock: async () => void (keystore.isLocked = false),
    },
    async removeBackend() {
      backend = await library.absent();
    },
    async plantForeign(namespace) {
      const foreign = { keyId: -1, text: "foreign" };
      phone.capacitorPreferences.commit((values) => values.set(`${namespace}/other`, foreign));
      phone.dataStore.commit((values) => values.set(`${namespace}.other`, { cipherName: "KeystoreAESGCM_NoAuth", username: foreign, password: foreign }));
      phone.expoPreferences.commit((values) => values.set(`${namespace}-other`, { scheme: "aes", keystoreAlias: namespace, requireAuthentication: false, ciphertext: foreign }));
      return async () => preferenceFiles(phone).every(({ memory }) => [...memory.values()].some((value) => JSON.stringify(value).includes("foreign")));
    },
    async loseWrites() {
      for (const file of preferenceFiles(phone)) file.losesWrites = true;
      return () => preferenceFiles(phone).forEach((file) => (file.losesWrites = false));
    },
    async restoreWithoutKeys() {
      keystore.aliases.clear();
    },
    async reinstall() {
      removeApplication(phone);
      return "entries go";
    },
    ...(library.canGuard ? { invalidate: async () => keystore.changeBiometrics(), cancelNextPrompt: async () => void (keystore.cancelsNextPrompt = true) } : {}),
  };
}

function removeApplication(phone: AndroidPhone): void {
  phone.keystore.aliases.clear();
  for (const file of preferenceFiles(phone)) file.commit((values) => values.clear());
}

/** The files that the libraries write (their native sources), and the database's folder. */
const EXCLUDED = ["file:holdfast", "sharedpref:SecureStore.xml", "sharedpref:WSSecureStorageSharedPreferences.xml", "sharedpref:RN_KEYCHAIN.xml", "file:datastore/RN_KEYCHAIN.preferences_pb"];

async function backups({ note }: CaseContext): Promise<void> {
  const read = (name: string): string => readFileSync(createRequire(import.meta.url).resolve(`@holdfast/key-store-keystore/android/res/xml/${name}.xml`), "utf8");
  const sections = [read("holdfast_backup_rules"), ...read("holdfast_data_extraction_rules").split("</cloud-backup>")];
  for (const section of sections) {
    const found = [...section.matchAll(/<exclude domain="(?<domain>\w+)" path="(?<path>[^"]+)"\/>/gu)].map(({ groups }) => `${groups?.["domain"]}:${groups?.["path"]}`);
    claimEqual(found, EXCLUDED, "what a section of the rules excludes");
    claim(!section.includes("<include"), "the rules name what is included, and so change what else is backed up");
  }
  note("the plugin that writes them is run in packages/key-store-keystore/test/plugin.test.ts");
}

async function options({ note }: CaseContext, library: Library): Promise<void> {
  const backend = await library.backend();
  if (library.version.startsWith("react-native")) {
    for (const [given, native] of [[{}, "KeystoreAESGCM_NoAuth"], [{ storageCipherAlgorithm: "AES_CBC_PKCS7Padding" }, "KeystoreAESCBC"], [{ enforceBiometrics: true }, "KeystoreAESGCM"]] as const) {
      const phone = newAndroidPhone();
      await (await openKeystoreStore({ backend, ...given })).write("a", "1");
      claimEqual(phone.dataStore.memory.get(`holdfast/${encodeName("a")}_a`)?.cipherName, native, `the cipher of ${JSON.stringify(given)}`);
    }
  }
  for (const option of [library.lacks, { sharedPreferencesName: "keys" }, { keyCipherAlgorithm: "RSA_ECB_PKCS1Padding" }, { noSuchOption: 1 }] as KeystoreOptions[]) {
    await claimRefused(`the option ${Object.keys(option)[0]}`, () => openKeystoreStore({ backend, ...option }), { codes: ["UNSUPPORTED_OPTION"] });
  }
  note("all options: packages/key-store-keystore/test/options.test.ts");
}

/** `apply()`: the read-back proves memory. */
async function lostFlush({ keysOf, note }: CaseContext): Promise<void> {
  const phone = newAndroidPhone();
  const backend = await (LIBRARIES["capacitor-secure-storage"] as Library).backend();
  const open = async (): Promise<ReturnType<typeof keysOf>> => keysOf(await openKeystoreStore({ backend }));
  await (await open()).getOrCreate({ name: "clinic", databaseExists: false });
  for (const file of preferenceFiles(phone)) file.reload();
  await claimRefused("the key of a database, after a crash before the flush", async () => (await open()).getOrCreate({ name: "clinic", databaseExists: true }), { codes: ["KEY_LOST"] });
  note("the key is lost, is reported as lost, and no other is made: an application creates it before there is data");
}
