/**
 * The libraries' published declarations and this package's, held against each other: compiled, never run. A line that has to be an error and is none is an error.
 *
 * @module
 */
import { SecureStorage } from "@aparajita/capacitor-secure-storage";
import { Capacitor } from "@capacitor/core";
import * as SecureStore from "expo-secure-store";
import * as Keychain from "react-native-keychain";
import { capacitorSecureStorage, expoSecureStore, openKeystoreStore, reactNativeKeychain } from "@holdfast/key-store-keystore";
import type { KeystoreBackend, KeystoreOptions } from "@holdfast/key-store-keystore";

/** Each library is taken as it is imported. */
export const backends: readonly KeystoreBackend[] = [reactNativeKeychain(Keychain), expoSecureStore(SecureStore), capacitorSecureStorage({ SecureStorage, Capacitor })];

/** What is handed to the libraries is what they declare. */
export const sent: readonly [Keychain.SetOptions, Keychain.GetOptions, SecureStore.SecureStoreOptions, Parameters<typeof SecureStorage.set>] = [
  { service: "s", storage: Keychain.STORAGE_TYPE.AES_GCM_NO_AUTH, securityLevel: Keychain.SECURITY_LEVEL.SECURE_HARDWARE, accessControl: Keychain.ACCESS_CONTROL.BIOMETRY_ANY_OR_DEVICE_PASSCODE, authenticationPrompt: { title: "t", subtitle: "s" } },
  { service: "s", accessControl: Keychain.ACCESS_CONTROL.BIOMETRY_ANY_OR_DEVICE_PASSCODE, authenticationPrompt: { title: "t", subtitle: "s" } },
  { keychainService: "s", requireAuthentication: true, authenticationPrompt: "t" },
  ["key", "text", false, false],
];

/** What an application may say. */
export const options: KeystoreOptions = { storageNamespace: "a", resetOnError: false, storageCipherAlgorithm: "AES_GCM_NoPadding", enforceBiometrics: true, biometricType: "strongBiometricOnly", securityLevel: "any" };

// @ts-expect-error Another library.
expoSecureStore(Keychain);
// @ts-expect-error Something is missing.
capacitorSecureStorage({ SecureStorage });
// @ts-expect-error There is no such cipher.
await openKeystoreStore({ backend: reactNativeKeychain(Keychain), storageCipherAlgorithm: "AES_ECB" });
// @ts-expect-error There is no such level.
await openKeystoreStore({ backend: reactNativeKeychain(Keychain), securityLevel: Keychain.SECURITY_LEVEL.ANY });
// @ts-expect-error The library's own name of the option.
await openKeystoreStore({ backend: expoSecureStore(SecureStore), keychainService: "a" });
/** Not the library's storage. */
// @ts-expect-error A level where a storage has to be.
export const wrongStorage: Keychain.SetOptions = { storage: Keychain.SECURITY_LEVEL.ANY };
