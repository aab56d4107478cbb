/**
 * A list of names for platforms that cannot list their entries, and the means to tell a lost entry from one that never was.
 *
 * The list is an entry of its own: `i1.<state>:<name>[...].<check>`. A name is entered before its entry is written ("p", pending) and marked
 * when the entry has been read back ("w", written); it is struck out after the entry was deleted. So a name may be in the list without an
 * entry, and is pending then; a name that is marked and has no entry is lost, and `get` says so instead of `null`.
 *
 * The list decides nothing else: an entry that is there is read without it, and where the list itself is lost or damaged, a missing entry is missing.
 *
 * @module
 */
import { openText, sealText } from "./checked-text.ts";
import type { EntryStore } from "./entry-store.ts";
import { KeyStoreError } from "./errors.ts";
import type { KeyStoreErrorCode } from "./errors.ts";
import type { KeyStoreCapabilities } from "./key-store.ts";
import { runExclusively } from "./mutex.ts";

/** Name of the list's own entry. No encoded name begins with a dash. */
export const INDEX_ENTRY_NAME = "-index";

/** First part of the list's text: version 1. */
const INDEX_TAG = "i1";
/** A part that says that older entries may be missing from the list, which was made anew. */
const INCOMPLETE = "incomplete";

/** A store under an index: one that cannot list, and may not be able to tell "none" from "not now". */
export interface UnlistedEntries extends EntryStore {
  /** Asked before it is believed that there is no list, or that an entry is lost; a list that can be read shows that the store can. @throws {KeyStoreError} `STORE_LOCKED`, ... if the platform answers `null` for other reasons. */
  assertReadable?(): Promise<void>;
}

/** What a missing entry that was written means on this platform. */
export interface LossMeaning {
  readonly code: KeyStoreErrorCode;
  readonly sentence: string;
}

type State = "pending" | "written";

interface Index {
  readonly names: Map<string, State>;
  isComplete: boolean;
}

/** Adds `names` to a store, and finds lost entries. */
export class IndexedEntries implements EntryStore {
  readonly backend: string;
  readonly capabilities: KeyStoreCapabilities;
  readonly identity: string;
  readonly #entries: UnlistedEntries;
  readonly #loss: LossMeaning;
  /** Written by this instance and not read back yet. */
  readonly #unconfirmed = new Set<string>();

  constructor(entries: UnlistedEntries, loss: LossMeaning) {
    this.#entries = entries;
    this.#loss = loss;
    this.backend = entries.backend;
    this.identity = entries.identity;
    this.capabilities = { ...entries.capabilities, enumerable: true };
  }

  checkOptions(options: object): void {
    this.#entries.checkOptions(options);
  }

  async get(name: string): Promise<string | null> {
    const text = await this.#entries.get(name, {});
    if (text !== null) {
      if (this.#unconfirmed.delete(name)) await this.#change((index) => void index.names.set(name, "written"));
      return text;
    }
    if ((await this.#stateOf(name)) !== "written") return null;
    // Another call may have finished writing, or deleting, since the entry was asked for.
    const again = await this.#entries.get(name, {});
    if (again !== null || (await this.#stateOf(name)) !== "written") return again;
    await this.#entries.assertReadable?.();
    throw new KeyStoreError(this.#loss.code, this.#loss.sentence);
  }

  async set(name: string, text: string): Promise<void> {
    await this.#change((index) => {
      if (!index.names.has(name)) index.names.set(name, "pending");
    });
    await this.#entries.set(name, text, {});
    this.#unconfirmed.add(name);
  }

  async remove(name: string): Promise<void> {
    this.#unconfirmed.delete(name);
    if ((await this.#stateOf(name)) === "written") await this.#change((index) => void index.names.set(name, "pending"));
    await this.#entries.remove(name, {});
    if ((await this.#stateOf(name)) !== undefined) await this.#change((index) => void index.names.delete(name));
  }

  /** A lost entry counts as there: reading it says that it is lost. */
  async has(name: string): Promise<boolean> {
    if ((await this.#entries.has?.(name, {})) === true) return true;
    if ((await this.#stateOf(name)) === "written") return true;
    if (this.#entries.has !== undefined) return false;
    return (await this.#entries.get(name, {})) !== null;
  }

  async names(): Promise<string[]> {
    const index = await this.#load();
    if (!index.isComplete) throw new KeyStoreError("KEY_CORRUPT", `the list of entries of the store "${this.backend}" was lost and begun anew: older entries are not in it. They can still be read and deleted by their names.`);
    return [...index.names.keys()];
  }

  async dispose(): Promise<void> {
    await this.#entries.dispose?.();
  }

  /** None as well if the list is lost or damaged: it is not what was asked about. */
  async #stateOf(name: string): Promise<State | undefined> {
    try {
      return (await this.#load()).names.get(name);
    } catch (error) {
      if (isUnusable(error)) return undefined;
      throw error;
    }
  }

  /** A list that is lost or damaged is begun anew, and says that it is not complete: keys must be writable without it. */
  async #change(change: (index: Index) => void): Promise<void> {
    await runExclusively(`${this.identity}\0${INDEX_ENTRY_NAME}`, async () => {
      const { index, text: before } = await this.#loadOrBegin();
      change(index);
      const text = encodeIndex(index);
      if (text === before) return;
      await this.#entries.set(INDEX_ENTRY_NAME, text, {});
    });
  }

  async #loadOrBegin(): Promise<{ readonly index: Index; readonly text: string | null }> {
    try {
      const text = await this.#read();
      return { index: decodeIndex(text), text };
    } catch (error) {
      if (!isUnusable(error)) throw error;
      await this.#entries.remove(INDEX_ENTRY_NAME, {});
      return { index: { names: new Map(), isComplete: false }, text: null };
    }
  }

  async #load(): Promise<Index> {
    return decodeIndex(await this.#read());
  }

  async #read(): Promise<string | null> {
    const text = await this.#entries.get(INDEX_ENTRY_NAME, {});
    if (text === null) await this.#entries.assertReadable?.();
    return text;
  }
}

function encodeIndex({ names, isComplete }: Index): string {
  const parts = [...names].map(([name, state]) => `${state === "written" ? "w" : "p"}:${name}`);
  return sealText([INDEX_TAG, ...(isComplete ? [] : [INCOMPLETE]), ...parts]);
}

function decodeIndex(text: string | null): Index {
  const names = new Map<string, State>();
  if (text === null) return { names, isComplete: true };
  const parts = openText(text);
  if (parts?.[0] !== INDEX_TAG) throw new KeyStoreError("KEY_CORRUPT", "the list of this store's entries is damaged. Entries can still be read by their names.");
  for (const part of parts.slice(1)) if (part !== INCOMPLETE) names.set(part.slice(2), part.startsWith("w:") ? "written" : "pending");
  return { names, isComplete: !parts.includes(INCOMPLETE) };
}

function isUnusable(error: unknown): boolean {
  return ["KEY_CORRUPT", "KEY_LOST", "AUTH_INVALIDATED"].includes((error as Partial<KeyStoreError>).code ?? "");
}
