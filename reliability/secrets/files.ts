/**
 * No file that any operation creates holds plaintext or a key, at no moment: every byte that is written is searched.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Check } from "./check.ts";
import { keyForms, RECOGNISABLE_KEY, WORDS, wordForms, type KeyForm } from "./marks.ts";
import { countIn } from "./node-search.ts";
import { hasStrace, recordWrites, type Written } from "./node-strace.ts";

const CHILD = fileURLToPath(new URL("files-child.ts", import.meta.url));
const SECOND_KEY = RECOGNISABLE_KEY.map((byte) => byte ^ 0x55);

/** The checks of written files. */
export const fileChecks: readonly Check[] = [
  {
    name: "no byte that an encrypted realm writes to any file is a plaintext word or part of a key",
    missing: missingStrace,
    run(say) {
      const written = record("encrypted");
      const databases = written.filter(({ path }) => path.includes("secrets.realm"));
      say(`${databases.length} files written: ${kindsOf(databases)}; ${sum(databases)} bytes`);
      // The database, its copy, and the temporary files of creation, copy, compaction and re-keying.
      if (databases.filter(({ path }) => path.includes(".new-")).length < 4 || !databases.some(({ path }) => path.endsWith(".lock"))) throw new Error("not every kind of file was seen");
      const found = findIn(written, [...WORDS.flatMap(wordForms), ...keyForms(RECOGNISABLE_KEY), ...keyForms(SECOND_KEY)]);
      if (found.length > 0) throw new Error(found.join("; "));
    },
  },
  {
    name: "the same search finds the words of a plain realm",
    missing: missingStrace,
    run() {
      const found = findIn(record("plain"), WORDS.flatMap(wordForms)).join("; ");
      const unseen = WORDS.filter((word) => !found.includes(word));
      if (unseen.length > 0) throw new Error(`not found: ${unseen.join(", ")}`);
    },
  },
  {
    name: "the same search finds a key and a word that are planted in a file beside an encrypted realm",
    missing: missingStrace,
    run() {
      const found = findIn(record("planted"), [...keyForms(RECOGNISABLE_KEY), ...WORDS.flatMap(wordForms)]);
      if (found.length !== 5 || !found.every((line) => line.includes("planted"))) throw new Error(`found ${found.join("; ") || "nothing"}`);
    },
  },
];

function missingStrace(): string | undefined {
  return hasStrace() ? undefined : "strace is not there, or may not be used";
}

function record(kind: string): Written[] {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-secrets-"));
  try {
    return recordWrites([process.execPath, ...process.execArgv, CHILD, join(folder, "secrets.realm"), kind], join(folder, "log"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function findIn(written: readonly Written[], forms: readonly KeyForm[]): string[] {
  return written.flatMap(({ path, bytes }) => [...countIn(bytes, forms)].map(([name, count]) => `${count} times ${name} in ${nameOf(path)}`));
}

function nameOf(path: string): string {
  return path.replace(/^.*\//u, "").replace(/\.new-[0-9a-f]+/u, ".new-...");
}

function kindsOf(written: readonly Written[]): string {
  return [...new Set(written.map(({ path }) => nameOf(path).replace(/reader-[0-9a-f]+/u, "reader-...")))].toSorted().join(", ");
}

function sum(written: readonly Written[]): number {
  return written.reduce((total, { bytes }) => total + bytes.length, 0);
}
