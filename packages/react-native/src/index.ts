/**
 * Holdfast on React Native and Expo.
 *
 * @module
 */
export type { InjectedCrypto, InjectedHmac } from "@holdfast/core-cipher";
export { setPlatform } from "@holdfast/storage-engine";
export type { Durability, Platform } from "@holdfast/storage-engine";
export type { ExpoDirectory, ExpoFile, ExpoFileHandle, ExpoFileSystem } from "./file-system.ts";
export { createReactNativePlatform } from "./react-native-platform.ts";
export type { ReactNativePlatformOptions } from "./react-native-platform.ts";
