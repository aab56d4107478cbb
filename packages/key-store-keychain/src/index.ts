/**
 * Database keys in Apple's keychain.
 *
 * @module
 */
export type { KeychainBackend } from "./backend.ts";
export { capacitorSecureStorage } from "./capacitor-secure-storage.ts";
export type { CapacitorModules, CapacitorPlatform, CapacitorSecureStorage } from "./capacitor-secure-storage.ts";
export { expoSecureStore } from "./expo-secure-store.ts";
export type { ExpoSecureStore } from "./expo-secure-store.ts";
export { openKeychainStore } from "./open-keychain-store.ts";
export type { KeychainStoreOptions } from "./open-keychain-store.ts";
export { DEFAULT_ACCESSIBILITY } from "./options.ts";
export type { Accessibility, AccessControlFlag, KeychainOptions } from "./options.ts";
export { reactNativeKeychain } from "./react-native-keychain.ts";
export type { ReactNativeKeychain } from "./react-native-keychain.ts";
