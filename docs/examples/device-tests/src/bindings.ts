/**
 * The two libraries of this application as bindings of the conformance suite: the same cases as in the repository, over the phone's own keychain or Keystore.
 *
 * What cannot be brought about without a person (a locked device, another finger, a restored backup) is left out and stands in the report as such.
 *
 * @module
 */
import { DatabaseKeys, encodeName } from "@holdfast/key-store";
import type { KeyStore } from "@holdfast/key-store";
import * as apple from "@holdfast/key-store-keychain";
import * as android from "@holdfast/key-store-keystore";
import * as SecureStore from "expo-secure-store";
import { Platform } from "react-native";
import * as Keychain from "react-native-keychain";
import { claim, claimEqual } from "../../../../conformance/src/claims.ts";
import type { KeyStoreBinding, KeyStoreHome, RawAccess } from "../../../../conformance/src/key-stores/binding.ts";
import type { CaseContext } from "../../../../conformance/src/key-stores/case.ts";

type Library = "react-native-keychain" | "expo-secure-store";

/** Why the faults of a phone are not in this run. */
const BY_HAND = "needs a person: docs/guides/keys-on-phones.md says how to try it";

/** The bindings of this phone. */
export function deviceBindings(): readonly KeyStoreBinding[] {
  return (["expo-secure-store", "react-native-keychain"] as const).map((library) => ({
    name: `${Platform.OS}: ${library}`,
    kind: "real",
    description: `${library} on ${Platform.OS} ${String(Platform.Version)}, in a release build`,
    backend: library,
    openHome: async () => openHome(library),
    notRun: { 20: BY_HAND, 28: BY_HAND, 29: BY_HAND, 35: BY_HAND, 36: BY_HAND, 37: BY_HAND, 39: BY_HAND },
    ownCases: { 41: (context: CaseContext) => everyClass(context, library) },
  }));
}

/** Entries of an earlier run are told from this one's by their namespace. */
let homes = 0;
const run = Date.now().toString(36);

async function openHome(library: Library): Promise<KeyStoreHome> {
  const prefix = `t${run}.${(homes += 1)}.`;
  const opened = new Set<KeyStore>();
  return {
    async open(namespace) {
      const store = await openStore(library, `${prefix}${namespace}`);
      opened.add(await openStore(library, `${prefix}${namespace}`));
      return store;
    },
    restart: async () => undefined,
    async cleanUp() {
      for (const store of opened) await store.deleteAll().catch(() => undefined);
    },
    raw: rawAccess(library, prefix),
  };
}

function openStore(library: Library, namespace: string): Promise<KeyStore> {
  if (Platform.OS === "ios") return apple.openKeychainStore({ backend: library === "expo-secure-store" ? apple.expoSecureStore(SecureStore) : apple.reactNativeKeychain(Keychain), accountName: namespace });
  return android.openKeystoreStore({ backend: library === "expo-secure-store" ? android.expoSecureStore(SecureStore) : android.reactNativeKeychain(Keychain), storageNamespace: namespace });
}

/** Through the library, below the adapter. */
function rawAccess(library: Library, prefix: string): RawAccess {
  const touched = new Map<string, string>();
  return {
    // No library gives everything: what was altered is what can be looked at.
    snapshot: async () => JSON.stringify([...touched]),
    async alter(namespace, name, change) {
      const [place, encoded] = [`${prefix}${namespace}`, encodeName(name)];
      const altered = (text: string): string => new TextDecoder().decode(change(new TextEncoder().encode(text)));
      if (library === "expo-secure-store") {
        const text = await SecureStore.getItemAsync(encoded, { keychainService: place });
        if (text === null) throw new Error("there is no such entry");
        await SecureStore.setItemAsync(encoded, altered(text), { keychainService: place });
        return;
      }
      for (const suffix of ["_a", "_b"]) {
        const service = `${place}/${encoded}${suffix}`;
        const found = await Keychain.getGenericPassword({ service });
        if (found !== false) await Keychain.setGenericPassword("k", altered(found.password), { service });
      }
    },
  };
}

/** Every class, or on Android every plain option, is accepted by the phone itself. */
async function everyClass({ note }: CaseContext, library: Library): Promise<void> {
  if (Platform.OS !== "ios") {
    const store = await openStore(library, `t${run}.options`);
    claimEqual(store.capabilities.persistent, true, "persistent");
    await store.deleteAll();
    return;
  }
  for (const accessibility of ["unlocked", "unlocked_this_device", "first_unlock", "first_unlock_this_device", "passcode"] as const) {
    const backend = library === "expo-secure-store" ? apple.expoSecureStore(SecureStore) : apple.reactNativeKeychain(Keychain);
    const store = await apple.openKeychainStore({ backend, accountName: `t${run}.${accessibility}`, accessibility });
    const keys = new DatabaseKeys({ store });
    const key = await keys.getOrCreate({ name: "clinic", databaseExists: false }).catch((error: unknown) => {
      // A device without a passcode has no such class.
      if (accessibility === "passcode") note(`passcode: ${String((error as { code?: string }).code)}`);
      else throw error;
    });
    if (key !== undefined) claim((await keys.getOrCreate({ name: "clinic", databaseExists: true })).every((byte, index) => byte === key[index]), `another key came back from the class ${accessibility}`);
    await keys.remove({ name: "clinic" });
  }
}
