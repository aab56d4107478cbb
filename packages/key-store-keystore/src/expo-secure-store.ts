/**
 * expo-secure-store 57 on Android.
 *
 * An entry whose Keystore key is gone is deleted and answered with `null` (android/.../SecureStoreModule.kt:136-143, 159-168), one whose key was invalidated
 * with `null` (156-158): the index above tells both from "never written". A guarded write with an invalidated key deletes every guarded entry of its
 * `keychainService` (190-196, 261-284), so each guarded entry has a service of its own.
 *
 * @module
 */
import { INDEX_ENTRY_NAME, KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import { asking } from "./android-errors.ts";
import { keystoreCapabilities } from "./backend.ts";
import type { KeystoreBackend } from "./backend.ts";
import { refuseOperationOptions, resolveOptions } from "./options.ts";
import type { ResolvedOptions } from "./options.ts";

/** The part of `import * as SecureStore from "expo-secure-store"` that is used. */
export interface ExpoSecureStore {
  /** From the native module on Apple's systems; undefined on Android. */
  readonly AFTER_FIRST_UNLOCK: number;
  isAvailableAsync(): Promise<boolean>;
  getItemAsync(key: string, options?: object): Promise<string | null>;
  setItemAsync(key: string, value: string, options?: object): Promise<void>;
  deleteItemAsync(key: string, options?: object): Promise<void>;
}

const NAME = "expo-secure-store";

/** The Keystore through expo-secure-store. */
export function expoSecureStore(secureStore: ExpoSecureStore): KeystoreBackend {
  return {
    name: NAME,
    async open(options) {
      // AES/GCM/NoPadding and nothing else: encryptors/AESEncryptor.kt:137. Its prompts take strong biometrics alone: AuthenticationHelper.kt, assertBiometricsSupport.
      const resolved = resolveOptions(NAME, options, { options: ["enforceBiometrics", "biometricType", "biometricPromptTitle"], ciphers: ["AES_GCM_NoPadding"], biometricType: "strongBiometricOnly" });
      if (!(await secureStore.isAvailableAsync())) throw new KeyStoreError("STORE_UNAVAILABLE", "the native half of expo-secure-store is not here");
      if (typeof secureStore.AFTER_FIRST_UNLOCK === "number") throw new KeyStoreError("STORE_UNAVAILABLE", "this is an Apple system: use @holdfast/key-store-keychain");
      return new ExpoEntries(secureStore, resolved);
    },
  };
}

class ExpoEntries implements UnlistedEntries {
  readonly backend = NAME;
  readonly capabilities: KeyStoreCapabilities = keystoreCapabilities({ hardwareBacked: "unknown", biometrics: true });
  readonly identity: string;
  readonly #secureStore: ExpoSecureStore;
  readonly #options: ResolvedOptions;

  constructor(secureStore: ExpoSecureStore, options: ResolvedOptions) {
    this.#secureStore = secureStore;
    this.#options = options;
    this.identity = `${NAME}:${options.storageNamespace}`;
  }

  checkOptions(options: object): void {
    refuseOperationOptions(NAME, options);
  }

  get(name: string): Promise<string | null> {
    return asking(NAME, () => this.#secureStore.getItemAsync(name, this.#nativeOptions(name)));
  }

  async set(name: string, text: string): Promise<void> {
    await asking(NAME, () => this.#secureStore.setItemAsync(name, text, this.#nativeOptions(name)));
  }

  async remove(name: string): Promise<void> {
    await asking(NAME, () => this.#secureStore.deleteItemAsync(name, this.#nativeOptions(name)));
  }

  #nativeOptions(name: string): object {
    const { storageNamespace, biometricPromptTitle, isGuarded } = this.#options;
    const requireAuthentication = isGuarded && name !== INDEX_ENTRY_NAME;
    return {
      keychainService: requireAuthentication ? `${storageNamespace}.${name}` : storageNamespace,
      requireAuthentication,
      ...(biometricPromptTitle === undefined ? {} : { authenticationPrompt: biometricPromptTitle }),
    };
  }
}
