/**
 * The native half of @aparajita/capacitor-secure-storage 8.0.1 on iOS, simulated after ios/Sources/SecureStoragePlugin/Plugin.swift of that version, and
 * KeychainSwift 21 (Sources/KeychainSwift.swift) underneath.
 *
 * @module
 */
import { STATUS } from "./apple-keychain.ts";
import type { AppleClass, AppleQuery } from "./apple-keychain.ts";
import { crossing, iosPhone } from "./phone.ts";

type Options = Readonly<Record<string, unknown>>;

/** Plugin.swift:125-149. */
const CLASSES: readonly AppleClass[] = [
  "kSecAttrAccessibleWhenUnlocked",
  "kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
  "kSecAttrAccessibleAfterFirstUnlock",
  "kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly",
  "kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly",
];

/** An answer that Capacitor rejects with. */
export interface NativeRejection {
  readonly message: string;
  readonly code: string;
}

/** The plugin's methods: Plugin.swift:9-16. Throws {@link NativeRejection}. */
export const nativeCapacitorIos: Readonly<Record<string, (given: unknown) => object>> = {
  setSynchronizeKeychain: () => ({}),

  /** Plugin.swift:29-42, 172-178; KeychainSwift `set`: deletes first, then adds. */
  internalSetItem(given) {
    const options = crossing(iosPhone(), "internalSetItem", given);
    const { keychain } = iosPhone();
    keychain.delete(queryOf(options));
    const status = keychain.add({
      service: "",
      account: String(options["prefixedKey"]),
      synchronizable: options["sync"] === true,
      accessible: CLASSES[Number(options["access"])] ?? "kSecAttrAccessibleWhenUnlocked",
      accessControl: [],
      data: String(options["data"]),
    });
    if (status !== STATUS.success) throw osError(status);
    return {};
  },

  /** Plugin.swift:44-53, 180-182; KeychainSwift `get`: every error is nil. */
  internalGetItem(given) {
    const options = crossing(iosPhone(), "internalGetItem", given);
    return { data: iosPhone().keychain.copyData(queryOf(options)).item?.data ?? null };
  },

  /** Plugin.swift:55-64, 184-192. */
  internalRemoveItem(given) {
    const options = crossing(iosPhone(), "internalRemoveItem", given);
    return { success: iosPhone().keychain.delete(queryOf(options)) === STATUS.success };
  },

  internalClearItemsWithPrefix: () => ({}),
  internalGetPrefixedKeys: () => ({ keys: [] }),
};

/** KeychainSwift `addSynchronizableIfRequired`: a synchronizing query matches all. */
function queryOf(options: Options): AppleQuery {
  return { account: String(options["prefixedKey"]), ...(options["sync"] === true ? { synchronizable: "any" as const } : {}) };
}

/** KeychainError.swift:20-26. */
function osError(status: number): NativeRejection {
  return { message: `An OS error occurred (${status})`, code: "osError" };
}
