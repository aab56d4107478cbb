/**
 * react-native-keychain 10.0.0 on Android: one entry for each of ours, told apart by its service, which is also the Keystore's alias.
 *
 * The cipher is pinned: left alone, the library takes the "best" that the device has at the moment, and falls back to one without a prompt where no finger
 * is enrolled (KeychainModule.kt:567-601). A change of cipher deletes the Keystore's key before the new text is stored (CipherStorageBase.kt:190-209), so
 * nothing is written over: see `TwoPlaceEntries`. Reading an entry whose key is gone makes a new key and fails to decrypt with it: `KEY_LOST`.
 *
 * @module
 */
import { INDEX_ENTRY_NAME, KeyStoreError, TwoPlaceEntries } from "@holdfast/key-store";
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import { asking } from "./android-errors.ts";
import { keystoreCapabilities } from "./backend.ts";
import type { KeystoreBackend } from "./backend.ts";
import { refuseOperationOptions, resolveOptions } from "./options.ts";
import type { ResolvedOptions, SecurityLevel } from "./options.ts";

/** The part of `import * as Keychain from "react-native-keychain"` that is used. */
export interface ReactNativeKeychain {
  readonly ACCESS_CONTROL: { readonly BIOMETRY_ANY_OR_DEVICE_PASSCODE: string };
  /** The values come from the native module, on Android alone. */
  readonly SECURITY_LEVEL: { readonly ANY?: unknown; readonly SECURE_SOFTWARE?: unknown; readonly SECURE_HARDWARE?: unknown };
  readonly STORAGE_TYPE: { readonly AES_CBC: string; readonly AES_GCM_NO_AUTH: string; readonly AES_GCM: string };
  // Written as methods: the library's own types are narrower than texts.
  setGenericPassword(username: string, password: string, options?: object): Promise<unknown>;
  getGenericPassword(options?: object): Promise<false | { readonly password: string }>;
  hasGenericPassword(options?: object): Promise<boolean>;
  resetGenericPassword(options?: object): Promise<unknown>;
}

const NAME = "react-native-keychain";
/** Every entry has a service of its own, so the user name says nothing. */
const USERNAME = "k";
/** Stands for a moment where a key of too low a level has to be cleared away. */
const PLACEHOLDER = "no-entry";

const LEVELS: Readonly<Record<SecurityLevel, keyof ReactNativeKeychain["SECURITY_LEVEL"]>> = { any: "ANY", secure_software: "SECURE_SOFTWARE", secure_hardware: "SECURE_HARDWARE" };

/** The Keystore through react-native-keychain. */
export function reactNativeKeychain(keychain: ReactNativeKeychain): KeystoreBackend {
  return {
    name: NAME,
    async open(options) {
      // Its keys accept the device's PIN beside strong biometrics, for 5 seconds after any unlock (CipherStorageKeystoreAesGcm.kt:161-178).
      const resolved = resolveOptions(NAME, options, {
        options: ["enforceBiometrics", "biometricType", "biometricPromptTitle", "biometricPromptSubtitle", "securityLevel"],
        ciphers: ["AES_GCM_NoPadding", "AES_CBC_PKCS7Padding"],
        biometricType: "biometricOrDeviceCredential",
      });
      if (typeof keychain.SECURITY_LEVEL.ANY !== "string") throw new KeyStoreError("STORE_UNAVAILABLE", "this is not Android (on Apple's systems use @holdfast/key-store-keychain), or the native half of react-native-keychain is not in this build");
      return new TwoPlaceEntries(new ReactNativeKeychainEntries(keychain, resolved));
    },
  };
}

class ReactNativeKeychainEntries implements UnlistedEntries {
  readonly backend = NAME;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #keychain: ReactNativeKeychain;
  readonly #options: ResolvedOptions;

  constructor(keychain: ReactNativeKeychain, options: ResolvedOptions) {
    this.#keychain = keychain;
    this.#options = options;
    this.identity = `${NAME}:${options.storageNamespace}`;
    this.capabilities = keystoreCapabilities({ hardwareBacked: options.securityLevel === "secure_hardware" ? true : "unknown", biometrics: true });
  }

  checkOptions(options: object): void {
    refuseOperationOptions(NAME, options);
  }

  async get(name: string): Promise<string | null> {
    const found = await asking(NAME, () => this.#keychain.getGenericPassword({ ...this.#service(name), ...this.#guard(name) }));
    if (found === false || found.password === PLACEHOLDER) return null;
    return found.password;
  }

  async set(name: string, text: string): Promise<void> {
    const { securityLevel } = this.#options;
    const storage = this.#storageOf(name);
    const level = securityLevel === undefined ? {} : { securityLevel: this.#keychain.SECURITY_LEVEL[LEVELS[securityLevel]] };
    let stored: unknown;
    try {
      stored = await asking(NAME, () => this.#keychain.setGenericPassword(USERNAME, text, { ...this.#service(name), ...this.#guard(name), storage, ...level }));
    } catch (error) {
      if ((error as KeyStoreError).code === "UNSUPPORTED_OPTION") await this.#clearWeakKey(name);
      throw error;
    }
    const used = (stored as { readonly storage?: unknown } | undefined)?.storage;
    if (used !== storage) throw new KeyStoreError("IO", `the library stored the entry with ${String(used)} instead of ${storage}`);
  }

  async remove(name: string): Promise<void> {
    await asking(NAME, () => this.#keychain.resetGenericPassword(this.#service(name)));
  }

  has(name: string): Promise<boolean> {
    return asking(NAME, () => this.#keychain.hasGenericPassword(this.#service(name)));
  }

  /**
   * The library leaves a key of too low a level in the Keystore, and would use it at the next attempt without a question (CipherStorageBase.kt:187-213,
   * 404-406). It removes keys together with entries only, so an entry without content is made and removed.
   */
  async #clearWeakKey(name: string): Promise<void> {
    await asking(NAME, () => this.#keychain.setGenericPassword(USERNAME, PLACEHOLDER, { ...this.#service(name), ...this.#guard(name), storage: this.#storageOf(name) }));
    await this.remove(name);
  }

  /** A fresh object each time: the library writes into it. */
  #service(name: string): object {
    return { service: `${this.#options.storageNamespace}/${name}` };
  }

  #storageOf(name: string): string {
    const { AES_CBC, AES_GCM, AES_GCM_NO_AUTH } = this.#keychain.STORAGE_TYPE;
    if (this.#isGuarded(name)) return AES_GCM;
    return this.#options.storageCipherAlgorithm === "AES_GCM_NoPadding" ? AES_GCM_NO_AUTH : AES_CBC;
  }

  #guard(name: string): object {
    if (!this.#isGuarded(name)) return {};
    const { biometricPromptTitle: title, biometricPromptSubtitle: subtitle } = this.#options;
    const authenticationPrompt = { ...(title === undefined ? {} : { title }), ...(subtitle === undefined ? {} : { subtitle }) };
    return { accessControl: this.#keychain.ACCESS_CONTROL.BIOMETRY_ANY_OR_DEVICE_PASSCODE, authenticationPrompt };
  }

  #isGuarded(name: string): boolean {
    return this.#options.isGuarded && !name.startsWith(INDEX_ENTRY_NAME);
  }
}
