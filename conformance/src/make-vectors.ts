/**
 * Makes the vectors: a few small stores, whole and killed, and what becomes of them when bytes are changed.
 *
 *     node --conditions=@holdfast/source conformance/src/make-vectors.ts
 *
 * The IVs and the file ids are fresh each time, so the files differ from run to run; the vectors are checked in and made
 * anew only when the format changes. Places are taken from the independent reader's list of units, not from the engine.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "@holdfast/storage-engine";
import { crc32 } from "../reader/bytes.ts";
import { readStore, type Unit } from "../reader/reader.ts";
import { seededBytes } from "./random.ts";
import { summarise, writeBase, writeVector, type Base, type Expectation } from "./vectors.ts";

const KEY = seededBytes(0x5eed, 64);
const OTHER_KEY = seededBytes(0xbad, 64);

/** A store's bytes after a history. */
interface Sample {
  readonly closed: Base;
  /** The same store while it was open: with log records that no checkpoint has taken in. */
  readonly killed: Base;
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-vectors-"));
try {
  makeAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function makeAll(): void {
  for (const [form, key] of [["plain", undefined], ["encrypted", KEY]] as const) {
    const sample = makeSample(form, key, 1);
    writeReadable(form, key, sample);
    writeDamaged(form, key, sample);
  }
  writeKeyCases();
}

/** Three small trees, one large value, written in several commits. */
function makeSample(name: string, key: Uint8Array | undefined, seed: number): Sample {
  const path = join(folder, `${name}.store`);
  const options = { path, ...(key === undefined ? {} : { encryptionKey: key }) };
  fill(options, seed, 200);
  const store = Store.open(options);
  commitEntries(store, seed + 1, 30);
  commitEntries(store, seed + 2, 30);
  commitEntries(store, seed + 3, 30);
  copyFileSync(path, `${path}.killed`);
  store.close();
  return { closed: { name: `${name}-closed`, bytes: bytesOf(path) }, killed: { name: `${name}-killed`, bytes: bytesOf(`${path}.killed`) } };
}

function fill(options: { path: string; encryptionKey?: Uint8Array }, seed: number, count: number): void {
  const store = Store.open(options);
  commitEntries(store, seed, count);
  store.close();
}

function commitEntries(store: Store, seed: number, count: number): void {
  const transaction = store.beginWrite();
  for (let index = 0; index < count; index += 1) {
    transaction.tree(`tree ${index % 3}`).put(seededBytes(seed * 1000 + index, 8), seededBytes(index, 40));
  }
  transaction.tree("large").put(Uint8Array.of(seed), seededBytes(seed, 9000));
  transaction.commit();
}

function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

function hexOf(key: Uint8Array | undefined): string | null {
  return key === undefined ? null : Buffer.from(key).toString("hex");
}

function reads(file: Uint8Array, key: Uint8Array | undefined): Expectation {
  return { kind: "reads", trees: summarise(readStore(file, key).trees) };
}

function writeReadable(form: string, key: Uint8Array | undefined, { closed, killed }: Sample): void {
  const path = join(folder, `${form}-empty.store`);
  Store.open({ path, ...(key === undefined ? {} : { encryptionKey: key }) }).close();
  const empty: Base = { name: `${form}-empty`, bytes: bytesOf(path) };
  for (const [base, about] of [
    [empty, "without any entry"],
    [closed, "closed cleanly"],
    [killed, "with log records to replay"],
  ] as const) {
    writeBase(base);
    writeVector({ name: base.name, about: `${form}, ${about}`, key: hexOf(key), expect: reads(base.bytes, key) }, base, base.bytes);
  }
}

function writeDamaged(form: string, key: Uint8Array | undefined, sample: Sample): void {
  const refuse = (name: string, about: string, file: Uint8Array, ...codes: string[]): void => {
    const base = name.startsWith("log-") ? sample.killed : sample.closed;
    writeVector({ name: `${form}-${name}`, about, key: hexOf(key), expect: { kind: "refused", codes } }, base, file);
  };
  const [closed, killed] = [sample.closed.bytes, sample.killed.bytes];
  const units = readStore(closed, key).units;
  const pages = units.filter((unit) => unit.kind === "page");
  const extent = only(units, "extent");
  const records = readStore(killed, key).units.filter((unit) => unit.kind === "record");
  const [first, second] = [pages[0], pages[1]];
  if (first === undefined || second === undefined || records.length < 3) throw new Error("the sample is too small");
  refuse("magic", "the first byte of the header is changed", flip(closed, 0), "NOT_A_STORE", "HEADER_DAMAGED");
  refuse("page-bit", "one bit of a page is flipped", flip(closed, middleOf(first)), "PAGE_DAMAGED");
  refuse("page-tag", "one bit of a page's tag is flipped", flip(closed, endOf(first) - 1), "PAGE_DAMAGED");
  refuse("pages-exchanged", "two pages have changed places", exchange(closed, first, second), "PAGE_DAMAGED");
  refuse("extent-bit", "one bit of a large value is flipped", flip(closed, middleOf(extent)), "PAGE_DAMAGED");
  refuse("page-older", "a page is put back as it stood in another file", transplant(makeSample(`${form}-other`, key, 1).closed.bytes, closed, first), "PAGE_DAMAGED");
  refuse("log-middle", "one bit of a log record is flipped, and valid records follow", flip(killed, middleOf(records[0] as Unit)), "LOG_DAMAGED");
  refuse("cut", "the file ends in the middle of its pages", closed.slice(0, middleOf(pages.at(-1) as Unit)), "PAGE_DAMAGED", "SLOT_DAMAGED", "HEADER_DAMAGED");
  refuse("header-bit", "one bit of the header's file id is flipped", flip(closed, 44), "HEADER_DAMAGED");
  refuse("version", "the header says format version 3, with a right checksum", withHeader(closed, 8, 3), "FORMAT_UNSUPPORTED");
  refuse("version-old", "the header says format version 1, an earlier draft, with a right checksum", withHeader(closed, 8, 1), "FORMAT_UNSUPPORTED");
  refuse("feature", "the header has an unknown incompatible feature, with a right checksum", withHeader(closed, 32, 1), "FORMAT_UNSUPPORTED");
  refuse("log-length", "the header says another log length, with a right checksum", withHeader(closed, 18, 8), "HEADER_DAMAGED", "SLOT_DAMAGED");
  refuse("slots-both", "one bit of each slot is flipped", flip(flip(closed, 8192 + 500), 16_384 + 500), "SLOT_DAMAGED");
  const torn = flip(killed, middleOf(records.at(-1) as Unit));
  writeVector({ name: `${form}-log-torn`, about: "the very last log record is torn: its commit never returned", key: hexOf(key), expect: reads(torn, key) }, sample.killed, torn);
}

function writeKeyCases(): void {
  const plain = makeSample("key-plain", undefined, 5).closed;
  const encrypted = makeSample("key-encrypted", KEY, 5).closed;
  const foreign: Base = { name: "foreign", bytes: seededBytes(77, 20_000) };
  const half = Uint8Array.from([...KEY.subarray(0, 32), ...OTHER_KEY.subarray(32)]);
  const otherHalf = Uint8Array.from([...OTHER_KEY.subarray(0, 32), ...KEY.subarray(32)]);
  for (const base of [plain, encrypted, foreign]) writeBase(base);
  for (const [name, about, base, key, code] of [
    ["key-wrong", "another key", encrypted, OTHER_KEY, "KEY_WRONG"],
    ["key-wrong-mac-half", "the second half of the key is wrong", encrypted, half, "KEY_WRONG"],
    ["key-wrong-cipher-half", "the first half of the key is wrong: every tag verifies, and the key is wrong all the same", encrypted, otherHalf, "KEY_WRONG"],
    ["key-missing", "an encrypted file without a key", encrypted, undefined, "KEY_MISSING"],
    ["key-superfluous", "a plain file with a key", plain, KEY, "KEY_SUPERFLUOUS"],
    ["foreign-random", "a file of random bytes", foreign, KEY, "NOT_A_STORE"],
    ["foreign-short", "a file of ten bytes", { ...foreign, bytes: foreign.bytes.slice(0, 10) }, KEY, "NOT_A_STORE"],
  ] as const) {
    writeVector({ name, about, key: hexOf(key), expect: { kind: "refused", codes: [code] } }, base, base.bytes);
  }
}

function only(units: readonly Unit[], kind: string): Unit {
  const unit = units.find((candidate) => candidate.kind === kind);
  if (unit === undefined) throw new Error(`the sample has no ${kind}`);
  return unit;
}

function middleOf(unit: Unit): number {
  return unit.fileOffset + Math.floor(unit.sizeBytes / 2);
}

function endOf(unit: Unit): number {
  return unit.fileOffset + unit.sizeBytes;
}

function flip(file: Uint8Array, fileOffset: number): Uint8Array {
  const changed = file.slice();
  changed[fileOffset] = (changed[fileOffset] ?? 0) ^ 0x10;
  return changed;
}

/** Sets a byte of the header and makes its checksum right again, as a forger could. */
function withHeader(file: Uint8Array, fileOffset: number, value: number): Uint8Array {
  const changed = file.slice();
  changed[fileOffset] = value;
  new DataView(changed.buffer).setUint32(252, crc32(changed.subarray(0, 252)), true);
  return changed;
}

function exchange(file: Uint8Array, left: Unit, right: Unit): Uint8Array {
  const changed = file.slice();
  changed.set(file.subarray(left.fileOffset, left.fileOffset + right.sizeBytes), right.fileOffset);
  changed.set(file.subarray(right.fileOffset, right.fileOffset + left.sizeBytes), left.fileOffset);
  return changed;
}

function transplant(source: Uint8Array, target: Uint8Array, unit: Unit): Uint8Array {
  const changed = target.slice();
  changed.set(source.subarray(unit.fileOffset, endOf(unit)), unit.fileOffset);
  return changed;
}
