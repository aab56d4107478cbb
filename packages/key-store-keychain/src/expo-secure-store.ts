/**
 * expo-secure-store 57 on Apple's systems.
 *
 * A write adds, and updates what is there in one step (ios/SecureStoreModule.swift:112-144); an update keeps the class that the entry was created with.
 * Deleting ignores every status (line 43-51), so it is checked. The only access control is the present set of biometrics (line 105): a new finger
 * takes the entry away, for good.
 *
 * @module
 */
import { INDEX_ENTRY_NAME, KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import { asking } from "./apple-errors.ts";
import { keychainCapabilities } from "./backend.ts";
import type { KeychainBackend } from "./backend.ts";
import { classOfIndex, refuseOperationOptions, resolveOptions, unsupported } from "./options.ts";
import type { Accessibility, ResolvedOptions } from "./options.ts";

/** The part of `import * as SecureStore from "expo-secure-store"` that is used. */
export interface ExpoSecureStore {
  /** The classes come from the native module on Apple's systems alone. */
  readonly AFTER_FIRST_UNLOCK: number;
  readonly AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: number;
  readonly WHEN_PASSCODE_SET_THIS_DEVICE_ONLY: number;
  readonly WHEN_UNLOCKED: number;
  readonly WHEN_UNLOCKED_THIS_DEVICE_ONLY: number;
  isAvailableAsync(): Promise<boolean>;
  getItemAsync(key: string, options?: object): Promise<string | null>;
  setItemAsync(key: string, value: string, options?: object): Promise<void>;
  deleteItemAsync(key: string, options?: object): Promise<void>;
}

const NAME = "expo-secure-store";

const CLASSES: Readonly<Record<Accessibility, Exclude<keyof ExpoSecureStore, "isAvailableAsync" | "getItemAsync" | "setItemAsync" | "deleteItemAsync">>> = {
  passcode: "WHEN_PASSCODE_SET_THIS_DEVICE_ONLY",
  unlocked: "WHEN_UNLOCKED",
  unlocked_this_device: "WHEN_UNLOCKED_THIS_DEVICE_ONLY",
  first_unlock: "AFTER_FIRST_UNLOCK",
  first_unlock_this_device: "AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY",
};

/** The keychain through expo-secure-store. */
export function expoSecureStore(secureStore: ExpoSecureStore): KeychainBackend {
  return {
    name: NAME,
    async open(options) {
      const resolved = resolveOptions(NAME, options, ["groupId", "accessControlFlags", "biometricPromptTitle"]);
      if (!(await secureStore.isAvailableAsync())) throw new KeyStoreError("STORE_UNAVAILABLE", "the native half of expo-secure-store is not here");
      if (typeof secureStore[CLASSES[resolved.accessibility]] !== "number") throw new KeyStoreError("STORE_UNAVAILABLE", "this is not an Apple system: on Android use @holdfast/key-store-keystore");
      return new ExpoEntries(secureStore, resolved);
    },
  };
}

class ExpoEntries implements UnlistedEntries {
  readonly backend = NAME;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #secureStore: ExpoSecureStore;
  readonly #options: ResolvedOptions;
  readonly #isGuarded: boolean;

  constructor(secureStore: ExpoSecureStore, options: ResolvedOptions) {
    const flags = options.accessControlFlags;
    this.#isGuarded = flags.length > 0;
    if (this.#isGuarded && flags.join(",") !== "biometryCurrentSet") throw unsupported(`${NAME} has the access control biometryCurrentSet alone, not ${flags.join(", ")}`);
    this.#secureStore = secureStore;
    this.#options = options;
    this.identity = `${NAME}:${options.groupId ?? ""}:${options.accountName}`;
    this.capabilities = keychainCapabilities(options, { synchronizable: false, biometrics: true });
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
    // A guarded entry could only be looked for with a prompt.
    if (this.#requiresAuthentication(name)) return;
    if ((await this.get(name)) !== null) throw new KeyStoreError("IO", `the keychain (${NAME}) said that the entry was deleted, and still has it`);
  }

  #nativeOptions(name: string): object {
    const { accountName, accessibility, groupId, biometricPromptTitle } = this.#options;
    return {
      keychainService: accountName,
      keychainAccessible: this.#secureStore[CLASSES[name === INDEX_ENTRY_NAME ? classOfIndex(accessibility) : accessibility]],
      requireAuthentication: this.#requiresAuthentication(name),
      ...(groupId === undefined ? {} : { accessGroup: groupId }),
      ...(biometricPromptTitle === undefined ? {} : { authenticationPrompt: biometricPromptTitle }),
    };
  }

  #requiresAuthentication(name: string): boolean {
    return this.#isGuarded && name !== INDEX_ENTRY_NAME;
  }
}
