/**
 * Vectors: what a vector file holds, how it is written and how it is read.
 *
 * A vector is a JSON file with one case: it names a store file, compressed with gzip, and what is changed in it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";

/** What must come of opening the file and reading all of it. */
export type Expectation =
  | { readonly kind: "reads"; readonly trees: readonly TreeSummary[] }
  | { readonly kind: "refused"; readonly codes: readonly string[] };

/** One tree's content, short enough for a JSON file. */
export interface TreeSummary {
  readonly name: string;
  readonly count: number;
  /** SHA-256 over each entry's key length (u32), key, value length (u32) and value, little endian. */
  readonly sha256: string;
}

/** One case. */
export interface Vector {
  readonly name: string;
  /** What is special about the file and why the outcome must be what it is. */
  readonly about: string;
  /** 128 hex digits, or `null` to open without a key. A key for tests only. */
  readonly key: string | null;
  readonly expect: Expectation;
}

/** A store file that vectors start from. */
export interface Base {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What stands in a vector's JSON file. */
interface StoredVector extends Vector {
  readonly base: string;
  readonly sizeBytes: number;
  readonly changes: readonly { readonly fileOffset: number; readonly hex: string }[];
}

/** Trees as both the engine and the reader give them. */
export type Trees = Iterable<readonly [string, Iterable<readonly [Uint8Array, Uint8Array]>]>;

const FOLDER = new URL("../vectors/", import.meta.url);

/** Sums up the content of all trees. */
export function summarise(trees: Trees): TreeSummary[] {
  return [...trees].map(([name, entries]) => {
    const hash = createHash("sha256");
    let count = 0;
    for (const [key, value] of entries) {
      for (const part of [key, value]) {
        const length = new Uint8Array(4);
        new DataView(length.buffer).setUint32(0, part.length, true);
        hash.update(length).update(part);
      }
      count += 1;
    }
    return { name, count, sha256: hash.digest("hex") };
  });
}

/** Writes a file that vectors start from. */
export function writeBase({ name, bytes }: Base): void {
  writeFileSync(new URL(`${name}.store.gz`, FOLDER), gzipSync(bytes, { level: 9 }));
}

/** Writes a vector as its difference from a base. */
export function writeVector(vector: Vector, base: Base, file: Uint8Array): void {
  const stored: StoredVector = { ...vector, base: base.name, sizeBytes: file.length, changes: changesBetween(base.bytes, file) };
  writeFileSync(new URL(`${vector.name}.json`, FOLDER), `${JSON.stringify(stored, null, 2)}\n`);
}

/** All vectors with their files, by name. */
export function readVectors(): { readonly vector: Vector; readonly file: Uint8Array }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => {
      const vector = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as StoredVector;
      const base = gunzipSync(readFileSync(new URL(`${vector.base}.store.gz`, FOLDER)));
      const file = new Uint8Array(vector.sizeBytes);
      file.set(base.subarray(0, vector.sizeBytes));
      for (const { fileOffset, hex } of vector.changes) file.set(Buffer.from(hex, "hex"), fileOffset);
      return { vector, file };
    });
}

/** Runs of bytes that differ; what lies behind the base's end counts as different. */
function changesBetween(base: Uint8Array, file: Uint8Array): StoredVector["changes"] {
  const changes: { fileOffset: number; hex: string }[] = [];
  let start: number | undefined;
  for (let offset = 0; offset <= file.length; offset += 1) {
    const isDifferent = offset < file.length && base[offset] !== file[offset];
    if (isDifferent && start === undefined) start = offset;
    if (isDifferent || start === undefined) continue;
    changes.push({ fileOffset: start, hex: Buffer.from(file.subarray(start, offset)).toString("hex") });
    start = undefined;
  }
  return joined(changes, file);
}

/** Runs that are close to each other become one: random bytes agree in places. */
function joined(changes: StoredVector["changes"], file: Uint8Array): StoredVector["changes"] {
  const result: { fileOffset: number; hex: string }[] = [];
  for (const change of changes) {
    const last = result.at(-1);
    const lastEnd = last === undefined ? -1 : last.fileOffset + last.hex.length / 2;
    if (last === undefined || change.fileOffset > lastEnd + 16) result.push({ ...change });
    else last.hex = Buffer.from(file.subarray(last.fileOffset, change.fileOffset + change.hex.length / 2)).toString("hex");
  }
  return result;
}

/** The key of a vector as bytes. */
export function keyOfVector(vector: Vector): Uint8Array | undefined {
  return vector.key === null ? undefined : new Uint8Array(Buffer.from(vector.key, "hex"));
}
