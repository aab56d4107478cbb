/**
 * The independent reader: all trees of a plain or encrypted store, written from docs/format/ alone.
 *
 * It shares no code with the packages: if both agree, the specification says enough.
 *
 * @module
 */
import { compareBytes, Fields } from "./bytes.ts";
import { ReaderError } from "./errors.ts";
import { openFile } from "./header.ts";
import { readLog, type Operation } from "./log.ts";
import { readTree, type Entry, type PageSource, type Unit } from "./pages.ts";

export type { Entry, Unit } from "./pages.ts";

/** A file, read. */
export interface ReadStore {
  readonly commit: number;
  /** By name, in the order of the names' UTF-8; the entries in key order. */
  readonly trees: ReadonlyMap<string, readonly Entry[]>;
  /** Every unit that was opened, with its place. */
  readonly units: readonly Unit[];
  /** How many log records were applied to what the pages hold. */
  readonly replayedCount: number;
}

/** A tree while the log is replayed: entries by the hex form of their keys, whose order is that of the keys. */
interface Tree {
  readonly name: string;
  readonly entries: Map<string, Entry>;
}

/**
 * Reads all of a file.
 *
 * @param file - The file's bytes.
 * @param key - 64 bytes; `undefined` for a plain file.
 * @throws {ReaderError} With a code, for every file that must be refused.
 */
export function readStore(file: Uint8Array, key: Uint8Array | undefined): ReadStore {
  const opened = openFile(file, key);
  const slot = opened.slots[0];
  if (slot === undefined) throw new ReaderError("SLOT_DAMAGED", "neither slot is valid");
  const units: Unit[] = opened.slots.map(({ fileOffset }) => ({ kind: "slot", fileOffset, sizeBytes: 832 }));
  const source: PageSource = { ...opened, file, units };
  const trees = readCatalog(source, slot.catalogRoot, slot.catalogCount);
  const { records, commit } = readLog(source, slot);
  for (const operation of records.flat()) apply(trees, operation);
  return { commit, trees: sorted(trees), units, replayedCount: records.length };
}

/** The trees of the pages, by their ids. */
function readCatalog(source: PageSource, root: Uint8Array, count: number): Map<number, Tree> {
  const trees = new Map<number, Tree>();
  for (const [name, value] of readTree(source, 0, root, count)) {
    if (value.length !== 40) throw new ReaderError("PAGE_DAMAGED", `a catalog entry of ${value.length} bytes`);
    const fields = new Fields(value, "PAGE_DAMAGED");
    const entries = readTree(source, fields.u32(0), fields.slice(12, 28), fields.u48(4));
    trees.set(fields.u32(0), { name: new TextDecoder().decode(name), entries: new Map(entries.map((entry) => [hexOf(entry[0]), entry])) });
  }
  return trees;
}

function apply(trees: Map<number, Tree>, { kind, treeId, key, value }: Operation): void {
  if (kind === "create") {
    trees.set(treeId, { name: new TextDecoder().decode(key), entries: new Map() });
    return;
  }
  const tree = trees.get(treeId);
  if (tree === undefined) throw new ReaderError("LOG_DAMAGED", `an operation on the unknown tree ${treeId}`);
  if (kind === "put") tree.entries.set(hexOf(key), [key, value]);
  else if (kind === "delete") tree.entries.delete(hexOf(key));
  else if (kind === "clear") tree.entries.clear();
  else trees.delete(treeId);
}

function sorted(trees: ReadonlyMap<number, Tree>): Map<string, readonly Entry[]> {
  const byName = [...trees.values()].sort((left, right) => compareBytes(utf8Of(left.name), utf8Of(right.name)));
  return new Map(byName.map(({ name, entries }) => [name, [...entries.values()].sort(([left], [right]) => compareBytes(left, right))]));
}

function utf8Of(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
