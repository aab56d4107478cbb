/**
 * The files that are attacked: real histories of the engine, written once and handed to the processes that attack them.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Store } from "@holdfast/storage-engine";
import { MemoryVolume, SeededRandom } from "@holdfast/storage-engine/simulation";
import { contentHash } from "./content.ts";
import { emptyFile, ringEnd, sealFor, slotCommits, TEST_KEY } from "./format.ts";

/** Where a victim stands in its volume. */
export const PATH = "/db/victim.holdfast";
const SMALL_RING_BYTES = 64 * 1024;

/** A file, what is in it, and what an attacker may have kept from its earlier life. */
export interface Victim {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** False if commits stand in the log alone: its process was killed. */
  readonly isClosed: boolean;
  readonly bytes: Uint8Array;
  readonly hash: string;
  /** What each commit since the older slot left, with its number: a log that is cut at its end gives one of these. */
  readonly commits: readonly { readonly commit: number; readonly hash: string }[];
  /** The newest commit that one slot alone gives, and both. */
  readonly slotCommits: readonly number[];
  /** The same file at earlier times, oldest first. */
  readonly older: readonly Uint8Array[];
  /** Other files under the same key: a copy, a compacted copy, one of the same content, an empty one. */
  readonly siblings: readonly Uint8Array[];
}

type Write = (tree: string, key: string, value: Uint8Array) => void;

interface Plan {
  readonly name: string;
  readonly ringBytes: number;
  readonly rounds: number;
  readonly commitsPerRound: number;
  /** Commits after the last round that stay in the log. */
  readonly tail: number;
  /** Stop as soon as pages have been written that no slot names yet. */
  readonly inCheckpoint?: boolean;
  readonly fill: (write: Write, random: SeededRandom, index: number) => void;
}

const small = { ringBytes: SMALL_RING_BYTES, rounds: 4, commitsPerRound: 6, tail: 0 };
const fillSmall: Plan["fill"] = (write, random, index) => {
  for (let entry = 0; entry < 4; entry++) write(`tree ${entry % 3}`, `key ${String(random.below(60)).padStart(4, "0")}`, valueOf(random, 40 + random.below(500)));
  if (index % 9 === 0) write("tree 0", `long ${index}`, valueOf(random, 2400));
};

const PLANS: readonly Plan[] = [
  { ...small, name: "closed", fill: fillSmall },
  { ...small, name: "killed with a log", tail: 9, fill: fillSmall },
  { ...small, name: "killed in a checkpoint", tail: 400, inCheckpoint: true, fill: fillSmall },
  { ...small, name: "large values", rounds: 3, commitsPerRound: 3, fill: (write, random, index) => write("large", `value ${index % 5}`, valueOf(random, [2100, 9000, 40_000, 7000, 16_400][index % 5] ?? 0)) },
  { ...small, name: "smallest", rounds: 1, commitsPerRound: 3, fill: (write, random, index) => write("tree", `key ${index}`, valueOf(random, 60)) },
  { ...small, name: "smallest, killed", rounds: 1, commitsPerRound: 2, tail: 2, fill: (write, random, index) => write("tree", `key ${index}`, valueOf(random, 60)) },
  { ...small, name: "many trees", rounds: 2, commitsPerRound: 40, fill: (write, random, index) => write(`tree number ${index % 70}`, `key ${random.below(9)}`, valueOf(random, random.below(120))) },
  { name: "over 1 MB", ringBytes: 1024 * 1024, rounds: 3, commitsPerRound: 12, tail: 0, fill: fillLarge },
  { name: "over 1 MB, killed", ringBytes: 1024 * 1024, rounds: 2, commitsPerRound: 12, tail: 12, fill: fillLarge },
];

function fillLarge(write: Write, random: SeededRandom, index: number): void {
  for (let entry = 0; entry < 160; entry++) write(`tree ${entry % 4}`, `key ${String(random.below(4000)).padStart(6, "0")}`, valueOf(random, 60 + random.below(400)));
  write("large", `value ${index % 6}`, valueOf(random, 3000 + random.below(60_000)));
}

function valueOf(random: SeededRandom, length: number): Uint8Array {
  const value = new Uint8Array(length).fill(random.below(256));
  value.set(random.bytes(Math.min(length, 12)));
  return value;
}

/** How many of the plans, from the first on, a short run takes: those of small files. */
const SHORT_PLANS = 4;

/** Makes every victim, encrypted and plain. The IVs and file ids are fresh each time; all else follows from the seed. */
export function makeVictims(seed: number, isShort: boolean): Victim[] {
  return PLANS.slice(0, isShort ? SHORT_PLANS : PLANS.length).flatMap((plan) => [makeVictim(plan, true, seed), makeVictim(plan, false, seed)]);
}

function keyOptions(isEncrypted: boolean): { readonly encryptionKey?: Uint8Array } {
  return isEncrypted ? { encryptionKey: TEST_KEY } : {};
}

