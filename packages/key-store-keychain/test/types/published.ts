/**
 * The libraries' published declarations and this package's, held against each other: compiled, never run. A line that has to be an error and is none is an error.
 *
 * @module
 */
import { KeychainAccess, SecureStorage } from "@aparajita/capacitor-secure-storage";
import { Capacitor } from "@capacitor/core";
import * as SecureStore from "expo-secure-store";
import * as Keychain from "react-native-keychain";
import { capacitorSecureStorage, expoSecureStore, openKeychainStore, reactNativeKeychain } from "@holdfast/key-store-keychain";
import type { KeychainBackend, KeychainOptions } from "@holdfast/key-store-keychain";

/** Each library is taken as it is imported. */
export const backends: readonly KeychainBackend[] = [reactNativeKeychain(Keychain), expoSecureStore(SecureStore), capacitorSecureStorage({ SecureStorage, KeychainAccess, Capacitor })];

/** What is handed to the libraries is what they declare. */
export const sent: readonly [Keychain.SetOptions, Keychain.GetOptions, SecureStore.SecureStoreOptions, Parameters<typeof SecureStorage.set>] = [
  { service: "s", accessGroup: "g", cloudSync: true, accessible: Keychain.ACCESSIBLE.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY, accessControl: Keychain.ACCESS_CONTROL.BIOMETRY_ANY_OR_DEVICE_PASSCODE, authenticationPrompt: { title: "t" } },
  { service: "s", authenticationPrompt: { title: "t" } },
  { keychainService: "s", keychainAccessible: SecureStore.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY, requireAuthentication: true, accessGroup: "g", authenticationPrompt: "t" },
  ["key", "text", false, true, KeychainAccess.afterFirstUnlockThisDeviceOnly],
];

/** What an application may say. */
export const options: KeychainOptions = { accountName: "a", groupId: "g", accessibility: "passcode", accessControlFlags: ["biometryAny", "or", "devicePasscode"], biometricPromptTitle: "t" };

// @ts-expect-error Another library's classes.
capacitorSecureStorage({ SecureStorage, KeychainAccess: Keychain.ACCESSIBLE, Capacitor });
// @ts-expect-error Another library.
expoSecureStore(Keychain);
// @ts-expect-error A library without what is needed.
reactNativeKeychain({ ...Keychain, ACCESSIBLE: { WHEN_UNLOCKED: "AccessibleWhenUnlocked" } });
// @ts-expect-error There is no such class.
await openKeychainStore({ backend: reactNativeKeychain(Keychain), accessibility: "always" });
// @ts-expect-error There is no such flag.
await openKeychainStore({ backend: reactNativeKeychain(Keychain), accessControlFlags: ["fingerprint"] });
// @ts-expect-error The library's own name of the option.
await openKeychainStore({ backend: expoSecureStore(SecureStore), keychainAccessible: 1 });
/** Not the library's class. */
// @ts-expect-error A class of another library.
export const wrongClass: Keychain.SetOptions = { accessible: KeychainAccess.whenUnlocked };
