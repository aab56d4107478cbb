/**
 * The three libraries over a simulated phone with Android, and stores of them.
 *
 * @module
 */
import { loadCapacitorSecureStorage, loadExpoSecureStore, loadReactNativeKeychain } from "@holdfast/simulated-phones";
import { capacitorSecureStorage, expoSecureStore, reactNativeKeychain } from "../src/index.ts";
import type { KeystoreBackend } from "../src/index.ts";

/** One backend for each library, by its name. */
export const BACKENDS: Readonly<Record<string, KeystoreBackend>> = {
  "react-native-keychain": reactNativeKeychain(await loadReactNativeKeychain("android")),
  "expo-secure-store": expoSecureStore(await loadExpoSecureStore("android")),
  "capacitor-secure-storage": capacitorSecureStorage(await loadCapacitorSecureStorage("android")),
};

/** The code that a promise is rejected with, or what it gave. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error: unknown) => (error as { readonly code?: string }).code,
  );
}