function makeVictim(plan: Plan, isEncrypted: boolean, seed: number): Victim {
  const random = new SeededRandom(seed);
  const seal = sealFor(isEncrypted);
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  volume.writeFile(PATH, emptyFile(seal, plan.ringBytes));
  const older: Uint8Array[] = [volume.readFile(PATH)];
  let index = 0;
  const commit = (store: Store): void => {
    const transaction = store.beginWrite();
    const encoder = new TextEncoder();
    plan.fill((tree, key, value) => transaction.tree(tree).put(encoder.encode(key), value), random, index);
    if (index % 11 === 10) transaction.tree("tree 0").delete(encoder.encode("key 0003"));
    transaction.commit();
    index++;
  };
  for (let round = 0; round < plan.rounds; round++) {
    const store = openVictim(volume, isEncrypted);
    for (let done = 0; done < plan.commitsPerRound; done++) commit(store);
    older.push(volume.readFile(PATH));
    store.close();
    older.push(volume.readFile(PATH));
  }
  const store = openVictim(volume, isEncrypted);
  const commits = [{ commit: store.commit, hash: contentHash(store) }];
  const isUnderWay = plan.inCheckpoint === true ? watchCheckpoints(volume, ringEnd(older[0] as Uint8Array)) : () => false;
  for (let done = 0; done < plan.tail && !isUnderWay(); done++) {
    commit(store);
    commits.push({ commit: store.commit, hash: contentHash(store) });
  }
  if (plan.inCheckpoint === true && !isUnderWay()) throw new Error("no checkpoint was caught under way");
  const bytes = volume.readFile(PATH);
  const hash = contentHash(store);
  store.close();
  const victim: Victim = {
    name: plan.name, isEncrypted, isClosed: plan.tail === 0, bytes, hash, commits, slotCommits: slotCommits(bytes, seal),
    older: older.slice(plan.tail === 0 ? 0 : -5, plan.tail === 0 ? -1 : undefined), siblings: siblingsOf(bytes, isEncrypted, plan.ringBytes),
  };
  seal.close();
  return victim;
}

/** Notes writes behind the log, until the next slot. */
function watchCheckpoints(volume: MemoryVolume, pagesAt: number): () => boolean {
  let pages = 0;
  const before = volume.open(PATH, "write");
  const prototype = Object.getPrototypeOf(before) as { write(offset: number, source: Uint8Array): void };
  before.close();
  const original = prototype.write;
  prototype.write = function write(offset, source) {
    if (offset >= pagesAt && source.some((byte) => byte !== 0)) pages++;
    else if (offset < LOG_START) pages = 0;
    original.call(this, offset, source);
  };
  return () => {
    if (pages < 4) return false;
    prototype.write = original;
    return true;
  };
}

const LOG_START = 24_576;

/** Opens a victim's file in a volume. */
export function openVictim(volume: MemoryVolume, isEncrypted: boolean, more: { readonly readOnly?: boolean; readonly cacheBytes?: number } = {}): Store {
  return Store.open({ path: PATH, volume, create: false, lockTimeoutMs: 50, ...more, ...keyOptions(isEncrypted) });
}

/** A volume with one file. */
export function volumeWith(bytes: Uint8Array): MemoryVolume {
  const volume = new MemoryVolume();
  volume.makeDirectory("/db");
  volume.writeFile(PATH, bytes);
  return volume;
}

function siblingsOf(bytes: Uint8Array, isEncrypted: boolean, ringBytes: number): Uint8Array[] {
  const volume = volumeWith(bytes);
  const store = openVictim(volume, isEncrypted);
  store.writeCopyTo({ path: "/db/copy", ...keyOptions(isEncrypted) });
  store.compact();
  const compacted = volume.readFile(PATH);
  store.close();
  const seal = sealFor(isEncrypted);
  const twin = emptyFile(seal, ringBytes);
  seal.close();
  return [volume.readFile("/db/copy"), compacted, twin];
}

/** Writes victims to a folder, for other processes. */
export function saveVictims(folder: string, victims: readonly Victim[]): void {
  mkdirSync(folder, { recursive: true });
  const entries = victims.map((victim, index) => {
    const files = [victim.bytes, ...victim.older, ...victim.siblings];
    files.forEach((bytes, file) => writeFileSync(join(folder, `${index}-${file}.bin`), bytes));
    const { bytes: _bytes, older, siblings, ...rest } = victim;
    return { ...rest, older: older.length, siblings: siblings.length };
  });
  writeFileSync(join(folder, "victims.json"), JSON.stringify(entries));
}

/** Reads what {@link saveVictims} wrote. */
export function loadVictims(folder: string): Victim[] {
  type Entry = Omit<Victim, "bytes" | "older" | "siblings"> & { older: number; siblings: number };
  const entries = JSON.parse(readFileSync(join(folder, "victims.json"), "utf8")) as Entry[];
  return entries.map((entry, index) => {
    const file = (number: number): Uint8Array => new Uint8Array(readFileSync(join(folder, `${index}-${number}.bin`)));
    const range = (from: number, count: number): Uint8Array[] => Array.from({ length: count }, (_, offset) => file(from + offset));
    return { ...entry, bytes: file(0), older: range(1, entry.older), siblings: range(1 + entry.older, entry.siblings) };
  });
}
