/**
 * A store with a model beside it: what every commit should have left, and how to compare.
 *
 * @module
 */
import { expect } from "vitest";
import type { CrashDisk, SeededRandom, Volume } from "../../src/simulation.ts";
import { Store } from "../../src/store.ts";
import type { StoreOptions } from "../../src/store.ts";

/** The published key of the tests: bytes 0 to 63. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);
export const PATH = "/db/test.holdfast";
/**
 * The smallest ring that the format allows: it wraps after a few commits. Each test file puts it in place of the default
 * with `vi.mock` on layout.ts.
 */
export const SMALL_LOG_BYTES = 64 * 1024;

/** Tree name -> key (as text) -> value. Never changed once a commit has it. */
export type Content = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;

export type Change =
  | { readonly kind: "put"; readonly tree: string; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly tree: string; readonly key: string }
  | { readonly kind: "clear"; readonly tree: string }
  | { readonly kind: "drop"; readonly tree: string };

/** Both kinds of file. */
export const KINDS: readonly { readonly name: string; readonly encryptionKey?: Uint8Array }[] = [
  { name: "plain" },
  { name: "encrypted", encryptionKey: TEST_KEY },
];

export function openStore(volume: Volume, more: Partial<StoreOptions> = {}): Store {
  return Store.open({ path: PATH, volume, lockTimeoutMs: 200, ...more });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the change makes of a content. */
export function applyToModel(content: Content, changes: readonly Change[]): Content {
  const trees = new Map([...content].map(([name, entries]) => [name, entries]));
  const own = new Map<string, Map<string, Uint8Array>>();
  const edit = (name: string): Map<string, Uint8Array> => {
    const known = own.get(name) ?? new Map(trees.get(name) ?? []);
    own.set(name, known);
    trees.set(name, known);
    return known;
  };
  for (const change of changes) {
    if (change.kind === "put") edit(change.tree).set(change.key, change.value);
    else if (change.kind === "delete") edit(change.tree).delete(change.key);
    else if (change.kind === "clear") edit(change.tree).clear();
    else {
      trees.delete(change.tree);
      own.delete(change.tree);
    }
  }
  return trees;
}

/** Makes one transaction of the changes. @returns Its commit number. */
export function commitChanges(store: Store, changes: readonly Change[]): number {
  const transaction = store.beginWrite();
  try {
    for (const change of changes) {
      if (change.kind === "drop") transaction.dropTree(change.tree);
      else if (change.kind === "clear") transaction.tree(change.tree).clear();
      else if (change.kind === "delete") transaction.tree(change.tree).delete(encoder.encode(change.key));
      else transaction.tree(change.tree).put(encoder.encode(change.key), change.value);
    }
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

/** Everything in a snapshot, read through cursors, with counts checked on the way. */
export function readSnapshot(snapshot: ReturnType<Store["snapshot"]>): Content {
  const trees = new Map<string, Map<string, Uint8Array>>();
  for (const name of snapshot.treeNames()) {
    const entries = new Map<string, Uint8Array>();
    const tree = snapshot.tree(name);
    const cursor = tree?.cursor();
    while (cursor?.next() === true) entries.set(decoder.decode(cursor.key()), cursor.value().slice());
    expect(tree?.count).toBe(entries.size);
    trees.set(name, entries);
  }
  return trees;
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

/** Random changes over a small set of keys, so that puts, overwrites and deletes all happen. */
export function randomChanges(random: SeededRandom, options: { maxChanges: number; keys: number }): Change[] {
  const count = 1 + random.below(options.maxChanges);
  return Array.from({ length: count }, () => randomChange(random, options.keys));
}

function randomChange(random: SeededRandom, keys: number): Change {
  const tree = random.pick(["one", "two", "three"]);
  const key = `key-${String(random.below(keys)).padStart(6, "0")}${random.chance(0.05) ? "-".repeat(random.below(900)) : ""}`;
  const draw = random.next();
  if (draw < 0.004) return { kind: "drop", tree };
  if (draw < 0.01) return { kind: "clear", tree };
  if (draw < 0.28) return { kind: "delete", tree, key };
  return { kind: "put", tree, key, value: valueOf(random, random.chance(0.03) ? 2000 + random.below(40_000) : random.below(400)) };
}

/** A value that tells where it came from if it turns up in the wrong place. */
export function valueOf(random: SeededRandom, length: number): Uint8Array {
  const value = new Uint8Array(length).fill(random.below(256));
  value.set(random.bytes(Math.min(length, 8)));
  return value;
}
