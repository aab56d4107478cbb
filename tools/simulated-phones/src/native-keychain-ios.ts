/**
 * The native half of react-native-keychain 10.0.0 on iOS, simulated after ios/RNKeychainManager/RNKeychainManager.m of that version.
 *
 * @module
 */
import { STATUS } from "./apple-keychain.ts";
import type { AppleClass, AppleQuery } from "./apple-keychain.ts";
import { crossing, iosPhone } from "./phone.ts";

type Options = Readonly<Record<string, unknown>>;

/** Line 99-104. */
const CLASSES: Readonly<Record<string, AppleClass>> = {
  AccessibleWhenUnlocked: "kSecAttrAccessibleWhenUnlocked",
  AccessibleAfterFirstUnlock: "kSecAttrAccessibleAfterFirstUnlock",
  AccessibleAlways: "kSecAttrAccessibleAlways",
  AccessibleWhenPasscodeSetThisDeviceOnly: "kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly",
  AccessibleWhenUnlockedThisDeviceOnly: "kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
  AccessibleAfterFirstUnlockThisDeviceOnly: "kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly",
};

/** Line 187-207. */
const ACCESS_CONTROLS: Readonly<Record<string, readonly string[]>> = {
  UserPresence: ["userPresence"],
  BiometryAny: ["biometryAny"],
  BiometryCurrentSet: ["biometryCurrentSet"],
  DevicePasscode: ["devicePasscode"],
  BiometryAnyOrDevicePasscode: ["biometryAny", "or", "devicePasscode"],
  BiometryCurrentSetOrDevicePasscode: ["biometryCurrentSet", "or", "devicePasscode"],
  ApplicationPassword: ["applicationPassword"],
};

/** Line 37-82. */
const MESSAGES: Readonly<Record<number, string>> = {
  [STATUS.parameter]: "One or more parameters passed to a function where not valid.",
  [STATUS.userCanceled]: "User canceled the operation.",
  [STATUS.duplicate]: "The specified item already exists in the keychain.",
  [STATUS.interactionNotAllowed]: "User interaction is not allowed.",
  [STATUS.authFailed]: "The user name or passphrase you entered is not correct.",
  [STATUS.missingEntitlement]: "Internal error when a required entitlement isn't present.",
};

/** `RNKeychainManager`. */
export const nativeKeychainIos = {
  /** Line 445-464: deletes, whatever comes of it, then adds. */
  async setGenericPasswordForOptions(given: unknown, username: string, password: string): Promise<object> {
    const options = crossing(iosPhone(), "setGenericPasswordForOptions", given);
    const { keychain } = iosPhone();
    keychain.delete(queryOf(options));
    const status = keychain.add({
      service: String(options["service"] ?? "org.example.app"),
      account: username,
      accessGroup: options["accessGroup"] as string | undefined,
      synchronizable: cloudSync(options),
      // Line 97-111: an unknown class is AfterFirstUnlock.
      accessible: CLASSES[String(options["accessible"])] ?? "kSecAttrAccessibleAfterFirstUnlock",
      accessControl: ACCESS_CONTROLS[String(options["accessControl"])] ?? [],
      data: password,
    });
    // Line 258: "not found" counts as added.
    if (status !== STATUS.success && status !== STATUS.notFound) throw rejection(status);
    return { service: options["service"], storage: "keychain" };
  },

  /** Line 466-520. */
  async getGenericPasswordForOptions(given: unknown): Promise<object | false> {
    const options = crossing(iosPhone(), "getGenericPasswordForOptions", given);
    // Line 482: a prompt of nil in a dictionary literal ends the application; the JavaScript sees to it that there is one.
    if ((options["authenticationPrompt"] as Options | undefined)?.["title"] === undefined) throw new Error("simulated crash: attempt to insert nil object");
    const { status, item } = iosPhone().keychain.copyData(queryOf(options));
    if (status === STATUS.notFound) return false;
    if (item === undefined) throw rejection(status);
    return { storage: "keychain", service: item.service, username: item.account, password: item.data };
  },

  /** Line 270-312: an entry that would need a prompt, or an unlocked device, is there. */
  async hasGenericPasswordForOptions(given: unknown): Promise<boolean> {
    const options = crossing(iosPhone(), "hasGenericPasswordForOptions", given);
    const status = iosPhone().keychain.contains({ ...queryOf(options), failsInsteadOfPrompt: true });
    return status === STATUS.success || status === STATUS.interactionNotAllowed;
  },

  /** Line 522-535. */
  async resetGenericPasswordForOptions(given: unknown): Promise<boolean> {
    const options = crossing(iosPhone(), "resetGenericPasswordForOptions", given);
    iosPhone().keychain.delete(queryOf(options));
    return true;
  },
};

/** Line 314-333 and 475-487. */
function queryOf(options: Options): AppleQuery {
  const accessGroup = options["accessGroup"] as string | undefined;
  return { service: String(options["service"] ?? "org.example.app"), synchronizable: cloudSync(options), ...(accessGroup === undefined ? {} : { accessGroup }) };
}

/** Line 138-144: that the field is there is all that counts. */
function cloudSync(options: Options): boolean {
  return "cloudSync" in options;
}

/** Line 85-93: the status is the code. */
function rejection(status: number): Error {
  return Object.assign(new Error(MESSAGES[status] ?? `The operation couldn’t be completed. (OSStatus error ${status}.)`), { code: String(status) });
}
