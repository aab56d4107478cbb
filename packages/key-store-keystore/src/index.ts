/**
 * Database keys under Android's Keystore.
 *
 * @module
 */
export type { KeystoreBackend } from "./backend.ts";
export { capacitorSecureStorage } from "./capacitor-secure-storage.ts";
export type { CapacitorModules, CapacitorSecureStorage } from "./capacitor-secure-storage.ts";
export { expoSecureStore } from "./expo-secure-store.ts";
export type { ExpoSecureStore } from "./expo-secure-store.ts";
export { openKeystoreStore } from "./open-keystore-store.ts";
export type { KeystoreStoreOptions } from "./open-keystore-store.ts";
export type { BiometricType, KeystoreOptions, SecurityLevel, StorageCipherAlgorithm } from "./options.ts";
export { reactNativeKeychain } from "./react-native-keychain.ts";
export type { ReactNativeKeychain } from "./react-native-keychain.ts";
