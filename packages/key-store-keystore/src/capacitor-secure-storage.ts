/**
 * @aparajita/capacitor-secure-storage 8.0.1 on Android: AES-GCM with a Keystore key for each entry (SecureStorage.java, encryptString and getSecretKey).
 *
 * It writes with `apply()` (storeDataInKeyStore), so an application that is killed within moments of creating a key may be without it at its next start: the
 * read-back proves memory. Its `get` would turn texts like dates into dates; that is switched off.
 *
 * @module
 */
import { KeyStoreError } from "@holdfast/key-store";
import type { KeyStoreCapabilities, UnlistedEntries } from "@holdfast/key-store";
import { asking } from "./android-errors.ts";
import { keystoreCapabilities } from "./backend.ts";
import type { KeystoreBackend } from "./backend.ts";
import { refuseOperationOptions, resolveOptions } from "./options.ts";
import type { ResolvedOptions } from "./options.ts";

/** The part of `import { SecureStorage } from "@aparajita/capacitor-secure-storage"` that is used. */
export interface CapacitorSecureStorage {
  get(key: string, convertDate?: boolean, sync?: boolean): Promise<unknown>;
  set(key: string, data: string, convertDate?: boolean, sync?: boolean): Promise<void>;
  remove(key: string, sync?: boolean): Promise<boolean>;
  getKeyPrefix(): Promise<string>;
}

/** What `capacitorSecureStorage` is given. */
export interface CapacitorModules {
  readonly SecureStorage: CapacitorSecureStorage;
  /** `import { Capacitor } from "@capacitor/core"`: in a browser the library keeps everything in plain localStorage. */
  readonly Capacitor: { getPlatform(): string };
}

const NAME = "capacitor-secure-storage";
/** The library's (dist/esm/base.js). */
const DEFAULT_PREFIX = "capacitor-storage_";

/** The Keystore through capacitor-secure-storage. */
export function capacitorSecureStorage(modules: CapacitorModules): KeystoreBackend {
  return {
    name: NAME,
    async open(options) {
      // AES/GCM/NoPadding and nothing else: SecureStorage.java, CIPHER_TRANSFORMATION.
      const resolved = resolveOptions(NAME, options, { options: ["preferencesKeyPrefix"], ciphers: ["AES_GCM_NoPadding"] });
      const platform = modules.Capacitor.getPlatform();
      if (platform !== "android") throw new KeyStoreError("STORE_UNAVAILABLE", `this is ${platform}, not Android: on Apple's systems use @holdfast/key-store-keychain; in a browser the library would keep keys in plain localStorage`);
      return new CapacitorEntries(modules.SecureStorage, resolved, options.preferencesKeyPrefix ?? DEFAULT_PREFIX);
    },
  };
}

class CapacitorEntries implements UnlistedEntries {
  readonly backend = NAME;
  readonly capabilities: KeyStoreCapabilities = keystoreCapabilities({ hardwareBacked: "unknown", biometrics: false });
  readonly identity: string;
  readonly #storage: CapacitorSecureStorage;
  readonly #options: ResolvedOptions;
  readonly #prefix: string;

  constructor(storage: CapacitorSecureStorage, options: ResolvedOptions, prefix: string) {
    this.#storage = storage;
    this.#options = options;
    this.#prefix = prefix;
    this.identity = `${NAME}:${prefix}:${options.storageNamespace}`;
  }

  checkOptions(options: object): void {
    refuseOperationOptions(NAME, options);
  }

  async get(name: string): Promise<string | null> {
    const found = await this.#ask(() => this.#storage.get(this.#keyOf(name), false, false));
    if (found === null || typeof found === "string") return found;
    throw new KeyStoreError("KEY_CORRUPT", "the stored entry holds no text: it was altered. It was not changed.");
  }

  async set(name: string, text: string): Promise<void> {
    await this.#ask(() => this.#storage.set(this.#keyOf(name), text, false, false));
  }

  async remove(name: string): Promise<void> {
    await this.#ask(() => this.#storage.remove(this.#keyOf(name), false));
  }

  #keyOf(name: string): string {
    return `${this.#options.storageNamespace}/${name}`;
  }

  /** The prefix belongs to the whole application; under another one every entry would seem to be gone. */
  async #ask<Result>(question: () => Promise<Result>): Promise<Result> {
    return asking(NAME, async () => {
      await this.#assertPrefix();
      const answer = await question();
      await this.#assertPrefix();
      return answer;
    });
  }

  async #assertPrefix(): Promise<void> {
    const prefix = await this.#storage.getKeyPrefix();
    if (prefix !== this.#prefix) throw new KeyStoreError("STORE_UNAVAILABLE", `the application changed the library's key prefix to "${prefix}": give it as preferencesKeyPrefix, from the beginning`);
  }
}
