/**
 * react-native-keychain 10.0.0 on Apple's systems: one keychain entry for each of ours, told apart by its service.
 *
 * Its `set` deletes and then adds (ios/RNKeychainManager/RNKeychainManager.m:461-463), so nothing is ever written over: see `TwoPlaceEntries`. The mere
 * presence of `cloudSync`, even false, turns synchronization on (line 140), so it is left out.
 *
 * @module
 */
import { INDEX_ENTRY_NAME, KeyStoreError, TwoPlaceEntries } from "@holdfast/key-store";
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import { asking } from "./apple-errors.ts";
import { keychainCapabilities } from "./backend.ts";
import type { KeychainBackend } from "./backend.ts";
import { classOfIndex, refuseOperationOptions, resolveOptions, unsupported } from "./options.ts";
import type { Accessibility, AccessControlFlag, ResolvedOptions } from "./options.ts";

/** The part of `import * as Keychain from "react-native-keychain"` that is used. */
export interface ReactNativeKeychain {
  readonly ACCESSIBLE: {
    readonly WHEN_PASSCODE_SET_THIS_DEVICE_ONLY: string;
    readonly WHEN_UNLOCKED: string;
    readonly WHEN_UNLOCKED_THIS_DEVICE_ONLY: string;
    readonly AFTER_FIRST_UNLOCK: string;
    readonly AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: string;
  };
  readonly ACCESS_CONTROL: {
    readonly USER_PRESENCE: string;
    readonly BIOMETRY_ANY: string;
    readonly BIOMETRY_CURRENT_SET: string;
    readonly DEVICE_PASSCODE: string;
    readonly APPLICATION_PASSWORD: string;
    readonly BIOMETRY_ANY_OR_DEVICE_PASSCODE: string;
    readonly BIOMETRY_CURRENT_SET_OR_DEVICE_PASSCODE: string;
  };
  /** Its values come from the native module on Android alone. */
  readonly SECURITY_LEVEL: { readonly ANY?: unknown };
  // Written as methods: the library's own types are narrower than texts.
  setGenericPassword(username: string, password: string, options?: object): Promise<unknown>;
  getGenericPassword(options?: object): Promise<false | { readonly password: string }>;
  hasGenericPassword(options?: object): Promise<boolean>;
  resetGenericPassword(options?: object): Promise<unknown>;
}

const NAME = "react-native-keychain";
/** Every entry has a service of its own, so the user name says nothing. */
const USERNAME = "k";

const CLASSES: Readonly<Record<Accessibility, keyof ReactNativeKeychain["ACCESSIBLE"]>> = {
  passcode: "WHEN_PASSCODE_SET_THIS_DEVICE_ONLY",
  unlocked: "WHEN_UNLOCKED",
  unlocked_this_device: "WHEN_UNLOCKED_THIS_DEVICE_ONLY",
  first_unlock: "AFTER_FIRST_UNLOCK",
  first_unlock_this_device: "AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY",
};

/** The combinations that the library has, by their flags in alphabetical order. */
const ACCESS_CONTROLS: Readonly<Record<string, keyof ReactNativeKeychain["ACCESS_CONTROL"]>> = {
  userPresence: "USER_PRESENCE",
  biometryAny: "BIOMETRY_ANY",
  biometryCurrentSet: "BIOMETRY_CURRENT_SET",
  devicePasscode: "DEVICE_PASSCODE",
  applicationPassword: "APPLICATION_PASSWORD",
  "biometryAny,devicePasscode,or": "BIOMETRY_ANY_OR_DEVICE_PASSCODE",
  "biometryCurrentSet,devicePasscode,or": "BIOMETRY_CURRENT_SET_OR_DEVICE_PASSCODE",
};

