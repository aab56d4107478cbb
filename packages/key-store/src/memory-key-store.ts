/**
 * A key store that lives as long as the process: for tests, and for databases that nobody keeps.
 *
 * @module
 */
import type { EntryStore } from "./entry-store.ts";
import { KeyStoreError } from "./errors.ts";
import { StringKeyStore } from "./string-key-store.ts";

let count = 0;

/** The entries of a memory store; several stores may share them, as processes share a keyring. */
export class MemoryEntries implements EntryStore {
  readonly backend = "memory";
  readonly capabilities = {
    persistent: false,
    hardwareBacked: false,
    enumerable: true,
    backupExcluded: true,
    synchronizable: false,
    biometrics: false,
    crossProcessLock: false,
  } as const;
  readonly identity: string = `memory:${(count += 1)}`;
  readonly #texts = new Map<string, string>();

  checkOptions(options: object): void {
    const [first] = Object.keys(options);
    if (first !== undefined) throw new KeyStoreError("UNSUPPORTED_OPTION", `the memory store has no option "${first}"`);
  }

  async get(name: string): Promise<string | null> {
    return this.#texts.get(name) ?? null;
  }

  async set(name: string, text: string): Promise<void> {
    this.#texts.set(name, text);
  }

  async create(name: string, text: string): Promise<boolean> {
    if (this.#texts.has(name)) return false;
    this.#texts.set(name, text);
    return true;
  }

  async remove(name: string): Promise<void> {
    this.#texts.delete(name);
  }

  async has(name: string): Promise<boolean> {
    return this.#texts.has(name);
  }

  async names(): Promise<string[]> {
    return [...this.#texts.keys()];
  }
}

/** A key store in memory. */
export class MemoryKeyStore extends StringKeyStore {
  constructor(entries: EntryStore = new MemoryEntries()) {
    super(entries);
  }
}
