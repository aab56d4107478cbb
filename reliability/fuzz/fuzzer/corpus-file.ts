/**
 * Corpora and crashes in the repository.
 *
 * A corpus is one text file, an input a line: a JSON string where the input is text, else base64 behind `b64:`. A crash is a
 * file of its own with the bytes as they are.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = dirname(import.meta.dirname);
const encoder = new TextEncoder();

/** Where the corpus of a target stands. */
export function corpusPath(target: string): string {
  return join(ROOT, "corpus", target, "inputs.txt");
}

/** Where the crashes of a target stand. */
export function crashFolder(target: string): string {
  return join(ROOT, "crashes", target);
}

/** The kept inputs of a target. */
export function readCorpus(target: string): Uint8Array[] {
  const path = corpusPath(target);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map(inputOfLine);
}

/** Replaces the kept inputs of a target. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const lines = inputs.map(lineOfInput).sort();
  mkdirSync(dirname(corpusPath(target)), { recursive: true });
  writeFileSync(corpusPath(target), lines.map((line) => `${line}\n`).join(""));
}

/** The crashes of a target, by file name. */
export function readCrashes(target: string): { readonly name: string; readonly input: Uint8Array }[] {
  const folder = crashFolder(target);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".bin")).sort();
  return names.map((name) => ({ name, input: new Uint8Array(readFileSync(join(folder, name))) }));
}

/** Saves a crash. @returns Its path. */
export function writeCrash(target: string, name: string, input: Uint8Array): string {
  const folder = crashFolder(target);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.bin`);
  writeFileSync(path, input);
  return path;
}

function lineOfInput(input: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
    // JSON escapes tabs and line breaks; other control characters are a sign that it is no text.
    if (!/\p{Cc}/u.test(text.replaceAll(/[\t\n\r]/g, ""))) return JSON.stringify(text);
  } catch {
    // Not UTF-8: base64.
  }
  return `b64:${btoa(String.fromCharCode(...input))}`;
}

function inputOfLine(line: string): Uint8Array {
  if (line.startsWith('"')) return encoder.encode(JSON.parse(line) as string);
  return Uint8Array.from(atob(line.slice("b64:".length)), (character) => character.charCodeAt(0));
}
