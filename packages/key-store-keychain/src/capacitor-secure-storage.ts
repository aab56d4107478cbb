/**
 * @aparajita/capacitor-secure-storage 8.0.1 on Apple's systems.
 *
 * Its `get` answers `null` to every error, a locked device included (ios/Sources/SecureStoragePlugin/Plugin.swift:180-182 over KeychainSwift 21), so where there is no list of
 * entries yet, and before an entry counts as lost, a probe is written and read back: of the class that needs an unlocked device, whatever the entries' class was. Its `set` deletes and then adds (KeychainSwift 21, `set`), so nothing is written over: see `TwoPlaceEntries`.
 * Its `get` would turn texts like dates into dates; that is switched off.
 *
 * @module
 */
import { INDEX_ENTRY_NAME, KeyStoreError, TwoPlaceEntries } from "@holdfast/key-store";
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import { asking } from "./apple-errors.ts";
import { keychainCapabilities } from "./backend.ts";
import type { KeychainBackend } from "./backend.ts";
import { classOfIndex, refuseOperationOptions, resolveOptions } from "./options.ts";
import type { Accessibility, ResolvedOptions } from "./options.ts";

/** The part of `import { SecureStorage } from "@aparajita/capacitor-secure-storage"` that is used. */
export interface CapacitorSecureStorage {
  get(key: string, convertDate?: boolean, sync?: boolean): Promise<unknown>;
  set(key: string, data: string, convertDate?: boolean, sync?: boolean, access?: number): Promise<void>;
  remove(key: string, sync?: boolean): Promise<boolean>;
  getKeyPrefix(): Promise<string>;
}

/** The part of `import { Capacitor } from "@capacitor/core"` that is used: in a browser the library keeps everything in plain localStorage. */
export interface CapacitorPlatform {
  getPlatform(): string;
}

/** What `capacitorSecureStorage` is given. */
export interface CapacitorModules {
  readonly SecureStorage: CapacitorSecureStorage;
  /** The library's own numbers for the classes. */
  readonly KeychainAccess: {
    readonly whenUnlocked: number;
    readonly whenUnlockedThisDeviceOnly: number;
    readonly afterFirstUnlock: number;
    readonly afterFirstUnlockThisDeviceOnly: number;
    readonly whenPasscodeSetThisDeviceOnly: number;
  };
  readonly Capacitor: CapacitorPlatform;
  /** What the application gave to `setKeyPrefix`, if it calls that. */
  readonly keyPrefix?: string;
}

const NAME = "capacitor-secure-storage";
/** The library's (dist/esm/base.js). */
const DEFAULT_PREFIX = "capacitor-storage_";
const PROBE_NAME = "-probe";

const CLASSES: Readonly<Record<Accessibility, keyof CapacitorModules["KeychainAccess"]>> = {
  passcode: "whenPasscodeSetThisDeviceOnly",
  unlocked: "whenUnlocked",
  unlocked_this_device: "whenUnlockedThisDeviceOnly",
  first_unlock: "afterFirstUnlock",
  first_unlock_this_device: "afterFirstUnlockThisDeviceOnly",
};

/** The keychain through capacitor-secure-storage. */
export function capacitorSecureStorage(modules: CapacitorModules): KeychainBackend {
  return {
    name: NAME,
    async open(options) {
      const resolved = resolveOptions(NAME, options, ["synchronizable"]);
      const platform = modules.Capacitor.getPlatform();
      if (platform !== "ios") throw new KeyStoreError("STORE_UNAVAILABLE", `this is ${platform}, not an Apple system: on Android use @holdfast/key-store-keystore; in a browser the library would keep keys in plain localStorage`);
      return new TwoPlaceEntries(new CapacitorEntries(modules, resolved));
    },
  };
}

class CapacitorEntries implements UnlistedEntries {
  readonly backend = NAME;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #modules: CapacitorModules;
  readonly #options: ResolvedOptions;

  constructor(modules: CapacitorModules, options: ResolvedOptions) {
    this.#modules = modules;
    this.#options = options;
    this.identity = `${NAME}:${modules.keyPrefix ?? DEFAULT_PREFIX}:${options.accountName}:${options.synchronizable}`;
    this.capabilities = keychainCapabilities(options, { synchronizable: true, biometrics: false });
  }

  checkOptions(options: object): void {
    refuseOperationOptions(NAME, options);
  }

  async get(name: string): Promise<string | null> {
    const found = await this.#ask((storage) => storage.get(this.#keyOf(name), false, this.#options.synchronizable));
    if (found === null || typeof found === "string") return found;
    throw new KeyStoreError("KEY_CORRUPT", "the keychain's entry holds no text: it was altered. It was not changed.");
  }

  async set(name: string, text: string): Promise<void> {
    const access = this.#modules.KeychainAccess[CLASSES[this.#classOf(name)]];
    await this.#ask((storage) => storage.set(this.#keyOf(name), text, false, this.#options.synchronizable, access));
  }

  async remove(name: string): Promise<void> {
    await this.#ask((storage) => storage.remove(this.#keyOf(name), this.#options.synchronizable));
  }

  /** Writing says why it failed, where reading does not. @throws {KeyStoreError} `STORE_LOCKED`, `STORE_UNAVAILABLE`, `IO` */
  async assertReadable(): Promise<void> {
    await this.set(PROBE_NAME, PROBE_NAME);
    if ((await this.get(PROBE_NAME)) !== PROBE_NAME) throw new KeyStoreError("IO", `the keychain (${NAME}) said that a probe was written, and does not give it back`);
  }

  #classOf(name: string): Accessibility {
    if (name === PROBE_NAME) return this.#options.synchronizable ? "unlocked" : "unlocked_this_device";
    return name.startsWith(INDEX_ENTRY_NAME) ? classOfIndex(this.#options.accessibility) : this.#options.accessibility;
  }

  #keyOf(name: string): string {
    return `${this.#options.accountName}/${name}`;
  }

  /** The prefix belongs to the whole application; under another one every entry would seem to be gone. */
  async #ask<Result>(question: (storage: CapacitorSecureStorage) => Promise<Result>): Promise<Result> {
    return asking(NAME, async () => {
      await this.#assertPrefix();
      const answer = await question(this.#modules.SecureStorage);
      await this.#assertPrefix();
      return answer;
    });
  }

  async #assertPrefix(): Promise<void> {
    const expected = this.#modules.keyPrefix ?? DEFAULT_PREFIX;
    const prefix = await this.#modules.SecureStorage.getKeyPrefix();
    if (prefix !== expected) throw new KeyStoreError("STORE_UNAVAILABLE", `the application changed the library's key prefix to "${prefix}": hand it in as keyPrefix, from the beginning`);
  }
}
