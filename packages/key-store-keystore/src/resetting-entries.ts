/**
 * `resetOnError: true`: what the platform cannot decrypt is deleted and read as missing.
 *
 * @module
 */
import type { EntryStore, KeyStoreCapabilities, KeyStoreError } from "@holdfast/key-store";

const HOPELESS: readonly string[] = ["KEY_LOST", "KEY_CORRUPT", "AUTH_INVALIDATED"];

/** Over a store that reports losses, one that clears them away. */
export class ResettingEntries implements EntryStore {
  readonly backend: string;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #entries: EntryStore;

  constructor(entries: EntryStore) {
    this.#entries = entries;
    this.backend = entries.backend;
    this.capabilities = entries.capabilities;
    this.identity = entries.identity;
  }

  checkOptions(options: object): void {
    this.#entries.checkOptions(options);
  }

  async get(name: string): Promise<string | null> {
    try {
      return await this.#entries.get(name, {});
    } catch (error) {
      if (!HOPELESS.includes((error as Partial<KeyStoreError>).code ?? "")) throw error;
      await this.#entries.remove(name, {});
      return null;
    }
  }

  set(name: string, text: string): Promise<void> {
    return this.#entries.set(name, text, {});
  }

  remove(name: string): Promise<void> {
    return this.#entries.remove(name, {});
  }

  async has(name: string): Promise<boolean> {
    return (await this.#entries.has?.(name, {})) ?? (await this.get(name)) !== null;
  }

  async names(): Promise<string[]> {
    return (await this.#entries.names?.({})) ?? [];
  }

  async dispose(): Promise<void> {
    await this.#entries.dispose?.();
  }
}
