/**
 * Simulated phones, and the libraries' published JavaScript over them.
 *
 * @module
 */
export { AndroidKeystore, PreferenceFile } from "./android-keystore.ts";
export type { AndroidCiphertext, AndroidKey } from "./android-keystore.ts";
export { AppleKeychain, STATUS } from "./apple-keychain.ts";
export type { AppleClass, AppleItem } from "./apple-keychain.ts";
export { enterWebView, loadCapacitorSecureStorage, loadExpoFileSystem, loadExpoSecureStore, loadReactNativeKeychain } from "./libraries.ts";
export type { LoadedFileSystem } from "./libraries.ts";
export { setSimulatedFiles } from "./native-expo-file-system.ts";
export type { SimulatedFiles } from "./native-expo-file-system.ts";
export { newAndroidPhone, newIosPhone, preferenceFiles } from "./phone.ts";
export type { AndroidPhone, DataStoreEntry, ExpoEntry, IosPhone, NativeCall, System } from "./phone.ts";
