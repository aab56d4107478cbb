/**
 * Vectors: what a vector file holds, how it is written and how it is read.
 *
 * A vector is a JSON file and a store file compressed with gzip beside it; one case each.
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

/** Writes a vector and its file. */
export function writeVector(vector: Vector, file: Uint8Array): void {
  writeFileSync(new URL(`${vector.name}.json`, FOLDER), `${JSON.stringify(vector, null, 2)}\n`);
  writeFileSync(new URL(`${vector.name}.store.gz`, FOLDER), gzipSync(file, { level: 9 }));
}

/** All vectors with their files, by name. */
export function readVectors(): { readonly vector: Vector; readonly file: Uint8Array }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => ({
      vector: JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Vector,
      file: new Uint8Array(gunzipSync(readFileSync(new URL(name.replace(/json$/, "store.gz"), FOLDER)))),
    }));
}

/** The key of a vector as bytes. */
export function keyOfVector(vector: Vector): Uint8Array | undefined {
  return vector.key === null ? undefined : new Uint8Array(Buffer.from(vector.key, "hex"));
}
