/**
 * A store with a model beside it: what every commit should have left, and how to compare.
 *
 * @module
 */
import { expect } from "vitest";
import { applyToModel, applyToTransaction, readSnapshot } from "../../src/simulation.ts";
import type { Change, Content, CrashDisk, Volume } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import type { StoreOptions } from "../../src/store.ts";

export { applyToModel, randomChanges, readSnapshot, valueOf } from "../../src/simulation.ts";
export type { Change, Content } from "../../src/simulation.ts";

/** The published key of the tests: bytes 0 to 63. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);
export const PATH = "/db/test.holdfast";
/**
 * The smallest ring that the format allows: it wraps after a few commits. Each test file puts it in place of the default
 * with `vi.mock` on layout.ts.
 */
export const SMALL_LOG_BYTES = 64 * 1024;

/** Both kinds of file. */
export const KINDS: readonly { readonly name: string; readonly encryptionKey?: Uint8Array }[] = [
  { name: "plain" },
  { name: "encrypted", encryptionKey: TEST_KEY },
];

export function openStore(volume: Volume, more: Partial<StoreOptions> = {}): Store {
  return Store.open({ path: PATH, volume, lockTimeoutMs: 200, ...more });
}

/** Makes one transaction of the changes. @returns Its commit number. */
export function commitChanges(store: Store, changes: readonly Change[]): number {
  const transaction = store.beginWrite();
  try {
    for (const change of changes) applyToTransaction(transaction, change);
  } catch (error) {
    transaction.abort();
    throw error;
  }
  return transaction.commit();
}

/** Everything in the store's newest commit. */
export function readContent(store: Store): Content {
  const snapshot = store.snapshot();
  try {
    return readSnapshot(snapshot);
  } finally {
    snapshot.close();
  }
}

export function isSameContent(one: Content, two: Content): boolean {
  return describeDifference(one, two) === undefined;
}

/** The first difference, in words; `undefined` if there is none. Order counts: cursors must be in key order. */
export function describeDifference(found: Content, expected: Content): string | undefined {
  if ([...found.keys()].toSorted().join() !== [...expected.keys()].toSorted().join()) return `trees ${[...found.keys()].join()} instead of ${[...expected.keys()].join()}`;
  for (const [name, entries] of expected) {
    const others = found.get(name) ?? new Map<string, Uint8Array>();
    if (others.size !== entries.size) return `${name}: ${others.size} entries instead of ${entries.size}`;
    for (const [key, value] of entries) {
      const other = others.get(key);
      if (other === undefined) return `${name}: ${key} is missing`;
      if (Buffer.compare(other, value) !== 0) return `${name}: ${key} has another value`;
    }
    const keys = [...others.keys()];
    const misplaced = keys.findIndex((key, index) => index > 0 && Buffer.compare(Buffer.from(keys[index - 1] ?? ""), Buffer.from(key)) >= 0);
    if (misplaced >= 0) return `${name}: ${keys[misplaced]} is out of order`;
  }
  return undefined;
}

/** Fails unless the store says of itself that it is sound. */
export function expectVerified(store: Store): void {
  expect(store.verify().problems).toEqual([]);
}

/** A history on a simulated disk: which content each commit left, and between which positions of the disk it was made. */
export class ModelledHistory {
  readonly #disk: CrashDisk;
  readonly commits: { readonly from: number; readonly to: number; readonly content: Content }[] = [];
  #content: Content;

  constructor(disk: CrashDisk, content: Content = new Map()) {
    this.#disk = disk;
    this.#content = content;
  }

  get content(): Content {
    return this.#content;
  }

  /** Commits and remembers. */
  commit(store: Store, changes: readonly Change[]): void {
    const from = this.#disk.position;
    const content = applyToModel(this.#content, changes);
    commitChanges(store, changes);
    this.#content = content;
    this.commits.push({ from, to: this.#disk.position, content });
  }

  /** The contents that a cut at this position may leave: the last acknowledged one, and the one in flight. */
  allowedAt(position: number, base: Content = new Map()): Content[] {
    let acknowledged = base;
    let inFlight: Content | undefined;
    for (const commit of this.commits) {
      if (commit.to <= position) acknowledged = commit.content;
      else if (commit.from < position) inFlight = commit.content;
    }
    return inFlight === undefined ? [acknowledged] : [acknowledged, inFlight];
  }
}
