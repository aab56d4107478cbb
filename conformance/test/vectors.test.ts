/** Every vector through the engine and through the independent reader: both read the same content, or both refuse with the code that is written. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "@holdfast/storage-engine";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStore } from "../reader/reader.ts";
import { keyOfVector, readVectors, summarise, type TreeSummary, type Vector } from "../src/vectors.ts";

type Outcome = { readonly trees: readonly TreeSummary[] } | { readonly code: string };

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "holdfast-vector-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function outcomeOf(read: () => readonly TreeSummary[]): Outcome {
  try {
    return { trees: read() };
  } catch (error) {
    if (error instanceof Error && "code" in error) return { code: String(error.code) };
    throw error;
  }
}

function readByEngine(path: string, key: Uint8Array | undefined): readonly TreeSummary[] {
  const store = Store.open({ path, create: false, ...(key === undefined ? {} : { encryptionKey: key }) });
  try {
    const snapshot = store.snapshot();
    const trees = snapshot.treeNames().map((name) => {
      const entries: [Uint8Array, Uint8Array][] = [];
      const cursor = snapshot.tree(name)?.cursor();
      while (cursor?.next() === true) entries.push([cursor.key().slice(), cursor.value().slice()]);
      return [name, entries] as const;
    });
    snapshot.close();
    return summarise(trees);
  } finally {
    store.close();
  }
}

function expectOutcome({ expect: expected }: Vector, outcome: Outcome): void {
  if (expected.kind === "reads") expect(outcome).toEqual({ trees: expected.trees });
  else expect("code" in outcome ? outcome.code : "was read").toBeOneOf([...expected.codes]);
}

const vectors = readVectors();

describe.each(vectors)("vector $vector.name", ({ vector, file }) => {
  it(`the engine: ${vector.about}`, () => {
    const path = join(folder, "vector.store");
    fs.writeFileSync(path, file);
    expectOutcome(vector, outcomeOf(() => readByEngine(path, keyOfVector(vector))));
    // What is refused stays as it was.
    if (vector.expect.kind === "refused") expect(Buffer.compare(fs.readFileSync(path), file)).toBe(0);
  });

  it(`the reader: ${vector.about}`, () => {
    expectOutcome(vector, outcomeOf(() => summarise(readStore(file, keyOfVector(vector)).trees)));
  });
});

it("most vectors must be refused", () => {
  const refused = vectors.filter(({ vector }) => vector.expect.kind === "refused");
  expect(vectors.length).toBeGreaterThan(10);
  expect(refused.length).toBeGreaterThan(vectors.length / 2);
});
