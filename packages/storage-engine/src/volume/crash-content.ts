/**
 * The model that simulations hold a store against: maps of maps, changed by plain assignments, and how to compare.
 *
 * Keys are text in ASCII, whose order is that of their bytes.
 *
 * @module
 */
import type { Snapshot } from "../snapshot.ts";
import type { WriteTransaction } from "../transaction.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** Tree name -> key (as text) -> value. Never changed once a commit has it. */
export type Content = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;

/** One thing that a transaction does. Every kind but `drop` creates the tree if there is none. */
export type Change =
  | { readonly kind: "put"; readonly tree: string; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly tree: string; readonly key: string }
  | { readonly kind: "clear"; readonly tree: string }
  | { readonly kind: "drop"; readonly tree: string }
  | { readonly kind: "swap"; readonly tree: string; readonly other: string };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the changes make of a content. */
export function applyToModel(content: Content, changes: readonly Change[]): Content {
  const trees = new Map(content);
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
    else if (change.kind === "swap") {
      const [left, right] = [edit(change.tree), edit(change.other)];
      for (const [name, tree] of [[change.tree, right], [change.other, left]] as const) {
        own.set(name, tree);
        trees.set(name, tree);
      }
    }
    else {
      trees.delete(change.tree);
      own.delete(change.tree);
    }
  }
  return trees;
}

/** Does one change in a transaction. */
export function applyToTransaction(transaction: WriteTransaction, change: Change): void {
  if (change.kind === "drop") transaction.dropTree(change.tree);
  else if (change.kind === "swap") transaction.swapTrees(change.tree, change.other);
  else if (change.kind === "clear") transaction.tree(change.tree).clear();
  else if (change.kind === "delete") transaction.tree(change.tree).delete(encoder.encode(change.key));
  else transaction.tree(change.tree).put(encoder.encode(change.key), change.value);
}

/** Everything in a snapshot, read through cursors. @throws {Error} if a tree counts otherwise than its cursor. */
export function readSnapshot(snapshot: Snapshot): Content {
  const trees = new Map<string, Map<string, Uint8Array>>();
  for (const name of snapshot.treeNames()) {
    const entries = new Map<string, Uint8Array>();
    const cursor = snapshot.tree(name)?.cursor();
    while (cursor?.next() === true) entries.set(decoder.decode(cursor.key()), cursor.value().slice());
    const count = snapshot.tree(name)?.count;
    if (count !== entries.size) throw new Error(`${name} counts ${count} entries, and its cursor finds ${entries.size}`);
    trees.set(name, entries);
  }
  return trees;
}

type Entry = readonly [key: string, keyBytes: Uint8Array, value: Uint8Array];
const sorted = new WeakMap<ReadonlyMap<string, Uint8Array>, readonly Entry[]>();

/** The entries of one tree of the model in the order of a cursor. */
export function sortedEntries(entries: ReadonlyMap<string, Uint8Array>): readonly Entry[] {
  let list = sorted.get(entries);
  if (list === undefined) {
    list = [...entries].map(([key, value]): Entry => [key, encoder.encode(key), value]).toSorted(([a], [b]) => (a < b ? -1 : 1));
    sorted.set(entries, list);
  }
  return list;
}

/**
 * Compares a snapshot with what it should hold: trees, counts, keys in order, values.
 *
 * @returns The first difference in words; `undefined` if there is none.
 */
export function findDifference(snapshot: Pick<Snapshot, "treeNames" | "tree">, expected: Content, options: { readonly reverse?: boolean } = {}): string | undefined {
  const names = snapshot.treeNames();
  const expectedNames = [...expected.keys()].toSorted();
  if (names.join() !== expectedNames.join()) return `trees ${names.join()} instead of ${expectedNames.join()}`;
  for (const [name, entries] of expected) {
    const tree = snapshot.tree(name);
    if (tree === undefined) return `tree ${name} is listed but not there`;
    if (tree.count !== entries.size) return `${name} counts ${tree.count} entries instead of ${entries.size}`;
    const list = sortedEntries(entries);
    const inOrder = options.reverse === true ? list.toReversed() : list;
    const cursor = tree.cursor(options);
    for (const [key, keyBytes, value] of inOrder) {
      if (!cursor.next()) return `${name}: the cursor ends before ${key}`;
      if (!isEqual(cursor.key(), keyBytes)) return `${name}: ${decoder.decode(cursor.key())} where ${key} should be`;
      if (!isEqual(cursor.value(), value)) return `${name}: ${key} has another value`;
    }
    if (cursor.next()) return `${name}: ${decoder.decode(cursor.key())} should not be there`;
  }
  return undefined;
}

/** Bytes of equal length and content. */
export function isEqual(one: Uint8Array, two: Uint8Array): boolean {
  if (one.length !== two.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== two[index]) return false;
  return true;
}

/** How random changes are drawn. */
export interface RandomChangeOptions {
  readonly maxChanges: number;
  /** How many keys there are: few, so that puts, overwrites and deletes all happen. */
  readonly keys: number;
  /** Values have fewer bytes than this, large ones excepted. Default 400. */
  readonly maxValueBytes?: number;
  /** Some values have 2000 bytes and up to this many more. Default 40,000. */
  readonly maxLargeBytes?: number;
}

/** The changes of one random transaction. */
export function randomChanges(random: SeededRandom, options: RandomChangeOptions): Change[] {
  const count = 1 + random.below(options.maxChanges);
  return Array.from({ length: count }, () => randomChange(random, options));
}

function randomChange(random: SeededRandom, { keys, maxValueBytes = 400, maxLargeBytes = 40_000 }: RandomChangeOptions): Change {
  const tree = random.pick(["one", "two", "three"]);
  const key = `key-${String(random.below(keys)).padStart(6, "0")}${random.chance(0.05) ? "-".repeat(random.below(900)) : ""}`;
  const draw = random.next();
  if (draw < 0.004) return { kind: "drop", tree };
  if (draw < 0.01) return { kind: "clear", tree };
  if (draw < 0.28) return { kind: "delete", tree, key };
  return { kind: "put", tree, key, value: valueOf(random, random.chance(0.03) ? 2000 + random.below(maxLargeBytes) : random.below(maxValueBytes)) };
}

/** A value that tells where it came from if it turns up in the wrong place. */
export function valueOf(random: SeededRandom, length: number): Uint8Array {
  const value = new Uint8Array(length).fill(random.below(256));
  value.set(random.bytes(Math.min(length, 8)));
  return value;
}
