/**
 * The native half of expo-secure-store 57.0.4 on iOS, simulated after ios/SecureStoreModule.swift of that version.
 *
 * @module
 */
import { STATUS } from "./apple-keychain.ts";
import type { AppleClass, AppleQuery } from "./apple-keychain.ts";
import { crossing, iosPhone } from "./phone.ts";

type Options = Readonly<Record<string, unknown>>;

/** SecureStoreAccessible.swift and SecureStoreModule.swift:194-211. */
const CLASSES: readonly AppleClass[] = [
  "kSecAttrAccessibleAfterFirstUnlock",
  "kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly",
  "kSecAttrAccessibleAlways",
  "kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly",
  "kSecAttrAccessibleAlwaysThisDeviceOnly",
  "kSecAttrAccessibleWhenUnlocked",
  "kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
];

/** SecureStoreExceptions.swift; the default is the system's text for the status. */
const REASONS: Readonly<Record<number, string>> = {
  [STATUS.parameter]: "One or more parameters passed to a function where not valid.",
  [STATUS.userCanceled]: "User canceled the operation.",
  [STATUS.interactionNotAllowed]: "User interaction is not allowed.",
  [STATUS.authFailed]: "Authentication failed. Provided passphrase/PIN is incorrect or there is no user authentication method configured for this device.",
  [STATUS.missingEntitlement]: "A required entitlement isn't present.",
};

/** `ExpoSecureStore`. Its constants: SecureStoreModule.swift:11-17. */
export const nativeExpoIos = {
  AFTER_FIRST_UNLOCK: 0,
  AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: 1,
  ALWAYS: 2,
  WHEN_PASSCODE_SET_THIS_DEVICE_ONLY: 3,
  ALWAYS_THIS_DEVICE_ONLY: 4,
  WHEN_UNLOCKED: 5,
  WHEN_UNLOCKED_THIS_DEVICE_ONLY: 6,

  /** Line 69-87. */
  async getValueWithKeyAsync(key: string, given: unknown): Promise<string | null> {
    const options = crossing(iosPhone(), "getValueWithKeyAsync", given);
    for (const requireAuthentication of [false, true, undefined]) {
      const { status, item } = iosPhone().keychain.copyData(queryOf(key, options, requireAuthentication));
      if (item !== undefined) return item.data;
      if (status !== STATUS.notFound) throw rejection("getValueWithKeyAsync", status);
    }
    return null;
  },

  /** Line 89-144: adds; updates what is there, whose class stays. */
  async setValueWithKeyAsync(value: string, key: string, given: unknown): Promise<boolean> {
    const options = crossing(iosPhone(), "setValueWithKeyAsync", given);
    const { keychain } = iosPhone();
    const requireAuthentication = options["requireAuthentication"] === true;
    const status = keychain.add({
      service: serviceOf(options, requireAuthentication),
      account: key,
      accessGroup: options["accessGroup"] as string | undefined,
      synchronizable: false,
      accessible: CLASSES[Number(options["keychainAccessible"] ?? 5)] as AppleClass,
      // Line 105.
      accessControl: requireAuthentication ? ["biometryCurrentSet"] : [],
      data: value,
    });
    if (status === STATUS.duplicate) {
      const updated = keychain.update(queryOf(key, options, requireAuthentication), value);
      if (updated !== STATUS.success) throw rejection("setValueWithKeyAsync", updated);
      return true;
    }
    if (status !== STATUS.success) throw rejection("setValueWithKeyAsync", status);
    keychain.delete(queryOf(key, options, undefined));
    keychain.delete(queryOf(key, options, !requireAuthentication));
    return true;
  },

  /** Line 43-51: no status is looked at. */
  async deleteValueWithKeyAsync(key: string, given: unknown): Promise<void> {
    const options = crossing(iosPhone(), "deleteValueWithKeyAsync", given);
    for (const requireAuthentication of [undefined, true, false]) iosPhone().keychain.delete(queryOf(key, options, requireAuthentication));
  },
};

/** Line 172-192. */
function queryOf(key: string, options: Options, requireAuthentication: boolean | undefined): AppleQuery {
  const accessGroup = options["accessGroup"] as string | undefined;
  return { service: serviceOf(options, requireAuthentication), account: key, ...(accessGroup === undefined ? {} : { accessGroup }) };
}

function serviceOf(options: Options, requireAuthentication: boolean | undefined): string {
  const service = String(options["keychainService"] ?? "app");
  return requireAuthentication === undefined ? service : `${service}:${requireAuthentication ? "auth" : "no-auth"}`;
}

/** expo-modules-core 57.0.20, ios/Core/Functions/AnyFunctionDefinition.swift:39-50 and ios/Core/Exceptions/CodedError.swift:43-52. */
function rejection(functionName: string, status: number): Error {
  return Object.assign(new Error(`Calling the '${functionName}' function has failed\n→ Caused by: ${REASONS[status] ?? "Unknown Keychain Error."}`), { code: "ERR_KEY_CHAIN" });
}