/** The keychain through react-native-keychain. */
export function reactNativeKeychain(keychain: ReactNativeKeychain): KeychainBackend {
  return {
    name: NAME,
    async open(options) {
      const resolved = resolveOptions(NAME, options, ["groupId", "synchronizable", "accessControlFlags", "biometricPromptTitle"]);
      if (keychain.SECURITY_LEVEL.ANY !== undefined && keychain.SECURITY_LEVEL.ANY !== null) throw new KeyStoreError("STORE_UNAVAILABLE", "this is Android: use @holdfast/key-store-keystore");
      const entries = new ReactNativeKeychainEntries(keychain, resolved);
      await entries.assertLinked();
      return new TwoPlaceEntries(entries);
    },
  };
}

class ReactNativeKeychainEntries implements UnlistedEntries {
  readonly backend = NAME;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #keychain: ReactNativeKeychain;
  readonly #options: ResolvedOptions;
  readonly #accessControl: string | undefined;

  constructor(keychain: ReactNativeKeychain, options: ResolvedOptions) {
    this.#keychain = keychain;
    this.#options = options;
    this.#accessControl = accessControlOf(keychain, options.accessControlFlags);
    this.identity = `${NAME}:${options.groupId ?? ""}:${options.accountName}:${options.synchronizable}`;
    this.capabilities = keychainCapabilities(options, { synchronizable: true, biometrics: true });
  }

  checkOptions(options: object): void {
    refuseOperationOptions(NAME, options);
  }

  /** Asks for nothing that has to be decrypted. @throws {KeyStoreError} `STORE_UNAVAILABLE` */
  async assertLinked(): Promise<void> {
    try {
      await this.#keychain.hasGenericPassword(this.#query("probe"));
    } catch (error) {
      if (error instanceof TypeError) throw new KeyStoreError("STORE_UNAVAILABLE", "the native half of react-native-keychain is not in this build of the application", { cause: error });
    }
  }

  async get(name: string): Promise<string | null> {
    const found = await asking(NAME, () => this.#keychain.getGenericPassword({ ...this.#query(name), ...this.#prompt() }));
    if (found === false) return null;
    // An entry whose bytes are not UTF-8 comes without a password (line 506-518).
    if (typeof found.password !== "string") throw new KeyStoreError("KEY_CORRUPT", "the keychain's entry holds no text: it was altered. It was not changed.");
    return found.password;
  }

  async set(name: string, text: string): Promise<void> {
    const isIndex = name.startsWith(INDEX_ENTRY_NAME);
    const accessControl = isIndex || this.#accessControl === undefined ? {} : { accessControl: this.#accessControl };
    const { accessibility } = this.#options;
    const accessible = this.#keychain.ACCESSIBLE[CLASSES[isIndex ? classOfIndex(accessibility) : accessibility]];
    await asking(NAME, () => this.#keychain.setGenericPassword(USERNAME, text, { ...this.#query(name), ...this.#prompt(), accessible, ...accessControl }));
  }

  async remove(name: string): Promise<void> {
    await asking(NAME, () => this.#keychain.resetGenericPassword(this.#query(name)));
  }

  has(name: string): Promise<boolean> {
    return asking(NAME, () => this.#keychain.hasGenericPassword(this.#query(name)));
  }

  /** A fresh object each time: the library writes into it. */
  #query(name: string): object {
    const { accountName, groupId, synchronizable } = this.#options;
    return { service: `${accountName}/${name}`, ...(groupId === undefined ? {} : { accessGroup: groupId }), ...(synchronizable ? { cloudSync: true } : {}) };
  }

  #prompt(): object {
    const { biometricPromptTitle } = this.#options;
    return biometricPromptTitle === undefined ? {} : { authenticationPrompt: { title: biometricPromptTitle } };
  }
}

function accessControlOf(keychain: ReactNativeKeychain, flags: readonly AccessControlFlag[]): string | undefined {
  if (flags.length === 0) return undefined;
  const combination = ACCESS_CONTROLS[[...flags].sort().join(",")];
  if (combination === undefined) throw unsupported(`${NAME} has no access control for the flags ${flags.join(", ")}; it has ${Object.keys(ACCESS_CONTROLS).join("; ")}`);
  return keychain.ACCESS_CONTROL[combination];
}
