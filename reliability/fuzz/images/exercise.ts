/**
 * Does with a file all that an application does, and judges what came of it.
 *
 * A file that was put together by us may hold any nonsense under right tags: then every coded error is a right answer. But
 * nothing else may escape, and what `verify` calls clean must be readable, ordered, writable and the same after reopening.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Store } from "@holdfast/storage-engine";
import type { MemoryVolume, Snapshot } from "@holdfast/storage-engine";
import { codeOf } from "../fuzzer/failure.ts";
import { PromiseBroken } from "../target.ts";
import { PATH } from "./base-image.ts";

/** Tree name -> entries in order. */
export type Content = ReadonlyMap<string, readonly Entry[]>;

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Entries of a tree that are also looked up by their keys. */
const MAX_LOOKUPS = 32;

/** Opens with little cache and few dirty pages, so that both limits are met. */
export function openImage(volume: MemoryVolume, encryptionKey: Uint8Array | undefined, readOnly = false): Store {
  return Store.open({ path: PATH, volume, lockTimeoutMs: 50, cacheBytes: 256 * 1024, dirtyBytes: 512 * 1024, readOnly, ...(encryptionKey === undefined ? {} : { encryptionKey }) });
}

/** Everything of a snapshot. @throws {StoreError} Damage. @throws {PromiseBroken} If the ways of reading disagree. */
export function readAll(snapshot: Snapshot): Content {
  const content = new Map<string, Entry[]>();
  for (const name of snapshot.treeNames()) {
    const tree = snapshot.tree(name);
    if (tree === undefined) throw new PromiseBroken("TREE_VANISHED", name);
    const entries: Entry[] = [];
    const cursor = tree.cursor();
    while (cursor.next()) {
      const key = cursor.key().slice();
      const before = entries.at(-1)?.key;
      if (before !== undefined && Buffer.compare(before, key) >= 0) throw new PromiseBroken("NOT_IN_ORDER", `tree ${name}`);
      entries.push({ key, value: cursor.value().slice() });
    }
    if (tree.count !== entries.length) throw new PromiseBroken("COUNT_DIFFERS", `tree ${name}: ${tree.count} entries are promised, ${entries.length} are there`);
    let left = entries.length;
    const backwards = tree.cursor({ reverse: true });
    while (backwards.next()) left--;
    if (left !== 0) throw new PromiseBroken("REVERSE_DIFFERS", `tree ${name}`);
    const stride = Math.ceil(entries.length / MAX_LOOKUPS);
    for (const { key, value } of entries.filter((_, index) => index % stride === 0)) if (!isSame(tree.get(key), value)) throw new PromiseBroken("GET_DIFFERS", `tree ${name}`);
    content.set(name, entries);
  }
  return content;
}

/** What to do with a file. */
export interface ExerciseOptions {
  readonly encryptionKey: Uint8Array | undefined;
  /** Writes to the file and opens it again, which takes most of the time. */
  readonly isWritten: boolean;
}

/** Opens, verifies, reads, perhaps writes, closes, opens again. */
export function exercise(volume: MemoryVolume, { encryptionKey, isWritten }: ExerciseOptions): void {
  let store: Store | undefined;
  codeOf(() => {
    store = openImage(volume, encryptionKey);
  });
  if (store === undefined) return void codeOf(() => openImage(volume, encryptionKey, true).close());
  let written: Content | undefined;
  try {
    written = exerciseOpen(store, isWritten);
  } finally {
    codeOf(() => store?.close());
  }
  if (written !== undefined) expectKept(volume, encryptionKey, written);
}

function exerciseOpen(store: Store, isWritten: boolean): Content | undefined {
  let isClean = false;
  codeOf(() => {
    isClean = store.verify().isClean;
  });
  const expectWorking = (what: string, action: () => void): boolean => {
    try {
      action();
      return true;
    } catch (error) {
      if (!isClean && error instanceof PromiseBroken) return false;
      if (error instanceof PromiseBroken) throw error;
      // Only coded errors pass.
      const code = codeOf(() => {
        throw error;
      });
      // A file may say that all ids of trees are used up; nothing is damaged then.
      if (isClean && code !== "TREES_EXHAUSTED") throw new PromiseBroken(`CLEAN_BUT_${what}`, `${String(code)}: ${(error as Error).message}`, { cause: error });
      return false;
    }
  };
  expectWorking("UNREADABLE", () => withSnapshot(store, readAll));
  codeOf(() => store.stats());
  if (!isWritten || !expectWorking("UNWRITABLE", () => change(store)) || !isClean) return undefined;
  return withSnapshot(store, readAll);
}

/** Changes that go to every tree: entries in front, in the middle and behind, a long value, removals, a tree emptied, one dropped, one new. */
function change(store: Store): void {
  const transaction = store.beginWrite();
  try {
    const names = transaction.treeNames();
    names.slice(0, 8).forEach((name, index) => {
      const tree = transaction.tree(name);
      const keys: Uint8Array[] = [];
      const cursor = tree.cursor();
      while (keys.length < 12 && cursor.next()) keys.push(cursor.key().slice());
      for (const key of keys.slice(0, 6)) tree.delete(key);
      for (const key of keys.slice(6)) tree.put(key, new Uint8Array(700).fill(index));
      tree.put(Uint8Array.of(0), Uint8Array.of(1));
      tree.put(Uint8Array.of(0x6b, 0x65, 0x7a), new Uint8Array(3000).fill(2));
      tree.put(new Uint8Array(1000).fill(0xff), new Uint8Array(1900));
      if (index === 1) tree.clear();
      if (index === 2) transaction.dropTree(name);
    });
    transaction.tree("added by the exercise").put(Uint8Array.of(1), Uint8Array.of(2));
  } catch (error) {
    transaction.abort();
    throw error;
  }
  transaction.commit();
}

function expectKept(volume: MemoryVolume, encryptionKey: Uint8Array | undefined, expected: Content): void {
  let store: Store;
  try {
    store = openImage(volume, encryptionKey);
  } catch (cause) {
    throw new PromiseBroken("NOT_REOPENED", (cause as Error).message, { cause });
  }
  try {
    if (!store.verify().isClean) throw new PromiseBroken("UNCLEAN_AFTER_REOPEN", describe(store));
    const difference = differenceOf(withSnapshot(store, readAll), expected);
    if (difference !== undefined) throw new PromiseBroken("LOST_AFTER_REOPEN", difference);
  } finally {
    store.close();
  }
}

/** Takes a snapshot, and gives it back whatever happens. */
export function withSnapshot<T>(store: Store, read: (snapshot: Snapshot) => T): T {
  const snapshot = store.snapshot();
  try {
    return read(snapshot);
  } finally {
    snapshot.close();
  }
}

/** The first difference in words. */
export function differenceOf(found: Content, expected: Content): string | undefined {
  if ([...found.keys()].join() !== [...expected.keys()].join()) return `trees ${[...found.keys()].join()} instead of ${[...expected.keys()].join()}`;
  for (const [name, entries] of expected) {
    const others = found.get(name) ?? [];
    if (others.length !== entries.length) return `tree ${name}: ${others.length} entries instead of ${entries.length}`;
    const index = entries.findIndex(({ key, value }, at) => !isSame(others[at]?.key, key) || !isSame(others[at]?.value, value));
    if (index >= 0) return `tree ${name}: entry ${index} is another`;
  }
  return undefined;
}

function describe(store: Store): string {
  return store.verify().problems.slice(0, 3).map(({ code, message }) => `${code}: ${message}`).join("; ");
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
